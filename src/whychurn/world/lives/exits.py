"""When members decide to leave, leave, and come back: drawn from their hazards."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.world.lives.members import Members
from whychurn.world.lives.membership_terms import last_decision, term_end
from whychurn.world.setting.clock import NEVER, Clock
from whychurn.world.setting.course_calendar import next_season_start
from whychurn.world.setting.scenario import Scenario

RETURN_SPREAD: Final = 0.4  # sd of the log of the time until somebody comes back


@dataclass(frozen=True)
class Exits:
    """Days on which members of a block leave, return and leave again; `NEVER` where it is not in the window.

    Parameters
    ----------
    decided, left
        Day of the (first) decision, day on which it takes effect (without terms the same day).
    returned
        Day of coming back.
    decided_again, left_again
        As `decided` and `left`, for the second spell.
    """

    decided: np.ndarray
    left: np.ndarray
    returned: np.ndarray
    decided_again: np.ndarray
    left_again: np.ndarray


def at_risk(clock: Clock, since: np.ndarray) -> np.ndarray:
    """Share of each week that a member who starts on day `since` is at risk; (weeks, n)."""
    week = np.arange(clock.weeks)[:, None]
    length = 7 * clock.length[:, None]
    return np.clip((7 * week + length - since) / length, 0, 1).astype("float32")


def counted_weeks(scenario: Scenario, members: Members) -> np.ndarray:
    """Share of each week at risk whose decision to leave takes effect in the window; (weeks, n)."""
    clock, last = scenario.clock, last_decision(scenario, members)
    week = np.arange(clock.weeks)[:, None]
    inside = np.clip((last + 1 - 7 * week) / (7 * clock.length[:, None]), 0, 1)
    return at_risk(clock, members.entry) * inside.astype("float32")


def draw_exits(scenario: Scenario, members: Members, hazards: np.ndarray, rng: np.random.Generator) -> Exits:
    """Draw exits from the total hazard by inversion: out when the cumulative hazard passes an Exp(1) draw.

    Parameters
    ----------
    hazards
        Weekly hazard of each cause; (causes, weeks, n).
    """
    programme, clock = scenario.programme, scenario.clock
    total = hazards.sum(axis=0)
    decided = first_passage(clock, total, members.entry, rng)
    left = term_end(scenario, members, members.joined, decided)
    wait = programme.return_weeks * 7 * rng.lognormal(0, RETURN_SPREAD, members.size)
    returns = (left < clock.days) & (rng.random(members.size) < programme.returning)
    returned = np.where(returns, left + wait.astype("int64"), NEVER)
    stayed = np.full(members.size, NEVER)
    return started_again(
        scenario, members, hazards, Exits(decided, left, stayed, stayed, stayed), returned, rng
    )


def started_again(
    scenario: Scenario,
    members: Members,
    hazards: np.ndarray,
    exits: Exits,
    day: np.ndarray,
    rng: np.random.Generator,
) -> Exits:
    """The exits with second lives from `day` (n,) on, where that is earlier than a return that is there already.

    A second life has a tempo of its own (programme.winback.second_tempo), a factor on the hazards.
    """
    programme, clock = scenario.programme, scenario.clock
    if programme.kind == "seasons":
        day = np.where(day < clock.days, next_season_start(programme, clock, day), NEVER)
    day = np.where(day < clock.days - 14, day, NEVER)
    total = hazards.sum(axis=0) * programme.winback.second_tempo
    again = first_passage(clock, total, day, rng)
    left_again = term_end(scenario, members, day, again)
    new = day < exits.returned
    return Exits(
        exits.decided,
        exits.left,
        np.where(new, day, exits.returned),
        np.where(new, again, exits.decided_again),
        np.where(new, left_again, exits.left_again),
    )


def first_passage(clock: Clock, total: np.ndarray, since: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Day on which each member leaves, `NEVER` if not in the window; the day is uniform within the week."""
    cumulative = np.cumsum(total * at_risk(clock, since), axis=0, dtype="float64")
    week = (cumulative < rng.exponential(size=len(since))).sum(axis=0)
    inside = np.minimum(week, clock.weeks - 1)
    first = np.maximum(7 * inside, np.minimum(since, clock.days - 1))
    last = np.minimum(7 * inside + 6, clock.days - 1)
    day = first + np.floor(rng.random(len(since)) * (last - first + 1)).astype("int64")
    return np.where(week < clock.weeks, day, NEVER)
