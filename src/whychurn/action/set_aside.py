"""Rows of touches that a question cannot use: they are left out and counted, never dropped in silence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array

Counts = dict[str, dict[str, int]]


def kept_rows(rows: pd.DataFrame, kept: pd.Series | Array, reason: str, counts: Counts) -> pd.DataFrame:
    """Rows to keep, numbered anew; `counts` gets the others by `reason` and action.

    Parameters
    ----------
    kept
        Flags in the order of the rows.
    """
    flags = np.asarray(kept, dtype=bool)
    out = rows.loc[~flags, "action"].value_counts()
    if len(out):
        counts[reason] = {str(action): int(n) for action, n in sorted(out.items())}
    return rows[flags].reset_index(drop=True)
