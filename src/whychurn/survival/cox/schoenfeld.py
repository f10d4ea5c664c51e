"""Test of proportional hazards: scaled Schoenfeld residuals against log tenure."""

import numpy as np
import pandas as pd
from scipy.stats import chi2

from whychurn.survival.cox.regression import CoxFit


def schoenfeld_test(fit: CoxFit, quantiles: tuple[float, float]) -> pd.DataFrame:
    """Test of each term, and by how much its hazard ratio changes from early to late events.

    A scaled residual is an estimate of the coefficient on the day of one event; its slope on log tenure shows
    whether the coefficient changes (Grambsch & Therneau 1994, Biometrika 81, test with one average variance).

    Parameters
    ----------
    quantiles
        Of the days of the events: what counts as early and late.

    Returns
    -------
    DataFrame
        term, statistic, p, slope (of the log hazard ratio on log tenure), early_day, late_day, change (hazard
        ratio late over early).
    """
    early, late = weighted_quantiles(fit.event_day, fit.event_weight, quantiles)
    slopes, spread = _slope_sums(fit)
    variance = len(fit.event_day) * np.diag(fit.model_covariance) * spread
    if spread <= 1e-12:  # all events on one day: no change can be seen
        statistic = slope = np.zeros(len(fit.terms))
    else:
        statistic, slope = slopes**2 / variance, slopes / spread
    with np.errstate(over="ignore"):
        change = np.exp(slope * np.log(max(late, 1.0) / max(early, 1.0)))
    return pd.DataFrame(
        {
            "term": list(fit.terms),
            "statistic": statistic,
            "p_value": chi2.sf(statistic, 1),
            "slope": slope,
            "early_day": early,
            "late_day": late,
            "change": change,
        }
    )


def joint_schoenfeld_p(fit: CoxFit, terms: list[str]) -> float:
    """The same test of several terms together, such as those of one spline."""
    slopes, spread = _slope_sums(fit)
    if spread <= 1e-12:
        return 1.0
    at = [fit.terms.index(term) for term in terms]
    inverse = np.linalg.pinv(fit.model_covariance[np.ix_(at, at)])
    return float(chi2.sf(slopes[at] @ inverse @ slopes[at] / (len(fit.event_day) * spread), len(at)))


def _slope_sums(fit: CoxFit) -> tuple[np.ndarray, float]:
    """Scaled residuals times centred log tenure, summed for each term; sum of squares of the latter."""
    clock = np.log(np.maximum(fit.event_day, 1.0))
    weight = fit.event_weight / fit.event_weight.mean()
    centred = clock - np.average(clock, weights=weight)
    scaled = len(clock) * fit.schoenfeld @ fit.model_covariance
    return (weight * centred) @ scaled, float((weight * centred**2).sum())


def non_proportional(
    table: pd.DataFrame, p_adjusted: np.ndarray, level: float, min_change: float
) -> np.ndarray:
    """Terms that fail: significant, and the hazard ratio changes by more than `min_change` either way.

    With many events everything is significant; a change that no reader would act on is no failure.
    """
    size = np.abs(np.log(table["change"].to_numpy()))
    return (p_adjusted < level) & (size > np.log(min_change))


def weighted_quantiles(
    values: np.ndarray, weights: np.ndarray, quantiles: tuple[float, float]
) -> tuple[float, float]:
    """Smallest values at or below which these shares of the weight lie."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    low, high = (min(int(np.searchsorted(share, q)), len(order) - 1) for q in quantiles)
    return float(values[order][low]), float(values[order][high])
