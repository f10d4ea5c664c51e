"""One table of the source in the contract's columns, with what was found against its rows."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from whychurn.contract.tables import TABLES
from whychurn.intake.check.quarantine import RowReasons, quarantine_frame, with_files
from whychurn.intake.read.coerced import empty_column

Notice = tuple[str, dict[str, Any]]


@dataclass
class CheckedTable:
    """One table of the source in the contract's columns.

    Parameters
    ----------
    frame
        Contract columns (members: also further ones), one row per readable source row; ids still raw.
    row_number
        Number of each row in the source; 0 for rows that intake made.
    row_reasons
        First reason against each row.
    broken
        Numbers of source rows that could not be split into columns.
    apart
        Reason -> numbers of source rows that are no rows of data.
    parts
        Each file (or database table) and its number of rows; row numbers run on through them.
    blanked, warnings
        Cells of optional columns made null, and good rows that a reader should know of; counts by name.
    folded, derived
        Source rows that became part of another row; rows that intake made.
    readings
        Contract column -> how it was read (`read.coerced.Coerced.how`).
    key_repeats
        Whether good rows may share a key.
    not_understood
        Column of codes -> its values that are no code; indexed by row.
    unread
        The source has the table, and it cannot be read.
    """

    table: str
    frame: pd.DataFrame
    row_number: np.ndarray
    row_reasons: RowReasons
    broken: np.ndarray
    origin: str | None = None
    encoding: str | None = None
    mapped: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    blanked: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    folded: int = 0
    derived: int = 0
    readings: dict[str, dict[str, str]] = field(default_factory=dict)
    key_repeats: bool = True
    not_understood: dict[str, pd.Series] = field(default_factory=dict)
    unread: bool = False
    apart: dict[str, np.ndarray] = field(default_factory=dict)
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def read(self) -> int:
        """Rows of the source."""
        return len(self.frame) - self.derived + self.folded + sum(map(len, self.unsplit.values()))

    @property
    def unsplit(self) -> dict[str, np.ndarray]:
        """Reason -> numbers of source rows that never came into `frame`."""
        return {"broken_row": self.broken, **self.apart} if len(self.broken) else self.apart

    @property
    def good(self) -> pd.DataFrame:
        """Rows without a reason against them."""
        good = self.row_reasons.good
        return self.frame if good.all() else self.frame[good]

    def take_good(self) -> pd.DataFrame:
        """Rows without a reason against them; the table is emptied, so that large ones are not kept twice."""
        good = self.good
        self.frame = self.frame.take([])  # a slice would hold all its rows
        return good

    def good_values(self, name: str) -> pd.Series:
        """Column `name` of the rows without a reason against them."""
        return self.frame[name][self.row_reasons.good]

    def quarantined(self) -> pd.DataFrame:
        """Rows for ``quarantine.parquet``."""
        frames = [
            quarantine_frame(
                self.table, numbers, [""] * len(numbers), [reason] * len(numbers), [""] * len(numbers)
            )
            for reason, numbers in self.unsplit.items()
        ]
        frames.append(self.row_reasons.frame(self.table, self.row_number))
        return with_files(pd.concat(frames, ignore_index=True), self.parts or ((self.origin or "", 0),))


def absent_table(table: str, unread: bool = False) -> CheckedTable:
    """A table that the source does not have, or that cannot be read."""
    fields = TABLES[table].fields
    frame = pd.DataFrame({name: empty_column(spec.kind, 0) for name, spec in fields.items()})
    none = np.array([], dtype="int64")
    return CheckedTable(table, frame, none, RowReasons(0), none, unread=unread)


def blank(checked: CheckedTable, name: str, mask: pd.Series, reason: str) -> None:
    """Make the cells of `mask` in an optional column null, and count them."""
    hit = mask.to_numpy(dtype=bool, na_value=False)
    if hit.any():
        checked.frame[name] = checked.frame[name].mask(hit)
        count(checked.blanked, f"{reason}:{name}", hit)


def count(counts: dict[str, int], name: str, mask: np.ndarray) -> None:
    """Add the rows of `mask` to `counts` under `name`."""
    if mask.any():
        counts[name] = counts.get(name, 0) + int(mask.sum())
