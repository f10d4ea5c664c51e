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
    folds = forward_folds(usable["sent_on"], usable["wave"], effect_days)
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
    found: list[dict[str, Any]] = []
    whole: dict[str, list[tuple[float, Estimate, float, Array]]] = {name: [] for name in by_method}
    for number, action in enumerate(held.actions):
        offered = held.offered[:, number]
        size = float(offered.sum())
        weights = np.stack([rank_weights(one[:, number], offered, held.fold) for one in by_method.values()])
        nulls = null_qini(held, number, weights)
        for (name, one), null in zip(by_method.items(), nulls, strict=True):
            area, under = qini(held, number, one[:, number]), auuc(held, number, one[:, number]).value
            whole[name].append((size, area, under, null))
            found.append({"method": name, "action": action, "chosen": False, **_ranking(area, under, null)})
    for name, each in whole.items():
        found.append(
            {
                "method": name, "action": ALL, **_ranking(*_over_actions(each)),
                **_bounded("value", values[name]), **_bounded("slope", calibration(held, by_method[name])),
                "chosen": name == best,
            }
        )  # fmt: skip
    table = pd.DataFrame(found)
    return table, best


def _ranking(area: Estimate, under: float, null: Array) -> dict[str, float]:
    mean, half = float(null[0]), Z * float(np.sqrt(null[1]))
    found = {**_bounded("qini", area), "null_low": mean - half, "null_high": mean + half, "auuc": under}
    if not half > 0:  # nobody is ranked before anybody else
        found |= dict.fromkeys(("qini", "qini_low", "qini_high", "null_low", "null_high"), np.nan)
    return found


def _over_actions(each: list[tuple[float, Estimate, float, Array]]) -> tuple[Estimate, float, Array]:
    """Means over actions, by rows that each was offered to."""
    share = np.array([size for size, *_ in each])
    share = share / share.sum()
    length = max(len(one.influence) for _, one, _, _ in each)
    influence = np.zeros(length)
    for part, (_, one, _, _) in zip(share, each, strict=True):
        influence[: len(one.influence)] += part * one.influence
    value = float(share @ np.array([one.value for _, one, _, _ in each]))
    under = float(share @ np.array([under for _, _, under, _ in each]))
    null = np.stack([one for *_, one in each])
    # actions share those held out, so their coefficients move together: as if wholly, which is the wider null
    together = np.array([share @ null[:, 0], float(share @ np.sqrt(null[:, 1])) ** 2])
    return Estimate(value, influence), under, together


def _bounded(name: str, one: Estimate) -> dict[str, float]:
    low, high = one.bounds
    return {name: one.value, f"{name}_low": low, f"{name}_high": high}


def _rounded(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{name: round(value, DIGITS) for name, value in row.items()} for row in rows]
