"""Correction of p-values for the number of tests."""

import numpy as np
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
