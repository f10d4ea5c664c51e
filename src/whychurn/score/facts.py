"""The few figures of the scores in score.json, and one record a method for the tracker."""

from typing import Any, Final

import numpy as np

from whychurn.contract.codes import ALL_CAUSES, PLANTED
from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import ScoreParams
from whychurn.score.event_matching import MATCH_DAYS
from whychurn.score.results import Scorecard

TABLES: Final = ["cause_scores", "cause_calibration"]


def score_facts(card: Scorecard, score: ScoreParams) -> dict[str, Any]:
    """Metrics over all causes by method, and how churn events were matched; for score.json."""
    overall = card.scores[card.scores["cause"] == ALL_CAUSES]
    overall = overall[np.isfinite(overall["value"].to_numpy("float64"))]
    methods = {
        str(method): dict(zip(rows["measure"], rows["value"].astype("float64"), strict=True))
        for method, rows in overall.groupby("method", sort=False)
    }
    return {"matching": card.matching, "methods": methods, "floor": score.floor}


def score_fits(card: Scorecard, score: ScoreParams) -> list[FitRecord]:
    """Metrics by method; the tables and how churn events were matched under ``planted``. Empty without
    scores.

    A metric is named by its measure, and by its cause where it is about one; interval bounds get _low and _high.
    """
    records = []
    settings: dict[str, str | int | float | bool | None] = {"floor": score.floor, "match_days": MATCH_DAYS}
    for method, rows in card.scores.groupby("method", sort=False):
        metrics: dict[str, float] = {}
        about = ("_" + rows["cause"]).where(rows["cause"] != ALL_CAUSES, "")
        for bound, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
            names = rows["measure"] + about + suffix
            metrics |= _finite(dict(zip(names, rows[bound].astype("float64"), strict=True)))
        if method == PLANTED:
            records.append(FitRecord(str(method), settings, metrics | _finite(card.matching), TABLES))
        else:
            records.append(FitRecord(str(method), settings, metrics, []))
    return records


def _finite(values: dict[str, float]) -> dict[str, float]:
    return {str(name): float(value) for name, value in values.items() if np.isfinite(value)}
