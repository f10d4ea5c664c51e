"""Small cells are not shown: a figure about few members may identify one."""

from __future__ import annotations

import pandas as pd


def suppress_small_cells(frame: pd.DataFrame, count: str, values: list[str], min_cell: int) -> pd.DataFrame:
    """Blank `values` (and the count itself) where fewer than `min_cell` members stand behind a row.

    Parameters
    ----------
    frame
        One row per cell.
    count
        Column with the number of members behind the row.
    values
        Columns that are blanked; they become nullable floats where they were integers.
    min_cell
        Smallest count shown (`privacy.min_cell`). A count of zero tells of nobody and stays.

    Returns
    -------
    DataFrame
        A copy with a boolean column ``suppressed``.
    """
    shown = frame.copy()
    small = shown[count].fillna(0).between(1, min_cell - 1)
    for name in [count, *values]:
        if shown[name].dtype.kind in "iub":
            shown[name] = shown[name].astype("float64")
        shown[name] = shown[name].mask(small)
    shown["suppressed"] = small.to_numpy(dtype=bool)
    return shown
