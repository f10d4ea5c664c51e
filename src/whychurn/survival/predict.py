"""Conditional survival from a Cox model: how likely a member who is still there stays a further 30 … 365 days.

Assumption, stated wherever this is shown: the covariates keep today's values over the horizon (tenure moves on). Then
``S(t + h | t, x) = exp(-Σ exp(x b(u)) dΛ(u))`` over the days u in (t, t + h], with Breslow's baseline of the
member's stratum, and b(u) the coefficients at tenure u where the model lets them change.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.survival.cox import CoxFit
from whychurn.survival.cox_model import CoxModel


def conditional_survival(
    model: CoxModel, frame: pd.DataFrame, tenure: np.ndarray, horizons: list[int], tail_days: int
) -> np.ndarray:
    """Chance to stay for each further horizon, shape (n, horizons), given to be there after `tenure` days.

    Parameters
    ----------
    frame
        Features of n members, as known today.
    tenure
        Days stayed so far, shape (n,).
    horizons
        Days ahead.
    tail_days
        Beyond the last day that anybody of the stratum was followed to an event, the mean hazard of so many days before
        it is carried on.

    Notes
    -----
    A stratum never seen in the data takes the event-weighted mean of all baselines.
    """
    design = model.design(frame)
    days = np.asarray(tenure, dtype=float)
    moving = [model.fit.terms.index(name) for name in model.moving]
    at = [model.fit.terms.index(f"{name}:tenure") for name in model.moving]
    fixed = [i for i in range(len(model.fit.terms)) if i not in at]
    level = (design - model.fit.mean[fixed]) @ model.fit.coefficients[fixed]
    slope = design[:, moving] @ model.fit.coefficients[at]
    centre = float(model.fit.mean[at] @ model.fit.coefficients[at])
    codes = model.stratum_codes(frame)
    found = np.empty((len(frame), len(horizons)))
    for place, ahead in enumerate(horizons):
        total = np.zeros(len(frame))
        for code in np.unique(codes):
            rows = codes == code
            steps = baseline_steps(model.fit, int(code), tail_days)
            total[rows] = _exposure(model, steps, days[rows], days[rows] + ahead, slope[rows])
        found[:, place] = np.exp(-total * np.exp(level - centre))
    return found


def baseline_steps(fit: CoxFit, stratum: int, tail_days: int) -> CumulativeHazard:
    """Cumulative baseline hazard of a stratum (-1: the event-weighted mean over strata)."""
    if stratum >= 0:
        rows = fit.baseline[fit.baseline["stratum"] == stratum]
        return CumulativeHazard(rows["day"].to_numpy(float), rows["cumulative"].to_numpy(), tail_days)
    codes, days = fit.baseline["stratum"].unique(), np.unique(fit.baseline["day"])
    weights = np.bincount(fit.event_stratum, weights=fit.event_weight)[codes]
    curves = [baseline_steps(fit, int(code), tail_days).at(days) for code in codes]
    return CumulativeHazard(days, np.average(curves, axis=0, weights=weights), tail_days)


class CumulativeHazard:
    """A step function, carried on beyond its last day at the mean hazard of the days before."""

    def __init__(self, day: np.ndarray, cumulative: np.ndarray, tail_days: int) -> None:
        self.day = day
        self.cumulative = np.r_[0.0, cumulative]
        last = day[-1] if len(day) else 0.0
        span = min(float(tail_days), last) or 1.0
        self.last = last
        self.rate = float(self.cumulative[-1] - self._inside(np.array([last - span]))[0]) / span

    def at(self, when: np.ndarray) -> np.ndarray:
        """Hazard cumulated up to and with `when`."""
        return self._inside(when) + self.rate * np.maximum(when - self.last, 0.0)

    def _inside(self, when: np.ndarray) -> np.ndarray:
        return self.cumulative[np.searchsorted(self.day, when, side="right")]


def _exposure(
    model: CoxModel, steps: CumulativeHazard, begin: np.ndarray, end: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    """Baseline hazard over (begin, end], each band of tenure times exp(slope * clock)."""
    if model.clock is None:
        return steps.at(end) - steps.at(begin)
    edges = np.r_[-np.inf, model.clock.bounds, np.inf]
    total = np.zeros(len(begin))
    for low, high, value in zip(edges[:-1], edges[1:], model.clock.values, strict=True):
        a, b = np.clip(begin, low, high), np.clip(end, low, high)
        inside = b > a
        part = steps.at(b[inside]) - steps.at(a[inside])
        total[inside] += part * np.exp(slope[inside] * value)
    return total
