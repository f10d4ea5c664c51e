"""Win-back: leavers whom the company knows to be gone are asked back by lot, and some come who would not have come.

A noticed offer adds to the hazard of coming back, a week at a time:
b 0.5^(weeks since leaving / half-life) x (exp(log odds of the cause of leaving) - 1) x g(age), with b and the log odds
of the programme's block `winback` and g the profile of the action. It starts the week after the contact.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.action_effects import age_profile
from whychurn.world.lives.contacts import COLUMNS, SILENCE_DAYS, drawn_in
from whychurn.world.lives.exits import Exits, first_passage, started_again
from whychurn.world.lives.members import Members
from whychurn.world.lives.placed_contacts import Chosen, place_contacts, room_left, weekly_limits
from whychurn.world.lives.simulated_hazards import Hazards
from whychurn.world.setting.clock import NEVER, Clock
from whychurn.world.setting.scenario import Scenario

LATEST_DAYS: Final = 365  # since leaving, after which nobody is asked back


def extra_return(
    scenario: Scenario, action_name: str, left_from: np.ndarray, since: np.ndarray, weeks: int
) -> np.ndarray:
    """Hazard of coming back that a noticed contact adds, by weeks from the contact on; (weeks, m).

    Parameters
    ----------
    left_from
        Number of the cause of leaving, -1 where it is none; (m,).
    since
        Weeks since leaving at the contact; (m,).
    """
    programme, winback = scenario.programme, scenario.programme.winback
    odds = winback.actions.get(action_name, {})
    by_cause = np.array([np.expm1(odds.get(cause, 0.0)) for cause in programme.causes] + [0.0])
    age = np.arange(weeks)
    profile = age_profile(programme.actions[action_name], weeks) * (age > 0)
    fading = 0.5 ** ((since + age[:, None]) / winback.half_life_weeks)
    return winback.base_a_week * fading * profile[:, None] * by_cause[left_from]


def win_back_weeks(scenario: Scenario) -> list[tuple[int, int]]:
    """Weeks in which leavers are asked back by lot, and the number of each within its wave."""
    tests, clock = scenario.programme.tests, scenario.clock
    starts = range(clock.week_at(tests.from_), clock.weeks - 1, tests.winback_every_weeks)
    weeks = [(start + number, number) for start in starts for number in range(tests.weeks)]
    return [(week, number) for week, number in weeks if week < clock.weeks - 1]


def known_gone(scenario: Scenario, exits: Exits, day: int) -> np.ndarray:
    """Days since leaving of members whom the company knows to be gone on `day`; -1 for all others; (n,)."""
    silence = SILENCE_DAYS[scenario.programme.kind]
    first = np.where(exits.returned > day, exits.left, NEVER)
    since = day - np.minimum(first, exits.left_again)
    return np.where((since >= silence) & (since <= LATEST_DAYS), since, -1)


def draw_win_back(
    scenario: Scenario,
    members: Members,
    exits: Exits,
    contacts: pd.DataFrame,
    stream: Callable[[str], np.random.Generator],
) -> pd.DataFrame:
    """Contacts and controls of the win-back tests, in order of time; columns as in `draw_contacts`.

    One shared control, the actions for leavers share the rest evenly.

    Parameters
    ----------
    contacts
        With members still there; they go first where staff can make only so many.
    """
    programme, clock = scenario.programme, scenario.clock
    actions, tests = programme.actions_for("left"), programme.tests
    parts = [pd.DataFrame(columns=COLUMNS)]
    for week, drawn in win_back_weeks(scenario) if actions else []:
        name = _name(clock, week - drawn)
        rng = stream(
            f"win-back {name}"
        )  # the same numbers in each week of a wave: a leaver is in one of them
        lot, arm = rng.random((2, members.size))
        gone = known_gone(scenario, exits, 7 * week) >= 0
        who = np.flatnonzero(gone & members.marketing & (drawn_in(lot, tests) == drawn))
        each = (1 - tests.control) / len(actions)
        number = np.clip(np.floor((arm[who] - tests.control) / each), -1, len(actions) - 1).astype("int64")
        action = np.array([*actions, CONTROL], dtype=object)[number]
        room = _room(scenario, members, exits, contacts[contacts["week"] == week], week)
        part = place_contacts(scenario, members, Chosen(week, who, action, np.zeros(len(who))), room, rng)
        part = part.assign(
            campaign_id=name,
            randomized=True,
            propensity=np.where(action == CONTROL, tests.control, each),
        )
        parts.append(part[COLUMNS])
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _room(
    scenario: Scenario, members: Members, exits: Exits, contacts: pd.DataFrame, week: int
) -> dict[str, int]:
    """What `contacts` of a week leave of what staff can do, of members in their first stay: nobody's return changes it."""
    there = np.count_nonzero((members.entry < 7 * week) & (exits.left > 7 * week))
    room = {name: int(way * there) for name, way in weekly_limits(scenario).items()}
    return {name: max(left, 0) for name, left in room_left(room, contacts).items()}


def _name(clock: Clock, week: int) -> str:
    year, number, _ = pd.Timestamp(clock.dates(np.array([7 * week]))[0]).isocalendar()
    return f"winback-{year}-w{number:02d}"


def won_back(
    scenario: Scenario,
    members: Members,
    hazards: Hazards,
    exits: Exits,
    left_from: np.ndarray,
    contacts: pd.DataFrame,
    rng: np.random.Generator,
) -> Exits:
    """Exits with those who came back because they were asked, and their second lives.

    Parameters
    ----------
    left_from
        Number of the cause of the first leaving, -1 where there is none; (n,).
    contacts
        See `draw_win_back`.
    """
    clock = scenario.clock
    extra = np.zeros((clock.weeks, members.size))
    for _, part in contacts[contacts["noticed"].astype(bool)].groupby(["week", "action"], sort=True):
        week, action = int(part["week"].iloc[0]), str(part["action"].iloc[0])
        who = part["position"].to_numpy("int64")
        who = who[exits.returned[who] > 7 * week]  # whoever left a second time does not come back
        who = who[exits.left[who] < 7 * week]
        since = (7 * week - exits.left[who]) / 7
        extra[week:, who] += extra_return(scenario, action, left_from[who], since, clock.weeks - week)
    day = first_passage(clock, extra, np.zeros(members.size, "int64"), rng)
    return started_again(scenario, members, hazards.by_cause, exits, day, rng)


def still_gone(contacts: pd.DataFrame, exits: Exits) -> pd.DataFrame:
    """Win-back contacts without those to leavers who had come back by then: whom an offer brings gets no further one."""
    who, day = contacts["position"].to_numpy("int64"), contacts["day"].to_numpy("int64")
    back = (exits.returned[who] <= day) & ~((exits.left_again[who] < day) & (exits.left_again[who] < NEVER))
    return contacts[~back].reset_index(drop=True)
