"""How much less churn there would have been without the excess of one cause.

This differs from the share of a cause: a cause also takes members at its base rate, which no action removes; and whom an
action saves from one cause stays exposed to all others (the damper), so that less is won than the share suggests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from whychurn.causes.exposures.history import Tape
from whychurn.causes.exposures.member_block import BASES
from whychurn.causes.member_weeks.weeks_at_risk import summed
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

COHORT_WEEKS = 4  # members who came in the same four weeks share one curve


def excess_flags(names: list[str]) -> Array:
    """Which exposures are excess: all but ``base`` and ``newcomer``."""
    return np.array([name not in BASES for name in names], dtype=bool)


@dataclass(frozen=True)
class Cells:
    """Exposures of members at risk by weeks of coming in and week.

    Parameters
    ----------
    mean
        Mean exposures of those at risk; (cohorts, weeks, J).
    first
        Stays that came in, by cohort; (cohorts,).
    causes, excess
        Cause of each exposure, and whether it is excess; (J,).
    """

    mean: Array
    first: Array
    causes: Array
    excess: Array


def exposure_cells(tape: Tape, tempo: Array, entered: Array, weeks: int) -> Cells:
    """Cells of `tape`, exposures times the `tempo` of each pace; `entered` is the first week at risk of each stay."""
    cohorts = int(entered.max(initial=0)) // COHORT_WEEKS + 1
    cell = (entered[tape.risk.stay] // COHORT_WEEKS) * weeks + tape.risk.week
    felt = replace(tape.risk, weight=tape.risk.weight * tempo[tape.risk.pace])
    total = summed(felt, cell, cohorts * weeks)
    weight = np.bincount(cell, tape.risk.weight, cohorts * weeks)[:, None]
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    first = np.bincount(entered // COHORT_WEEKS, minlength=cohorts).astype("float64")
    return Cells(mean.reshape(cohorts, weeks, -1), first, tape.causes, excess_flags(tape.names))


def avoidable_shares(cells: Cells, beta: Array, untraced: Array | None = None) -> Array:
    """Leavings that would not have happened without the excess of each cause, as a share of all; (6,).

    Members who came in the same weeks share a curve ``S(t) = exp(-sum h(s))`` with the mean hazard h of those still at risk;
    without the excess e_k of cause k it is ``exp(-sum (h(s) - e_k(s)))``. The share is the difference of the expected leavings
    by the end, over the expected leavings. (g-formula with independent causes; the frailer leaving earlier is not modelled.)

    Parameters
    ----------
    beta
        Coefficients; (J,).
    untraced
        Part of each cause's base that is counted as excess which left no trace; none if not given; (6,).
    """
    base = np.zeros(len(beta)) if untraced is None else untraced[cells.causes]
    part = np.where(cells.excess, 1.0, base) * beta
    summed_excess = (cells.mean @ (np.eye(len(CAUSES))[cells.causes] * part[:, None])).sum(axis=1)
    whole = (cells.mean @ beta).sum(axis=1)
    leavings = cells.first @ -np.expm1(-whole)
    if not leavings > 0:
        return np.zeros(len(CAUSES))
    saved = np.exp(-whole[:, None] + summed_excess) - np.exp(-whole)[:, None]
    return (cells.first @ saved) / leavings
