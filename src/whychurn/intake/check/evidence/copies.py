"""Rows that stand in the source twice: counted once where that is sure, else told."""

from typing import Final, Literal

import numpy as np
import pandas as pd

from whychurn.contract.tables import SNAPSHOT, TABLES
from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.read.dtypes import encoded_text
from whychurn.intake.read.raw_table import RawTable

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_PART_ROWS: Final = 1 << 23  # that are compared at a time
# share of repeated numbers with rows that differ: these are lines, and lines may be alike
_LINES: Final = 0.05
_TWICE: Final = 0.02  # share of rows alike but for their number that is worth a word


def mark_copies(checked: CheckedTable, raw: RawTable, choice: Literal["once", "keep"] | None) -> None:
    """Mark rows that repeat another row of the source in every column, and say how many.

    With a key in the source they are copies for sure. Without one they are taken for copies where their times have
    a clock; two purchases of one amount on one day may both have happened: they stay, and are told.

    Parameters
    ----------
    choice
        `intake.copies` of the table; None: as above.
    """
    key = TABLES[checked.table].key or ("event_id" if checked.table == "events" else None)
    keyed = key is not None and key in checked.mapped
    if checked.table == SNAPSHOT and not keyed:
        return  # customers without an id may be alike
    alike = _alike(checked, str(key) if keyed else None)
    if not alike.any():
        if keyed:
            _tell_twice(checked, raw, str(key))
        return
    rows = np.flatnonzero(alike)
    source = raw.frame.iloc[rows]
    copy = source.duplicated().to_numpy()
    if keyed and checked.table == "orders" and _has_lines(checked, rows, source, str(key)):
        return
    if not copy.any():
        return
    values = {"table": checked.table, "n": int(copy.sum())}
    if choice == "keep" or (choice is None and not keyed and not _has_clock(checked, rows)):
        checked.notices.append(("notice_copies_kept", values))
        return
    mask = np.zeros(len(checked.frame), dtype=bool)
    mask[rows[copy]] = True
    checked.row_reasons.mark(mask, "copy", str(key or TABLES[checked.table].time))
    checked.notices.append(("notice_copies", values))


def _alike(checked: CheckedTable, key: str | None) -> np.ndarray:
    """Good rows that share their key, or member and time, with another good row; (rows,) bool."""
    good = checked.row_reasons.good
    if not len(good):
        return good
    marks = _fingerprint(checked) if key is None else _codes(checked.frame[key])
    given = good if key is None else good & (marks >= 0)
    alike = _several(marks, given)
    checked.key_repeats = bool(alike.any()) or key is None
    return alike


def _several(marks: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Rows whose mark another of the `given` rows bears; (rows,) bool. A part of the marks is compared at a time."""
    several = np.zeros(len(marks), dtype=bool)
    parts = 1 + len(marks) // _PART_ROWS
    part = (marks % np.asarray(parts, marks.dtype)).astype("uint16")
    for number in range(parts):
        rows = np.flatnonzero((part == number) & given)
        several[rows] = pd.Series(marks[rows]).duplicated(keep=False).to_numpy()
    return several


def _codes(column: pd.Series) -> np.ndarray:
    """A number for each different text; -1 where there is none."""
    codes: np.ndarray = encoded_text(column).indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes


def _fingerprint(checked: CheckedTable) -> np.ndarray:
    frame = checked.frame
    time = frame[str(TABLES[checked.table].time)].to_numpy("datetime64[ns]").view("uint64")
    if "member_id" not in frame:
        return time
    marks = _codes(frame["member_id"]).astype("uint64")
    marks *= _MIX
    marks += time
    return marks


def _has_lines(checked: CheckedTable, rows: np.ndarray, source: pd.DataFrame, key: str) -> bool:
    ids = checked.frame[key].to_numpy(dtype=object)[rows]
    different = (~source.duplicated()).groupby(ids).sum()
    return bool((different > 1).mean() > _LINES)


def _has_clock(checked: CheckedTable, rows: np.ndarray) -> bool:
    if checked.table == "memberships":
        return True  # nobody buys the same term twice
    time = checked.frame[str(TABLES[checked.table].time)].iloc[rows]
    return bool((time != time.dt.normalize()).mean() > 0.5)


def _tell_twice(checked: CheckedTable, raw: RawTable, key: str) -> None:
    """Say how many rows are alike in all but their number."""
    if checked.table in ("members", "events", SNAPSHOT) or not len(checked.frame):
        return
    alike = checked.row_reasons.good & _several(
        _fingerprint(checked), np.ones(len(checked.frame), dtype=bool)
    )
    source = raw.frame[alike].drop(columns=checked.mapped[key], errors="ignore")
    if not len(source) or not _has_clock(checked, np.flatnonzero(alike)):
        return
    n = int(source.duplicated().sum())
    if n >= max(3, _TWICE * len(checked.frame)):
        checked.notices.append(
            ("notice_twice", {"table": checked.table, "n": n, "column": checked.mapped[key]})
        )
