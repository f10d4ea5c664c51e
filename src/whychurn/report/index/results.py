"""What the first page reads: result tables and facts of several stages, all of which may be absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from whychurn.contract.files import read_json, read_result
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, empty_table
from whychurn.report.action.results import ActionResults, read_action
from whychurn.report.page.headlines import place_of, read_headlines
from whychurn.report.watch.results import WatchResults, read_watch


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
    headlines
        As `read_headlines` returns them: what a block says whose tables are absent.
    currency
        Of amounts.
    """

    retention: Mapping[str, Any]
    causes: Mapping[str, Any]
    shares: pd.DataFrame
    calibration: pd.DataFrame
    action: ActionResults
    watch: WatchResults
    headlines: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    currency: str = ""

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
    return IndexResults(
        _facts(study, "retention"),
        _facts(study, "causes"),
        _table(study, "cause_shares"),
        _table(study, "risk_calibration"),
        read_action(study, params),
        read_watch(study, currency),
        read_headlines(study),
        currency,
    )


def _facts(study: StudyPaths, section: str) -> dict[str, Any]:
    path = study.results / f"{section}.json"
    found: dict[str, Any] = read_json(path) if path.exists() else {}
    return found


def _table(study: StudyPaths, name: str) -> pd.DataFrame:
    path = study.results / f"{name}.parquet"
    return read_result(path) if path.exists() else empty_table(columns_of(name))
