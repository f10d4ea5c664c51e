"""A column that was read, what was assumed about it, and how the parameters say that it is written."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from whychurn.contract.tables import DTYPES
from whychurn.intake.read.dtypes import TEXT

Note = tuple[str, dict[str, Any]]  # key of a label, its values
DateForm = Literal["ymd", "dmy", "mdy", "serial_1904"]
Mark = Literal["point", "comma"]
_ASKED_FROM: Final = 3  # rows


@dataclass(frozen=True)
class Reading:
    """What the parameters say of one column.

    Parameters
    ----------
    column
        Contract name, such as ``orders.amount``.
    date_form
        Order of day, month and year, or the count of days of a spreadsheet (`intake.date_forms`).
    day_first
        `intake.day_first`.
    decimal
        Decimal mark (`intake.decimal`).
    zone
        Zone of times without an offset, where it is not the study's own.
    study_zone
        `intake.time_zone`: instants become wall-clock time of this zone.
    allowed
        A larger share of values in doubt must be decided by the user (`intake.max_quarantined`).
    """

    column: str = ""
    date_form: DateForm | None = None
    day_first: bool | None = None
    decimal: Mark | None = None
    zone: str | None = None
    study_zone: str | None = None
    allowed: float = 0.05

    def few(self, rows: int, of: int) -> bool:
        """Whether doubt about `rows` of `of` values is only told; otherwise the user decides."""
        return rows < _ASKED_FROM or rows <= self.allowed * of


PLAIN: Final = Reading()


@dataclass
class Coerced:
    """A column in its contract kind.

    Parameters
    ----------
    values
        In the kind's dtype; text as ``string[pyarrow]``.
    bad
        Cells that were given and could not be read; their value is null.
    notes
        Label key and values of what a reader should know.
    how
        How the column was read, for the record: forms of dates, order of day and month and by what
        (``order_by``), decimal mark, currency, zone, codes.
    """

    values: pd.Series
    bad: np.ndarray
    notes: tuple[Note, ...] = ()
    how: dict[str, str] = field(default_factory=dict)


def empty_column(kind: str, rows: int) -> pd.Series:
    """A column of nulls in the dtype of `kind`."""
    dtype: Any = TEXT if kind == "text" else DTYPES[kind]
    if kind in ("date", "instant"):
        return pd.Series(np.full(rows, np.datetime64("NaT"), dtype="datetime64[ns]"))
    return pd.Series(
        pd.array(np.full(rows, None), dtype=dtype) if kind != "number" else np.full(rows, np.nan)
    )
