"""Intervals by bootstrap over members: all leavings of a member are drawn together (Field and Welsh 2007)."""

from __future__ import annotations

import numpy as np
import pandas as pd


def member_weights(member: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """How often each row stands in each resample of members.

    Parameters
    ----------
    member
        Member of each row; (n,).

    Returns
    -------
    (draws, n) float32.
    """
    codes, known = pd.factorize(member)
    if not len(known):
        return np.ones((draws, 0), "float32")
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(known), np.full(len(known), 1 / len(known)), size=draws)
    return counts.astype("float32")[:, codes]


def resampled_means(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of `values` (n,) or (n, k) in each resample; (draws,) or (draws, k)."""
    total = weights.sum(axis=1, dtype="float64")
    summed = weights.astype("float64") @ values
    return summed / (total if values.ndim == 1 else total[:, None])


def percentiles(draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """Percentile interval of finite draws; NaN where fewer than half of them are finite."""
    finite = draws[np.isfinite(draws)]
    if len(finite) * 2 < len(draws) or not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
