"""The draw's shares and the model's put together, on the log-odds scale, with the allowance for silence.

Weights are inverse variances (Cochran 1954); that of the draw includes the range that silence leaves, taken
as even. Where the two are further apart than their variances allow, the model is off by more here than where
it was measured: its variance is raised until they fit (Paule and Mandel 1982). The bias that silence may cause is not averaged away: the interval spans its bounds, as far as the
draw counts, and sampling error beyond them (Imbens and Manski 2004). The draw's own interval is the same with
all weight on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import optimize, special, stats

from whychurn.causes.interviews.silence_allowance import critical_value, silence_bounds
from whychurn.contract.arrays import Array

MOST_RAISED: Final = 10.0  # log of the largest factor on the model's variance
LEAST, MOST = 1e-4, 1 - 1e-4  # shares are kept between


@dataclass(frozen=True)
class ShareInterval:
    """Shares with interval, and the weight of the draw in them; (6,) each."""

    share: Array
    low: Array
    high: Array
    weight: Array


def log_odds(share: Array) -> Array:
    """Log-odds of shares, those of none and all kept finite."""
    return special.logit(np.clip(share, LEAST, MOST))


def sd_of_interval(low: Array, high: Array, confidence: float) -> Array:
    """Sd of the log-odds behind a normal interval on that scale; infinite where there is none; (n,)."""
    sd = (log_odds(high) - log_odds(low)) / (2 * stats.norm.ppf((1 + confidence) / 2))
    return np.where(np.isfinite(sd), sd, np.inf)


def draw_interval(share: Array, sd: Array, gamma: float, confidence: float) -> ShareInterval:
    """The draw's shares alone, with the allowance for silence; see `combine`."""
    return combine(share, sd, share, np.full(len(share), np.inf), gamma, confidence)


def combine(
    share: Array, sd: Array, model_share: Array, model_sd: Array, gamma: float, confidence: float
) -> ShareInterval:
    """Shares of the draw and of the model together.

    Parameters
    ----------
    share, model_share
        By the draw and by the model; (6,).
    sd, model_sd
        Sd of their log-odds: of the draw the sampling error, of the model all that it may be off; infinite
        where it tells nothing; (6,).
    gamma
        See `silence_bounds`.
    """
    centre, bounds = log_odds(share), silence_bounds(share, gamma)
    below, above = centre - log_odds(bounds[0]), log_odds(bounds[1]) - centre
    drawn, known = np.isfinite(sd), np.isfinite(model_sd)
    variance = sd**2 + (below + above) ** 2 / 12
    model_centre = np.where(known, log_odds(model_share), centre)
    model_sd = model_sd * _raised(centre - model_centre, variance, model_sd**2)
    weight = 1 / variance / (1 / variance + 1 / model_sd**2)
    total_sd = np.hypot(weight * np.where(drawn, sd, 0.0), (1 - weight) * np.where(known, model_sd, 0.0))
    together = special.expit(weight * centre + (1 - weight) * model_centre)
    together = together / together.sum()
    half = critical_value(weight * (below + above), total_sd, confidence) * total_sd
    low = special.expit(log_odds(together) - weight * below - half)
    high = special.expit(log_odds(together) + weight * above + half)
    return ShareInterval(together, low, high, weight)


def _raised(apart: Array, variance: Array, model_variance: Array) -> float:
    """Factor on the sd of the model, at least one, with which the distances are as large as expected."""
    free = np.isfinite(variance) & np.isfinite(model_variance)
    if not free.any():
        return 1.0

    def excess(factor: float) -> float:
        expected = variance[free] + np.exp(factor) * model_variance[free]
        return float((apart[free] ** 2 / expected).sum()) - max(int(free.sum()) - 1, 1)

    if excess(0.0) <= 0:
        return 1.0
    if excess(MOST_RAISED) > 0:
        return float(np.exp(MOST_RAISED / 2))
    return float(np.exp(optimize.brentq(excess, 0.0, MOST_RAISED) / 2))
