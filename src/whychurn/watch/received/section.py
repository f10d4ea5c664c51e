"""What came in, by table and month."""

from __future__ import annotations

from typing import Any

import pandas as pd

from whychurn.action.inputs import Section
from whychurn.contract.results import columns_of, typed
from whychurn.contract.tables import TABLES
from whychurn.watch.inputs import WatchInputs
from whychurn.watch.received.faults import TableMonths, find_faults, table_months


def received_section(inputs: WatchInputs) -> Section:
    """Table watch_received: each month of each table, as usual or broken, against the good months before it."""
    members = inputs.tables["members"]
    refused = members.loc[members["profiling_consent"].eq(False).fillna(False), "member_id"]
    first = pd.Timestamp(str(inputs.intake_facts["observed_from"]))
    rows: list[dict[str, Any]] = []
    for name, frame in inputs.tables.items():
        if frame.empty:
            continue
        unknown = inputs.not_understood[inputs.not_understood["table"] == name]
        rows += _rows(
            name, table_months(TABLES[name], frame, (first, inputs.observed_until), unknown, set(refused))
        )
    table = typed(pd.DataFrame(rows).reindex(columns=columns_of("watch_received")))
    broken = table[table["state"] == "broken"]
    return Section(
        {"watch_received": table}, {"broken": len(broken), "tables": int(table["table"].nunique())}
    )


def _rows(name: str, told: TableMonths) -> list[dict[str, Any]]:
    """One row a month; a month that is not over is open."""
    found = find_faults(name, told)
    rows = []
    for place, month in enumerate(told.months):
        usual, why = found[place]
        over = bool(told.over[place])
        rows.append({
            "table": name, "month": month, "rows": told.rows[place], "usual_rows": usual,
            "days_covered": told.days[place], "unknown_codes": told.unknown[place],
            "without_consent": told.refused[place],
            "state": "open" if not over else "broken" if why else "as usual", "why": why if over else None,
        })  # fmt: skip
    return rows
