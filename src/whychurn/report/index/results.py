"""What the first page reads: result tables and facts of several stages, all of which may be absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.action.results import ActionResults, read_action
from whychurn.report.page.headlines import place_of, read_headlines
from whychurn.report.page.study_results import read_facts, read_tables
from whychurn.report.watch.results import WatchResults, read_watch

CHANGES: Final = ("retention_rates", "cause_change", "topic_rising", "topics")


@dataclass(frozen=True)
class IndexResults:
    """Results of a study as the first page needs them.

    Parameters
    ----------
    retention, causes
        Content of ``retention.json`` and ``causes.json``; empty where the stage has not run.
    shares, calibration
        Tables ``cause_shares`` and ``risk_calibration``.
    action, watch
        Results of these stages.
    changes
        Tables of `CHANGES`: what differs between months and halves.
    headlines
        As `read_headlines` returns them: what a block says whose tables are absent.
    currency
        Of amounts.
    confidence
        Of intervals.
    recent_weeks
        Against which earlier texts are held.
    """

    retention: Mapping[str, Any]
    causes: Mapping[str, Any]
    shares: pd.DataFrame
    calibration: pd.DataFrame
    action: ActionResults
    watch: WatchResults
    changes: Mapping[str, pd.DataFrame]
    headlines: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    currency: str = ""
    confidence: float = 0.95
    recent_weeks: int = 8

    def said(self, place: str, lang: str) -> list[tuple[str, str]]:
        """Rung and sentence of each headline of `place` that the notebooks recorded."""
        return [
            (entry["rung"], entry["text"][lang])
            for key, entry in self.headlines.items()
            if place_of(key) == place and lang in entry["text"]
        ]


def read_index(study: StudyPaths, params: Params) -> IndexResults:
    """Results of a study; what no stage has written is empty."""
    currency = params.study.currency
    tables = read_tables(study, ("cause_shares", "risk_calibration", *CHANGES))
    return IndexResults(
        read_facts(study, "retention"),
        read_facts(study, "causes"),
        tables.pop("cause_shares"),
        tables.pop("risk_calibration"),
        read_action(study, params),
        read_watch(study, currency),
        tables,
        read_headlines(study),
        currency,
        params.run.confidence,
        params.voice.recent_weeks,
    )
