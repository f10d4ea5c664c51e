"""Campaigns that choose their members: three kinds of confounding, each in its own direction.

Silent members leave more whatever is done, the best members less, and where a rival is active more leave than
elsewhere: a comparison with members not chosen is off each time.
"""

from __future__ import annotations

import numpy as np

from whychurn.world.lives.members import Members
from whychurn.world.lives.weekly_history import WeeklyHistory
from whychurn.world.setting.actions import Aimed
from whychurn.world.setting.scenario import Scenario

_SEEN_WEEKS = 26  # that the company looks back for the best members
_SILENT_WEEKS = 8
_PART = 0.25  # of the members is silent, or among the best
_ACTIVE = 0.9  # activity of rivals above which the company notices them


def aimed_at(
    scenario: Scenario, members: Members, history: WeeklyHistory, aimed: Aimed, rng: np.random.Generator
) -> np.ndarray:
    """Positions of the members whom one campaign chooses; (m,)."""
    week = scenario.clock.week_at(aimed.at)
    joined = (members.entry < 7 * week) & members.marketing
    lot, tie = rng.random((2, members.size))
    use = history.counts[scenario.programme.use]
    if aimed.who == "rivals":
        nearby = history.levels["rival_activity"][max(0, week - 4) : week + 1].mean(axis=0)
        concerned = nearby > _ACTIVE
    elif aimed.who == "best":
        concerned = _largest(use[max(0, week - _SEEN_WEEKS) : week].sum(axis=0) + tie, joined)
    else:
        concerned = _largest(-use[max(0, week - _SILENT_WEEKS) : week].sum(axis=0) + tie, joined)
    return np.flatnonzero(joined & concerned & (lot < aimed.share))


def _largest(score: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Whether a score is in the largest part of those of the members in question; (n,) bool."""
    if not among.any():
        return among
    return score >= np.quantile(score[among], 1 - _PART)
