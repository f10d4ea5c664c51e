"""Contacts that a plan makes in the future: whether they are noticed, and what they do, as chances.

A member with k contacts notices each or not: the 2^k cases are weighed by their chances, nothing is drawn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.futures.values import Prospects
from whychurn.world.lives.action_effects import contact_factors, faded_contacts, reach_chance
from whychurn.world.lives.members import Members
from whychurn.world.lives.returning.win_back import extra_return
from whychurn.world.setting.scenario import Scenario

CHUNK: Final = 4000  # members weighed at once


def with_notice(
    scenario: Scenario, members: Members, contacted: np.ndarray, contacts: pd.DataFrame
) -> pd.DataFrame:
    """Contacts with ``turn`` (0 for a member's first), ``recent`` and ``p_notice``, in order of member and time.

    Parameters
    ----------
    contacted
        See `Standing`; (n,).
    contacts
        position, action, channel, week (of the future, from 0), in order of time for each member.
    """
    contacts = contacts.sort_values(["position", "week"], kind="stable", ignore_index=True)
    who, week = contacts["position"].to_numpy(), contacts["week"].to_numpy()
    turn = contacts.groupby("position").cumcount().to_numpy()
    recent, notice = np.zeros(len(contacts)), np.zeros(len(contacts))
    level, last = contacted.astype("float64"), np.zeros(members.size)
    for number in range(int(turn.max(initial=-1)) + 1):
        rows = np.flatnonzero(turn == number)
        here = who[rows]
        level[here] *= faded_contacts(scenario, np.ones(len(rows)), week[rows] - last[here])
        last[here] = week[rows]
        recent[rows] = level[here]
        for channel in contacts["channel"].iloc[rows].unique():
            ones = rows[(contacts["channel"].to_numpy()[rows]) == channel]
            notice[ones] = reach_chance(scenario, members, who[ones], channel, recent[ones])
        level[here] += 1
    return contacts.assign(turn=turn, recent=recent, p_notice=notice)


@dataclass(frozen=True)
class Carried:
    """What contacts change for the members contacted; (m,) each.

    Parameters
    ----------
    who
        Positions in the block.
    gain
        Expected margin more over the future than without any contact, before cost; currency.
    stay
        Chance more to be on the books when the future ends.
    """

    who: np.ndarray
    gain: np.ndarray
    stay: np.ndarray


def carried_out(
    scenario: Scenario, members: Members, prospects: Prospects, contacts: pd.DataFrame
) -> Carried:
    """Effect of `contacts` (see `with_notice`) on the members of a block in one future."""
    turns = contacts.groupby("position")["turn"].transform("max").to_numpy() + 1
    present = prospects.standing.present[contacts["position"].to_numpy()]
    parts = []
    for number in np.unique(turns):
        for there in (True, False):
            rows = contacts[(turns == number) & (present == there)]
            for chunk in _chunks(rows, int(number)):
                case = _stayers if there else _leavers
                parts.append(case(scenario, members, prospects, chunk))
    joined = [
        np.concatenate([getattr(part, name) for part in parts] or [[]]) for name in ("who", "gain", "stay")
    ]
    return Carried(joined[0].astype("int64"), joined[1], joined[2])


def _chunks(rows: pd.DataFrame, number: int) -> Iterator[list[pd.DataFrame]]:
    """The contacts of some thousand members at a time, one frame a turn, members in the same order."""
    by_turn = [rows[rows["turn"] == turn].reset_index(drop=True) for turn in range(number)]
    for first in range(0, len(by_turn[0]), CHUNK):
        yield [frame.iloc[first : first + CHUNK].reset_index(drop=True) for frame in by_turn]


def _groups(contacts: pd.DataFrame) -> Iterator[tuple[int, str, np.ndarray]]:
    """Week, action and rows of the contacts that have both in common."""
    week, action = contacts["week"].to_numpy("int64"), contacts["action"].to_numpy(object).astype(str)
    for one, name in sorted(set(zip(week.tolist(), action.tolist(), strict=True))):
        yield one, name, np.flatnonzero((week == one) & (action == name))


def _cases(contacts: list[pd.DataFrame]) -> Iterator[tuple[list[int], np.ndarray]]:
    """Which contacts are noticed, and the chance of that; (m,)."""
    chances = [frame["p_notice"].to_numpy() for frame in contacts]
    for case in range(2 ** len(contacts)):
        seen = [turn for turn in range(len(contacts)) if case >> turn & 1]
        parts = [chance if turn in seen else 1 - chance for turn, chance in enumerate(chances)]
        yield seen, np.prod(parts, axis=0)


def _stayers(
    scenario: Scenario, members: Members, prospects: Prospects, contacts: list[pd.DataFrame]
) -> Carried:
    who = contacts[0]["position"].to_numpy()
    own = [_factors(scenario, members, prospects.future.weeks, frame) for frame in contacts]
    untouched = prospects.untouched[:, who]
    value, stay = prospects.value(untouched, who), prospects.stay(untouched, who)
    gain, more = np.zeros(len(who)), np.zeros(len(who))
    for seen, chance in _cases(contacts):
        if not seen:
            continue
        factors = own[seen[0]]
        for turn in seen[1:]:
            factors = factors * own[turn]
        hazard = prospects.hazard(who, factors)
        gain += chance * (prospects.value(hazard, who) - value)
        more += chance * (prospects.stay(hazard, who) - stay)
    gain += _brought(scenario, prospects, contacts)
    return Carried(who, gain, more)


def _factors(scenario: Scenario, members: Members, weeks: int, contacts: pd.DataFrame) -> np.ndarray:
    """Factors on the hazards from the contact on, one before it; (causes, F, m)."""
    factors = np.ones((len(scenario.programme.causes), weeks, len(contacts)), dtype="float32")
    for week, action, rows in _groups(contacts):
        if scenario.programme.actions[action].for_ == "left":
            continue
        who, recent = contacts["position"].to_numpy()[rows], contacts["recent"].to_numpy()[rows]
        factors[:, week:, rows] = contact_factors(scenario, members, action, who, weeks - week, recent)
    return factors


def _leavers(
    scenario: Scenario, _members: Members, prospects: Prospects, contacts: list[pd.DataFrame]
) -> Carried:
    who = contacts[0]["position"].to_numpy()
    since = (7 * prospects.future.first - prospects.standing.gone_on[who]) / 7
    extra = [np.zeros((prospects.future.weeks, len(who))) for _ in contacts]
    for turn, frame in enumerate(contacts):
        for week, action, rows in _groups(frame):
            weeks = prospects.future.weeks - week
            extra[turn][week:, rows] = extra_return(
                scenario, action, prospects.standing.left_from[who[rows]], since[rows] + week, weeks
            )
    untouched, gain = prospects.value_of_returns(who), np.zeros(len(who))
    for seen, chance in _cases(contacts):
        if seen:
            more = sum(extra[turn] for turn in seen)
            gain += chance * (prospects.value_of_returns(who, np.asarray(more)) - untouched)
    return Carried(who, gain, np.zeros(len(who)))


def _brought(scenario: Scenario, prospects: Prospects, contacts: list[pd.DataFrame]) -> np.ndarray:
    """Margin of those whom members bring when they are asked; (m,)."""
    referral = scenario.programme.referral
    who = contacts[0]["position"].to_numpy()
    asked = np.zeros(len(who))
    for frame in contacts:
        asked += frame["p_notice"].to_numpy() * (frame["action"] == referral.by).to_numpy()
    return np.minimum(asked, 1) * referral.invited * prospects.content[who] * prospects.newcomer
