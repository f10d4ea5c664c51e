"""What the stage `watch` found, as the page reads it: every table with its columns, even without rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import documented
from whychurn.report.page.study_results import read_facts, read_tables

SECTION: Final = "watch"


@dataclass(frozen=True)
class WatchResults:
    """Tables by name, facts by question, and what sentences need of the parameters.

    Parameters
    ----------
    tables
        All tables of section ``watch`` of the results contract.
    facts
        Content of ``watch.json``; empty where the stage has not run.
    currency
        Of amounts.
    """

    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any] = field(default_factory=dict)
    currency: str = ""

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def told(self, section: str) -> Mapping[str, Any]:
        """Facts of one question, empty where there are none."""
        found: Mapping[str, Any] = self.facts.get(section) or {}
        return found

    def chart_facts(self, chart: str) -> Mapping[str, Any]:
        """Facts of the first chart of this name; empty where there is none."""
        rows = self.told("charts").get("charts") or []
        return next((row for row in rows if row["chart"] == chart), {})

    def why_unjudged(self) -> str:
        """Code of the reason why no month is judged."""
        facts = self.told("charts")
        all_reference = "all_reference" if self.months("reference") else "too_short"
        return str(facts.get("why") or facts.get("why_not") or all_reference)

    def months(self, state: str) -> list[pd.Timestamp]:
        """Months of the chart of all leavings that are in `state`, oldest first."""
        charts = self["watch_charts"]
        rows = charts[charts["chart"].eq("leavings") & charts["group"].eq("all") & charts["state"].eq(state)]
        return sorted(rows["month"].unique())


def read_watch(study: StudyPaths, currency: str = "") -> WatchResults:
    """Results of a study; tables that no stage has written come without rows."""
    return WatchResults(read_tables(study, documented()[SECTION]), read_facts(study, SECTION), currency)
