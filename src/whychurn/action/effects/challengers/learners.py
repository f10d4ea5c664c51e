"""Generic learners of effects: two models (T) and crossed effects (X) of Künzel et al. 2019, small boosted trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import xgboost as xgb

from whychurn.contract.arrays import Array

ROUNDS: Final = 150
LEAST_EVENTS: Final = 50.0  # expected events in a leaf
MOST_ROWS: Final = 200_000  # of one model
TREES: Final[dict[str, Any]] = {
    "max_depth": 3,
    "eta": 0.05,
    "lambda": 10.0,
    "tree_method": "hist",
    "nthread": 1,
}


def matrix(x: Array) -> xgb.DMatrix:
    """Features as the learners read them; (n, f)."""
    return xgb.DMatrix(x, nthread=1)


def t_learner(x: Array, left: Array, action: Array, seed: int) -> dict[int, tuple[xgb.Booster, xgb.Booster]]:
    """A model of the outcome for each arm; by action: that of its arm, that of those held out.

    Parameters
    ----------
    x
        Features; (n, f).
    left
        Outcome; (n,).
    action
        Number of the action, -1 held out; (n,).
    """
    alone = _outcome(x[action == -1], left[action == -1], seed)
    arms = np.unique(action[action >= 0])
    return {int(arm): (_outcome(x[action == arm], left[action == arm], seed), alone) for arm in arms}


def t_effect(models: tuple[xgb.Booster, xgb.Booster], data: xgb.DMatrix) -> Array:
    """Change of the chance to leave; (n,)."""
    touched, alone = (model.predict(data).astype("float64") for model in models)
    return np.asarray(touched - alone)


def x_learner(
    x: Array,
    left: Array,
    action: Array,
    outcomes: Mapping[int, tuple[xgb.Booster, xgb.Booster]],
    seed: int,
) -> dict[int, tuple[xgb.Booster, xgb.Booster, float]]:
    """Models of imputed effects among treated and held out, and the share treated of both, by action.

    Parameters
    ----------
    outcomes
        `t_learner` of the same rows.
    """
    held_out, found = action == -1, {}
    rate, others = float(left[held_out].mean()), _Rows(x[held_out], seed)
    for arm, (touched, alone) in outcomes.items():
        mine = action == arm
        of_treated = left[mine] - alone.predict(matrix(x[mine]))
        of_others = touched.predict(others.all) - left[held_out]
        share = mine.sum() / (mine.sum() + held_out.sum())
        models = [
            _effect(rows, effect, rate)
            for rows, effect in ((_Rows(x[mine], seed), of_treated), (others, of_others))
        ]
        found[arm] = models[0], models[1], float(share)
    return found


def x_effect(models: tuple[xgb.Booster, xgb.Booster, float], data: xgb.DMatrix) -> Array:
    """Change of the chance to leave: the two models weighted by the propensity; (n,)."""
    treated, others = (model.predict(data).astype("float64") for model in models[:2])
    return np.asarray(models[2] * others + (1 - models[2]) * treated)


class _Rows:
    """Rows that models learn from, put into bins once: all of them, and those taught by where there are too many."""

    def __init__(self, x: Array, seed: int) -> None:
        self.seed, self.taught = seed, np.arange(len(x))
        self.all = self.sample = matrix(x)
        if len(x) > MOST_ROWS:
            self.taught = np.random.default_rng(seed).permutation(len(x))[:MOST_ROWS]
            self.sample = matrix(x[self.taught])

    def trained(self, y: Array, given: dict[str, Any]) -> xgb.Booster:
        self.sample.set_label(y[self.taught])
        return xgb.train({**TREES, **given, "seed": self.seed}, self.sample, ROUNDS)


def _outcome(x: Array, left: Array, seed: int) -> xgb.Booster:
    base = float(np.clip(left.mean(), 0.001, 0.999)) if len(left) else 0.1
    given = {"objective": "binary:logistic", "min_child_weight": LEAST_EVENTS, "base_score": base}
    return _Rows(x, seed).trained(left, given)


def _effect(rows: _Rows, effect: Array, rate: float) -> xgb.Booster:
    given = {
        "objective": "reg:squarederror",
        "min_child_weight": LEAST_EVENTS / max(rate, 0.01),
        "base_score": float(effect.mean()) if len(effect) else 0.0,
    }
    return rows.trained(effect, given)
