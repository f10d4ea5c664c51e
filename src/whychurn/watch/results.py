"""All that is watched: what came in, the charts, month against month."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from whychurn.action.inputs import Section
from whychurn.contract.results import columns_of, documented, empty_table
from whychurn.watch.inputs import WatchInputs

STEPS: Final[dict[str, Callable[[WatchInputs], Section]]] = {}


def watch_results(inputs: WatchInputs) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables of section ``watch`` of the results contract, without rows where nothing can be said; facts by question."""
    done = {name: step(inputs) for name, step in STEPS.items()}
    tables = {name: empty_table(columns_of(name)) for name in documented()["watch"]}
    for section in done.values():
        tables |= {name: frame[columns_of(name)] for name, frame in section.tables.items()}
    return tables, {name: dict(section.facts) for name, section in done.items()}
