"""Avoidable churn: how much less there would have been without the excess hazard of one cause.

The estimand is the population attributable fraction of each cause (Levin 1953). It differs from the share of
a cause: a cause also takes members at its background hazard, which no action removes; and members saved from
one cause stay exposed to all others, so that less is won than the share suggests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from whychurn.causes.exposures.block_exposures import BASES
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.member_weeks.weeks_at_risk import weighted_sums
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

COHORT_WEEKS: Final = 4  # members who entered in the same four weeks share one survival curve


def is_excess(names: list[str]) -> Array:
    """Which exposures belong to the excess hazard: all but ``base`` and ``newcomer``; (J,)."""
    return np.array([name not in BASES for name in names], dtype=bool)


@dataclass(frozen=True)
class CohortExposures:
    """Exposures of members at risk by entry cohort and week.

    Parameters
    ----------
    mean
        Mean exposures of those at risk; (cohorts, weeks, J).
    size
        Spells that began, by cohort; (cohorts,).
    causes, excess
        Cause of each exposure, and whether it belongs to the excess hazard; (J,).
    """

    mean: Array
    size: Array
    causes: Array
    excess: Array


def cohort_exposures(
    history: ExposureHistory, frailty: Array, first_week: Array, weeks: int
) -> CohortExposures:
    """Mean exposures times the `frailty` of each activity stratum, by cohort.

    Parameters
    ----------
    frailty
        (strata,).
    first_week
        First week at risk of each spell; (spells,).
    """
    cohort, risk = first_week // COHORT_WEEKS, history.risk
    cohorts = int(first_week.max(initial=0)) // COHORT_WEEKS + 1
    cell = cohort[risk.spell] * weeks + risk.week
    total = weighted_sums(replace(risk, weight=risk.weight * frailty[risk.stratum]), cell, cohorts * weeks)
    weight = np.bincount(cell, risk.weight, cohorts * weeks)[:, None]
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    size = np.bincount(cohort, minlength=cohorts).astype("float64")
    return CohortExposures(mean.reshape(cohorts, weeks, -1), size, history.causes, is_excess(history.names))


def avoidable_shares(
    cohorts: CohortExposures, coefficients: Array, unobserved_excess: Array | None = None
) -> Array:
    """Churn that would not have happened without the excess hazard of each cause, as a share of all; (6,).

    Members of a cohort share a survival curve ``S(t) = exp(-sum h(s))`` with the mean hazard h of those still
    at risk; without the excess e_k of cause k it is ``exp(-sum (h(s) - e_k(s)))``. The share is the
    difference of the expected churn events by the end, over the expected ones. (g-formula with independent
    causes, Robins 1986; that frailer members leave earlier is not modelled.)

    Parameters
    ----------
    coefficients
        Of the exposures; (J,).
    unobserved_excess
        Share of each cause's background hazard that counts as excess without a trace; none if not given;
        (6,).
    """
    background = 0.0 if unobserved_excess is None else unobserved_excess[cohorts.causes]
    removed = np.where(cohorts.excess, 1.0, background) * coefficients
    excess = (cohorts.mean @ (np.eye(len(CAUSES))[cohorts.causes] * removed[:, None])).sum(axis=1)
    total = (cohorts.mean @ coefficients).sum(axis=1)
    events = cohorts.size @ -np.expm1(-total)
    if not events > 0:
        return np.zeros(len(CAUSES))
    saved = np.exp(-total[:, None] + excess) - np.exp(-total)[:, None]
    return (cohorts.size @ saved) / events
