"""Measures of a probability forecast, for given row weights, and their intervals by members' bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.stats.bootstrap import percentiles

BLOCK: Final = 25  # weightings measured at once
ECE_BINS: Final = 15  # of the expected calibration error


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
        self, y: np.ndarray, p: np.ndarray, business: Business, shares: list[float], bins: int = ECE_BINS
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

    def measure(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """All measures under each row of `weights` (weightings × rows); NaN where one class is absent."""
        total, events = weights.sum(axis=1), weights @ self.y
        ranked = weights[:, self.order]
        mass = np.cumsum(ranked, axis=1)[:, self.ends]
        hits = np.cumsum(ranked * self.y[self.order], axis=1)[:, self.ends]
        measured = {
            "rate": events / total,
            "mean_p": weights @ self.p / total,
            "auc": _auc(mass, hits),
            "pr_auc": _average_precision(mass, hits),
            "brier": weights @ self.square / total,
            "log_loss": weights @ self.loss / total,
            "ece": self._ece(weights) / total,
        }
        for share in self.shares:
            caught = _interpolate(share * total, mass, hits)
            measured[f"gain_{share * 100:g}"] = caught / np.where(events > 0, events, np.nan)
            measured[f"lift_{share * 100:g}"] = measured[f"gain_{share * 100:g}"] / share
        measured["profit"] = self.profit(weights, self.business.capacity)
        return measured

    def profit(self, weights: np.ndarray, capacity: float) -> np.ndarray:
        """Profit per 1 000 members when the share `capacity` is contacted, for each row of `weights`."""
        if np.isnan(self.business.value).all():
            return np.full(len(weights), np.nan)
        total = weights.sum(axis=1)
        for last in (np.searchsorted(self.gain_ends, 2 * capacity * len(self.by_gain)), len(self.gain_ends)):
            ends = self.gain_ends[: last + 1]  # the first rows suffice, unless a weighting draws few of them
            first = self.by_gain[: ends[-1] + 1]
            ranked = weights[:, first]
            mass = np.cumsum(ranked, axis=1)[:, ends]
            if (mass[:, -1] >= capacity * total).all():
                break
        earned = np.cumsum(ranked * np.nan_to_num(self.gain[first]), axis=1)[:, ends]
        return _interpolate(capacity * total, mass, earned) * 1000 / total

    def _ece(self, weights: np.ndarray) -> np.ndarray:
        """Naeini, Cooper & Hauskrecht 2015: summed gap of events and probabilities over the bins."""
        gap = self.p - self.y
        sums = [weights[:, inside] @ gap[inside] for inside in map(self.bin.__eq__, np.unique(self.bin))]
        return np.abs(sums).sum(axis=0)


def bounds_of(metric: str, estimate: float, draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """Percentile interval of a measure, or of a difference of it, from its draws.

    Gaps of resampled bins add up to more than those of the members, so draws of ``ece`` are moved by their mean excess first
    (bootstrap estimate of bias: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 10).
    """
    if metric == "ece" and np.isfinite(draws).any():
        least = 0.0 if np.nanmin(draws) >= 0 else -np.inf
        draws = np.maximum(draws - (np.nanmean(draws) - estimate), least)
    return percentiles(draws, confidence)


def _sorted_ties(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Descending order (NaN last) and the last position of each run of equal scores."""
    filled = np.nan_to_num(score, nan=-np.inf)
    order = np.argsort(-filled, kind="stable")
    return order, np.flatnonzero(np.r_[filled[order][1:] != filled[order][:-1], True])


def _interpolate(at: np.ndarray, mass: np.ndarray, summed: np.ndarray) -> np.ndarray:
    """Sum over the first `at` members of each row; within a run of equal scores in proportion."""
    rows = zip(at, mass, summed, strict=True)
    return np.array([np.interp(x, np.r_[0.0, m], np.r_[0.0, s]) for x, m, s in rows])


def _auc(mass: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """Mann-Whitney with ties at one half."""
    misses = mass - hits
    area = (np.diff(misses, prepend=0.0) * (2 * hits - np.diff(hits, prepend=0.0))).sum(axis=1) / 2
    pairs = hits[:, -1] * misses[:, -1]
    return area / np.where(pairs > 0, pairs, np.nan)


def _average_precision(mass: np.ndarray, hits: np.ndarray) -> np.ndarray:
    precision = np.divide(hits, mass, out=np.zeros_like(hits), where=mass > 0)
    events = hits[:, -1]
    return (np.diff(hits, prepend=0.0) * precision).sum(axis=1) / np.where(events > 0, events, np.nan)


def measure_once(forecast: Forecast) -> dict[str, float]:
    """Each measure with equal weights."""
    return {name: float(value[0]) for name, value in forecast.measure(np.ones((1, len(forecast.y)))).items()}


def bootstrap(forecast: Forecast, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Each measure under each row of `weights`, a block of rows at a time to bound memory."""
    blocks = [
        forecast.measure(weights[at : at + BLOCK].astype("float64")) for at in range(0, len(weights), BLOCK)
    ]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
