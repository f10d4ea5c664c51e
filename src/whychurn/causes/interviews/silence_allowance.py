"""What silence can hide: who answers an interview depends on why they left.

A marginal sensitivity model (Tan 2006; Zhao, Small and Bhattacharya 2019): the chance to answer of leavers
for one cause differs from that of all leavers by a factor of at most gamma either way. Answers then name
``g_k = theta_k r_k`` with ``1/gamma <= r_k <= gamma`` and ``sum_k theta_k r_k = 1``, so that ``theta_k = g_k u_k`` with
u = 1/r in the same range and ``sum_k g_k u_k = 1``: a linear programme with a closed solution.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from whychurn.contract.arrays import Array


def silence_bounds(share: Array, gamma: float) -> tuple[Array, Array]:
    """Least and largest true share that fits a share of the answers.

    Parameters
    ----------
    share
        (n,).
    gamma
        At least one; one is silence whatever the cause.
    """
    low = np.maximum(share / gamma, 1 - (1 - share) * gamma)
    high = np.minimum(share * gamma, 1 - (1 - share) / gamma)
    return low, high


def critical_value(width: Array, sd: Array, confidence: float) -> Array:
    """Standard errors beyond the bounds of an interval that covers the true value with `confidence`.

    Solves ``cdf(c + width / sd) - cdf(-c) = confidence`` (Imbens and Manski 2004): two-sided where the bounds
    coincide, one-sided where they are far apart, for the truth lies at one of them at most.

    Parameters
    ----------
    width
        Distance of the bounds; (n,).
    sd
        Of the estimate; (n,).
    """
    gap = width / np.maximum(sd, 1e-12)
    low = np.full_like(gap, stats.norm.ppf(confidence))
    high = np.full_like(gap, stats.norm.ppf((1 + confidence) / 2))
    for _ in range(40):  # bisection: the left side rises with c
        middle = (low + high) / 2
        enough = stats.norm.cdf(middle + gap) - stats.norm.cdf(-middle) >= confidence
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def order_open_at(share: Array, covariance: Array, confidence: float) -> float:
    """Gamma from which on it is open which of the two largest causes is larger; 1 where chance alone suffices.

    The larger one keeps ahead while ``g_1 / gamma > g_2 gamma``, less the sampling error of ``log(g_1 / g_2)``.

    Parameters
    ----------
    share
        (6,).
    covariance
        (6, 6).
    """
    first, second = np.argsort(-share)[:2]
    slope = np.zeros(len(share))
    slope[first], slope[second] = 1 / share[first], -1 / share[second]
    sd = float(np.sqrt(slope @ covariance @ slope))
    ahead = np.log(share[first] / share[second]) - stats.norm.ppf((1 + confidence) / 2) * sd
    return float(np.exp(max(ahead, 0.0) / 2))
