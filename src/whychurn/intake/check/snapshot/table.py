"""The table of one row per customer: read, its flag understood, columns written at leaving found."""

from dataclasses import replace
from typing import Any, Final

import pandas as pd
import yaml

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams, Params
from whychurn.contract.snapshot.leaving_words import answer_words, is_named, tenure_unit
from whychurn.contract.tables import HISTORY_TABLES, SNAPSHOT, TABLES
from whychurn.intake.check.checked_table import CheckedTable, Notice
from whychurn.intake.check.column_reading import read_column, reading_of
from whychurn.intake.check.one_table import check_table
from whychurn.intake.check.snapshot.columns import (
    MAX_VALUES,
    SnapshotColumns,
    cells_of,
    find_columns,
    find_further,
    meaning,
    repeated_id,
)
from whychurn.intake.read.coerce import coerce
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.raw_table import RawTable
from whychurn.intake.read.source import Source, read_table
from whychurn.stats.leaking_columns import leaking_columns

MAX_FILES: Final = 20  # that are looked into
LEFT: Final = f"{SNAPSHOT}.left"


def snapshot_name(source: Source, params: IntakeParams) -> str | list[str] | None:
    """Files of the table of one row per customer, where the study is one of its own; None where it has a history."""
    given = params.tables.get(SNAPSHOT)
    if given is None and any(_held(source, table, params) for table in HISTORY_TABLES):
        return None
    return given or (source.find(SNAPSHOT, None) if given is None else None) or None


def _held(source: Source, table: str, params: IntakeParams) -> bool:
    try:
        return bool(source.find(table, params.tables.get(table)))
    except WhychurnError:  # several files, or one that could be the table: said when the table is read
        return True


def read_snapshot(source: Source, name: str | list[str], params: Params) -> CheckedTable:
    """The table `name` in the contract's columns, further columns in their kinds, with what was assumed.

    Raises
    ------
    WhychurnError
        If no column says who left, or its cells are not understood.
    """
    raw = read_table(source, SNAPSHOT, name)
    assert raw is not None
    intake, notices = _completed(raw, params.intake)
    raw, left = _flags(raw, intake)
    codes = {column: meanings for column, meanings in intake.codes.items() if column != LEFT}
    checked = check_table(SNAPSHOT, raw, intake.model_copy(update={"codes": codes}))
    checked.notices = [*checked.notices, *left, *notices]
    further = [column for column in checked.frame.columns if column not in TABLES[SNAPSHOT].fields]
    _type_further(checked, further, intake)
    key = checked.frame["member_id"]
    checked.row_reasons.mark(
        (key.duplicated() & key.notna()).to_numpy(dtype=bool), "duplicate_id", "member_id"
    )
    _note_copies(checked, further)
    checked.notices += leak_notices(checked, further, params)
    return checked


def leak_notices(checked: CheckedTable, further: list[str], params: Params) -> list[Notice]:
    """One notice for each further column that seems to be written at leaving."""
    good = checked.good
    judged = [name for name in further if name not in params.snapshot.keep]
    found = leaking_columns(good[judged], good["left"].to_numpy(dtype=bool, na_value=False), params.run.seed)
    return [
        (f"notice_leak_{row['why']}", {"table": SNAPSHOT, "column": row["column"], "n": row["rows"], "keep": "snapshot.keep",
                                       "value": "" if pd.isna(row["value"]) else f"{row['value']:.2f}"})
        for row in found.to_dict("records")
    ]  # fmt: skip


