"""The boosted challenger: variant, number of trees and calibration from the last part of the learning period."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.panel.encode import Feature
from whychurn.survival.forecast.accuracy import brier_terms, integrated
from whychurn.survival.forecast.discrete_hazard import (
    VARIANTS,
    Boosted,
    LearningData,
    boost,
    calibration_line,
    interval_rows,
    learning_data,
)
from whychurn.survival.forecast.followup import Known, known_before

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
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


def choose_recipe(known: Known, features: list[Feature], params: Params) -> Recipe | None:
    """Fit each variant on what was known before the validation period, judge it on what came in it.

    Returns
    -------
    None where the learning period is too short, or too few left in either part.
    """
    challenge, seed = params.survival.challenge, params.run.seed
    start = known.until + pd.Timedelta(days=1) - pd.Timedelta(days=challenge.validation_days)
    early = known_before(known, start).sample(challenge.rows, seed)
    late = known.take((known.rows["as_of"] >= start).to_numpy()).sample(challenge.validation_rows, seed)
    found: dict[str, Recipe] = {}
    for variant in VARIANTS:
        bounds = variant_bounds(variant, challenge.interval_days)
        learn, watched = (learning_data(part, features, bounds) for part in (early, late))
        if min(learn.y.sum(), watched.y.sum()) < challenge.min_events or not (
            learn.usable and watched.usable
        ):
            return None
        booster = boost(learn, features, challenge.max_rounds, challenge, seed, watched)
        rounds = booster.best_iteration + 1
        line = calibration_line(booster, watched, features)
        model = Boosted(
            booster[:rounds], features, variant, _all(challenge.interval_days), line, int(early.reach.max())
        )
        found[variant] = Recipe(variant, rounds, line, {variant: _score(model, late, challenge.grid_days)})
    best = min(found.values(), key=lambda recipe: recipe.score[recipe.variant])
    score = {name: recipe.score[name] for name, recipe in found.items()}
    log.info("challenger: %s, %d trees, validation IBS %s", best.variant, best.rounds, score)
    return replace(best, score=score)


def fit_recipe(known: Known, features: list[Feature], recipe: Recipe, params: Params) -> Boosted:
    """The recipe, fitted on all of `known`."""
    challenge = params.survival.challenge
    bounds = variant_bounds(recipe.variant, challenge.interval_days)
    sample = known.sample(challenge.rows, params.run.seed)
    data: LearningData = learning_data(sample, features, bounds)
    booster = boost(data, features, recipe.rounds, challenge, params.run.seed)
    seen = interval_rows(sample, bounds).interval.max(initial=0)
    learned = int(bounds[seen]) if recipe.variant == "landmark" else int(known.reach.max())
    return Boosted(booster, features, recipe.variant, _all(challenge.interval_days), recipe.line, learned)


def variant_bounds(variant: str, interval_days: list[int]) -> np.ndarray:
    """Intervals that a variant learns from: all of them, or the first."""
    return _all(interval_days) if variant == "landmark" else _all(interval_days)[:1]


def _all(interval_days: list[int]) -> np.ndarray:
    return np.array(sorted(set(interval_days)), dtype="int64")


def _score(model: Boosted, late: Known, grid_days: int) -> float:
    """Integrated Brier score over the time that every later snapshot could be followed for."""
    reach = int(late.reach.max())
    days = np.arange(grid_days, reach + 1, grid_days)
    if not len(days):
        return float("inf")
    # members seen for a shorter time are weighted up by the censoring curve; the last days rest on the first snapshot
    return float(
        integrated(brier_terms(model.curve(late.rows, reach)[:, days], late.follow, days), days).mean()
    )
