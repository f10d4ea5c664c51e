"""Weekly hazards of the causes, and the lives that follow from them."""

from __future__ import annotations

import numpy as np

from whychurn.world.lives.exposure import Path
from whychurn.world.lives.life import Life
from whychurn.world.lives.members import Members
from whychurn.world.lives.terms import term_end
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.mechanism import swap_traces
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.season import first_day_of_course

GENERAL = "general"  # sub-cause of the base hazard


NOT = 10**6


def tempo(programme: Programme, members: Members, confounding: float, rng: np.random.Generator) -> np.ndarray:
    """Factor on all hazards of a member (so it cancels in the causes); heavy users leave less. Mean near 1; (n,)."""
    slope, spread = 0.8 * confounding, programme.tempo_spread
    log = -slope * members.use + spread * rng.standard_normal(members.size)
    return np.exp(log - (slope**2 + spread**2) / 2).astype("float32")


def base_hazards(programme: Programme, clock: Clock, members: Members, factor: np.ndarray) -> np.ndarray:
    """Hazards that no action removes: a base of each cause, higher for newcomers; (causes, weeks, n)."""
    tenure = np.arange(clock.weeks)[:, None] - members.joined / 7
    new = 1 + programme.newcomer * np.exp(-np.maximum(tenure, 0) / 8)
    base = np.array([cause.base for cause in programme.causes.values()])
    return (base[:, None, None] * (new * factor * clock.length[:, None])).astype("float32")


def excess_hazards(
    programme: Programme, clock: Clock, members: Members, path: Path, factor: np.ndarray, mechanism: str
) -> np.ndarray:
    """What the exposures of each cause add to its hazard, before any campaign; (causes, weeks, n)."""
    scale = factor * clock.length[:, None]
    excess = np.zeros((len(programme.causes), clock.weeks, members.size), dtype="float32")
    for number, cause in enumerate(programme.causes.values()):
        for name, weight in cause.excess.items():
            excess[number] += weight * path.exposures[name] * scale
    if mechanism == "swapped_traces":
        swap_traces(excess, members.region)
    return excess


def at_risk(clock: Clock, since: np.ndarray) -> np.ndarray:
    """Share of each week that a member who starts on day `since` is at risk; (weeks, n)."""
    week = np.arange(clock.weeks)[:, None]
    length = 7 * clock.length[:, None]
    return np.clip((7 * week + length - since) / length, 0, 1).astype("float32")


def draw_lives(
    programme: Programme, clock: Clock, members: Members, hazards: np.ndarray, rng: np.random.Generator
) -> Life:
    """Draw leaving from the total hazard by inversion: out when the summed hazard passes an Exp(1) draw."""
    total = hazards.sum(axis=0)
    decided = _first_passage(clock, total, members.entry, rng)
    left = term_end(programme, clock, members, members.joined, decided)
    gone = left < clock.days
    wait = programme.return_weeks * 7 * rng.lognormal(0, 0.4, members.size)
    comes = gone & (rng.random(members.size) < programme.returning)
    returned = np.where(comes, left + wait.astype("int64"), NOT)
    if programme.kind == "seasons":
        returned = np.where(comes, first_day_of_course(programme, clock, returned), NOT)
    returned = np.where(returned < clock.days - 14, returned, NOT)
    again = _first_passage(clock, total, returned, rng)
    return Life(decided, left, returned, again, term_end(programme, clock, members, returned, again))


def _first_passage(
    clock: Clock, total: np.ndarray, since: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Day on which each member leaves, `NOT` if not in the window; the day is uniform within the week."""
    summed = np.cumsum(total * at_risk(clock, since), axis=0, dtype="float64")
    week = (summed < rng.exponential(size=len(since))).sum(axis=0)
    inside = np.minimum(week, clock.weeks - 1)
    first = np.maximum(7 * inside, np.minimum(since, clock.days - 1))
    last = np.minimum(7 * inside + 6, clock.days - 1)
    day = first + np.floor(rng.random(len(since)) * (last - first + 1)).astype("int64")
    return np.where(week < clock.weeks, day, NOT)
