"""How active members are, and how readily members as active leave: a factor on all hazards, the frailty.

Members who use a programme much meet more returns and late answers, and leave less readily. Without the
frailty such exposures look harmless. It cancels in the causes of a churn event; it matters for what the
exposures add.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.contract.arrays import Array

UNKNOWN: Final = 0  # stratum of weeks after too short a time
STRATA: Final = 10  # of equal size: enough for the slope, and each with many churn events
MIN_WEEKS: Final = 8  # a shorter time says too little of how active a member is
PRIOR_WEEKS: Final = 4.0  # weeks at the mean rate that are added to each member's own


def mean_activity_rate(activity: Array, weeks: Array) -> float:
    """Activities a week of all members together, in `weeks` of their spells."""
    return float(activity.sum() / max(float(weeks.sum()), 1.0))


def activity_rate_so_far(
    activity: Array, first: Array, mean_rate: float, lag_weeks: int
) -> tuple[Array, Array]:
    """Activities a week as known in each week, and the number of weeks behind it; (weeks, n) each.

    Only activity of at least `lag_weeks` ago counts: members who have decided to leave do less, which must
    not look like a low rate.

    Parameters
    ----------
    activity
        Number of activities; (weeks, n).
    first
        First week of each member's spells; (n,).
    mean_rate
        `mean_activity_rate`; short times are shrunk towards it.
    """
    weeks, members = activity.shape
    before = np.concatenate([np.zeros_like(activity[:1]), activity.cumsum(axis=0, dtype="float64")[:-1]])
    week = np.arange(weeks)[:, None] - lag_weeks
    observed = np.maximum(week - first[None, :], 0)
    column = np.arange(members)[None, :]
    start = np.minimum(first, weeks - 1)[None, :]
    count = np.maximum(before[np.maximum(week, 0), column] - before[start, column], 0)
    return (count + PRIOR_WEEKS * mean_rate) / (observed + PRIOR_WEEKS), observed


def activity_quantiles(rate: Array, observed: Array) -> Array:
    """Borders between `STRATA` groups of equal size, over weeks with enough behind them; (STRATA - 1,)."""
    rates = rate[observed >= MIN_WEEKS]
    return np.quantile(rates, np.linspace(0, 1, STRATA + 1)[1:-1]) if len(rates) else np.zeros(0)


def activity_strata(rate: Array, observed: Array, quantiles: Array) -> Array:
    """Stratum of each week and member, from 1 on; `UNKNOWN` after fewer than `MIN_WEEKS`; (weeks, n)."""
    stratum = 1 + np.searchsorted(quantiles, rate, side="right")
    return np.where(observed >= MIN_WEEKS, stratum, UNKNOWN).astype("int8")


def frailty(events: Array, expected: Array, prior: float) -> Array:
    """Factor of each stratum: observed over expected churn events, shrunk to one by `prior` events;
    (strata,).

    The empirical-Bayes mean of a shared gamma frailty (Clayton 1978).
    """
    return (events + prior) / (expected + prior)
