"""Who the members are: what the company records of them, and what it cannot see."""

from dataclasses import dataclass
from typing import Final

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
    dog, response
        Sleeping dog: any contact makes leaving likelier; factor on what actions do, with mean near 1. Hidden.
    has_channel
        Who can be reached where, in the order of the programme's contact channels; (channels, n).
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
    dog: np.ndarray
    response: np.ndarray
    has_channel: np.ndarray

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.number)

    @property
    def ids(self) -> np.ndarray:
        """Company's ids, by number."""
        return company_ids(self.number)


def company_ids(numbers: np.ndarray) -> np.ndarray:
    """Ids that the company gives to members with global `numbers` (n,); (n,)."""
    return np.array([f"C{number:07d}" for number in numbers], dtype=object)


LANGUAGES = ("zh", "en", "mixed")
RESPONSE_SPREAD: Final = 0.35  # sd of the log response
DOG_SLOPE: Final = 0.6  # log odds of a sleeping dog for each sd less of use


def draw_members(
    scenario: Scenario, numbers: np.ndarray, rng: np.random.Generator, contact_rng: np.random.Generator
) -> Members:
    """Draw one block of members.

    Parameters
    ----------
    numbers
        Global numbers of the block; (n,).
    contact_rng
        Stream of what only contacts bring to light, so that all else is the same without them.
    """
    programme, clock = scenario.programme, scenario.clock
    n = len(numbers)
    usage, price_sensitivity, quality_demands, sociability = rng.standard_normal((4, n))
    category = _pick(rng, [line.share for line in programme.categories.values()], n)
    others = rng.integers(1, len(programme.categories), n)
    joined = _joining(programme, clock, n, rng)
    birth_year = _birth_years(programme, clock, n, rng)
    rates = programme.rates
    region = _pick(rng, list(programme.regions.values()), n)
    channel = _pick(rng, list(programme.channels.values()), n)
    return Members(
        number=numbers,
        joined=joined,
        entry=np.maximum(joined, 0),
        region=region,
        category=category,
        second=(category + others) % len(programme.categories),
        channel=channel,
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
        **_contact_traits(programme, usage, clock.start.year - birth_year, channel, contact_rng),
    )


def _contact_traits(
    programme: Programme, usage: np.ndarray, age: np.ndarray, channel: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Sleeping dogs (more among members of little use), response to actions, and who has which channel."""
    n, names = len(usage), list(programme.channels)
    by_app = np.isin(channel, [names.index(name) for name in programme.app_channels])
    dog = rng.random(n) < programme.dogs.share * np.exp(-DOG_SLOPE * usage - DOG_SLOPE**2 / 2)
    youth = np.clip((np.median(age) - age) / 12, -2, 2)
    habit = np.where(by_app, 0.5, -0.8)
    log = RESPONSE_SPREAD * (0.85 * rng.standard_normal(n) + 0.35 * youth + 0.45 * habit)
    phone = rng.random(n)
    has = []
    for name, way in programme.contact_channels.items():
        draw = phone if name in ("sms", "call") else rng.random(n)
        joined_through = by_app if name == "app" else channel == names.index(name) if name in names else False
        has.append((draw < way.has) | joined_through)
    return {"dog": dog, "response": np.exp(log - RESPONSE_SPREAD**2 / 2), "has_channel": np.array(has)}


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
