"""Do hazard ratios hold for the whole stay? Scaled Schoenfeld residuals against log tenure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import chi2

from whychurn.survival.cox.regression import CoxFit


def proportionality(fit: CoxFit, quantiles: tuple[float, float]) -> pd.DataFrame:
    """Test of each term, and by how much its hazard ratio changes from early to late leavings.

    A scaled residual is an estimate of the coefficient on the day of one event; its slope on log tenure says whether
    the coefficient drifts (Grambsch & Therneau 1994, Biometrika 81, test with one average variance).

    Parameters
    ----------
    quantiles
        Of the days of the events: what counts as early and late.

    Returns
    -------
    DataFrame
        term, statistic, p, slope (of the log hazard ratio on log tenure), early_day, late_day, change (hazard ratio
        late over early).
    """
    early, late = weighted_quantiles(fit.event_day, fit.event_weight, quantiles)
    along, spread = _along_clock(fit)
    variance = len(fit.event_day) * np.diag(fit.model_covariance) * spread
    if spread <= 1e-12:  # all events on one day: nothing can drift
        nothing = np.zeros(len(fit.terms))
        statistic, slope = nothing, nothing
    else:
        statistic, slope = along**2 / variance, along / spread
    with np.errstate(over="ignore"):
        change = np.exp(slope * np.log(max(late, 1.0) / max(early, 1.0)))
    return pd.DataFrame(
        {
            "term": list(fit.terms),
            "statistic": statistic,
            "p": chi2.sf(statistic, 1),
            "slope": slope,
            "early_day": early,
            "late_day": late,
            "change": change,
        }
    )


def joint_drift_p(fit: CoxFit, terms: list[str]) -> float:
    """The same test of several terms together, as those of one curve."""
    along, spread = _along_clock(fit)
    if spread <= 1e-12:
        return 1.0
    at = [fit.terms.index(term) for term in terms]
    inverse = np.linalg.pinv(fit.model_covariance[np.ix_(at, at)])
    return float(chi2.sf(along[at] @ inverse @ along[at] / (len(fit.event_day) * spread), len(at)))


def _along_clock(fit: CoxFit) -> tuple[np.ndarray, float]:
    """Sum of scaled residuals times centred log tenure for each term, and the sum of squares of the latter."""
    clock = np.log(np.maximum(fit.event_day, 1.0))
    weight = fit.event_weight / fit.event_weight.mean()
    centred = clock - np.average(clock, weights=weight)
    scaled = len(clock) * fit.schoenfeld @ fit.model_covariance
    return (weight * centred) @ scaled, float((weight * centred**2).sum())


def drifts(table: pd.DataFrame, p_adjusted: np.ndarray, level: float, least_ratio: float) -> np.ndarray:
    """Terms that fail: significant, and the ratio changes by more than `least_ratio` either way.

    With many events everything is significant; a change that no reader would act on is no failure.
    """
    size = np.abs(np.log(table["change"].to_numpy()))
    return (p_adjusted < level) & (size > np.log(least_ratio))


def weighted_quantiles(
    values: np.ndarray, weights: np.ndarray, quantiles: tuple[float, float]
) -> tuple[float, float]:
    """Smallest values by which these shares of the weight have come."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    low, high = (min(int(np.searchsorted(share, q)), len(order) - 1) for q in quantiles)
    return float(values[order][low]), float(values[order][high])
