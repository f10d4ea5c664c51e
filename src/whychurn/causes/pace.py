"""How busy members are, and how readily members as busy leave: a factor on all hazards, the tempo.

Who uses a programme much meets more returns and late answers, and leaves less readily. Without the tempo such exposures look
harmless. It cancels in the causes of a leaving; it matters for what the exposures add.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from whychurn.causes.exposures import own_acts
from whychurn.causes.records import Records
from whychurn.contract.cause_sections import PaceParams

Array = np.ndarray[Any, Any]
UNKNOWN: Final = 0  # too short a time to tell


def usual_pace(acts: Array, weeks: Array) -> float:
    """Own acts a week of all members together; `weeks` of their stays."""
    return float(acts.sum() / max(float(weeks.sum()), 1.0))


def known_pace(records: Records, first: Array, usual: float, quiet_weeks: int, params: PaceParams) -> Array:
    """Group by own acts a week, as known in each week; (weeks, n).

    Only acts of at least `quiet_weeks` ago count: who has made up their mind acts less, which must not look like a pace.

    Parameters
    ----------
    first
        First week of each member's stays; (n,).
    usual
        See `usual_pace`; groups are cut at `params.edges` times it, and short times are drawn towards it.

    Returns
    -------
    `UNKNOWN` where less than `params.min_weeks` can be seen, else 1 to the number of edges + 1.
    """
    acts = own_acts(records)
    before = np.concatenate([np.zeros_like(acts[:1]), acts.cumsum(axis=0, dtype="float64")[:-1]])
    week = np.arange(records.calendar.weeks)[:, None] - quiet_weeks
    seen = week - first[None, :]
    column = np.arange(records.size)[None, :]
    count = before[np.maximum(week, 0), column] - before[first[None, :], column]
    pace = (count + params.soft_weeks * usual) / (np.maximum(seen, 0) + params.soft_weeks)
    group = 1 + np.searchsorted(np.array(params.edges) * usual, pace, side="right")
    return np.where(seen >= params.min_weeks, group, UNKNOWN).astype("int8")


def tempo(left: Array, expected: Array, prior: float) -> Array:
    """Factor of each group: leavings over those expected, drawn to one by `prior` leavings; (groups,)."""
    return (left + prior) / (expected + prior)
