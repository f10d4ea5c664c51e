"""Calibration: raw score to probability with an interval; stored as numbers, interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.isotonic import isotonic_regression

GRID: Final = 257  # quantiles among the nodes of a tabulated curve
KINDS: Final = ("platt", "isotonic")
FOLDS: Final = 5  # in which the kind of calibrator is chosen


@dataclass(frozen=True)
class Calibrator:
    """A monotone curve from raw score in [0, 1] to probability.

    Parameters
    ----------
    kind
        "platt" (logistic in the score's log-odds) or "isotonic".
    x
        Increasing raw scores.
    y, low, high
        Probability at `x` and its interval: what members with that score are known to do, given the
        calibration period. It does not cover a world that changes afterwards.
    log_loss
        Cross-validated log loss of each kind within the calibration period.
    """

    kind: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    log_loss: dict[str, float]

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Calibrated probability of each raw score."""
        return np.interp(raw, self.x, self.y)

    def interval(self, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bound of each probability."""
        return np.interp(raw, self.x, self.low), np.interp(raw, self.x, self.high)

    def as_json(self) -> dict[str, Any]:
        """Content of calibrator.json."""
        arrays = {name: [float(v) for v in getattr(self, name)] for name in ("x", "y", "low", "high")}
        return {"kind": self.kind, "log_loss": self.log_loss, **arrays}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Calibrator:
        """Inverse of `as_json`."""
        arrays = {name: np.asarray(content[name], dtype="float64") for name in ("x", "y", "low", "high")}
        return cls(kind=content["kind"], log_loss=content["log_loss"], **arrays)


def fit_calibrator(
    raw: np.ndarray,
    y: np.ndarray,
    members: np.ndarray,
    replicates: int,
    confidence: float,
    seed: int,
) -> Calibrator:
    """Fit Platt scaling and isotonic regression, keep the one with the lower cross-validated log loss.

    Folds and bootstrap replicates are drawn by member, because rows of one member resemble each other.

    Parameters
    ----------
    raw
        Scores in [0, 1] of the calibration rows.
    y
        0/1 labels.
    members
        Member of each row.
    replicates, confidence
        Bootstrap of the curve: replicates (0: no interval) and level of its percentile interval.

    Notes
    -----
    Platt 1999 (with his prior-corrected targets); Zadrozny & Elkan 2002, KDD, for isotonic regression.
    """
    codes = np.unique(members, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    grid = _grid(raw)
    weights = np.ones(len(y))
    losses = _cross_validate(raw, y, codes, grid, rng)
    kind = min(KINDS, key=lambda name: losses[name])
    curve = _fit(kind, raw, y, weights, grid)
    count = codes.max() + 1
    draws = np.empty((replicates, len(grid)))
    for row in range(replicates):
        times = np.bincount(rng.integers(0, count, count), minlength=count)[codes].astype("float64")
        draws[row] = _fit(kind, raw, y, times, grid)
    if not replicates:
        return Calibrator(kind, grid, curve, curve, curve, losses)
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return Calibrator(kind, grid, curve, np.minimum(low, curve), np.maximum(high, curve), losses)


def _grid(raw: np.ndarray) -> np.ndarray:
    """Quantiles of the scores, and nodes even in log-odds so that the tails bend as they should."""
    even = 1 / (1 + np.exp(-np.linspace(-9, 9, 73)))
    return np.unique(np.concatenate([[0.0, 1.0], even, np.quantile(raw, np.linspace(0, 1, GRID))]))


def _cross_validate(
    raw: np.ndarray, y: np.ndarray, codes: np.ndarray, grid: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    fold = rng.integers(0, FOLDS, codes.max() + 1)[codes]
    total = dict.fromkeys(KINDS, 0.0)
    for number in range(FOLDS):
        out = fold == number
        if not out.any() or out.all():
            continue
        for kind in KINDS:
            p = np.interp(raw[out], grid, _fit(kind, raw[~out], y[~out], np.ones((~out).sum()), grid))
            with np.errstate(divide="ignore"):  # a certainty that fails costs infinitely much
                total[kind] += float(-np.log(np.where(y[out] == 1, p, 1 - p)).sum()) / len(y)
    return total


def _fit(kind: str, raw: np.ndarray, y: np.ndarray, weights: np.ndarray, grid: np.ndarray) -> np.ndarray:
    return (_platt if kind == "platt" else _isotonic)(raw, y, weights, grid)


def _log_odds(raw: np.ndarray) -> np.ndarray:
    inside = np.clip(raw, 1e-6, 1 - 1e-6)
    return np.log(inside / (1 - inside))


def _cells(
    raw: np.ndarray, y: np.ndarray, weights: np.ndarray, grid: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weight, events and mean score of each filled cell of the grid: hundreds of cells stand for all rows."""
    cell = np.minimum(np.searchsorted(grid, raw, side="right") - 1, len(grid) - 2)
    mass, hits, where = (
        np.bincount(cell, w, minlength=len(grid) - 1) for w in (weights, weights * y, weights * raw)
    )
    filled = mass > 0
    return mass[filled], hits[filled], where[filled] / mass[filled]


def _platt(raw: np.ndarray, y: np.ndarray, weights: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Logistic regression on log-odds by Newton steps; a falling curve becomes flat."""
    mass, hits, where = _cells(raw, y, weights, grid)
    events, total = hits.sum(), mass.sum()
    target = hits * (events + 1) / (events + 2) + (mass - hits) / (total - events + 2)
    design = np.column_stack([np.ones(len(where)), _log_odds(where)])
    centre = np.log((events + 1) / (total - events + 1))
    line = np.array([centre, 0.0])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(design @ line, -30, 30)))
        curvature = (design * (mass * p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (target - mass * p))
        line = line + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            break
    if line[1] <= 0:
        line = np.array([centre, 0.0])
    return 1 / (1 + np.exp(-(line[0] + line[1] * _log_odds(grid))))


def _isotonic(raw: np.ndarray, y: np.ndarray, weights: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Pool adjacent violators on the grid's cells, kept off 0 and 1 by half an event."""
    mass, hits, where = _cells(raw, y, weights, grid)
    floor = 0.5 / (mass.sum() + 1)
    level = np.clip(isotonic_regression(hits / mass, sample_weight=mass), floor, 1 - floor)
    return np.interp(grid, where, level)
