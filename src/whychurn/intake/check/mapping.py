"""Which column of the source fills which column of the contract."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.contract.tables import FURTHER, SNAPSHOT, TABLES
from whychurn.intake.read.coerce import coerce
from whychurn.intake.read.dtypes import TEXT, as_text
from whychurn.intake.read.raw_table import RawTable, nearest

MADE: Final = {  # keys that are made from the row number where the source has none
    table: spec.key
    for table, spec in TABLES.items()
    if spec.key and (spec.key != "member_id" or table == SNAPSHOT)
}
_CLOSE: Final = 0.75  # a name this similar to a column of members is taken for a typo


def check_mapping(params: IntakeParams) -> None:
    """Refuse a mapping that names an unknown table or column.

    Raises
    ------
    WhychurnError
        With the nearest name.
    """
    by_column = params.decimal if isinstance(params.decimal, dict) else {}
    for section, names in (
        ("columns", params.columns),
        ("codes", params.codes),
        ("date_forms", params.date_forms),
        ("zones", params.zones),
        ("decimal", by_column),
    ):
        for name in names:
            table, _, column = name.partition(".")
            if table not in TABLES:
                raise _unknown(section, name, nearest(name, _all_columns()))
            columns = TABLES[table].fields
            further = table in FURTHER and not difflib.get_close_matches(column, columns, n=1, cutoff=_CLOSE)
            if column not in columns and not (further and column):
                raise _unknown(section, name, f"{table}.{nearest(column, columns)}")


def source_columns(table: str, raw: RawTable, params: IntakeParams) -> dict[str, str]:
    """Contract column -> source column, or ``=value`` for a constant.

    A mapped name must exist; an unmapped contract column is found by its own name (case and spaces aside).

    Raises
    ------
    WhychurnError
        If `intake.columns` names a column that the source does not have.
    """
    present = {str(name): str(name) for name in raw.frame.columns}
    by_normalised = {_normalised(name): name for name in reversed(list(present))}
    sources = {}
    for name in [*TABLES[table].fields, *_further_names(table, params)]:
        given = params.columns.get(f"{table}.{name}")
        if given is None:
            origin = present.get(name) or by_normalised.get(_normalised(name))
        elif given.startswith("="):
            origin = given
        else:
            origin = present.get(given) or by_normalised.get(_normalised(given))
            if origin is None and given.removesuffix(".1") in raw.repeated:
                origin = given.removesuffix(".1")
            if origin is None:
                raise WhychurnError(
                    f"intake.columns maps {table}.{name} to {given!r}, which {raw.origin} does not have",
                    remedy=f"nearest column: {nearest(given, present)!r}",
                )
        if origin is not None:
            sources[name] = origin
    return sources


def repeated_columns(
    table: str, raw: RawTable, sources: Mapping[str, str], params: IntakeParams
) -> list[tuple[str, dict[str, Any]]]:
    """To be decided: columns of the contract whose source name stands several times in the header."""
    told: list[tuple[str, dict[str, Any]]] = []
    for column, origin in sources.items():
        given = params.columns.get(f"{table}.{column}")
        twins = [f"{origin}.{n}" for n in range(2, 20)] if origin in raw.repeated else []
        if given is None:  # names that differ in case or spaces
            twins += [
                str(name) for name in raw.frame.columns if _normalised(str(name)) == _normalised(origin)
            ]
        others = [name for name in dict.fromkeys(twins) if name in raw.frame and name != origin]
        first = f"{origin}.1" if origin in raw.repeated else origin
        if not others or given == first != origin:
            continue
        values = {
            "file": raw.origin,
            "table": table,
            "column": column,
            "name": origin,
            "first": first,
            "other": others[0],
        }
        same = all(as_text(raw.frame[origin]).equals(as_text(raw.frame[name])) for name in others)
        told.append(("notice_repeated" if same else "decide_repeated", {**values, "n": 1 + len(others)}))
    return told


def missing_columns(table: str, sources: Iterable[str], lenient: Iterable[str] = ()) -> list[str]:
    """Required contract columns without a source; `lenient` ones can be made.

    Terms need a day on which they end or are cancelled: else nobody could leave.
    """
    present = {*sources, *lenient, *([MADE[table]] if table in MADE else [])}
    missing = [name for name, field in TABLES[table].fields.items() if field.required and name not in present]
    endless = table == "memberships" and not {"ends_on", "cancelled_on"} & present
    return missing + (["ends_on"] if endless else [])


def further_columns(table: str, raw: RawTable, sources: dict[str, str]) -> dict[str, pd.Series]:
    """Columns of the source of `table` (one of `FURTHER`) that serve no contract column, as they are."""
    fields = TABLES[table].fields
    renamed = {origin: name for name, origin in sources.items() if name not in fields}
    used = {origin for name, origin in sources.items() if name in fields}
    further = {}
    for name in raw.frame.columns:
        if name not in used and name not in fields:
            column = raw.frame[name].reset_index(drop=True)
            further[renamed.get(name, str(name))] = _plain(column)
    return further


def _plain(column: pd.Series) -> pd.Series:
    if column.dtype == TEXT:
        return coerce(column, "text").values
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_localize(None)
    return column.astype("float64") if column.dtype == "float32" else column


def _further_names(table: str, params: IntakeParams) -> list[str]:
    names = [name.partition(".")[2] for name in params.columns if name.startswith(f"{table}.")]
    return [name for name in names if name not in TABLES[table].fields] if table in FURTHER else []


def _all_columns() -> list[str]:
    return [f"{table}.{column}" for table, spec in TABLES.items() for column in spec.fields]


def _normalised(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def _unknown(section: str, name: str, near: str | None) -> WhychurnError:
    return WhychurnError(
        f"intake.{section} names {name!r}, which is no column of the contract",
        remedy=f"did you mean {near!r}?",
    )
