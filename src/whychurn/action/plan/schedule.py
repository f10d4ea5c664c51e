"""Which channel reaches a member, and on which day of the plan each contact is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from whychurn.action.plan.options import WEEKS, Option
from whychurn.contract.arrays import Array

WEEK_DAYS: Final = (
    0,
    8,
    15,
    22,
)  # first days of the weeks of a plan: seven days or more apart, however weeks are counted


def channels_of(
    option: Array, options: Sequence[Option], reach: Array, names: Sequence[str]
) -> tuple[Array, Array, Array]:
    """Channel of each contact, its cost, and whether it reaches the member.

    The cheapest usual channel by which the member is known to be reached; None, the first that the member has, where it is
    known of none.

    Parameters
    ----------
    option
        Number of the option; (m,).
    reach
        `state.known_reach` of these members, in the order of `names`; (m, channels).

    Returns
    -------
    channel, cost, reached
        (m,) each; reached: False where the member is known to have no channel of the option. Of a contact without a channel
        the cost is the mean of the option's channels.
    """
    channel = np.full(len(option), None, dtype=object)
    cost, reached = np.zeros(len(option)), np.ones(len(option), dtype=bool)
    place = {name: at for at, name in enumerate(names)}
    for number in np.unique(option):
        here, held = np.flatnonzero(option == number), options[number]
        ways = [way for way in held.channels if way in place]
        if not ways:
            cost[here] = held.cost
            continue
        known = reach[here][:, [place[way] for way in ways]]
        has, lost = known == 1, (known == 0).all(axis=1)
        first = np.argmax(has, axis=1)
        costs = np.array([held.channels[way] for way in ways])
        some = has.any(axis=1)
        only = len(ways) == 1
        channel[here] = np.where(some | only, np.array(ways, dtype=object)[first], None)
        cost[here] = np.where(some | only, costs[first], costs.mean())
        reached[here] = ~lost
    return channel, cost, reached


def days_of(capped: Array, capacity_a_week: dict[str, int]) -> Array:
    """Day of each contact, in order of rank: those of a capped channel fill its weeks one after the other; -1 where all are
    full; (m,).

    Parameters
    ----------
    capped
        Capped channel of each contact, None of others; (m,).
    """
    day = np.zeros(len(capped), dtype="int64")
    for name, a_week in capacity_a_week.items():
        here = np.flatnonzero(capped == name)
        week = np.arange(len(here)) // a_week if a_week > 0 else np.full(len(here), WEEKS)
        day[here] = np.where(week < WEEKS, np.array(WEEK_DAYS)[np.minimum(week, WEEKS - 1)], -1)
    return day
