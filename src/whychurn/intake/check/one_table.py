"""One table checked: its columns become those of the contract, its rows are checked by their own cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.contract.tables import TABLES, Field
from whychurn.intake.check.checked_table import CheckedTable, blank, count
from whychurn.intake.check.consent import CONSENT, consent_notices
from whychurn.intake.check.copies import mark_copies
from whychurn.intake.check.mapping import MADE, further_columns, missing_columns, source_columns
from whychurn.intake.check.orders.amounts import fill_amounts
from whychurn.intake.check.orders.order_lines import continue_orders
from whychurn.intake.check.orders.order_status import mark_status
from whychurn.intake.check.quarantine import RowReasons
from whychurn.intake.read.coerce import bare_ids, coerce, empty_column, recode
from whychurn.intake.read.consent import read_consent
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.raw_table import RawTable, nearest
from whychurn.intake.read.running_words import running_words

OPEN_ENDED: Final = (("memberships", "ends_on"), ("memberships", "paused_until"))
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
    if table == "orders":
        if params.fold != []:
            continue_orders(checked)
        fill_amounts(checked, params.order_amount)
    _check_cells(checked, lenient if table == "members" else ())
    if table == "orders":
        mark_status(checked, raw)
    mark_copies(checked, raw, params.copies.get(table))
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
    if (checked.table, name) in OPEN_ENDED:
        column, words = running_words(column)
        checked.notices += [
            ("notice_running_word", {"column": f"{checked.table}.{name}", "word": word, "n": n})
            for word, n in words.items()
        ]
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
    count(checked.blanked, f"wrong_type:{name}", consent.bad)
    return consent.values


def _note_bad(checked: CheckedTable, name: str, spec: Field, bad: np.ndarray, column: pd.Series) -> None:
    if spec.required or spec.exact:
        checked.row_reasons.mark(bad, "wrong_type", name, column)
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
        if spec.low is not None and (checked.table, name) != ("orders", "amount"):  # below zero: a refund
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
