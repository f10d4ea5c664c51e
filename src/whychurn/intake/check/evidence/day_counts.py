"""The different days of a column, and the rows of each."""

from typing import Final

import numpy as np
import pandas as pd

_PIECE: Final = 1 << 22  # rows that are counted at a time


def day_counts(times: pd.Series, among: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Day numbers (since 1970) that stand in `times`, ascending, and the number of rows of each; gaps do not count.

    Parameters
    ----------
    times
        datetime64; (rows,).
    among
        Rows that count; (rows,) bool. None: all.
    """
    first, last = times.min(), times.max()
    if pd.isna(first):
        return np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64")
    start = int(np.datetime64(first, "D").astype("int64"))
    counts = np.zeros(int(np.datetime64(last, "D").astype("int64")) - start + 1, dtype="int64")
    held = times.to_numpy()
    for at in range(0, len(held), _PIECE):
        piece = held[at : at + _PIECE]
        given = ~np.isnat(piece) if among is None else ~np.isnat(piece) & among[at : at + _PIECE]
        days = piece[given].astype("datetime64[D]").astype("int64") - start
        counts += np.bincount(days, minlength=len(counts))
    found = np.flatnonzero(counts)
    return found + start, counts[found]
