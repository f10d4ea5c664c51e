"""Rows set aside: why, where, how many; never their values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.results import columns_of
from whychurn.intake.read.dtypes import as_text

COLUMNS: Final = columns_of("quarantine")
REASONS: Final = (
    "broken_row",  # more or fewer fields than the header
    "repeated_header",  # the header once more, as where exports were put together
    "total_row",  # totals and remarks at the end
    "empty_row",
    "comment_line",
    "missing_value",
    "wrong_type",
    "unknown_code",
    "impossible_amount",
    "future_date",
    "after_window",  # after intake.observed_until, or a term that starts later: good, but not yet known
    "before_window",  # before intake.observed_from
    "odd_day",  # far outside the other days of its table
    "ends_before_starts",
    "refund_without_order",
    "duplicate_id",
    "unknown_member",
)
ACCOUNTED: Final = ("copy", "netted")  # accounted for by another row: neither bad nor in the quarantine
EXEMPT: Final = (
    "repeated_header",
    "total_row",
    "empty_row",
    "comment_line",
    "after_window",
    "before_window",
    "odd_day",
    "refund_without_order",
    *ACCOUNTED,
)  # do not count towards intake.max_quarantined


@dataclass
class RowReasons:
    """The first reason for which each row of a table is quarantined.

    Parameters
    ----------
    rows
        Number of rows.
    """

    rows: int
    labels: list[tuple[str, str]] = field(default_factory=lambda: [("", "")])
    codes: np.ndarray = field(init=False)
    kinds: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.codes = np.zeros(self.rows, dtype="int16")

    @property
    def good(self) -> np.ndarray:
        """Rows without a reason; (rows,) bool."""
        return self.codes == 0

    def mark(self, mask: np.ndarray, reason: str, column: str, values: pd.Series | None = None) -> None:
        """Quarantine the rows of `mask` that have no reason yet; `values` are kept as their shape only."""
        hit = np.flatnonzero(mask & (self.codes == 0))
        if not len(hit):
            return
        self.codes[hit] = len(self.labels)
        self.labels.append((reason, column))
        if values is not None:
            self.kinds.update(zip(hit.tolist(), value_kinds(values.iloc[hit]), strict=True))

    def counts(self) -> dict[tuple[str, str], int]:
        """(reason, column) -> rows."""
        counts: dict[tuple[str, str], int] = {}
        for label, number in zip(
            self.labels, np.bincount(self.codes, minlength=len(self.labels)), strict=True
        ):
            if label[0] and number:
                counts[label] = counts.get(label, 0) + int(number)
        return counts

    def frame(self, table: str, row_number: np.ndarray) -> pd.DataFrame:
        """Rows of ``quarantine.parquet``: table, row_number, column, reason, value_kind."""
        accounted = [number for number, (reason, _) in enumerate(self.labels) if reason in ACCOUNTED]
        bad = np.flatnonzero((self.codes > 0) & ~np.isin(self.codes, accounted))
        labels = [self.labels[code] for code in self.codes[bad]]
        return quarantine_frame(
            table,
            row_number[bad],
            [column for _, column in labels],
            [reason for reason, _ in labels],
            [self.kinds.get(row, "") for row in bad.tolist()],
        )


def quarantine_frame(
    table: str, row_number: np.ndarray, columns: list[str], reasons: list[str], kinds: list[str]
) -> pd.DataFrame:
    """Quarantined rows of one table, in the dtypes of the file."""
    frame = pd.DataFrame(
        {"table": table, "row_number": row_number, "column": columns, "reason": reasons, "value_kind": kinds}
    )
    texts = dict.fromkeys((name for name in frame.columns if name != "row_number"), "string")
    return frame.astype({**texts, "row_number": "int64"})


def with_files(frame: pd.DataFrame, parts: Sequence[tuple[str, int]]) -> pd.DataFrame:
    """Quarantined rows of one table with the file of each and the row's number in that file.

    Parameters
    ----------
    frame
        Numbers run on through the files.
    parts
        Each file and its number of rows, in order.
    """
    starts = np.concatenate([[0], np.cumsum([rows for _, rows in parts])[:-1]]).astype("int64")
    number = frame["row_number"].to_numpy()
    place = np.maximum(np.searchsorted(starts, number - 1, side="right") - 1, 0)
    names = np.array([name for name, _ in parts], dtype=object)
    made = number <= 0  # rows that intake made lie in no file
    own = np.where(made, number, number - starts[place])
    placed = frame.assign(file=np.where(made, "", names[place]), row_number=own)
    return placed[list(COLUMNS)].astype({"file": "string", "row_number": "int64"})


def value_kinds(values: pd.Series) -> list[str]:
    """Shape of each value, <= 20 characters: 9 for a digit, A for a letter, 字 for Chinese, else as is."""
    text = as_text(values).fillna("").str.slice(0, 20)
    for pattern, sign in ((r"\p{Nd}", "9"), (r"\p{Han}", "\x01"), (r"\p{L}", "A"), ("\x01", "字")):
        text = text.str.replace(pattern, sign, regex=True)
    return text.tolist()
