"""One table checked: its columns become those of the contract, its rows are checked by their own cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.contract.tables import TABLES, Field
from whychurn.intake.check.consent import CONSENT, consent_notices
from whychurn.intake.check.mapping import MADE, further_columns, missing_columns, source_columns
from whychurn.intake.check.quarantine import RowReasons, quarantine_frame
from whychurn.intake.read.coerce import bare_ids, coerce, empty_column, recode
from whychurn.intake.read.consent import read_consent
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.raw_table import RawTable, nearest

Notice = tuple[str, dict[str, Any]]
AFTER: Final = {"feedback": ("responded_at", "created_at"), "surveys": ("answered_at", "sent_at")}


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
    blanked, warnings
        Cells of optional columns made null, and good rows that a reader should know of; counts by name.
    folded, derived
        Source rows that became part of another row; rows that intake made.
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
    unread: bool = False

    @property
    def read(self) -> int:
        """Rows of the source."""
        return len(self.frame) - self.derived + self.folded + len(self.broken)

    @property
    def good(self) -> pd.DataFrame:
        """Rows without a reason against them."""
        good = self.row_reasons.good
        return self.frame if good.all() else self.frame[good]

    def good_values(self, name: str) -> pd.Series:
        """Column `name` of the rows without a reason against them."""
        return self.frame[name][self.row_reasons.good]

    def quarantined(self) -> pd.DataFrame:
        """Rows for ``quarantine.parquet``."""
        n = len(self.broken)
        broken = quarantine_frame(self.table, self.broken, [""] * n, ["broken_row"] * n, [""] * n)
        return pd.concat([broken, self.row_reasons.frame(self.table, self.row_number)], ignore_index=True)


def absent_table(table: str, unread: bool = False) -> CheckedTable:
    """A table that the source does not have, or that cannot be read."""
    fields = TABLES[table].fields
    frame = pd.DataFrame({name: empty_column(spec.kind, 0) for name, spec in fields.items()})
    none = np.array([], dtype="int64")
    return CheckedTable(table, frame, none, RowReasons(0), none, unread=unread)


def check_table(table: str, raw: RawTable, params: IntakeParams) -> CheckedTable:
    """Contract columns of `raw`, cells in their kinds, rows checked by their own cells.

    Raises
    ------
    WhychurnError
        If a required column has no source.
    """
    sources = source_columns(table, raw, params)
    lenient = ("joined_on",) if table == "members" and params.complete_members else ()
    _raise_on_missing(table, raw, missing_columns(table, sources, lenient))
    rows = len(raw.frame)
    checked = CheckedTable(
        table, pd.DataFrame(index=pd.RangeIndex(rows)), raw.row_number, RowReasons(rows), raw.broken,
        raw.origin, raw.encoding, sources, notices=list(raw.notices),
    )  # fmt: skip
    columns = {name: _fill(checked, name, spec, raw, params) for name, spec in TABLES[table].fields.items()}
    further = further_columns(raw, sources) if table == "members" else {}
    used = {*sources.values(), *further}
    checked.unused = [str(name) for name in raw.frame.columns if name not in used]
    checked.frame = pd.DataFrame({**columns, **further})
    _check_cells(checked, lenient)
    return checked


def _raise_on_missing(table: str, raw: RawTable, missing: list[str]) -> None:
    if not missing:
        return
    names = [str(name) for name in raw.frame.columns]
    raise WhychurnError(
        f"table {table!r} lacks the required column {', '.join(missing)}",
        file=raw.origin,
        column=missing[0],
        remedy=f"map it in params.yaml, such as intake.columns: {{{table}.{missing[0]}: "
        f"{nearest(missing[0], names)}}}; the source has {', '.join(names[:30])}",
    )


def _fill(checked: CheckedTable, name: str, spec: Field, raw: RawTable, params: IntakeParams) -> pd.Series:
    origin = checked.mapped.get(name)
    rows = len(raw.frame)
    if origin is None:
        if MADE.get(checked.table) == name:
            checked.notices.append(("notice_key", {"table": checked.table, "column": name}))
            return pd.Series(raw.row_number).astype(TEXT).str.zfill(9).radd(checked.table[0])
        return empty_column(spec.kind, rows)
    if origin.startswith("="):
        column = pd.Series(pd.array([origin[1:].strip()] * rows, dtype=TEXT))
    else:
        column = raw.frame[origin].reset_index(drop=True)
    codes: Mapping[Any, Any] = params.codes.get(f"{checked.table}.{name}", {})
    if name in CONSENT:
        return _fill_consent(checked, name, column, codes)
    if codes:
        column = recode(column, codes)
    result = coerce(column, spec.kind, params.day_first)
    values = bare_ids(result.values) if name.endswith("_id") else result.values
    if spec.choices:
        values = values.str.lower()
    checked.notices += [(key, {**given, "column": f"{checked.table}.{name}"}) for key, given in result.notes]
    _note_bad(checked, name, spec, result.bad, column)
    return values


def _fill_consent(checked: CheckedTable, name: str, column: pd.Series, codes: Mapping[Any, Any]) -> pd.Series:
    header = checked.mapped[name]
    consent = read_consent(column, "" if header.startswith("=") else header, codes)
    for key, given in consent_notices(consent, header):
        checked.notices.append((key, {**given, "column": f"{checked.table}.{name}"}))
    _count(checked.blanked, f"wrong_type:{name}", consent.bad)
    return consent.values


def _note_bad(checked: CheckedTable, name: str, spec: Field, bad: np.ndarray, column: pd.Series) -> None:
    if spec.required:
        checked.row_reasons.mark(bad, "wrong_type", name, column)
    else:
        _count(checked.blanked, f"wrong_type:{name}", bad)


def _check_cells(checked: CheckedTable, lenient: tuple[str, ...]) -> None:
    frame = checked.frame
    for name, spec in TABLES[checked.table].fields.items():
        values = frame[name]
        if spec.required and name not in lenient:
            checked.row_reasons.mark(values.isna().to_numpy(dtype=bool), "missing_value", name)
        if spec.choices:
            _limit(checked, name, spec, values.notna() & ~values.isin(spec.choices), "unknown_code")
        outside = pd.Series(False, index=frame.index)
        if spec.low is not None:
            outside |= values < spec.low
        if spec.high is not None:
            outside |= values > spec.high
        _limit(checked, name, spec, outside, "impossible_amount")
    if checked.table == "memberships":
        wrong = (frame["ends_on"] < frame["starts_on"]).to_numpy(dtype=bool)
        checked.row_reasons.mark(wrong, "ends_before_starts", "ends_on")
    if checked.table in AFTER:
        later, earlier = AFTER[checked.table]
        blank(checked, later, frame[later] < frame[earlier], "ends_before_starts")


def _limit(checked: CheckedTable, name: str, spec: Field, mask: pd.Series, reason: str) -> None:
    hit = mask.to_numpy(dtype=bool, na_value=False)
    if spec.required:
        checked.row_reasons.mark(hit, reason, name, checked.frame[name])
    else:
        blank(checked, name, mask, reason)


def blank(checked: CheckedTable, name: str, mask: pd.Series, reason: str) -> None:
    """Make the cells of `mask` in an optional column null, and count them."""
    hit = mask.to_numpy(dtype=bool, na_value=False)
    if hit.any():
        checked.frame[name] = checked.frame[name].mask(hit)
        _count(checked.blanked, f"{reason}:{name}", hit)


def _count(counts: dict[str, int], name: str, mask: np.ndarray) -> None:
    if mask.any():
        counts[name] = counts.get(name, 0) + int(mask.sum())
