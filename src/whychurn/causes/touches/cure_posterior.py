"""What a difference between the arms says of the share of the cause that the action is aimed at.

An action with efficacy e on a cause of share S takes away S * e of all leavings, so an effect r on leavings
says that S is at least r. No effect says next to nothing: the action may be a dud. A priori a third of the actions
are duds, the efficacy of the others is uniform, Beta(1, 1); the share has the model's interval, normal on the
log-odds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import special, stats

from whychurn.contract.arrays import Array

DUDS: Final = 1 / 3  # of the actions do nothing
EFFICACY: Final = np.linspace(0.005, 0.995, 100)  # midpoints; Beta(1, 1)
STEPS: Final = 321  # of the log-odds
REACH: Final = 5.0  # standard deviations of the prior to either side
POWER_EFFICACY: Final = 0.5  # of the action for which power is told


@dataclass(frozen=True)
class SharePosterior:
    """Mean and interval of a share."""

    share: float
    low: float
    high: float


def share_posterior(
    tests: pd.DataFrame, share: float, low: float, high: float, confidence: float
) -> SharePosterior:
    """Share of a cause given the model's interval and all tests of actions aimed at it.

    Parameters
    ----------
    tests
        One row a campaign: action, rate, difference, sd, force, mix (the model's share of the cause among the
        leavings of members held out). Campaigns of one action have one efficacy. The error of the model is the
        same shift of the log-odds in all campaigns.
    share, low, high
        The model's share of all leavings with its interval.
    """
    width = stats.norm.ppf((1 + confidence) / 2)
    sd = float((special.logit(high) - special.logit(low)) / (2 * width))
    shift = sd * np.linspace(-REACH, REACH, STEPS)
    log_posterior = stats.norm.logpdf(shift, 0, sd)
    for _, campaigns in tests.groupby("action", sort=False):
        log_posterior = log_posterior + action_log_likelihood(campaigns, shift)
    weight = np.exp(log_posterior - log_posterior.max())
    weight /= weight.sum()
    values = special.expit(special.logit(share) + shift)
    prior = stats.norm.pdf(shift, 0, sd)
    # moved by as much as the mean moves: without tests the share is the model's
    moved = share + float(weight @ values) - float(prior @ values / prior.sum())
    bounds = np.interp([(1 - confidence) / 2, (1 + confidence) / 2], np.cumsum(weight) - weight / 2, values)
    return SharePosterior(moved, float(bounds[0]), float(bounds[1]))


def action_log_likelihood(campaigns: pd.DataFrame, shift: Array) -> Array:
    """Log-likelihood of the differences of one action's campaigns, its efficacy integrated out; (shifts,)."""
    mix = np.clip(campaigns["mix"].to_numpy("float64"), 1e-4, 1 - 1e-4)
    force, difference, sd = (campaigns[name].to_numpy("float64") for name in ("force", "difference", "sd"))
    share = special.expit(special.logit(mix)[:, None] + shift)
    removed = (campaigns["rate"].to_numpy("float64") * force)[:, None] * share  # by an action that cures all
    of_duds = stats.norm.logpdf(difference, 0, sd).sum()
    expected = -removed[:, :, None] * EFFICACY
    of_others = stats.norm.logpdf(difference[:, None, None], expected, sd[:, None, None]).sum(axis=0)
    others = special.logsumexp(of_others, axis=1) - np.log(len(EFFICACY))
    return np.logaddexp(np.log(DUDS) + of_duds, np.log1p(-DUDS) + others)


def power_at(rate: float, force: float, mix: float, sd: float, confidence: float) -> float:
    """Chance that the test notices an action of efficacy `POWER_EFFICACY` if the share were `mix`."""
    expected = rate * force * mix * POWER_EFFICACY
    return float(stats.norm.cdf(expected / sd - stats.norm.ppf((1 + confidence) / 2)))
