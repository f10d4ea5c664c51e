"""Each action against those held out beside it, pooled over campaigns: no model decides what is found, arms drawn together
are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.action.effects.estimates.basis import Believed
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows
from whychurn.contract.arrays import Array

POWER: Final = 0.80
COLUMNS: Final = [
    "action",
    "treated",
    "control",
    "leavers",
    "leavers_control",
    "rate_control",
    "effect",
    "se",
]


def pooled_effects(rows: RandomisedRows) -> pd.DataFrame:
    """Change of the chance to leave by being drawn for each action (intention to treat).

    Within cells, adjusted by the chance untouched (CUPED: Deng et al. 2013); cells count by their treated members;
    variance clustered by member.

    Returns
    -------
    DataFrame
        `COLUMNS`: counts of rows and of leavers, the chance of those held out, effect and its standard error; one row
        an action, no row for one without anybody held out beside it.
    """
    adjusted = _adjusted(rows)
    found = []
    for number, name in enumerate(rows.actions):
        mine, other = _compared(rows, number)
        if not mine.any():
            continue
        effect, influence = _contrast(rows, adjusted, mine, other)
        se = _clustered(rows, influence)
        weight = influence.weight_control
        found.append(
            (
                name, int(mine.sum()), int(other.sum()), int(rows.left[mine].sum()), int(rows.left[other].sum()),
                float(weight @ rows.left), effect, se,
            )
        )  # fmt: skip
    return pd.DataFrame(found, columns=COLUMNS)


def effects_together(rows: RandomisedRows, outcomes: Array) -> dict[str, tuple[Array, Array, Array]]:
    """Effects of each action on several outcomes of the same rows, with how they vary together.

    Parameters
    ----------
    outcomes
        Such as left within 30, 90 and 180 days; (n, H).

    Returns
    -------
    dict
        Action -> effects (H,), their covariance (H, H), means of those held out (H,).
    """
    each = [replace(rows, left=outcome) for outcome in outcomes.T]
    adjusted = [_adjusted(one) for one in each]
    found = {}
    for number, name in enumerate(rows.actions):
        mine, other = _compared(rows, number)
        if not mine.any():
            continue
        contrasts = [_contrast(rows, outcome, mine, other) for outcome in adjusted]
        by_member = np.stack([np.bincount(rows.member, one.values) for _, one in contrasts])
        rates = np.array(
            [one.weight_control @ outcome for (_, one), outcome in zip(contrasts, outcomes.T, strict=True)]
        )
        found[name] = np.array([effect for effect, _ in contrasts]), by_member @ by_member.T, rates
    return found


def p_values(rows: RandomisedRows, believed: Mapping[str, Believed]) -> pd.DataFrame:
    """Two-sided p-values of "does nothing", and the direction: action, p_value, helps.

    Members count by what the action should do for them, fixed before any outcome is read: the belief over its matched
    causes. So an action on one cause is looked for where that cause is; under the null the arms differ in nothing,
    whatever the weights.
    """
    adjusted = _adjusted(rows)
    found = []
    for number, name in enumerate(rows.actions):
        mine, other = _compared(rows, number)
        if not mine.any():
            continue
        flags = believed.get(name, Believed()).flags
        aim = rows.p * (rows.q @ flags if flags.any() else 1.0) / rows.variance
        effect, influence = _contrast(rows, adjusted * aim, mine, other)
        z = effect / max(_clustered(rows, influence), 1e-300)
        found.append((name, float(2 * stats.norm.sf(abs(z))), bool(effect < 0)))
    return pd.DataFrame(found, columns=["action", "p_value", "helps"])


def smallest_seen(se: Array, level: float = 0.05) -> Array:
    """Smallest change that a test with this standard error finds with a chance of `POWER`."""
    return (stats.norm.ppf(1 - level / 2) + stats.norm.ppf(POWER)) * se


@dataclass(frozen=True)
class _Influence:
    """Weights of treated and held-out rows, summing to one each, and of each row on the estimate; (n,)."""

    weight_control: Array
    values: Array


def _adjusted(rows: RandomisedRows) -> Array:
    """Outcome less what the chance untouched predicts of it within the cell; (n,)."""
    cells = int(rows.cell.max(initial=-1)) + 1
    weight = np.bincount(rows.cell, minlength=cells)
    mean_p, mean_y = (
        np.bincount(rows.cell, one, cells) / np.maximum(weight, 1) for one in (rows.p, rows.left)
    )
    p, y = rows.p - mean_p[rows.cell], rows.left - mean_y[rows.cell]
    slope = (p @ y) / max(float(p @ p), 1e-12)  # one over all cells: those of few rows have none of their own
    return y - slope * p


def _compared(rows: RandomisedRows, action: int) -> tuple[Array, Array]:
    """Rows of `action` and rows held out, of cells that have both."""
    mine, other = rows.action == action, rows.action == -1
    cells = int(rows.cell.max(initial=-1)) + 1
    both = (np.bincount(rows.cell, mine, cells) > 0) & (np.bincount(rows.cell, other, cells) > 0)
    return mine & both[rows.cell], other & both[rows.cell]


def _contrast(rows: RandomisedRows, outcome: Array, mine: Array, other: Array) -> tuple[float, _Influence]:
    """Mean over treated rows less that over held-out rows of the same cells, and its influence values."""
    cells = int(rows.cell.max(initial=-1)) + 1
    size = np.bincount(rows.cell, rows.weight * mine, cells)
    size = size / size.sum()
    influence, weights, effect = np.zeros(len(outcome)), [], 0.0
    for sign, arm in ((1.0, mine), (-1.0, other)):
        total = np.bincount(rows.cell, rows.weight * arm, cells)
        weight = arm * rows.weight * (size / np.maximum(total, 1e-12))[rows.cell]
        mean = np.bincount(rows.cell, rows.weight * arm * outcome, cells) / np.maximum(total, 1e-12)
        effect += sign * float(size @ mean)
        influence += sign * weight * (outcome - mean[rows.cell])
        weights.append(weight)
    return effect, _Influence(weights[1], influence)


def _clustered(rows: RandomisedRows, influence: _Influence) -> float:
    """Standard error, rows of one member together."""
    return float(np.sqrt((np.bincount(rows.member, influence.values) ** 2).sum()))
