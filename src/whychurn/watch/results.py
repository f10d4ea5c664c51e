"""All that is watched: what came in, the charts, month against month."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from whychurn.action.inputs import Section
from whychurn.contract.results import columns_of, documented, empty_table
from whychurn.watch.charts.section import charts_section
from whychurn.watch.inputs import MonthRecord, WatchInputs
from whychurn.watch.months.section import months_section
from whychurn.watch.received.section import received_section

Step = Callable[[WatchInputs, dict[str, Section]], Section]


def _received(inputs: WatchInputs, _: dict[str, Section]) -> Section:
    return received_section(inputs)


def _charts(inputs: WatchInputs, done: dict[str, Section]) -> Section:
    return charts_section(inputs, done["received"].tables["watch_received"])


def _months(inputs: WatchInputs, _: dict[str, Section]) -> Section:
    return months_section(inputs)


STEPS: Final[dict[str, Step]] = {"received": _received, "charts": _charts, "months": _months}


def watch_results(
    inputs: WatchInputs,
) -> tuple[dict[str, pd.DataFrame], dict[str, Any], MonthRecord | None]:
    """Tables of section ``watch`` of the results contract, facts by question, and the last month as it is told now.

    Tables are without rows where nothing can be said; the facts say why.
    """
    done: dict[str, Section] = {}
    for name, step in STEPS.items():
        done[name] = step(inputs, done)
    tables = {name: empty_table(columns_of(name)) for name in documented()["watch"]}
    for section in done.values():
        tables |= {name: frame[columns_of(name)] for name, frame in section.tables.items()}
    facts: dict[str, Any] = {name: dict(section.facts) for name, section in done.items()}
    facts["open_alarms"] = facts["charts"].pop("open_alarms", [])  # what a server and a promotion ask for
    return tables, facts, done["months"].extra.get("record")