def recognised(source: Source, folder: str | None = None) -> WhychurnError | None:
    """What to do where `source` holds one row per customer and no history; None where it holds no such table.

    Parameters
    ----------
    folder
        ``intake.source`` to write, where it is not the study's own.
    """
    found: list[tuple[int, str, RawTable, SnapshotColumns]] = []
    for name in source.names()[:MAX_FILES]:
        try:
            raw = source.read(name)
        except WhychurnError:
            continue
        columns = find_columns(raw.frame)
        if columns:
            found.append((len(raw.frame), name, raw, columns))
    if not found:
        return None
    rows, name, raw, columns = max(found, key=lambda entry: (entry[0], entry[1]))
    said = _told(raw.frame[columns.left])
    lines: dict[str, Any] = {"source": folder} if folder else {}
    lines |= {"tables": {SNAPSHOT: name}, "columns": columns.mapping()}
    unclear = meaning(cells_of(raw.frame[columns.left]))
    if None in unclear.values():
        lines["codes"] = {LEFT: {cell: "true or false" if v is None else v for cell, v in unclear.items()}}
    written = yaml.safe_dump({"intake": lines}, allow_unicode=True, sort_keys=False, width=10_000)
    return WhychurnError(
        f"{name} holds one row per customer (a snapshot of {rows:,} customers), and its column {columns.left!r} says who "
        f"left ({said['left']}) and who stayed ({said['stayed']}). It has no history, so it cannot tell when members "
        "leave, whether a forecast holds in later months, or which behaviour comes before leaving. As a study of its own "
        "it can tell how well its columns order leavers and stayers (cross-validated risk beside its baselines), what "
        f"the model looks at{', how stays end by tenure' if columns.tenure else ''}"
        f"{', and the reasons that leavers state' if columns.reason else ''}.",
        file=name,
        column=columns.left,
        remedy=f"write in params.yaml, in place of what intake.tables and intake.columns say now:\n{written}"
        "To learn when and why members leave, bring tables with dates instead: members with joined_on, and orders, "
        "memberships or events.",
    )


def _completed(raw: RawTable, intake: IntakeParams) -> tuple[IntakeParams, list[Notice]]:
    """The mapping with the columns that are found by their names, and what was assumed."""
    given = {
        name.partition(".")[2]: column for name, column in intake.columns.items() if name.startswith(SNAPSHOT)
    }
    present = {str(name).strip().casefold() for name in raw.frame.columns}
    found = find_columns(raw.frame)
    mapping: dict[str, str] = {}
    if "left" not in given and "left" not in present:
        repeated = repeated_id(raw.frame, [str(name) for name in raw.frame.columns])
        if found is None and repeated and "member_id" not in given:
            raise _several_rows(raw, repeated)
        if found is None:
            raise WhychurnError(
                "no column says who left",
                file=raw.origin,
                remedy=f"name it in params.yaml: intake.columns: {{{LEFT}: COLUMN}}; the source has "
                f"{', '.join(map(str, raw.frame.columns[:30]))}",
            )
        mapping[LEFT] = found.left
    used = {*given.values(), *mapping.values()}
    rest = [str(name) for name in raw.frame.columns if str(name) not in used]
    if "member_id" not in given and (repeated := repeated_id(raw.frame, rest)):
        raise _several_rows(raw, repeated)
    for name, column in zip(("tenure", "reason", "member_id"), find_further(raw.frame, rest), strict=True):
        if column and name not in given and name not in present:
            mapping[f"{SNAPSHOT}.{name}"] = column
    notices: list[Notice] = [
        ("notice_snapshot_column", {"column": name, "source": column}) for name, column in mapping.items()
    ]
    completed = intake.model_copy(update={"columns": {**intake.columns, **mapping}})
    tenure = completed.columns.get(f"{SNAPSHOT}.tenure", "tenure" if "tenure" in present else None)
    if tenure and tenure_unit(tenure) is None:
        notices.append(("notice_snapshot_tenure", {"column": tenure}))
    return completed, notices


def _several_rows(raw: RawTable, column: str) -> WhychurnError:
    rows = int(raw.frame[column].duplicated().sum())
    return WhychurnError(
        f"several rows have one {column!r}, so this is no table of one row per customer",
        file=raw.origin,
        column=column,
        rows=rows,
        remedy="rows with dates belong to the tables orders, events or memberships (intake.tables); if each row is a "
        f'customer all the same, write in params.yaml intake.columns: {{{SNAPSHOT}.member_id: "="}}',
    )


