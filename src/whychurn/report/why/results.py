"""What the pages `why` and `sure` read: result tables of several stages, all of which may be absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.causes.sentences.shares import rung_of
from whychurn.report.index.results import IndexResults, read_index
from whychurn.report.page.study_results import read_facts, read_tables
from whychurn.report.page.wording import Wording
from whychurn.report.words.value_names import names_in, with_value_names

TABLES: Final = (
    "cause_groups", "cause_months", "cause_change", "cause_market", "cause_triangulation", "cause_sensitivity",
    "cause_methods", "cause_diagnostics", "cause_grounds", "topics", "topic_verbatims", "interview_plan", "churners", "silence",
)  # fmt: skip
NOTEBOOK: Final = "50_causes.html"


@dataclass(frozen=True)
class WhyResults:
    """Results of a study as these pages need them.

    Parameters
    ----------
    index
        What the first page reads.
    tables
        Tables of `TABLES`.
    survival
        Content of ``survival.json``.
    market
        Checked table ``market``; empty where there is none.
    values
        Names of the study's own values, by language.
    level
        Below which an adjusted p counts as clear.
    min_cell
        Fewer members are not told.
    method
        Which attributes the causes.
    """

    index: IndexResults
    tables: Mapping[str, pd.DataFrame]
    survival: Mapping[str, Any]
    market: pd.DataFrame
    values: Mapping[Any, Mapping[str, str]]
    level: float = 0.05
    min_cell: int = 10
    method: str = ""

    @property
    def rung(self) -> str:
        """Of shares of causes."""
        return rung_of(self.index.causes)

    def named(self, table: str, page: Wording) -> pd.DataFrame:
        """Table with the study's own values under their names."""
        return with_value_names(self.tables[table], names_in(self.values, page.lang))


def read_why(study: StudyPaths, params: Params) -> WhyResults:
    """Results of a study; what no stage has written is empty."""
    market = study.interim / "market.parquet"
    return WhyResults(
        read_index(study, params),
        read_tables(study, TABLES),
        read_facts(study, "survival"),
        pd.read_parquet(market) if market.exists() else pd.DataFrame(),
        params.study.values,
        1 - params.run.confidence,
        params.privacy.min_cell,
        params.causes.method,
    )
