"""How much less churn there would have been without the excess of one cause.

This differs from the share of a cause: a cause also takes members at its base rate, which no action removes; and whom an
action saves from one cause stays exposed to all others (the damper), so that less is won than the share suggests.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from whychurn.causes.additive import cause_hazards
from whychurn.causes.tape import Tape
from whychurn.contract.causes import CAUSES

Array = np.ndarray[Any, Any]
COHORT_WEEKS = 4  # members who came in the same four weeks share one curve


def excess_flags(names: list[str]) -> Array:
    """Which exposures are excess: all but ``base`` and ``newcomer``."""
    return np.array([name not in ("base", "newcomer") for name in names])


def avoidable_shares(
    tape: Tape,
    beta: Array,
    entered: Array,
    weeks: int,
    times: Array | None = None,
    untraced: Array | None = None,
) -> Array:
    """Leavings that would not have happened without the excess of each cause, as a share of all; (6,).

    Members who came in the same weeks share a curve ``S(t) = exp(-sum h(s))`` with the mean hazard h of those still at risk;
    without the excess e_k of cause k it is ``exp(-sum (h(s) - e_k(s)))``. The share is the difference of the expected leavings
    by the end, over the expected leavings. (g-formula with independent causes; the frailer leaving earlier is not modelled.)

    Parameters
    ----------
    entered
        First week at risk of each stay.
    weeks
        Number of weeks.
    times
        How often each stay counts; once if not given.
    untraced
        Part of each cause's base that is counted as excess which left no trace; none if not given; (6,).
    """
    weight = tape.risk.weight if times is None else tape.risk.weight * times[tape.risk.stay]
    total = cause_hazards(tape.risk.x, beta, tape.causes).sum(axis=1)
    base = np.zeros(len(beta)) if untraced is None else untraced[tape.causes]
    excess = cause_hazards(tape.risk.x, beta, tape.causes, np.where(excess_flags(tape.names), 1.0, base))
    cohort = entered[tape.risk.stay] // COHORT_WEEKS
    cells = cohort * weeks + tape.risk.week
    size = (int(entered.max(initial=0)) // COHORT_WEEKS + 1) * weeks

    def mean(values: Array) -> Array:
        summed = np.bincount(cells, values * weight, size).reshape(-1, weeks)
        return np.divide(summed, at_risk, out=np.zeros_like(summed), where=at_risk > 0)

    at_risk = np.bincount(cells, weight, size).reshape(-1, weeks)
    first = np.bincount(entered // COHORT_WEEKS, None if times is None else times, at_risk.shape[0])
    curve = np.cumsum(mean(total), axis=1)
    leavings = first @ -np.expm1(-curve[:, -1])
    if not leavings > 0:
        return np.zeros(len(CAUSES))
    saved = [
        first @ (np.exp(-curve[:, -1] + np.cumsum(mean(column), axis=1)[:, -1]) - np.exp(-curve[:, -1]))
        for column in excess.T
    ]
    return np.array(saved) / leavings
