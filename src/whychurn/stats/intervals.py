"""Intervals of rates, differences and ratios."""

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from whychurn.contract.arrays import Array


def wilson(successes: Array, trials: Array, confidence: float) -> tuple[Array, Array]:
    """Wilson score interval; missing where there are no trials.

    Parameters
    ----------
    successes, trials
        Same shape; trials may be an effective number.
    """
    successes, trials = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    low, high = np.full(trials.shape, np.nan), np.full(trials.shape, np.nan)
    some = trials > 0
    if some.any():
        hits = np.minimum(successes[some], trials[some])
        low[some], high[some] = proportion_confint(hits, trials[some], 1 - confidence, "wilson")
    return low, high


def add_wilson(frame: pd.DataFrame, successes: str, trials: str, confidence: float) -> pd.DataFrame:
    """`frame` with ``rate``, ``low`` and ``high`` of two of its count columns."""
    hits, total = frame[successes].to_numpy(float), frame[trials].to_numpy(float)
    low, high = wilson(hits, total, confidence)
    rate = np.divide(hits, total, out=np.full(len(frame), np.nan), where=total > 0)
    return frame.assign(rate=rate, low=low, high=high)


def effective_number(weights: Array) -> float:
    """Kish's effective number of members behind a weighted rate: (sum w)^2 / sum w^2."""
    square = float(np.sum(weights**2))
    return float(np.sum(weights)) ** 2 / square if square > 0 else 0.0


def clustered_number(hits: Array, trials: Array) -> float:
    """Trials that carry as much information as repeated trials of the same members do.

    Parameters
    ----------
    hits, trials
        Sums per member. The variance of the ratio is linearised per member.
    """
    total = float(trials.sum())
    if total <= 0:
        return 0.0
    rate = float(hits.sum()) / total
    variance = float(np.sum((hits - rate * trials) ** 2)) / total**2
    return min(total, rate * (1 - rate) / variance) if variance > 0 else total


def difference_from_rest(
    hits: Array, trials: Array, all_hits: float, all_trials: float
) -> tuple[Array, Array]:
    """Difference in rate between each group and all others, and its two-sided p-value (pooled z-test)."""
    hits, trials = np.asarray(hits, float), np.asarray(trials, float)
    rest_hits, rest = all_hits - hits, all_trials - trials
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = hits / trials - rest_hits / rest
        pooled = all_hits / all_trials if all_trials else np.nan
        error = np.sqrt(pooled * (1 - pooled) * (1 / trials + 1 / rest))
        p = 2 * stats.norm.sf(np.abs(difference / error))
    return np.where(rest > 0, difference, np.nan), np.where((rest > 0) & (error > 0), p, np.nan)


def rate_ratio(
    events: Array, exposure: Array, other_events: Array, other_exposure: Array, confidence: float
) -> pd.DataFrame:
    """Ratio of two Poisson rates with the exact conditional interval and p-value.

    Notes
    -----
    Given the sum of both counts, the first is binomial with odds ratio x exposure / other exposure
    (Clopper-Pearson bounds turned into bounds of the ratio).
    """
    events, exposure, other_events, other_exposure = (
        np.asarray(values, float) for values in (events, exposure, other_events, other_exposure)
    )
    total, alpha = events + other_events, 1 - confidence
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (events / exposure) / (other_events / other_exposure)
        p_low = np.where(events > 0, stats.beta.ppf(alpha / 2, events, other_events + 1), 0.0)
        p_high = np.where(other_events > 0, stats.beta.ppf(1 - alpha / 2, events + 1, other_events), 1.0)
        scale = other_exposure / exposure
        low, high = p_low / (1 - p_low) * scale, p_high / (1 - p_high) * scale
        share = exposure / (exposure + other_exposure)
        tails = [stats.binom.cdf(events, total, share), stats.binom.sf(events - 1, total, share)]
        p = np.minimum(1.0, 2 * np.minimum(*tails))
    known = (exposure > 0) & (other_exposure > 0) & (total > 0)
    columns = {"ratio": ratio, "ratio_low": low, "ratio_high": high, "p_value": p}
    return pd.DataFrame({name: np.where(known, values, np.nan) for name, values in columns.items()})


def poisson_interval(events: Array, exposure: Array, confidence: float) -> tuple[Array, Array]:
    """Exact (Garwood) interval of a rate."""
    events, exposure, alpha = np.asarray(events, float), np.asarray(exposure, float), 1 - confidence
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(events > 0, stats.chi2.ppf(alpha / 2, 2 * events) / 2, 0.0) / exposure
        high = stats.chi2.ppf(1 - alpha / 2, 2 * events + 2) / 2 / exposure
    return np.where(exposure > 0, low, np.nan), np.where(exposure > 0, high, np.nan)
