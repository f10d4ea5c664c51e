"""Members who bring members: content ones now and then, and some of those who are asked.

Nobody is added: newcomers whom the window has anyway are said to have come through a member, where one brought
somebody in these weeks. So everything else stays as it is.
"""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.lives.exits import Exits
from whychurn.world.lives.members import Members
from whychurn.world.setting.scenario import Scenario

WITHIN_WEEKS: Final = 4  # in which the newcomer joins whom a member brings
NOBODY: Final = -1


def content_members(scenario: Scenario, hazard: np.ndarray) -> np.ndarray:
    """Members whose total hazard is below a share of the median; `hazard` (n,) of one week; (n,) bool."""
    if not len(hazard):
        return np.zeros(0, dtype=bool)
    return hazard < scenario.programme.referral.content_below * np.median(hazard)


def draw_referrers(
    scenario: Scenario,
    members: Members,
    hazards: np.ndarray,
    exits: Exits,
    contacts: pd.DataFrame,
    rng: np.random.Generator,
) -> np.ndarray:
    """Position of the member through whom each newcomer of the block came, `NOBODY` where there is none; (n,).

    Parameters
    ----------
    hazards
        Weekly hazard of each cause; (causes, weeks, n).
    contacts
        Contacts with members present; those noticed of the action `referral.by` ask for it.
    """
    referral, weeks = scenario.programme.referral, scenario.clock.weeks
    asked = contacts[contacts["noticed"].astype(bool) & (contacts["action"] == referral.by)]
    came_in = members.joined // 7
    referrer = np.full(members.size, NOBODY)
    for week in range(weeks):
        day = 7 * week
        there = (members.entry < day) & (exits.left > day)
        content = np.zeros(members.size, dtype=bool)
        content[there] = content_members(scenario, hazards[:, week, there].sum(axis=0))
        brings = rng.random(members.size) < referral.a_week
        invited = asked["position"].to_numpy("int64")[asked["week"].to_numpy() == week]
        lot = rng.random(members.size) < referral.invited
        brings[invited] |= lot[invited]
        who = rng.permutation(np.flatnonzero(brings & content))
        free = (
            (referrer == NOBODY)
            & (came_in >= week)
            & (came_in < week + WITHIN_WEEKS)
            & (members.joined > day)
        )
        newcomers = rng.permutation(np.flatnonzero(free))[: len(who)]
        referrer[newcomers] = who[: len(newcomers)]
    return referrer
