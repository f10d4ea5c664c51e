"""Who is contacted with what: tests by lot in waves with one shared control, and campaigns aimed without lot.

A wave is drawn over several weeks, an equal part of its members each week, so that its calls fit into what staff can make.
Members are drawn whether or not they have left already; whom the company still takes for a member is settled when the
table is written. So no draw depends on a life.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.action_effects import contact_factors, faded_contacts
from whychurn.world.lives.members import Members
from whychurn.world.lives.placed_contacts import Chosen, place_contacts, room_left, room_of_tests
from whychurn.world.lives.weekly_history import WeeklyHistory
from whychurn.world.setting.actions import Aimed, WaveTests
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.scenario import Scenario

FOLLOW_UP_DAYS: Final = 90  # in which leavings are compared (action.effect_days)
SILENCE_DAYS: Final = {"inactivity": 90, "terms": 30, "seasons": 30}  # after which somebody counts as gone
COLUMNS: Final = [
    "position", "campaign_id", "action", "channel", "offer", "week", "day", "randomized", "propensity", "cost",
    "recent", "p_notice", "noticed",
]  # fmt: skip
_SEEN_WEEKS = 26  # that the company looks back for the best members
_SILENT_WEEKS = 8
_PART = 0.25  # of the members is silent, or among the best
_ACTIVE = 0.9  # activity of rivals above which the company notices them


def wave_weeks(programme: Programme, clock: Clock) -> list[int]:
    """Weeks in which a wave starts; the last is drawn in time for the follow-up and the silence of who is gone."""
    tests = programme.tests
    last = (clock.days - FOLLOW_UP_DAYS - SILENCE_DAYS[programme.kind]) // 7 - (tests.weeks - 1)
    return list(
        range(clock.week_at(tests.from_), min(clock.week_at(tests.until), last) + 1, tests.every_weeks)
    )


def draw_contacts(
    scenario: Scenario, members: Members, history: WeeklyHistory, stream: Callable[[str], np.random.Generator]
) -> pd.DataFrame:
    """Contacts and controls of a block in order of time.

    Returns
    -------
    DataFrame
        position, campaign_id, action (``control``: held out), channel, offer, week, day, randomized, propensity (chance
        with which this row's own action was drawn; null without lot), cost, recent (earlier contacts of the member,
        each as what is left of it), p_notice, noticed.
    """
    programme, clock = scenario.programme, scenario.clock
    batches: list[tuple[int, int, Aimed | None]] = [
        (start + number, number, None)
        for start in wave_weeks(programme, clock)
        for number in range(programme.tests.weeks)
    ]
    batches += [(clock.week_at(one.at), 0, one) for one in programme.aimed]
    recent, last_week, parts = np.zeros(members.size), -1, []
    room: dict[str, int] = {}
    for week, number, aimed in sorted(batches, key=lambda batch: (batch[0], batch[2] is not None)):
        if week != last_week:
            recent = faded_contacts(scenario, recent, week - last_week)
            room, last_week = room_of_tests(scenario, members, week), week
        name = campaign_name(clock, week - number, aimed)
        rng = stream(
            f"contacts {name}"
        )  # the same numbers in each week of a wave: a member is in one of them
        if aimed is None:
            who, action = _by_lot(scenario, members, week, number, rng)
        else:
            who = aimed_at(scenario, members, history, aimed, rng)
            action = np.full(len(who), aimed.action, dtype=object)
        part = place_contacts(scenario, members, Chosen(week, who, action, recent[who]), room, rng)
        part = part.assign(
            campaign_id=name,
            randomized=aimed is None,
            propensity=part["action"].map(arm_chances(programme)) if aimed is None else np.nan,
        )
        recent[who[action != CONTROL]] += 1
        room = room_left(room, part)
        parts.append(part[COLUMNS])
    return pd.concat(parts, ignore_index=True)


def campaign_name(clock: Clock, week: int, aimed: Aimed | None) -> str:
    """``test-2024-w18`` of a wave, ``coupon-2024-w44`` of a campaign without lot."""
    year, number, _ = pd.Timestamp(clock.dates(np.array([7 * week]))[0]).isocalendar()
    return f"{aimed.action if aimed else 'test'}-{year}-w{number:02d}"


def arm_chances(programme: Programme) -> dict[str, float]:
    """Chance of each arm of a wave: the shared control, and what it leaves to the actions by size of their arms."""
    sizes = {name: programme.actions[name].arm for name in programme.actions_for("present")}
    rest = 1 - programme.tests.control
    return {name: rest * size / sum(sizes.values()) for name, size in sizes.items()} | {
        CONTROL: programme.tests.control
    }


def _by_lot(
    scenario: Scenario, members: Members, week: int, number: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Members drawn in the week `number` of a wave and the arm drawn for each; two of (m,)."""
    tests, chances = scenario.programme.tests, arm_chances(scenario.programme)
    lot, arm = rng.random((2, members.size))
    drawn = (members.entry < 7 * week) & members.marketing & (drawn_in(lot, tests) == number)
    who = np.flatnonzero(drawn)
    at = np.searchsorted(np.cumsum(list(chances.values())), arm[who], side="right")
    return who, np.array(list(chances), dtype=object)[np.minimum(at, len(chances) - 1)]


def drawn_in(lot: np.ndarray, tests: WaveTests) -> np.ndarray:
    """Week of the wave in which each member is drawn, from 0, by a number from 0 to 1; ``tests.weeks`` or more: in none; (n,)."""
    ends = tests.share * np.arange(1, tests.weeks + 1) / tests.weeks
    return np.searchsorted(ends, lot, side="right")


def action_factors(
    scenario: Scenario, members: Members, contacts: pd.DataFrame, shape: tuple[int, ...]
) -> np.ndarray:
    """Factors on base and excess of each cause, from all contacts that members noticed; (causes, weeks, n)."""
    factors = np.ones(shape, dtype="float32")
    for _, part in contacts[contacts["noticed"]].groupby(["week", "campaign_id", "action"], sort=True):
        week, action = int(part["week"].iloc[0]), str(part["action"].iloc[0])
        who, recent = part["position"].to_numpy(), part["recent"].to_numpy()
        factors[:, week:, who] *= contact_factors(scenario, members, action, who, shape[1] - week, recent)
    return factors


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
