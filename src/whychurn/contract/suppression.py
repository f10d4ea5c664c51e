"""Small cells are not shown: a figure about few members may identify one."""

from collections.abc import Mapping, Sequence

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
        Smallest count shown (`privacy.min_cell`). A count of zero identifies nobody and stays.

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


def suppress_small_counts(
    frame: pd.DataFrame, counts: Mapping[str, Sequence[str]], min_cell: int
) -> pd.DataFrame:
    """Blank every small count of a table, and what would reveal it, where the row itself is large enough.

    A group of 300 members of whom 3 left is shown with its size; "3 left" and "1 % left" are not.

    Parameters
    ----------
    counts
        Column with a number of members -> columns that are blanked with it. Columns that the frame lacks are
        passed over.
    min_cell
        Smallest count shown.

    Returns
    -------
    DataFrame
        A copy; a column ``suppressed`` of earlier suppression is kept and added to.
    """
    shown = frame.copy()
    hidden = shown["suppressed"].fillna(False).astype(bool) if "suppressed" in shown else False
    for count, values in counts.items():
        if count in shown:
            shown = suppress_small_cells(shown, count, [name for name in values if name in shown], min_cell)
            hidden |= shown["suppressed"]
    return shown.assign(suppressed=hidden)