def _flags(raw: RawTable, intake: IntakeParams) -> tuple[RawTable, list[Notice]]:
    """`raw` with who left as true and false, and how its cells were read."""
    given = intake.columns.get(LEFT, "left")
    origin = next(
        (n for n in raw.frame.columns if str(n).strip().casefold() == given.strip().casefold()), None
    )
    codes = intake.codes.get(LEFT, {})
    if origin is None or given.startswith("="):
        return raw, []
    cells = cells_of(raw.frame[origin])
    coded = {
        str(cell).strip().lower(): answer_words().get(str(value).lower()) for cell, value in codes.items()
    }
    found = meaning(cells)
    said = {**found, **{cell: value for cell, value in coded.items() if cell in found}}
    _refuse_unclear(raw, str(origin), cells, said, not codes and is_named(str(origin), "stayed_names"))
    frame = raw.frame.copy()
    frame[origin] = cells.map({cell: "true" if value else "false" for cell, value in said.items()}).astype(
        TEXT
    )
    values = {"column": str(origin), **_told(raw.frame[origin], said)}
    return replace(raw, frame=frame), [("notice_snapshot_left", values)]


def _refuse_unclear(
    raw: RawTable, origin: str, cells: pd.Series, said: dict[str, bool | None], contrary: bool
) -> None:
    counts = cells.value_counts()
    if contrary:
        swapped = {cell: not value for cell, value in said.items()}
        raise WhychurnError(
            f"the name of the column says who stayed, so its yes may mean the contrary of {LEFT}",
            file=raw.origin,
            column=origin,
            rows=int(counts.sum()),
            remedy=f"say what its cells mean in params.yaml: intake.codes: {{{LEFT}: {_codes(swapped)}}}",
        )
    unclear = [cell for cell, value in said.items() if value is None]
    if not unclear:
        return
    if len(said) > MAX_VALUES:
        raise WhychurnError(
            f"{len(said)} different values; a column that says who left has two, or a few",
            file=raw.origin,
            column=origin,
            remedy=f"name another column in params.yaml: intake.columns: {{{LEFT}: COLUMN}}",
        )
    listed = ", ".join(f"{cell!r} ({counts[cell]:,})" for cell in unclear)
    choice = {cell: said[cell] if said[cell] is not None else "true or false" for cell in said}
    raise WhychurnError(
        f"it is not understood who left and who stayed: {listed}",
        file=raw.origin,
        column=origin,
        rows=int(counts[unclear].sum()),
        remedy=f"say it in params.yaml (true: left): intake.codes: {{{LEFT}: {_codes(choice)}}}",
    )


def _codes(said: dict[str, Any]) -> str:
    words = {True: "true", False: "false"}
    keys = {cell: cell if cell.isdecimal() else f'"{cell}"' for cell in said}
    return "{" + ", ".join(f"{keys[cell]}: {words.get(value, value)}" for cell, value in said.items()) + "}"


def _told(column: pd.Series, said: dict[str, bool | None] | None = None) -> dict[str, str]:
    """Values that mean left and stayed, with counts."""
    cells = cells_of(column)
    words, counts = said or meaning(cells), cells.value_counts()
    return {
        name: ", ".join(f"{cell} {counts[cell]:,}" for cell in counts.index if words.get(str(cell)) is value)
        or "–"
        for name, value in (("left", True), ("stayed", False))
    }


def _type_further(checked: CheckedTable, further: list[str], intake: IntakeParams) -> None:
    """Make further columns numbers or dates where all their filled cells are, and say what was assumed."""
    for name in further:
        column = checked.frame[name]
        zeros = column.dtype == TEXT and column.str.match(r"^0\d+$").fillna(False).any()  # codes keep theirs
        if column.dtype != TEXT or zeros or not column.notna().any():
            continue
        reading = reading_of(intake, f"{SNAPSHOT}.{name}", name)
        for kind in ("number", "date"):
            if not coerce(column.dropna().drop_duplicates(), kind, reading).bad.any():
                read = read_column(column, kind, {}, reading, checked.origin)
                checked.frame[name] = read.values
                checked.notices += read.notes
                break


def _note_copies(checked: CheckedTable, further: list[str]) -> None:
    columns = [*further, *(name for name in ("left", "tenure") if checked.frame[name].notna().any())]
    copies = int(checked.good[columns].duplicated().sum()) if further else 0
    if copies:
        checked.notices.append(("notice_snapshot_copies", {"table": SNAPSHOT, "n": copies}))
