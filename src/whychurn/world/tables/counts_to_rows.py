"""From weekly counts to single rows with a day, on days when the person was a member; codes as small columns."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from whychurn.world.lives.exits import Exits
from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.mechanism import ActivityDrop
from whychurn.world.setting.scenario import Scenario


@dataclass(frozen=True)
class Presence:
    """When members are active and when the company still writes to them.

    Parameters
    ----------
    active_share
        Share of the member's activity that remains in each week: 0 when away, 1 in ordinary times, less
        before leaving; (weeks, n).
    contacted
        Whether the company writes to the member; (weeks, n).
    exits
        When they leave and return.
    entry
        First day in the window; (n,).
    """

    active_share: np.ndarray
    contacted: np.ndarray
    exits: Exits
    entry: np.ndarray

    def is_member(self, who: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Whether each member `who` had in fact not left on each `day`."""
        exits = self.exits
        first = (day >= self.entry[who]) & (day <= exits.left[who])
        return first | ((day >= exits.returned[who]) & (day <= exits.left_again[who]))


def find_presence(scenario: Scenario, members: Members, exits: Exits) -> Presence:
    """Members go quiet before they leave; messages go on for a while after."""
    programme, clock = scenario.programme, scenario.clock
    week = np.arange(clock.weeks, dtype="float32")[:, None]
    active_share = np.zeros((clock.weeks, members.size), dtype="float32")
    contacted = np.zeros(active_share.shape, dtype=bool)
    spells = (
        (members.entry, exits.decided, exits.left),
        (exits.returned, exits.decided_again, exits.left_again),
    )
    for since, decided, left in spells:
        within = (week >= since // 7) & (week <= left // 7)
        weeks_ahead = np.maximum(decided // 7 - week, 0)
        share = 1 - programme.quiet * np.exp(-np.minimum(weeks_ahead, 200) / programme.quiet_weeks)
        active_share = np.where(within, share, active_share)
        contacted |= (week >= since // 7) & (week <= left // 7 + programme.lapse_contact_weeks)
    return Presence(active_share.astype("float32"), contacted, exits, members.entry)


def with_activity_drops(presence: Presence, incidents: np.ndarray, activity_drop: ActivityDrop) -> Presence:
    """Members are less active for some weeks after incidents (weeks, n), though they stay."""
    remains = np.float32(np.exp(-1 / activity_drop.weeks))
    left = np.zeros(incidents.shape[1], dtype="float32")
    share = presence.active_share.copy()
    for week in range(1, len(incidents)):  # the week after the incident is the first
        left = np.where(incidents[week - 1] > 0, 1, left * remains)
        share[week] *= 1 - activity_drop.part * left
    return replace(presence, active_share=share)


Occurrences = tuple[np.ndarray, np.ndarray, np.ndarray]  # week, member and day of each


def expand(count: np.ndarray, clock: Clock, rng: np.random.Generator) -> Occurrences:
    """Week, member and day of each single occurrence; `count` is (weeks, n)."""
    cells = np.flatnonzero(count > 0)
    cells = np.repeat(cells, count.ravel()[cells])
    week, who = np.divmod(cells, count.shape[1])
    days = np.minimum(clock.days - 7 * week, 7)
    return week, who, 7 * week + np.floor(rng.random(len(week)) * days).astype("int64")


def member_activity(
    count: np.ndarray, presence: Presence, clock: Clock, rng: np.random.Generator, fades: bool = True
) -> Occurrences:
    """What members do themselves: only while they are members, and less before leaving if it `fades`."""
    week, who, day = expand(np.where(presence.active_share > 0, count, 0), clock, rng)
    occurs = presence.is_member(who, day)
    if fades:
        occurs &= rng.random(len(who)) < presence.active_share[week, who]
    return week[occurs], who[occurs], day[occurs]


def company_contacts(
    count: np.ndarray, presence: Presence, clock: Clock, rng: np.random.Generator
) -> Occurrences:
    """What comes from the company, which learns late that somebody has left."""
    week, who, day = expand(np.where(presence.contacted, count, 0), clock, rng)
    joined = day >= presence.entry[who]
    return week[joined], who[joined], day[joined]


def coded(codes: np.ndarray, names: Iterable[str]) -> pd.Categorical:
    """Categorical with `names[code]` for each code; -1 is null."""
    return pd.Categorical.from_codes(cast(Any, codes), cast(Any, list(names)))
