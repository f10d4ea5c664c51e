"""All that is watched: what came in, the charts, month against month."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from whychurn.action.inputs import Section
from whychurn.contract.results import columns_of, documented, empty_table
from whychurn.watch.charts.section import charts_section
from whychurn.watch.inputs import WatchInputs

Step = Callable[[WatchInputs, dict[str, Section]], Section]


def _charts(inputs: WatchInputs, done: dict[str, Section]) -> Section:
    received = done["received"].tables.get("watch_received") if "received" in done else None
    return charts_section(inputs, received)


STEPS: Final[dict[str, Step]] = {"charts": _charts}


def watch_results(inputs: WatchInputs) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables of section ``watch`` of the results contract, without rows where nothing can be said; facts by question."""
    done: dict[str, Section] = {}
    for name, step in STEPS.items():
        done[name] = step(inputs, done)
    tables = {name: empty_table(columns_of(name)) for name in documented()["watch"]}
    for section in done.values():
        tables |= {name: frame[columns_of(name)] for name, frame in section.tables.items()}
    return tables, {name: dict(section.facts) for name, section in done.items()}
