"""Table action_methods: methods on waves that taught them nothing, and which one the plan would do best to use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.effects.challengers.held_out import HeldOut, columns_as, held_out, joined
from whychurn.action.effects.challengers.measures import (
    Estimate,
    Z,
    auuc,
    by_fifth,
    calibration,
    null_qini,
    policy,
    policy_value,
    qini,
    rank_weights,
)
from whychurn.action.effects.challengers.predictions import METHODS, Lesson, predictions
from whychurn.action.effects.challengers.waves import forward_folds
from whychurn.action.effects.estimates.basis import Believed
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows
from whychurn.contract.arrays import Array
from whychurn.contract.results import columns_of, empty_table, typed

ALL: Final = "all"
DIGITS: Final = 6


def compare_methods(
    usable: pd.DataFrame,
    rows: RandomisedRows,
    features: Array,
    believed: Mapping[str, Believed],
    effect_days: int,
    seed: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Each method over all actions and by action.

    Parameters
    ----------
    usable
        sent_on and wave of the rows.
    features
        What learners read, as of the draw; (n, f).

    Returns
    -------
    table, facts
        Facts: folds (waves that teach and try), gates (by fifth of what the cause-informed method predicts), chosen;
        waves_test 0: no wave came late enough after another.
    """
    folds = [
        (teach, attempt)
        for teach, attempt in forward_folds(usable["sent_on"], usable["wave"], effect_days)
        if (rows.action[attempt] >= 0).any()  # else nobody was contacted whose outcome is known
    ]
    columns = columns_of("action_methods")
    if not folds:
        return empty_table(columns), {"waves_test": 0}
    parts, predicted = [], []
    for teach, attempt in folds:
        lesson = Lesson(
            _own_actions(rows.select(teach)), _own_actions(rows.select(attempt)),
            features[teach], features[attempt], believed, seed,
        )  # fmt: skip
        parts.append(held_out(lesson.attempt))
        predicted.append(predictions(lesson))
    held = joined(parts)
    by_method = {
        name: np.concatenate(
            [
                columns_as(one[name], part.actions, held.actions)
                for one, part in zip(predicted, parts, strict=True)
            ]
        )
        for name in METHODS
    }
    waves = int(usable["wave"].iloc[np.concatenate([attempt for _, attempt in folds])].nunique())
    table, best = _table(held, by_method)
    facts = {
        "waves_test": waves,
        "chosen": best,
        "gates": _rounded(by_fifth(held, by_method["cause_informed"])),
    }
    return typed(table.assign(waves_test=float(waves))[columns]), facts


def choose(values: Mapping[str, Estimate]) -> str:
    """The simplest method that no later one of `METHODS` beats by one standard error of the difference."""
    best = METHODS[0]
    for name in METHODS[1:]:
        gain = values[name].value - values[best].value
        if gain > np.sqrt(((values[name].influence - values[best].influence) ** 2).sum()):
            best = name
    return best


def _own_actions(rows: RandomisedRows) -> RandomisedRows:
    """The same rows with only those actions that they hold, and cells numbered anew."""
    held = np.unique(rows.action[rows.action >= 0])
    number = np.full(len(rows.actions) + 1, -1)
    number[held] = np.arange(len(held))
    cell = np.unique(rows.cell, return_inverse=True)[1]
    values = {**vars(rows), "action": number[rows.action], "cell": cell}
    return RandomisedRows(**{**values, "actions": [rows.actions[one] for one in held]})


def _table(held: HeldOut, by_method: Mapping[str, Array]) -> tuple[pd.DataFrame, str]:
    values = {name: policy_value(held, policy(held, one)) for name, one in by_method.items()}
    best = choose(values)
    size = held.offered.sum(axis=0).astype("float64")
    share = size / size.sum()
    found: list[dict[str, Any]] = []
    for name, one in by_method.items():
        each = [qini(held, number, column) for number, column in enumerate(one.T)]
        under = np.array([auuc(held, number, column).value for number, column in enumerate(one.T)])
        weights = [rank_weights(*pair, held.fold) for pair in zip(one.T, held.offered.T, strict=True)]
        mean, covariance = null_qini(held, np.stack(weights, axis=1))
        for number, action in enumerate(held.actions):
            ranking = _ranking(each[number], float(under[number]), mean[number], covariance[number, number])
            found.append({"method": name, "action": action, "chosen": False, **ranking})
        influence = np.stack([area.influence for area in each], axis=1) @ share
        whole = Estimate(float(share @ np.array([area.value for area in each])), influence)
        found.append(
            {
                "method": name, "action": ALL, "chosen": name == best,
                **_ranking(whole, float(share @ under), float(share @ mean), float(share @ covariance @ share)),
                **_bounded("value", values[name]), **_bounded("slope", calibration(held, one)),
            }
        )  # fmt: skip
    table = pd.DataFrame(found)
    return table.sort_values("action", key=lambda names: names == ALL, kind="stable", ignore_index=True), best


def _ranking(area: Estimate, under: float, mean: float, variance: float) -> dict[str, float]:
    """Coefficient beside its null; neither where nobody is ranked before anybody else."""
    if not variance > 0:
        blank = ("qini", "qini_low", "qini_high", "null_low", "null_high")
        return {**dict.fromkeys(blank, np.nan), "auuc": under}
    half = Z * float(np.sqrt(variance))
    return {**_bounded("qini", area), "null_low": mean - half, "null_high": mean + half, "auuc": under}


def _bounded(name: str, one: Estimate) -> dict[str, float]:
    low, high = one.bounds
    return {name: one.value, f"{name}_low": low, f"{name}_high": high}


def _rounded(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{name: round(value, DIGITS) for name, value in row.items()} for row in rows]
