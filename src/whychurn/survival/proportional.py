"""Do hazard ratios hold for the whole stay? Scaled Schoenfeld residuals against log tenure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import chi2

from whychurn.survival.cox import CoxFit


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
    clock = np.log(np.maximum(fit.event_day, 1.0))
    early, late = weighted_quantiles(fit.event_day, fit.event_weight, quantiles)
    weight = fit.event_weight / fit.event_weight.mean()
    centred = clock - np.average(clock, weights=weight)
    spread = float((weight * centred**2).sum())
    scaled = len(clock) * fit.schoenfeld @ fit.model_covariance
    along = (weight * centred) @ scaled
    variance = len(clock) * np.diag(fit.model_covariance) * spread
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
    low, high = (values[order][min(np.searchsorted(share, q), len(order) - 1)] for q in quantiles)
    return float(low), float(high)
