"""One record a method for the tracker."""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.contract.codes import ALL_CAUSES, PLANTED
from whychurn.contract.fits import FitRecord
from whychurn.contract.params import ScoreParams
from whychurn.score.scorecard import Scorecard

TABLES: Final = ["cause_scores", "cause_calibration"]


def score_fits(card: Scorecard, score: ScoreParams) -> list[FitRecord]:
    """Scores by method; the tables and how leavings were matched under ``planted``. None without scores.

    A metric is named by its measure, and by its cause where it is about one; interval bounds get _low and _high.
    """
    records = []
    for method, rows in card.scores.groupby("method", sort=False):
        figures: dict[str, float] = {}
        about = ("_" + rows["cause"]).where(rows["cause"] != ALL_CAUSES, "")
        for bound, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
            names, values = rows["measure"] + about + suffix, rows[bound].to_numpy("float64")
            figures |= {
                str(name): float(value)
                for name, value in zip(names, values, strict=True)
                if np.isfinite(value)
            }
        mine = method == PLANTED
        counts = {name: float(value) for name, value in card.matching.items() if np.isfinite(value)}
        records.append(
            FitRecord(
                str(method),
                {"floor": score.floor, "match_days": score.match_days},
                figures | (counts if mine else {}),
                TABLES if mine else [],
            )
        )
    return records
