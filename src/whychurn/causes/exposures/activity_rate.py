"""How busy members are, and how readily members as busy leave: a factor on all hazards, the tempo.

Who uses a programme much meets more returns and late answers, and leaves less readily. Without the tempo such exposures look
harmless. It cancels in the causes of a leaving; it matters for what the exposures add.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.contract.arrays import Array
from whychurn.contract.params import PaceParams

UNKNOWN: Final = 0  # too short a time to tell


def usual_pace(acts: Array, weeks: Array) -> float:
    """Own acts a week of all members together; `weeks` of their stays."""
    return float(acts.sum() / max(float(weeks.sum()), 1.0))


def known_rate(
    acts: Array, first: Array, usual: float, quiet_weeks: int, params: PaceParams
) -> tuple[Array, Array]:
    """Own acts a week as known in each week, and the weeks that are known; (weeks, n) each.

    Only acts of at least `quiet_weeks` ago count: who has made up their mind acts less, which must not look like a pace.

    Parameters
    ----------
    acts
        Own acts; (weeks, n).
    first
        First week of each member's stays; (n,).
    usual
        See `usual_pace`; short times are drawn towards it.
    """
    weeks, members = acts.shape
    before = np.concatenate([np.zeros_like(acts[:1]), acts.cumsum(axis=0, dtype="float64")[:-1]])
    week = np.arange(weeks)[:, None] - quiet_weeks
    seen = np.maximum(week - first[None, :], 0)
    column = np.arange(members)[None, :]
    start = np.minimum(first, weeks - 1)[None, :]
    count = np.maximum(before[np.maximum(week, 0), column] - before[start, column], 0)
    return (count + params.soft_weeks * usual) / (seen + params.soft_weeks), seen


def pace_borders(rate: Array, seen: Array, params: PaceParams) -> Array:
    """Borders between groups of equal size among the weeks that tell enough; (groups - 1,)."""
    told = rate[seen >= params.min_weeks]
    return np.quantile(told, np.linspace(0, 1, params.groups + 1)[1:-1]) if len(told) else np.zeros(0)


def pace_groups(rate: Array, seen: Array, borders: Array, params: PaceParams) -> Array:
    """Group of each week and member: `UNKNOWN` where less than `min_weeks` are known, else from 1 on; (weeks, n)."""
    group = 1 + np.searchsorted(borders, rate, side="right")
    return np.where(seen >= params.min_weeks, group, UNKNOWN).astype("int8")


def tempo(left: Array, expected: Array, prior: float) -> Array:
    """Factor of each group: leavings over those expected, drawn to one by `prior` leavings; (groups,)."""
    return (left + prior) / (expected + prior)
