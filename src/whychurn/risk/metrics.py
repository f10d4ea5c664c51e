"""Measures of a probability forecast, for given row weights, and their intervals by members' bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Business:
    """What a contacted leaver is worth.

    Parameters
    ----------
    value
        Margin at stake for each row (currency), NaN where spend is unknown.
    saved_share
        Assumed share of contacted leavers who stay.
    contact_cost
        Currency a contact.
    capacity
        Share of members that can be contacted.
    """

    value: np.ndarray
    saved_share: float
    contact_cost: float
    capacity: float


class Forecast:
    """Labels and probabilities, sorted once, measured under many weightings.

    Parameters
    ----------
    y
        0/1 labels.
    p
        Probabilities.
    business
        For the profit; the company contacts those with the largest p × value first.
    shares
        Shares of members for lift and gain.
    bins
        Equal-mass bins of the expected calibration error.
    """

    def __init__(
        self, y: np.ndarray, p: np.ndarray, business: Business, shares: list[float], bins: int
    ) -> None:
        self.y, self.p, self.shares, self.business = y.astype("float64"), p, shares, business
        self.order, self.ends = _sorted_ties(p)
        self.loss = -np.log(np.clip(np.where(y == 1, p, 1 - p), 1e-12, 1))
        self.square = (p - y) ** 2
        edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)))
        self.bin = (
            np.searchsorted(edges[1:-1], p, side="right") if len(edges) > 2 else np.zeros(len(p), dtype=int)
        )
        self.gain = self.y * business.saved_share * business.value - business.contact_cost
        self.by_gain, self.gain_ends = _sorted_ties(p * business.value)

    def measure(self, weights: np.ndarray) -> dict[str, float]:
        """All measures under row `weights`; those without meaning (one class only) are NaN."""
        total, events = float(weights.sum()), float(weights @ self.y)
        ranked = weights[self.order]
        mass = np.cumsum(ranked)[self.ends]
        hits = np.cumsum(ranked * self.y[self.order])[self.ends]
        measured = {
            "rate": events / total,
            "mean_p": float(weights @ self.p) / total,
            "auc": _auc(mass, hits),
            "pr_auc": _average_precision(mass, hits),
            "brier": float(weights @ self.square) / total,
            "log_loss": float(weights @ self.loss) / total,
            "ece": self._ece(weights, total),
        }
        for share in self.shares:
            caught = float(np.interp(share * total, np.r_[0.0, mass], np.r_[0.0, hits]))
            gained = caught / events if events else np.nan
            measured[f"gain_{share:.0%}".rstrip("%")] = gained
            measured[f"lift_{share:.0%}".rstrip("%")] = gained / share
        measured["profit"] = self.profit(weights, np.array([self.business.capacity]))[0]
        return measured

    def profit(self, weights: np.ndarray, capacities: np.ndarray) -> np.ndarray:
        """Profit per 1 000 members at risk when the share `capacities` is contacted."""
        if np.isnan(self.business.value).all():
            return np.full(len(capacities), np.nan)
        total = float(weights.sum())
        ranked = weights[self.by_gain]
        mass = np.cumsum(ranked)[self.gain_ends]
        earned = np.cumsum(ranked * np.nan_to_num(self.gain[self.by_gain]))[self.gain_ends]
        return np.interp(capacities * total, np.r_[0.0, mass], np.r_[0.0, earned]) * 1000 / total

    def _ece(self, weights: np.ndarray, total: float) -> float:
        """Naeini, Cooper & Hauskrecht 2015: weighted mean gap of rate and mean probability over the bins."""
        return float(np.abs(np.bincount(self.bin, weights * (self.p - self.y))).sum()) / total


def _sorted_ties(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Descending order (NaN last) and the last position of each run of equal scores."""
    filled = np.nan_to_num(score, nan=-np.inf)
    order = np.argsort(-filled, kind="stable")
    return order, np.flatnonzero(np.r_[np.diff(filled[order]) != 0, True])


def _auc(mass: np.ndarray, hits: np.ndarray) -> float:
    """Mann-Whitney with ties at one half."""
    misses = np.r_[0.0, mass - hits]
    events, others = hits[-1], misses[-1]
    if not events or not others:
        return float("nan")
    caught = np.r_[0.0, hits]
    return float((np.diff(misses) * (caught[1:] + caught[:-1])).sum() / 2 / (events * others))


def _average_precision(mass: np.ndarray, hits: np.ndarray) -> float:
    if not hits[-1]:
        return float("nan")
    seen = mass > 0
    return float((np.diff(np.r_[0.0, hits])[seen] * hits[seen] / mass[seen]).sum() / hits[-1])


def member_weights(members: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """Weights of a bootstrap clustered by member (replicates × rows): how often each row's member was drawn."""
    codes, count = np.unique(members, return_inverse=True)[1], len(np.unique(members))
    rng = np.random.default_rng(seed)
    drawn = np.empty((replicates, len(codes)), dtype="float32")
    for row in range(replicates):
        drawn[row] = np.bincount(rng.integers(0, count, count), minlength=count)[codes]
    return drawn


def bootstrap(forecast: Forecast, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Each measure under each row of `weights`."""
    drawn = [forecast.measure(row.astype("float64")) for row in weights]
    return {name: np.array([one[name] for one in drawn]) for name in (drawn[0] if drawn else {})}


def percentile_interval(draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """Percentile interval of the finite draws, NaN if there are none."""
    finite = draws[np.isfinite(draws)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
