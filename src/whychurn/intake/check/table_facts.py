"""The record of one table: what became of its rows; which questions all tables can answer."""

from typing import Any

import pandas as pd

from whychurn.contract.questions import assess_questions
from whychurn.contract.tables import TABLES
from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.quarantine import ACCOUNTED


def table_facts(checked: CheckedTable) -> dict[str, Any]:
    """Counts of one table for ``intake.json``.

    They balance: read + derived = kept + quarantined + folded + duplicates + netted.

    Raises
    ------
    AssertionError
        If a row was lost.
    """
    counts = checked.row_reasons.counts()
    apart = {name: sum(n for (reason, _), n in counts.items() if reason == name) for name in ACCOUNTED}
    counts = {label: n for label, n in counts.items() if label[0] not in ACCOUNTED}
    reasons = {reason: len(numbers) for reason, numbers in checked.unsplit.items()}
    for (reason, _), number in counts.items():
        reasons[reason] = reasons.get(reason, 0) + number
    kept, quarantined = int(checked.row_reasons.good.sum()), sum(reasons.values())
    assert checked.read + checked.derived == kept + quarantined + checked.folded + sum(apart.values()), (
        f"{checked.table}: rows were lost"
    )
    return {
        "present": checked.origin is not None,
        "source": checked.origin,
        "encoding": checked.encoding,
        "columns": dict(checked.mapped),
        "read": checked.read,
        "kept": kept,
        "quarantined": quarantined,
        "folded": checked.folded,
        "duplicates": apart["copy"],
        "netted": apart["netted"],
        "derived": checked.derived,
        **_first_and_last(checked),
        "reasons": reasons,
        "reason_columns": {f"{reason}:{column}": number for (reason, column), number in counts.items()},
        "cells_blanked": checked.blanked,
        "warnings": checked.warnings,
        "readings": checked.readings,
        "not_understood": {name: len(values) for name, values in checked.not_understood.items()},
        "notices": [
            {"key": f"intake.{key}", "values": values}
            for number, (key, values) in enumerate(checked.notices)
            if (key, values) not in checked.notices[:number]
        ],
    }


def _first_and_last(checked: CheckedTable) -> dict[str, str | None]:
    time = TABLES[checked.table].time
    if time is None:
        return {"first_day": None, "last_day": None}
    days = checked.good_values(time)
    ends = {"first_day": days.min(), "last_day": days.max()}
    return {name: None if pd.isna(day) else f"{day:%Y-%m-%d}" for name, day in ends.items()}


def answerable_questions(tables: dict[str, CheckedTable]) -> list[dict[str, Any]]:
    """Which questions the good rows can answer (`contract.questions`)."""
    filled = {}
    for table, checked in tables.items():
        if checked.row_reasons.good.any():
            filled[table] = [
                name for name in checked.frame.columns if checked.good_values(name).notna().any()
            ]
    if "events" in filled:  # a type of event counts as a column
        filled["events"] += tables["events"].good_values("event_type").unique().tolist()
    return assess_questions(filled)
