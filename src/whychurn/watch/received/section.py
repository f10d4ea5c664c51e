"""What came in, by table and month."""

from __future__ import annotations

from typing import Any

import pandas as pd

from whychurn.action.inputs import Section
from whychurn.contract.results import columns_of, typed
from whychurn.watch.inputs import WatchInputs
from whychurn.watch.received.faults import TableMonths, find_faults, table_months


def received_section(inputs: WatchInputs) -> Section:
    """Table watch_received: each month of each table, as usual or broken, against the good months before it."""
    rows: list[dict[str, Any]] = []
    for name, counts in inputs.counted.items():
        rows += _rows(name, table_months(counts, inputs.observed))
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
