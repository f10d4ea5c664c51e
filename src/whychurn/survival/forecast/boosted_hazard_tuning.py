"""Tuning of the boosted hazard on the last part of the learning period: variant, trees, calibration."""

import logging
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import Feature
from whychurn.survival.forecast.boosted_discrete_hazard import (
    VARIANTS,
    BoostedHazard,
    calibration_line,
    interval_rows,
    learning_data,
    train_trees,
)
from whychurn.survival.forecast.ipcw_metrics import brier_terms, integrated_brier
from whychurn.survival.forecast.landmark_rows import DAY, LandmarkRows, known_before
from whychurn.survival.forecast.rolling_origin import GRID_DAYS

log = logging.getLogger(__name__)
# Ends of the intervals of the discrete hazard (days): monthly at first, where members leave fastest
INTERVAL_DAYS: Final = (30, 60, 90, 120, 150, 180, 240, 300, 365)
VALIDATION_DAYS: Final = 120  # last part of the learning period: four monthly intervals


@dataclass(frozen=True)
class TunedHazard:
    """What the validation period decided.

    Parameters
    ----------
    score
        Integrated Brier score of each variant on the validation period.
    """

    variant: str
    rounds: int
    line: tuple[float, float]
    score: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """For facts and records."""
        return {
            "variant": self.variant,
            "trees": self.rounds,
            "calibrated": self.line != (0.0, 1.0),
            "validation_ibs": self.score,
        }


def tune_boosted_hazard(
    landmarks: LandmarkRows, features: list[Feature], params: Params
) -> TunedHazard | None:
    """Fit each variant on what was known before the validation period, score it on that period.

    Returns
    -------
    None where the learning period is too short, or too few left in either part.
    """
    challenge, seed = params.survival.challenge, params.run.seed
    start = landmarks.until + DAY - VALIDATION_DAYS * DAY
    early = known_before(landmarks, start).sample(challenge.rows, seed)
    late = landmarks.take((landmarks.column("as_of") >= start).to_numpy())
    late = late.sample(challenge.validation_rows, seed)
    tuned: list[TunedHazard] = []
    for variant in VARIANTS:
        bounds = variant_bounds(variant)
        learn, validation = (learning_data(part, features, bounds) for part in (early, late))
        if min(learn.y.sum(), validation.y.sum()) < challenge.min_events or not (
            learn.usable and validation.usable
        ):
            return None
        booster = train_trees(learn, features, challenge.max_rounds, challenge, seed, validation)
        rounds = booster.best_iteration + 1
        line, reach = calibration_line(booster, validation, features), int(early.reach.max())
        model = BoostedHazard(booster[:rounds], features, variant, _bounds(), line, reach)
        tuned.append(TunedHazard(variant, rounds, line, {variant: _score(model, late)}))
    best = min(tuned, key=lambda one: one.score[one.variant])
    score = {one.variant: one.score[one.variant] for one in tuned}
    log.info("boosted hazard: %s, %d trees, validation IBS %s", best.variant, best.rounds, score)
    return replace(best, score=score)


def fit_tuned_hazard(
    landmarks: LandmarkRows, features: list[Feature], tuned: TunedHazard, params: Params
) -> BoostedHazard:
    """The tuned model, fitted on all of `landmarks`."""
    challenge, seed = params.survival.challenge, params.run.seed
    bounds = variant_bounds(tuned.variant)
    sample = landmarks.sample(challenge.rows, seed)
    booster = train_trees(learning_data(sample, features, bounds), features, tuned.rounds, challenge, seed)
    longest = interval_rows(sample, bounds).interval.max(initial=0)
    learned = int(bounds[longest]) if tuned.variant == "landmark" else int(landmarks.reach.max())
    return BoostedHazard(booster, features, tuned.variant, _bounds(), tuned.line, learned)


def variant_bounds(variant: str) -> np.ndarray:
    """Ends of the intervals that a variant learns from: all of them, or the first."""
    return _bounds() if variant == "landmark" else _bounds()[:1]


def _bounds() -> np.ndarray:
    return np.array(INTERVAL_DAYS, dtype="int64")


def _score(model: BoostedHazard, late: LandmarkRows) -> float:
    """Integrated Brier score over the time that any later snapshot could be followed for.

    Members followed for a shorter time are weighted up by the censoring curve; the last days rest on the
    first snapshot.
    """
    reach = int(late.reach.max())
    days = np.arange(GRID_DAYS, reach + 1, GRID_DAYS)
    if not len(days):
        return float("inf")
    terms = brier_terms(model.curve(late.rows, reach)[:, days], late.follow, days)
    return float(integrated_brier(terms, days).mean())
