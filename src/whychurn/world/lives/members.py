"""Who the members are: what the company records of them, and what it cannot see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.world.setting.clock import NEVER, Clock
from whychurn.world.setting.course_calendar import current_season_start
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.scenario import Scenario


@dataclass(frozen=True)
class Members:
    """One block of members, arrays of length n; day numbers count from the start of the window.

    Parameters
    ----------
    number
        Global number, from which the id is made.
    joined, entry
        Day of joining (may be negative), first day in the window.
    region, category, second, channel, plan
        Codes; `category` is the main one.
    usage, price_sensitivity, quality_demands, sociability
        Hidden traits, standard normal.
    order_rate, visit_rate
        Mean orders and visits a week.
    need_end
        Day on which the need ends by itself (far in the future: never).
    writer
        Whether the member writes when something is wrong.
    """

    number: np.ndarray
    joined: np.ndarray
    entry: np.ndarray
    region: np.ndarray
    category: np.ndarray
    second: np.ndarray
    channel: np.ndarray
    plan: np.ndarray
    usage: np.ndarray
    price_sensitivity: np.ndarray
    quality_demands: np.ndarray
    sociability: np.ndarray
    order_rate: np.ndarray
    visit_rate: np.ndarray
    birth_year: np.ndarray
    female: np.ndarray
    need_end: np.ndarray
    language: np.ndarray
    writer: np.ndarray
    points: np.ndarray
    marketing: np.ndarray
    profiling: np.ndarray

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.number)

    @property
    def ids(self) -> np.ndarray:
        """Company's ids, by number."""
        return np.array([f"C{number:07d}" for number in self.number], dtype=object)


LANGUAGES = ("zh", "en", "mixed")


def draw_members(scenario: Scenario, numbers: np.ndarray, rng: np.random.Generator) -> Members:
    """Draw one block of members.

    Parameters
    ----------
    numbers
        Global numbers of the block; (n,).
    """
    programme, clock = scenario.programme, scenario.clock
    n = len(numbers)
    usage, price_sensitivity, quality_demands, sociability = rng.standard_normal((4, n))
    category = _pick(rng, [line.share for line in programme.categories.values()], n)
    others = rng.integers(1, len(programme.categories), n)
    joined = _joining(programme, clock, n, rng)
    birth_year = _birth_years(programme, clock, n, rng)
    rates = programme.rates
    return Members(
        number=numbers,
        joined=joined,
        entry=np.maximum(joined, 0),
        region=_pick(rng, list(programme.regions.values()), n),
        category=category,
        second=(category + others) % len(programme.categories),
        channel=_pick(rng, list(programme.channels.values()), n),
        plan=_pick(rng, [plan.share for plan in programme.plans.values()] or [1.0], n),
        usage=usage,
        price_sensitivity=price_sensitivity,
        quality_demands=quality_demands,
        sociability=sociability,
        order_rate=rates.order * np.exp(rates.order_spread * usage),
        visit_rate=rates.visit * np.exp(0.45 * usage + 0.35 * rng.standard_normal(n)),
        birth_year=birth_year,
        female=rng.random(n) < programme.female,
        need_end=_need_end(programme, clock, category, joined, birth_year, rng),
        language=_pick(rng, [0.70, 0.25, 0.05], n),
        writer=rng.random(n) < scenario.params.text_share,
        points=rng.random(n) < 0.6,
        marketing=rng.random(n) >= 0.08,
        profiling=rng.random(n) >= 0.04,
    )


def _pick(rng: np.random.Generator, shares: list[float], n: int) -> np.ndarray:
    weights = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(weights, rng.random(n), side="right"), len(shares) - 1)


def _joining(programme: Programme, clock: Clock, n: int, rng: np.random.Generator) -> np.ndarray:
    """Days of joining; those from before the window are members who have stayed until then."""
    early = rng.random(n) < programme.joined_before
    before = -1 - (7 * programme.history_weeks * rng.random(n)).astype("int64")
    within = ((clock.days - 45) * rng.random(n)).astype("int64")
    joined = np.where(early, before, within)
    if programme.kind != "seasons":
        return joined
    return current_season_start(programme, clock, joined)


def _birth_years(programme: Programme, clock: Clock, n: int, rng: np.random.Generator) -> np.ndarray:
    youngest, typical, oldest = programme.ages
    return clock.start.year - rng.triangular(youngest, typical, oldest, n).astype("int64")


def _need_end(
    programme: Programme,
    clock: Clock,
    category: np.ndarray,
    joined: np.ndarray,
    birth_year: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Day on which a member's need ends by itself."""
    need, n = programme.need, len(category)
    concerned = rng.random(n) < need.share
    if need.kind == "graduation":
        year = birth_year + need.years
        end = (year - clock.start.year) * 365.25 + 171 + rng.normal(0, 7, n)  # around 20 June
    elif need.kind == "child":
        concerned &= category == 0  # the first category serves the child
        age_at_joining = rng.uniform(-0.3, need.years - 0.2, n)
        end = joined + 365.25 * (need.years + rng.normal(0, need.spread, n) - age_at_joining)
    else:
        end = joined + 365.25 * need.years * rng.lognormal(0, need.spread, n)
    return np.where(concerned, np.maximum(end, joined + 30), NEVER)
