"""Collinear covariates: variance inflation, condition number, and which one is dropped."""

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from whychurn.survival.hazard_ratios.covariates import Term


def variance_inflation(correlation: np.ndarray) -> np.ndarray:
    """Variance inflation factor of each column: 1 / (1 - R²) of its regression on the others.

    Parameters
    ----------
    correlation
        Of the columns, shape (p, p); a column that does not vary has a row of NaN, and no factor.
    """
    factors = np.full(len(correlation), np.nan)
    varies = ~np.isnan(np.diag(correlation))
    if not varies.any():
        return factors
    values, vectors = np.linalg.eigh(correlation[np.ix_(varies, varies)])
    exact = values < 1e-10 * max(values[-1], 1.0)
    inverse = (vectors**2 / np.where(exact, np.inf, np.maximum(values, 1e-300))).sum(axis=1)
    inverse[(vectors[:, exact] ** 2).sum(axis=1) > 1e-8] = np.inf
    factors[varies] = inverse
    return factors


def condition_number(correlation: np.ndarray) -> float:
    """Largest over smallest singular value of the standardised columns (Belsley: above 30 is much)."""
    if not len(correlation) or np.isnan(correlation).any():
        return float("nan")
    values = np.linalg.eigvalsh(correlation)
    return float(np.sqrt(values[-1] / values[0])) if values[0] > 1e-12 * values[-1] else float("inf")


def drop_collinear(
    terms: list[Term], correlation: np.ndarray, limit: float
) -> tuple[list[str], pd.DataFrame]:
    """Features that stay, and feature, vif, vif_after, action (kept, dropped).

    While a factor exceeds `limit`, the feature with the largest is dropped; of several that are equal (within
    a hundredth, as in a pair) the one that stands last in `covariates.COVARIATES`, whose order is that of
    preference. A level of a category is regressed on the other features only: that levels exclude each other
    inflates nothing.

    Parameters
    ----------
    correlation
        Of the terms' columns.
    """
    features = list(dict.fromkeys(term.feature for term in terms))
    feature_of = np.array([term.feature for term in terms])
    first = _by_feature(correlation, feature_of, features)
    kept, current = list(features), dict(first)
    while (largest := max(current.values(), default=0.0)) > limit and len(kept) > 1:
        kept.remove([name for name in kept if current[name] >= 0.99 * largest][-1])
        current = _by_feature(correlation, feature_of, kept)
    frame = pd.DataFrame(
        {
            "feature": features,
            "vif": [first[name] for name in features],
            "vif_after": [current.get(name, np.nan) for name in features],
            "action": ["kept" if name in kept else "dropped" for name in features],
        }
    )
    return kept, frame


def _by_feature(correlation: np.ndarray, feature_of: np.ndarray, features: list[str]) -> dict[str, float]:
    """Largest factor among each feature's columns, each regressed on the other features."""
    largest = {}
    for name in features:
        others = np.flatnonzero(np.isin(feature_of, features) & (feature_of != name))
        factors = [
            variance_inflation(correlation[np.ix_(at, at)])[0]
            for at in (np.r_[column, others] for column in np.flatnonzero(feature_of == name))
        ]
        largest[name] = float(np.nanmax([1.0, *factors]))
    return largest


def correlations(X: np.ndarray) -> np.ndarray:
    """Correlation matrix; NaN for columns that do not vary."""
    X = X - X.mean(axis=0)
    spread = np.sqrt((X**2).mean(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        X /= np.where(spread > 1e-12 * np.abs(X).max(axis=0, initial=0.0), spread, np.nan)
    with threadpool_limits(limits=1, user_api="blas"):
        return X.T @ X / max(len(X), 1)
