"""Chances of the causes of each member, brought in line with what was heard in interviews."""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.interviews.interview_answers import Interviews
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

TRUTHFUL: Final = 0.9  # leavers who tell why they left when called, coding apart
MAX_STEPS: Final = 500
CLOSE: Final = 1e-9  # of a share


def heard(p: Array, interviews: Interviews, reliable: float) -> Array:
    """Chances given what coders heard (Bayes); rows that nobody asked stay as they are; (n, 6).

    Parameters
    ----------
    p
        (n, 6).
    reliable
        Share of codings that are right for another reason than chance.
    """
    right = TRUTHFUL * reliable
    by_cause = np.log((1 - right) / len(CAUSES) + right * np.eye(len(CAUSES)))
    joint = p * np.exp(interviews.coded @ by_cause)
    return np.where(interviews.named[:, None], joint / joint.sum(axis=1, keepdims=True), p)


def raking_factors(p: Array, share: Array) -> Array:
    """Factors of the causes with which the mean chance of each becomes its share; (6,).

    That is a shift of the log prior of each cause, found by iterative proportional fitting (Deming and
    Stephan 1940).

    Parameters
    ----------
    p
        Chances of the churn events, rows sum to one; (n, 6).
    share
        Sums to one; (6,).
    """
    factors = np.ones(len(CAUSES))
    for _ in range(MAX_STEPS):
        mean = raked(p, factors).mean(axis=0)
        factors = factors * share / np.maximum(mean, 1e-12)
        if np.abs(mean - share).max() < CLOSE:
            break
    return factors / factors.max()


def raked(p: Array, factors: Array) -> Array:
    """Chances times the factors of the causes, rows that sum to one; (n, 6)."""
    joint = p * factors
    return joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
