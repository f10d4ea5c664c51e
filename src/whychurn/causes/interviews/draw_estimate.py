"""Shares of the causes from leavers drawn by lot, with the model's chances as predictions.

The estimate rests on the draw, whatever the model: predictions make it more precise where they are good and
cannot bias it (prediction-powered inference: Angelopoulos et al. 2023; with power tuning, PPI++:
Angelopoulos, Duchi and Zrnic 2023; with uneven chances: Zrnic and Candès 2024). For cause k, with answers G,
predictions P, chances p of being drawn and w = 1/p,

    theta_k = lambda_k mean_all(P_k) + sum_asked w (G_k - lambda_k P_k) / sum_asked w    (Hájek 1971).

Who names none of the six counts as silent about them: the six shares are of leavings for one of the six.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.interviews.coder_agreement import CoderAgreement, corrected_answers
from whychurn.causes.interviews.interview_answers import ANSWERED, Interviews
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

SHIFT_TRUSTED: Final = (
    0.5  # sd of the true shift from the asked period to all leavings, as a part of the model's
)


@dataclass(frozen=True)
class DrawEstimate:
    """Shares by the draw.

    Parameters
    ----------
    share
        Sums to one; (6,).
    covariance
        Of the shares, members clustered; (6, 6).
    log_odds_sd
        Sd of the log-odds of each share; (6,).
    power
        lambda: how much of the model's chances is used, 0 to 1; (6,).
    effective
        Leavers drawn with equal chances that would tell as much.
    asked, answered, named
        Leavers of the period drawn, of these who answered, and who named one of the six.
    outside
        Share of the answers, weighted, that name none of the six.
    first_day, last_day
        Last days of presence of the first and the last leaver asked: the period that was drawn from.
    in_period
        Leavings of that period.
    """

    share: Array
    covariance: Array
    log_odds_sd: Array
    power: Array
    effective: float
    asked: int
    answered: int
    named: int
    outside: float
    first_day: pd.Timestamp
    last_day: pd.Timestamp
    in_period: int


def estimate_draw(
    interviews: Interviews, p: Array, member: Array, left_on: pd.Series, coding: CoderAgreement
) -> DrawEstimate:
    """Shares of all leavings from those drawn by lot.

    The draw is of a period, found from who was asked. All leavings differ from it as the model says, and the
    intervals are wider by a part of this shift.

    Parameters
    ----------
    interviews
        Of the churn events.
    p
        The model's chances of the causes, taught by none of these interviews; null counts as no prediction;
        (n, 6).
    member
        Member of each churn event; (n,).
    left_on
        Last day of presence; (n,).
    """
    drawn = interviews.by_lot
    days = left_on.to_numpy("datetime64[ns]")
    asked_on = np.sort(days[drawn])  # a few may have been gone for long before the day that the draw went by
    first, last = asked_on[len(asked_on) // 100], asked_on[-1 - len(asked_on) // 100]
    period = (days >= first) & (days <= last)
    p = np.where(np.isnan(p).any(axis=1, keepdims=True), 1 / len(CAUSES), p)
    used = drawn & interviews.named
    weight = 1 / interviews.probability[used]
    named_part = interviews.coded[used].sum(axis=1)
    answers = corrected_answers(interviews.coded[used] / named_part[:, None], coding.reliable)
    share, covariance, power = powered_shares(
        answers, p[used], weight * named_part, member[used], p[period].mean(axis=0)
    )
    chance = (share - 1 / len(CAUSES)) * coding.reliable_sd / coding.reliable
    shift = p.mean(axis=0) - p[period].mean(axis=0)
    covariance = covariance + np.outer(chance, chance) + np.diag((SHIFT_TRUSTED * shift) ** 2)
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    share = on_simplex(share + shift, effective)
    answered = drawn & (interviews.status == ANSWERED)
    all_answers = 1 / interviews.probability[answered]
    outside = 1 - float((weight * named_part).sum() / all_answers.sum())
    return DrawEstimate(
        share, covariance, log_odds_sd(share, np.diag(covariance), effective), power, effective,
        int(drawn.sum()), int(answered.sum()), int(used.sum()), outside,
        pd.Timestamp(first), pd.Timestamp(last), int(period.sum()),
    )  # fmt: skip


def powered_shares(
    answers: Array, p: Array, weight: Array, member: Array, mean_p: Array
) -> tuple[Array, Array, Array]:
    """Shares, their covariance and lambda of the asked, before they are put on the simplex.

    lambda of a cause makes the variance least, within [0, 1]; variances by linearisation of the ratio, over
    members (Särndal, Swensson and Wretman 1992, 5.7), without the finite population correction.

    Parameters
    ----------
    answers, p
        Answers and predictions of the asked; (n, 6).
    weight
        1 / chance of being drawn; (n,).
    member
        (n,).
    mean_p
        Mean prediction of all who could have been drawn; (6,).
    """
    total = weight.sum()
    code, members = pd.factorize(member)
    told, predicted = weight @ answers / total, weight @ p / total
    e, d = (
        _by_member(weight[:, None] * (values - mean) / total, code, len(members))
        for values, mean in ((answers, told), (p, predicted))
    )
    spread = (d**2).sum(axis=0)
    power = np.clip(
        np.divide((e * d).sum(axis=0), spread, out=np.zeros_like(spread), where=spread > 1e-15), 0, 1
    )
    residual = e - power * d
    covariance = residual.T @ residual * len(members) / max(len(members) - 1, 1)
    return told + power * (mean_p - predicted), covariance, power


def _by_member(values: Array, code: Array, members: int) -> Array:
    return np.stack([np.bincount(code, column, members) for column in values.T], axis=1)


def on_simplex(share: Array, effective: float) -> Array:
    """Shares that are at least half an answer each and sum to one; (6,)."""
    share = np.maximum(share, 0.5 / effective)
    return share / share.sum()


def log_odds_sd(share: Array, variance: Array, effective: float) -> Array:
    """Sd of the log-odds of shares, which stays finite where hardly anybody names a cause; (6,).

    The binomial variance of a share with one more answer for each cause is added, as far as it exceeds that
    of the share: without it nobody named would mean surely none.
    """
    smoothed = (share * effective + 1) / (effective + len(CAUSES))
    own, more = share * (1 - share), smoothed * (1 - smoothed)
    rare = share < smoothed
    variance = variance + np.where(rare, np.maximum(more - own, 0.0) / effective, 0.0)
    return np.sqrt(variance / np.where(rare, own * more, own**2))
