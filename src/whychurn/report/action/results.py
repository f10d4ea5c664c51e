"""What the stage `action` found, as the pages read it: every table with its columns, even without rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pandas as pd

from whychurn.action.open_requests import COLUMNS, open_requests
from whychurn.contract.files import read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import documented
from whychurn.report.page.study_results import read_facts, read_tables

SECTION: Final = "action"
BESIDE: Final = ("already_gone", "risk_scores", "cause_shares")  # tables of other stages that the pages need


@dataclass(frozen=True)
class ActionResults:
    """Tables by name, facts by question, and what sentences need of the parameters.

    Parameters
    ----------
    tables
        All tables of section ``action`` of the results contract, and those of `BESIDE`.
    facts
        Content of ``action.json``; empty where the stage has not run.
    effect_days, value_days
        Follow-up of a touch, and horizon of a gain.
    currency
        Of amounts.
    min_cell
        Fewer members are not told on pages without members' rows.
    false_discovery
        Level at which an effect counts as shown.
    requests
        `open_requests` on the decision day.
    """

    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any] = field(default_factory=dict)
    effect_days: int = 90
    value_days: int = 365
    currency: str = ""
    min_cell: int = 10
    false_discovery: float = 0.05
    requests: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*COLUMNS]))

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def told(self, section: str) -> Mapping[str, Any]:
        """Facts of one question, empty where there are none."""
        found: Mapping[str, Any] = self.facts.get(section) or {}
        return found

    @property
    def as_of(self) -> pd.Timestamp | None:
        """Decision day of the lists."""
        for name in ("plan", "warnings", "winback", "already_gone", "risk_scores"):
            days = self.tables[name]["as_of"].dropna()
            if len(days):
                return pd.Timestamp(days.iloc[0])
        return None


def read_action(study: StudyPaths, params: Params) -> ActionResults:
    """Results of a study; tables that no stage has written come without rows."""
    found = ActionResults(
        tables=read_tables(study, [*documented()[SECTION], *BESIDE]),
        facts=read_facts(study, SECTION),
        effect_days=params.action.effect_days,
        value_days=params.action.value_days,
        currency=params.study.currency,
        min_cell=params.privacy.min_cell,
        false_discovery=params.action.false_discovery,
    )
    feedback = study.interim / "feedback.parquet"
    if found.as_of is None or not feedback.exists():
        return found
    return replace(found, requests=open_requests(read_table(feedback), found.as_of))
