"""Correction of p-values for the number of tests."""

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from whychurn.contract.arrays import Array


def benjamini_hochberg(p: Array) -> Array:
    """Adjusted p-values; missing ones stay missing and do not count (Benjamini and Hochberg 1995)."""
    p = np.asarray(p, float)
    q = np.full(p.shape, np.nan)
    known = np.isfinite(p)
    if known.any():
        q[known] = multipletests(p[known], method="fdr_bh")[1]
    return q


def bonferroni_factor(level: float, tests: int) -> float:
    """How much wider normal intervals of `level` must be so that `tests` of them hold together (Bonferroni)."""
    return float(stats.norm.isf(level / 2 / tests) / stats.norm.isf(level / 2))
