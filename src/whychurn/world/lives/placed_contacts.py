"""Through which channel a contact goes and whether it is noticed; calls and visits only as many as staff can make."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.lives.action_effects import reach_chance
from whychurn.world.lives.members import Members
from whychurn.world.setting.scenario import Scenario

THERE: Final = 0.40  # of all who have joined: fewer than are on the books in a window of two years


@dataclass(frozen=True)
class Chosen:
    """Members of one campaign who are contacted, or held out, in one week.

    Parameters
    ----------
    week
        Of the window.
    who, action
        Positions of the members, and what is done for each; (m,).
    recent
        Earlier contacts, each counted as what is left of it (`faded_contacts`); (m,).
    """

    week: int
    who: np.ndarray
    action: np.ndarray
    recent: np.ndarray


def room_of_tests(scenario: Scenario, members: Members, week: int) -> dict[str, int]:
    """Contacts that tests and campaigns may make in a week through each channel with a limit.

    Who is on the books is not known yet; the part that surely is (`THERE`) counts. What is left is for leavers.
    """
    there = THERE * np.count_nonzero(members.entry < 7 * week)
    return {name: int(way * there) for name, way in weekly_limits(scenario).items()}


def weekly_limits(scenario: Scenario) -> dict[str, float]:
    """Channels with a limit: contacts a week, as a share of the members on the books."""
    ways = scenario.programme.contact_channels
    return {name: way.a_week for name, way in ways.items() if way.a_week is not None}


def room_left(room: Mapping[str, int], contacts: pd.DataFrame) -> dict[str, int]:
    """`room` less the contacts made."""
    made = contacts["channel"].value_counts()
    return {name: left - int(made.get(name, 0)) for name, left in room.items()}


def place_contacts(
    scenario: Scenario, members: Members, chosen: Chosen, room: Mapping[str, int], rng: np.random.Generator
) -> pd.DataFrame:
    """Channel, day, cost and notice of each contact; a channel that the member has, by lot, if there is one.

    Parameters
    ----------
    room
        Contacts left this week in channels with a limit; beyond it a contact goes through another channel of the action.
    """
    programme, who, action = scenario.programme, chosen.who, chosen.action
    order, notice, turn = rng.random((3, members.size))
    days = rng.integers(0, 2, members.size)
    channel, cost = np.full(len(who), None, dtype=object), np.zeros(len(who))
    p_notice = np.zeros(len(who))
    for name, one in programme.actions.items():
        rows = np.flatnonzero(action == name)
        channel[rows] = _channels(scenario, members, who[rows], one.channels, order)
    for way, most in room.items():
        here = np.flatnonzero(channel == way)
        beyond = here[np.argsort(turn[who[here]], kind="stable")[most:]]
        for name in np.unique(action[beyond].astype(str)):
            rows = beyond[action[beyond] == name]
            free = [one for one in programme.actions[name].channels if one not in room]
            channel[rows] = _channels(scenario, members, who[rows], free, order)
    for name, one in programme.actions.items():
        for way in one.channels:
            here = np.flatnonzero((action == name) & (channel == way))
            cost[here] = programme.contact_channels[way].cost + one.cost
            p_notice[here] = reach_chance(scenario, members, who[here], way, chosen.recent[here])
    return pd.DataFrame(
        {
            "position": who,
            "action": action,
            "channel": channel,
            "offer": None,
            "week": chosen.week,
            "day": 7 * chosen.week + days[who],
            "cost": cost,
            "recent": chosen.recent,
            "p_notice": p_notice,
            "noticed": notice[who] < p_notice,
        }
    )


def _channels(
    scenario: Scenario, members: Members, who: np.ndarray, ways: list[str], order: np.ndarray
) -> np.ndarray:
    """One of the action's channels for each member, evenly among those that he or she has; else the usual one."""
    names = list(scenario.programme.contact_channels)
    has = members.has_channel[[names.index(way) for way in ways]][:, who]
    pick = np.minimum((order[who] * has.sum(axis=0)).astype("int64"), has.sum(axis=0) - 1)
    number = np.where(has.any(axis=0), np.argmax(np.cumsum(has, axis=0) > pick, axis=0), 0)
    return np.array(ways, dtype=object)[number]
