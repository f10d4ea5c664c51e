"""One column of the source as its contract column, with all that is to be said of how it was read."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.contract.tables import FREE_TEXT, TABLES, Field
from whychurn.intake.check.consent import shown_words
from whychurn.intake.check.quarantine import value_kinds
from whychurn.intake.read.coerce import coerce
from whychurn.intake.read.coerced import Coerced, Note, Reading
from whychurn.intake.read.dtypes import as_text
from whychurn.intake.read.ids import digits_cut, is_id
from whychurn.intake.read.words.codes import recode

_NAMES_UTC: Final = re.compile(r"(?i)(?:^|[^a-z])(?:utc|gmt)(?:[^a-z]|$)")
_LOST: Final = {
    "inexact_scientific": "{n} ids are in scientific notation, such as {example}: a spreadsheet or program has cut "
    "their last digits, and different ids may have become the same",
    "inexact_float": "{n} ids are kept as floating-point numbers of more than {digits} digits, which hold not every "
    "digit exactly: different ids may have become the same",
    "inexact_cut": "{n} ids of 16 and more digits all end in zeros behind the 15th digit and repeat: a spreadsheet "
    "keeps 15 digits of a number, and different ids may have become the same",
}


def kind_of(name: str, table: str, spec: Field) -> str:
    """Kind in which a contract column is read: that of the contract, where ids and codes are kinds of text."""
    if spec.kind != "text" or name in FREE_TEXT.get(table, ()):
        return spec.kind
    return "id" if is_id(name) else "code"


def reading_of(params: IntakeParams, column: str, header: str) -> Reading:
    """What the parameters say of contract column `column`, and the name of its source column of UTC."""
    decimal = params.decimal.get(column) if isinstance(params.decimal, dict) else params.decimal
    zone = params.zones.get(column) or ("UTC" if _NAMES_UTC.search(header) else None)
    form = params.date_forms.get(column)
    return Reading(column, form, params.day_first, decimal, zone, params.time_zone, params.max_quarantined)


def read_column(
    column: pd.Series, kind: str, codes: Mapping[Any, Any], reading: Reading, file: str | None
) -> Coerced:
    """Cells of `column` in `kind`, notes with the column's name, ids exact.

    Raises
    ------
    WhychurnError
        If more than `reading.allowed` of the ids have lost digits.
    """
    before: tuple[Note, ...] = ()
    how: dict[str, str] = {}
    if codes:
        recoded = recode(column, codes)
        column, before, how = recoded.values, recoded.notes, recoded.how
    result = coerce(column, kind, reading)
    notes: list[Note] = []
    for key, values in (*before, *result.notes):
        if key in _LOST:
            _refuse_lost_ids(key, values, len(column), reading, file)
            key = f"notice_{key}"
        notes.append((key, _shown(values)))
    if kind == "id" and digits_cut(result.values):
        _refuse_cut_ids(result.values, reading, file)
        notes.append(("notice_digits_cut", {"n": int(result.values.notna().sum())}))
    if result.bad.any() and kind != "id":
        notes.append(_unread(column, kind, result, reading))
    named = tuple((key, {**values, "column": reading.column}) for key, values in notes)
    return replace(result, notes=named, how=how | result.how)


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a note; an id is shown by its shape."""
    if "shape_of" not in values:
        return values
    rest = {name: value for name, value in values.items() if name != "shape_of"}
    return {**rest, "example": value_kinds(pd.Series([values["shape_of"]]))[0]}


def _unread(column: pd.Series, kind: str, result: Coerced, reading: Reading) -> Note:
    bad = as_text(column.reset_index(drop=True))[result.bad]
    given = int(result.values.notna().sum()) + len(bad)
    few = reading.few(len(bad), given)
    word = next((word for word in bad.value_counts().index[:1]), "")
    code = word if kind != "date" and len(word) <= 40 and (bad == word).sum() >= 3 else "…"
    values = {"n": len(bad), "of": given, "words": shown_words(bad), "word": code}
    return f"{'notice' if few else 'decide'}_unread_{'date' if kind == 'instant' else kind}", values


def _refuse_lost_ids(key: str, values: dict[str, Any], rows: int, reading: Reading, file: str | None) -> None:
    if values["n"] <= reading.allowed * rows:
        return
    remedy = "export the table again with this column as text, from where the ids are whole"
    if not reading.column.endswith((".member_id", ".campaign_id", ".referred_by")):
        remedy += "; or make new ids from the row numbers, each row then counts by itself: intake.columns: "
        remedy += f'{{{reading.column}: "="}}'
    message = f"{reading.column}: {_LOST[key].format(**values)}"
    raise WhychurnError(message, file=file, column=reading.column, rows=values["n"], remedy=remedy)


def _refuse_cut_ids(ids: pd.Series, reading: Reading, file: str | None) -> None:
    table, _, name = reading.column.partition(".")
    known = ids.dropna()
    if TABLES[table].key == name and known.duplicated().any():
        _refuse_lost_ids("inexact_cut", {"n": len(known)}, len(known), reading, file)


def shown_readings(readings: Mapping[str, Mapping[str, str]]) -> str:
    """How columns were read, in signs of no language: ``ordered_at [x/x/YYYY 40, dmy]; amount [1.234,5 EUR]``."""
    marks = {"point": "1,234.5", "comma": "1.234,5", "point?": "1,234.5?"}
    parts = []
    for name, how in readings.items():
        shown = [marks.get(value, value) for key, value in how.items() if key != "order_by"]
        parts.append(f"{name} [{', '.join(shown)}]")
    return "; ".join(parts)


def order_proven_elsewhere(found: Mapping[str, Coerced]) -> str | None:
    """Order of day and month that the other columns of a table prove, where they prove one."""
    orders = {one.how["order"] for one in found.values() if one.how.get("order_by") in ("proof", "few_years")}
    return orders.pop() if len(orders) == 1 else None


def order_assumed(one: Coerced) -> bool:
    """Whether the order of day and month was assumed for lack of evidence in the column."""
    return bool(
        one.how.get("order_by") == "assumed"
        and any("ambiguous" in key or "year_place" in key for key, _ in one.notes)
    )
