"""Generic learners of effects: two models (T) and crossed effects (X) of Künzel et al. 2019, small boosted trees."""

from __future__ import annotations

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


def t_effect(models: tuple[xgb.Booster, xgb.Booster], x: Array) -> Array:
    """Change of the chance to leave; (n,)."""
    data = xgb.DMatrix(x, nthread=1)
    touched, alone = (model.predict(data).astype("float64") for model in models)
    return np.asarray(touched - alone)


def x_learner(
    x: Array, left: Array, action: Array, seed: int
) -> dict[int, tuple[xgb.Booster, xgb.Booster, float]]:
    """Models of imputed effects among treated and held out, and the share treated of both, by action."""
    held_out = action == -1
    outcomes = t_learner(x, left, action, seed)
    data = xgb.DMatrix(x, nthread=1)
    found = {}
    for arm, (touched, alone) in outcomes.items():
        mine = action == arm
        of_treated = left[mine] - alone.predict(data)[mine]
        of_others = touched.predict(data)[held_out] - left[held_out]
        share = mine.sum() / (mine.sum() + held_out.sum())
        rate = float(left[held_out].mean())
        models = [
            _effect(x[part], effect, rate, seed)
            for part, effect in ((mine, of_treated), (held_out, of_others))
        ]
        found[arm] = models[0], models[1], float(share)
    return found


def x_effect(models: tuple[xgb.Booster, xgb.Booster, float], x: Array) -> Array:
    """Change of the chance to leave: the two models weighted by the propensity; (n,)."""
    data = xgb.DMatrix(x, nthread=1)
    treated, others = (model.predict(data).astype("float64") for model in models[:2])
    return np.asarray(models[2] * others + (1 - models[2]) * treated)


def _outcome(x: Array, left: Array, seed: int) -> xgb.Booster:
    base = float(np.clip(left.mean(), 0.001, 0.999)) if len(left) else 0.1
    given = {"objective": "binary:logistic", "min_child_weight": LEAST_EVENTS, "base_score": base}
    return _trained(x, left, given, seed)


def _effect(x: Array, effect: Array, rate: float, seed: int) -> xgb.Booster:
    given = {
        "objective": "reg:squarederror",
        "min_child_weight": LEAST_EVENTS / max(rate, 0.01),
        "base_score": float(effect.mean()) if len(effect) else 0.0,
    }
    return _trained(x, effect, given, seed)


def _trained(x: Array, y: Array, given: dict[str, Any], seed: int) -> xgb.Booster:
    if len(y) > MOST_ROWS:
        kept = np.random.default_rng(seed).permutation(len(y))[:MOST_ROWS]
        x, y = x[kept], y[kept]
    return xgb.train({**TREES, **given, "seed": seed}, xgb.DMatrix(x, y, nthread=1), ROUNDS)
