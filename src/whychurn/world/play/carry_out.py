"""What the world carries out of a plan: rows it understands, in file order, until caps or the budget are reached."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.play.plan_file import NO_CONTACT
from whychurn.world.play.roster import Roster
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.scenario import Scenario

LAST_DAY: Final = 84  # days after the day of the plan on which a contact may be sent
_WINDOW: Final = 28  # days in which a member's contacts are counted
_CENT: Final = 1e-6


@dataclass(frozen=True)
class Limits:
    """What a plan may not pass.

    Parameters
    ----------
    budget
        Of all contacts together; currency.
    member_4_weeks
        Contacts of a member in any 28 days.
    """

    budget: float
    member_4_weeks: int = 2


@dataclass(frozen=True)
class Contacts:
    """Contacts that are made.

    Parameters
    ----------
    rows
        row (of the roster), action, channel, week (of the future, from 0), cost (currency), in file order.
    dropped
        Rows that are not carried out, by reason.
    without_channel
        Contacts paid for that nobody can notice: the member does not have the channel that the plan names.
    """

    rows: pd.DataFrame
    dropped: dict[str, int]
    without_channel: int = 0

    @property
    def cost(self) -> float:
        """Of all contacts; currency."""
        return float(self.rows["cost"].sum())


def carry_out(scenario: Scenario, roster: Roster, plan: pd.DataFrame, limits: Limits) -> Contacts:
    """The contacts of a plan that are made, and what is dropped by reason.

    Parameters
    ----------
    plan
        See `read_plan`; member_id is the company's own.

    Notes
    -----
    Reasons, the first that holds: no_contact (hold-out rows), unknown_member, unknown_action, unknown_channel (not one of
    the action's), no_consent, outside_dates, member_cap, channel_cap, over_budget.
    """
    programme = scenario.programme
    by_id = pd.Series(np.arange(len(roster.ids)), index=roster.ids)
    row = by_id.reindex(plan["member_id"]).to_numpy("float64", na_value=np.nan)
    known = ~np.isnan(row)
    row = np.where(known, row, 0).astype("int64")
    action = plan["action"].to_numpy(object)
    days = _days(scenario.clock, plan["send_on"])
    channel, has = _channels(scenario, roster, row, plan)
    reasons = {
        "no_contact": np.isin(action.astype(str), list(NO_CONTACT)),
        "unknown_member": ~known,
        "unknown_action": ~np.isin(action.astype(str), list(programme.actions)),
        "unknown_channel": np.array([one is None for one in channel], dtype=bool),
        "no_consent": ~roster.consent[row],
        "outside_dates": (days < 0) | (days > LAST_DAY),
    }
    why = np.full(len(plan), "", dtype=object)
    for reason, holds in reasons.items():
        why[(why == "") & holds] = reason
    cost = np.array([_cost(scenario, *pair) for pair in zip(action, channel, strict=True)], dtype="float64")
    _apply_limits(scenario, roster, row, channel, days, cost, why, limits)
    made = why == ""
    rows = pd.DataFrame(
        {"row": row, "action": action, "channel": channel, "week": _weeks(scenario.clock, days), "cost": cost}
    )[made]
    counts = pd.Series(why[~made], dtype=object).value_counts().to_dict()
    dropped = {str(reason): int(counts[reason]) for reason in [*reasons, *_LIMITS] if reason in counts}
    return Contacts(rows.reset_index(drop=True), dropped, int((made & ~has).sum()))


_LIMITS: Final = ("member_cap", "channel_cap", "over_budget")


def _days(clock: Clock, send_on: pd.Series) -> np.ndarray:
    """Days from the day of the plan, the last of the window; 0 where the plan gives none."""
    as_of = pd.Timestamp(clock.dates(np.array([clock.days - 1]))[0])
    return (send_on - as_of).dt.days.fillna(0).to_numpy("int64")


def _weeks(clock: Clock, days: np.ndarray) -> np.ndarray:
    """Week of the future, which begins with the first whole week after the window."""
    return np.maximum((clock.days - 1 + days) // 7 - clock.weeks, 0)


def _cost(scenario: Scenario, action: str, channel: str | None) -> float:
    programme = scenario.programme
    if channel is None or action not in programme.actions:
        return 0.0
    return programme.contact_channels[channel].cost + programme.actions[action].cost


def _channels(
    scenario: Scenario, roster: Roster, row: np.ndarray, plan: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Channel of each row, None where the action has no such one, and whether the member has it."""
    programme = scenario.programme
    names = list(programme.contact_channels)
    given = plan["channel"].to_numpy(object)
    channel, has = np.full(len(plan), None, dtype=object), np.zeros(len(plan), dtype=bool)
    for name, action in programme.actions.items():
        here = np.flatnonzero(plan["action"].to_numpy(object) == name)
        owned = roster.has_channel[[names.index(way) for way in action.channels]][:, row[here]]
        first = np.array(action.channels, dtype=object)[np.argmax(owned, axis=0)]
        named = np.array([one is not None for one in given[here]], dtype=bool)
        channel[here] = np.where(named, given[here], first)
        for number, way in enumerate(action.channels):
            has[here] |= (channel[here] == way) & owned[number]
        channel[here[~np.isin(channel[here].astype(str), action.channels)]] = None
    return channel, has


def _apply_limits(
    scenario: Scenario,
    roster: Roster,
    row: np.ndarray,
    channel: np.ndarray,
    days: np.ndarray,
    cost: np.ndarray,
    why: np.ndarray,
    limits: Limits,
) -> None:
    """Write into `why` which rows, in file order, pass a cap or the budget."""
    ways = scenario.programme.contact_channels
    caps = {name: int(way.a_week * roster.on_books) for name, way in ways.items() if way.a_week is not None}
    sent: dict[int, list[int]] = defaultdict(list)
    used: dict[tuple[str, int], int] = defaultdict(int)
    spent, weeks = 0.0, _weeks(scenario.clock, days)
    for number in np.flatnonzero(why == ""):
        member, day, place = int(row[number]), int(days[number]), (channel[number], int(weeks[number]))
        if _most_within([*sent[member], day], day) > limits.member_4_weeks:
            why[number] = "member_cap"
        elif place[0] in caps and used[place] >= caps[place[0]]:
            why[number] = "channel_cap"
        elif spent + cost[number] > limits.budget + _CENT:
            why[number] = "over_budget"
        else:
            sent[member].append(day)
            used[place] += 1
            spent += cost[number]


def _most_within(days: list[int], day: int) -> int:
    """Most of `days` that lie in one window of 28 days with `day` in it."""
    starts = [first for first in days if first <= day < first + _WINDOW]
    return max(sum(first <= other < first + _WINDOW for other in days) for first in starts)
