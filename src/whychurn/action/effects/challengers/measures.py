"""How well predicted effects rank, how large they are, and what a policy by them brings: all linear in the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.action.effects.challengers.held_out import HeldOut
from whychurn.contract.arrays import Array

CAPACITY: Final = 0.3  # of the members of a wave whom a policy contacts at most
FIFTHS: Final = 5
Z: Final = 1.96


@dataclass(frozen=True)
class Estimate:
    """A mean over rows and its influence values.

    Parameters
    ----------
    value
        The mean.
    influence
        Sum over the rows of each member; (members,).
    """

    value: float
    influence: Array

    @property
    def se(self) -> float:
        """Standard error, clustered by member."""
        return float(np.sqrt((self.influence**2).sum()))

    @property
    def bounds(self) -> tuple[float, float]:
        """95 % interval."""
        return self.value - Z * self.se, self.value + Z * self.se


def rank_weights(predicted: Array, offered: Array, fold: Array) -> Array:
    """Half minus the rank of each row by the predicted fall of leaving within its fold, 0 the largest, 1 the smallest;
    ties alike; zero where the action is not offered; (n,).
    """
    weight = np.zeros(len(predicted))
    for number in np.unique(fold):
        rows = np.flatnonzero(offered & (fold == number))
        values = predicted[rows]
        order = np.sort(values)
        low, high = np.searchsorted(order, values, "left"), np.searchsorted(order, values, "right")
        weight[rows] = 0.5 - (low + high) / 2 / max(len(values), 1)
    return weight


def qini(held: HeldOut, action: int, predicted: Array) -> Estimate:
    """Qini coefficient (Radcliffe 2007): area between the curve of members kept, contacted by predicted effect, and the
    straight line, in members kept a member; zero for a ranking that knows nothing.
    """
    weight = rank_weights(predicted, held.offered[:, action], held.fold)
    return _mean(held, -held.scores[:, action] * weight, held.offered[:, action])


def auuc(held: HeldOut, action: int, predicted: Array) -> Estimate:
    """Area under the same curve."""
    offered = held.offered[:, action]
    weight = np.where(offered, 0.5 + rank_weights(predicted, offered, held.fold), 0.0)
    return _mean(held, -held.scores[:, action] * weight, offered)


def null_qini(held: HeldOut, weights: Array) -> tuple[Array, Array]:
    """Mean and covariance of the Qini coefficients of all actions over all permutations of the arms within campaign and
    stratum: exact (Hoeffding 1951), so none needs to be drawn.

    Parameters
    ----------
    weights
        `rank_weights` of one method by action; (n, A).

    Returns
    -------
    mean, covariance
        (A,) and (A, A).
    """
    gain = -held.residual[:, None] * weights
    actions = weights.shape[1]
    mean, covariance = np.zeros(actions), np.zeros((actions, actions))
    order = np.argsort(held.cell, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(held.cell[order])) + 1):
        if len(rows) < 2:
            continue
        one, other = gain[rows], held.contrast[rows]
        mean += len(rows) * one.mean(axis=0) * other.mean(axis=0)
        spread, around = (part - part.mean(axis=0) for part in (one, other))
        covariance += (spread.T @ spread) * (around.T @ around) / (len(rows) - 1)
    size = np.maximum(held.offered.sum(axis=0), 1)
    return mean / size, covariance / np.outer(size, size)


def policy(held: HeldOut, predicted: Array) -> Array:
    """Action that each row gets, -1 none: the best one offered, for the `CAPACITY` of each cell's members whom it keeps
    most often, and nobody whom it is not predicted to keep; (n,).
    """
    masked = np.where(held.offered, predicted, np.inf)
    best = masked.argmin(axis=1)
    fall = -masked[np.arange(len(best)), best]
    chosen = np.full(len(best), -1)
    order = np.lexsort((-fall, held.cell))
    cell = held.cell[order]
    size = np.bincount(cell)
    place = np.arange(len(cell)) - np.concatenate([[0], np.cumsum(size)])[cell]
    first = order[(place < CAPACITY * size[cell]) & (fall[order] > 0)]
    chosen[first] = best[first]
    return chosen


def policy_value(held: HeldOut, chosen: Array) -> Estimate:
    """Members kept a member under a policy, over contacting nobody (augmented inverse propensity weighting: Dudík,
    Langford & Li 2011).
    """
    contacted = chosen >= 0
    kept = np.where(contacted, -held.scores[np.arange(len(chosen)), np.maximum(chosen, 0)], 0.0)
    return _mean(held, kept, np.ones(len(chosen), dtype=bool))


def calibration(held: HeldOut, predicted: Array) -> Estimate:
    """Slope of measured on predicted effects, 1 where predictions are as large as they should be (best linear predictor:
    Chernozhukov et al. 2018); not a number where all are predicted alike.
    """
    x, y, member = _pairs(held, predicted)
    x = x - x.mean() if len(x) else x
    spread = float(x @ x)
    if not spread > 1e-12 * max(len(x), 1):
        return Estimate(float("nan"), np.full(1, np.nan))
    slope = float(x @ y) / spread
    return Estimate(slope, np.bincount(member, x * (y - y.mean() - slope * x)) / spread)


def by_fifth(held: HeldOut, predicted: Array) -> list[dict[str, float]]:
    """Predicted and measured effect in each fifth of the predictions, the largest fall first (GATES)."""
    x, y, member = _pairs(held, predicted)
    found = []
    for part in np.array_split(np.argsort(x, kind="stable"), FIFTHS):
        if len(part):
            mean = float(y[part].mean())
            se = float(np.sqrt((np.bincount(member[part], y[part] - mean) ** 2).sum())) / len(part)
            found.append(
                {
                    "predicted": float(x[part].mean()),
                    "effect": mean,
                    "low": mean - Z * se,
                    "high": mean + Z * se,
                }
            )
    return found


def _pairs(held: HeldOut, predicted: Array) -> tuple[Array, Array, Array]:
    """Prediction, score and member of each row and action offered to it."""
    row, action = np.nonzero(held.offered)
    return predicted[row, action], held.scores[row, action], held.member[row]


def _mean(held: HeldOut, values: Array, counted: Array) -> Estimate:
    size = max(int(counted.sum()), 1)
    mean = float(values[counted].sum()) / size
    centred = np.where(counted, values - mean, 0.0)
    return Estimate(mean, np.bincount(held.member, centred) / size)
