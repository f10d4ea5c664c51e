"""The planted truth of stays: how many would stay how long if nobody left from one cause."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.lives.hazard import at_risk
from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.programme import Programme

AS_IT_WAS: Final = "none"


def stay_without(programme: Programme, clock: Clock, members: Members, hazards: np.ndarray) -> pd.DataFrame:
    """Table `stay_without`: expected counts of one block of members by weeks since joining, first stays only.

    Parameters
    ----------
    hazards
        Weekly hazard of each cause, campaigns as they were; (causes, weeks, n).

    Returns
    -------
    DataFrame
        removed (``none`` or a cause, of which the whole hazard is gone, base included), tenure_week, present (expected
        member-weeks) and left (expected decisions to leave). Sums over the blocks give the hazard of a week as
        left / present; members who joined before the window count from the first week seen.
    """
    share = at_risk(clock, members.entry)
    age = np.maximum((7 * np.arange(clock.weeks)[:, None] - members.joined) // 7, 0)
    total = hazards.sum(axis=0, dtype="float64")
    parts = []
    for number, removed in enumerate([AS_IT_WAS, *programme.causes], start=-1):
        hazard = (total if number < 0 else total - hazards[number]) * share
        there = np.exp(-(np.cumsum(hazard, axis=0) - hazard))  # at the beginning of each week
        counts = {
            "present": np.bincount(age.ravel(), (there * share * clock.length[:, None]).ravel()),
            "left": np.bincount(age.ravel(), (there * -np.expm1(-hazard)).ravel()),
        }
        part = pd.DataFrame({"removed": removed, "tenure_week": np.arange(len(counts["left"])), **counts})
        parts.append(part[part["present"] > 0])
    return pd.concat(parts, ignore_index=True)
