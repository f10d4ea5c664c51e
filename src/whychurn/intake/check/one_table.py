"""One table in the contract's columns, its rows judged by what they hold themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.contract.tables import TABLES, Field
from whychurn.intake.check.mapping import MADE, further_columns, missing_columns, source_columns
from whychurn.intake.check.quarantine import Verdicts, quarantine_frame
from whychurn.intake.read.coerce import bare_ids, coerce, empty_column, recode
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.raw_table import RawTable, nearest

Notice = tuple[str, dict[str, Any]]
AFTER: Final = {"feedback": ("responded_at", "created_at"), "surveys": ("answered_at", "sent_at")}


@dataclass
class Draft:
    """A table on its way through intake.

    Parameters
    ----------
    frame
        Contract columns (members: also further ones), one row per readable source row; ids still raw.
    row_number
        Number of each row in the source; 0 for rows that intake made.
    verdicts
        First reason against each row.
    broken
        Numbers of source rows that could not be split into columns.
    blanked, warnings
        Cells of optional columns made null, and sound rows worth a word, by name.
    folded, derived
        Source rows that became part of another row; rows that intake made.
    """

    table: str
    frame: pd.DataFrame
    row_number: np.ndarray
    verdicts: Verdicts
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

    @property
    def read(self) -> int:
        """Rows of the source."""
        return len(self.frame) - self.derived + self.folded + len(self.broken)

    @property
    def good(self) -> pd.DataFrame:
        """Rows without a reason against them."""
        good = self.verdicts.good
        return self.frame if good.all() else self.frame[good]

    def sound(self, name: str) -> pd.Series:
        """Column `name` of the rows without a reason against them."""
        return self.frame[name][self.verdicts.good]

    def quarantined(self) -> pd.DataFrame:
        """Rows for ``quarantine.parquet``."""
        n = len(self.broken)
        broken = quarantine_frame(self.table, self.broken, [""] * n, ["broken_row"] * n, [""] * n)
        return pd.concat([broken, self.verdicts.frame(self.table, self.row_number)], ignore_index=True)


def empty_draft(table: str) -> Draft:
    """A table that the source does not have."""
    fields = TABLES[table].fields
    frame = pd.DataFrame({name: empty_column(spec.kind, 0) for name, spec in fields.items()})
    none = np.array([], dtype="int64")
    return Draft(table, frame, none, Verdicts(0), none)


def draft_table(table: str, raw: RawTable, params: IntakeParams) -> Draft:
    """Contract columns of `raw`, cells in their kinds, rows judged by their own cells.

    Raises
    ------
    WhychurnError
        If a required column has no source.
    """
    found = source_columns(table, raw, params)
    lenient = ("joined_on",) if table == "members" and params.complete_members else ()
    _refuse_missing(table, raw, missing_columns(table, found, lenient))
    rows = len(raw.frame)
    draft = Draft(
        table, pd.DataFrame(index=pd.RangeIndex(rows)), raw.row_number, Verdicts(rows), raw.broken, raw.origin,
        raw.encoding, found, notices=list(raw.notices),
    )  # fmt: skip
    columns = {name: _fill(draft, name, spec, raw, params) for name, spec in TABLES[table].fields.items()}
    further = further_columns(raw, found) if table == "members" else {}
    used = {*found.values(), *further}
    draft.unused = [str(name) for name in raw.frame.columns if name not in used]
    draft.frame = pd.DataFrame({**columns, **further})
    _judge(draft, lenient)
    return draft


def _refuse_missing(table: str, raw: RawTable, missing: list[str]) -> None:
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


def _fill(draft: Draft, name: str, spec: Field, raw: RawTable, params: IntakeParams) -> pd.Series:
    origin = draft.mapped.get(name)
    rows = len(raw.frame)
    if origin is None:
        if MADE.get(draft.table) == name:
            draft.notices.append(("notice_key", {"table": draft.table, "column": name}))
            return pd.Series(raw.row_number).astype(TEXT).str.zfill(9).radd(draft.table[0])
        return empty_column(spec.kind, rows)
    if origin.startswith("="):
        column = pd.Series(pd.array([origin[1:].strip()] * rows, dtype=TEXT))
    else:
        column = raw.frame[origin].reset_index(drop=True)
    codes: Mapping[Any, Any] = params.codes.get(f"{draft.table}.{name}", {})
    if codes:
        column = recode(column, codes)
    result = coerce(column, spec.kind, params.day_first)
    values = bare_ids(result.values) if name.endswith("_id") else result.values
    if spec.choices:
        values = values.str.lower()
    draft.notices += [(key, {**given, "column": f"{draft.table}.{name}"}) for key, given in result.notes]
    _note_bad(draft, name, spec, result.bad, column)
    return values


def _note_bad(draft: Draft, name: str, spec: Field, bad: np.ndarray, column: pd.Series) -> None:
    if spec.required:
        draft.verdicts.mark(bad, "wrong_type", name, column)
    else:
        _count(draft.blanked, f"wrong_type:{name}", bad)


def _judge(draft: Draft, lenient: tuple[str, ...]) -> None:
    frame = draft.frame
    for name, spec in TABLES[draft.table].fields.items():
        values = frame[name]
        if spec.required and name not in lenient:
            draft.verdicts.mark(values.isna().to_numpy(dtype=bool), "missing_value", name)
        if spec.choices:
            _limit(draft, name, spec, values.notna() & ~values.isin(spec.choices), "unknown_code")
        outside = pd.Series(False, index=frame.index)
        if spec.low is not None:
            outside |= values < spec.low
        if spec.high is not None:
            outside |= values > spec.high
        _limit(draft, name, spec, outside, "impossible_amount")
    if draft.table == "memberships":
        wrong = (frame["ends_on"] < frame["starts_on"]).to_numpy(dtype=bool)
        draft.verdicts.mark(wrong, "ends_before_starts", "ends_on")
    if draft.table in AFTER:
        later, earlier = AFTER[draft.table]
        blank(draft, later, frame[later] < frame[earlier], "ends_before_starts")


def _limit(draft: Draft, name: str, spec: Field, mask: pd.Series, reason: str) -> None:
    hit = mask.to_numpy(dtype=bool, na_value=False)
    if spec.required:
        draft.verdicts.mark(hit, reason, name, draft.frame[name])
    else:
        blank(draft, name, mask, reason)


def blank(draft: Draft, name: str, mask: pd.Series, reason: str) -> None:
    """Make the cells of `mask` in an optional column null, and count them."""
    hit = mask.to_numpy(dtype=bool, na_value=False)
    if hit.any():
        draft.frame[name] = draft.frame[name].mask(hit)
        _count(draft.blanked, f"{reason}:{name}", hit)


def _count(counts: dict[str, int], name: str, mask: np.ndarray) -> None:
    if mask.any():
        counts[name] = counts.get(name, 0) + int(mask.sum())
