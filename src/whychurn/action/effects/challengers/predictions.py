"""Predicted change of the chance to leave, by each method, for rows that taught it nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.action.effects.challengers.learners import matrix, t_effect, t_learner, x_effect, x_learner
from whychurn.action.effects.efficacy import change_of_chance
from whychurn.action.effects.estimates.basis import Believed
from whychurn.action.effects.estimates.fit import Fit, believed_only, fit_effects
from whychurn.action.effects.estimates.pooled import pooled_effects
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows
from whychurn.contract.arrays import Array

# the simpler first
METHODS: Final = ("none", "average", "risk", "belief", "cause_informed", "t_learner", "x_learner")


@dataclass(frozen=True)
class Lesson:
    """What a method is taught by, and what it is to predict.

    Parameters
    ----------
    teach, attempt
        Rows; numbers of actions are those of each.
    x_teach, x_attempt
        Features as of the draw; (n, f).
    """

    teach: RandomisedRows
    attempt: RandomisedRows
    x_teach: Array
    x_attempt: Array
    believed: Mapping[str, Believed]
    seed: int


def predictions(lesson: Lesson) -> dict[str, Array]:
    """Predicted change by method, below zero where fewer would leave; (n, actions of `attempt`) each.

    An action that the earlier waves did not try gets the mean of those they tried (average, risk), what is believed
    (belief, cause_informed), or nothing (learners).
    """
    rows, t, x = lesson.attempt, *_learners(lesson)
    return {
        "none": np.zeros((len(rows.left), len(rows.actions))),
        "average": _average(lesson) * np.ones((len(rows.left), 1)),
        "risk": _risk(lesson),
        "belief": _by_fit(lesson, believed_only(_all_believed(lesson), 0, lesson.seed)),
        "cause_informed": _by_fit(lesson, fit_effects(lesson.teach, _all_believed(lesson), 0, lesson.seed)),
        "t_learner": t,
        "x_learner": x,
    }


def _all_believed(lesson: Lesson) -> dict[str, Believed]:
    return {name: Believed() for name in lesson.attempt.actions} | dict(lesson.believed)


def _average(lesson: Lesson) -> Array:
    """Effect of each action on average; (actions,)."""
    known = pooled_effects(lesson.teach).set_index("action")["effect"].astype("float64")
    found = known.reindex(lesson.attempt.actions)
    return found.fillna(known.mean() if len(known) else 0.0).to_numpy()


def _risk(lesson: Lesson) -> Array:
    """The same share of everybody's chance to leave."""
    share = _average(lesson) / max(float(lesson.teach.p.mean()), 1e-9)
    return lesson.attempt.p[:, None] * share


def _by_fit(lesson: Lesson, fit: Fit) -> Array:
    rows = lesson.attempt
    columns = []
    for name in rows.actions:
        at = fit.actions.index(name)
        columns.append(change_of_chance(rows.p, rows.q @ fit.theta[at] - fit.kappa[at] * rows.d))
    return np.stack(columns, axis=1) if columns else np.zeros((len(rows.left), 0))


def _learners(lesson: Lesson) -> tuple[Array, Array]:
    """By two models of the outcome, and by the effects that these impute."""
    given = (lesson.x_teach, lesson.teach.left, lesson.teach.action)
    outcomes, data = t_learner(*given, lesson.seed), matrix(lesson.x_attempt)
    effects = x_learner(*given, outcomes, lesson.seed)
    return (
        _by_action(lesson, {arm: t_effect(one, data) for arm, one in outcomes.items()}),
        _by_action(lesson, {arm: x_effect(one, data) for arm, one in effects.items()}),
    )


def _by_action(lesson: Lesson, found: Mapping[int, Array]) -> Array:
    number = {name: at for at, name in enumerate(lesson.teach.actions)}
    none = np.zeros(len(lesson.attempt.left))
    return np.stack([found.get(number.get(name, -9), none) for name in lesson.attempt.actions], axis=1)
