"""One table checked: its columns become those of the contract, its rows are checked by their own cells."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.params import IntakeParams
from whychurn.contract.system.memory import let_go
from whychurn.contract.tables import FURTHER, TABLES, Field
from whychurn.intake.check.checked_table import CheckedTable, Notice, blank, count
from whychurn.intake.check.codes.coded_columns import CODED, plain_codes
from whychurn.intake.check.codes.interviews import check_interviews, note_chances
from whychurn.intake.check.codes.not_understood import note_unknown
from whychurn.intake.check.column_reading import (
    kind_of,
    order_assumed,
    order_proven_elsewhere,
    read_column,
    reading_of,
    shown_readings,
)
from whychurn.intake.check.consent import CONSENT, consent_notices
from whychurn.intake.check.evidence.copies import mark_copies
from whychurn.intake.check.evidence.default_dates import blank_default_dates
from whychurn.intake.check.mapping import (
    MADE,
    further_columns,
    missing_columns,
    repeated_columns,
    source_columns,
)
from whychurn.intake.check.missing_columns import raise_on_missing
from whychurn.intake.check.orders.amounts import fill_amounts
from whychurn.intake.check.orders.order_lines import continue_orders
from whychurn.intake.check.orders.order_status import mark_status
from whychurn.intake.check.orders.refunds import REFUNDED
from whychurn.intake.check.quarantine import RowReasons
from whychurn.intake.read.coerced import Coerced, empty_column
from whychurn.intake.read.dtypes import TEXT, each_its_own, held_once
from whychurn.intake.read.raw_table import RawTable
from whychurn.intake.read.words.consent import read_consent
from whychurn.intake.read.words.running_words import running_words

OPEN_ENDED: Final = (("memberships", "ends_on"), ("memberships", "paused_until"))
# texts of the largest tables that repeat from row to row
REPEATED: Final = {
    "events": ("event_id", "member_id", "event_type", "campaign_id"),
    "touches": ("member_id", "campaign_id", "action", "channel", "offer"),
}
AFTER: Final = {"feedback": ("responded_at", "created_at"), "surveys": ("answered_at", "sent_at")}


def check_table(table: str, raw: RawTable, params: IntakeParams) -> CheckedTable:
    """Contract columns of `raw`, cells in their kinds, rows checked by their own cells.

    Raises
    ------
    WhychurnError
        If a required column has no source.
    """
    sources = source_columns(table, raw, params)
    lenient = ("joined_on",) if table == "members" and params.complete_members else ()
    if {"unit_price", "quantity"} <= set(sources):
        lenient = (*lenient, "amount")
    raise_on_missing(table, raw, sources, missing_columns(table, sources, lenient))
    for origin in {sources[name] for name in REPEATED.get(table, ()) if name in sources} & set(raw.frame):
        if raw.frame[origin].dtype == TEXT:
            raw.frame[origin] = held_once(raw.frame[origin])
    rows = len(raw.frame)
    checked = CheckedTable(
        table, pd.DataFrame(index=pd.RangeIndex(rows)), raw.row_number, RowReasons(rows), raw.broken,
        raw.origin, raw.encoding, sources, notices=[*raw.notices, *repeated_columns(table, raw, sources, params)],
        apart=raw.apart, parts=raw.parts,
    )  # fmt: skip
    if not rows and not len(raw.broken):
        checked.notices.append(("notice_no_rows", {"table": table, "file": raw.origin}))
    columns = _columns(checked, raw, params)
    further = further_columns(table, raw, sources) if table in FURTHER else {}
    used = {*sources.values(), *further}
    checked.unused = [str(name) for name in raw.frame.columns if name not in used]
    checked.frame = pd.DataFrame({**columns, **further}, copy=False)
    del columns, further
    if table == "orders":
        if params.fold != []:
            continue_orders(checked)
        fill_amounts(checked, params.order_amount)
    note_unknown(checked, {column: codes.values() for column, codes in params.codes.items()})
    blank_default_dates(checked)
    if "default_date:joined_on" in checked.blanked:
        lenient = ("joined_on",)  # filled from the first activity
    _check_cells(checked, lenient if table == "members" else ())
    if table == "orders":
        mark_status(checked, raw)
    if table == "surveys":
        check_interviews(checked)
    if table == "touches":
        note_chances(checked)
    mark_copies(checked, raw, params.copies.get(table))
    return checked


def _columns(checked: CheckedTable, raw: RawTable, params: IntakeParams) -> dict[str, pd.Series]:
    """All contract columns; dates that their own column leaves in doubt follow those of the same table."""
    table = checked.table
    found: dict[str, Coerced] = {}
    for name, spec in TABLES[table].fields.items():
        found[name] = _fill(checked, name, spec, raw, params)
        if name in REPEATED.get(table, ()):
            found[name].values = held_once(found[name].values)
        let_go(len(raw.frame))
    order = order_proven_elsewhere(found)
    for name, one in found.items():
        if order and order_assumed(one):
            found[name] = _fill(checked, name, TABLES[table].fields[name], raw, params, order)
            said = {"column": f"{table}.{name}", "order": order}
            found[name].notes = (*found[name].notes, ("notice_order_elsewhere", said))
    for name, one in found.items():
        checked.notices += one.notes
        if one.how:
            checked.readings[name] = one.how
        _note_bad(checked, name, TABLES[table].fields[name], one.bad, raw)
    if checked.readings:
        checked.notices.append(("notice_read_as", {"readings": shown_readings(checked.readings)}))
    return {name: one.values for name, one in found.items()}


def _fill(
    checked: CheckedTable, name: str, spec: Field, raw: RawTable, params: IntakeParams, order: Any = None
) -> Coerced:
    origin = checked.mapped.get(name)
    rows = len(raw.frame)
    if origin is None or origin.strip() == "=":
        values = empty_column(spec.kind, rows)
        notes: list[Notice] = []
        if MADE.get(checked.table) == name:
            notes.append(("notice_key", {"table": checked.table, "column": name}))
            values = pd.Series(raw.row_number).astype(TEXT).str.zfill(9).radd(checked.table[0])
        return Coerced(values, np.zeros(rows, dtype=bool), tuple(notes))
    column = _source_column(raw, origin)
    where = f"{checked.table}.{name}"
    running: dict[str, int] = {}
    if (checked.table, name) in OPEN_ENDED:
        column, running = running_words(column)
    codes: Mapping[Any, Any] = params.codes.get(where, {})
    if name in CONSENT:
        return _fill_consent(checked, name, column, codes)
    reading = reading_of(params, where, origin)
    reading = replace(reading, date_form=order) if order else reading
    result = read_column(column, kind_of(name, checked.table, spec), codes, reading, raw.origin)
    if where in CODED:
        result.values = plain_codes(where, result.values)
    said = [("notice_running_word", {"column": where, "word": word, "n": n}) for word, n in running.items()]
    result.notes = (*said, *result.notes)
    return result


def _source_column(raw: RawTable, origin: str) -> pd.Series:
    if origin.startswith("="):
        return pd.Series(pd.array([origin[1:].strip()] * len(raw.frame), dtype=TEXT))
    return each_its_own(raw.frame[origin].reset_index(drop=True))


def _fill_consent(checked: CheckedTable, name: str, column: pd.Series, codes: Mapping[Any, Any]) -> Coerced:
    header = checked.mapped[name]
    consent = read_consent(column, "" if header.startswith("=") else header, codes)
    where = {"column": f"{checked.table}.{name}"}
    notes = tuple((key, {**given, **where}) for key, given in consent_notices(consent, header))
    return Coerced(consent.values, consent.bad, notes)


def _note_bad(checked: CheckedTable, name: str, spec: Field, bad: np.ndarray, raw: RawTable) -> None:
    if not bad.any():
        return
    if spec.required or spec.exact:
        checked.row_reasons.mark(bad, "wrong_type", name, _source_column(raw, checked.mapped[name]))
    else:
        count(checked.blanked, f"wrong_type:{name}", bad)


def _check_cells(checked: CheckedTable, lenient: tuple[str, ...]) -> None:
    frame = checked.frame
    for name, spec in TABLES[checked.table].fields.items():
        values = frame[name]
        if spec.required and name not in lenient:
            checked.row_reasons.mark(values.isna().to_numpy(dtype=bool), "missing_value", name)
        if spec.choices:
            _limit(checked, name, spec, values.notna() & ~values.isin(spec.choices), "unknown_code")
        outside = pd.Series(False, index=frame.index)
        if spec.low is not None and REFUNDED.get(checked.table, ("",))[0] != name:  # below zero: a refund
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
    if spec.required or spec.exact:
        checked.row_reasons.mark(hit, reason, name, checked.frame[name])
    else:
        blank(checked, name, mask, reason)
