"""What happens to members week by week: the exposures that add to the hazard of each cause.

All arrays are (weeks, n). Exposures do not depend on who has left already: they are a member's history had he
or she stayed. So the hazards are known for everyone, and the truth without an exposure can be computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.world.lives.dose_response import remembered, shaped
from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.course_calendar import in_season
from whychurn.world.setting.mechanism import Memory
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.scenario import Scenario

SLOW_HOURS = 36.0
RIVAL_HALF_LIFE: Final = 4.0  # weeks, where a mechanism has a memory of its own
_SHAPE_3_MEAN = 0.893  # mean of a Weibull of shape 3 and scale 1


@dataclass(frozen=True)
class WeeklyHistory:
    """Counts of what happens, and exposures by name, both as (weeks, n).

    Parameters
    ----------
    counts
        orders, defects (of orders, or of visits where there are terms), service, faults, relevant,
        irrelevant, greetings, activities, community, spendings, coupons, moves, visits.
    exposures
        Units of each exposure, never negative.
    levels
        own_price, discount, response (factor on answering times), rival_activity at the member's place.
    """

    counts: dict[str, np.ndarray]
    exposures: dict[str, np.ndarray]
    levels: dict[str, np.ndarray]


def simulate_history(scenario: Scenario, members: Members, rng: np.random.Generator) -> WeeklyHistory:
    """Draw what happens to each member in each week."""
    programme, clock, confounding = scenario.programme, scenario.clock, scenario.params.confounding
    levels = _levels(scenario, members, rng)
    counts: dict[str, np.ndarray] = {}
    seasonal = 0.5 * _season(programme, clock) + 0.5 * clock.length[:, None]
    counts["visits"] = _poisson(rng, members.visit_rate * seasonal * in_season(programme, clock))
    exposures = _product(scenario, members, levels, counts, rng)
    exposures |= _price(scenario, members, levels)
    exposures |= _competition(scenario, members, levels)
    exposures |= _messages(scenario, members, levels, counts, rng)
    exposures |= _engagement(scenario, members, counts, rng)
    exposures |= _natural(scenario, members, counts, rng)
    coupon = programme.rates.coupon * (1 + confounding * 8 * np.minimum(exposures["price_rise"], 2))
    counts["coupons"] = _poisson(rng, coupon * clock.length[:, None] * members.marketing)
    exposures = {
        name: shaped(dose, scenario.mechanism.shape, scenario.usual[name]) if scenario.usual else dose
        for name, dose in exposures.items()
    }
    return WeeklyHistory(counts, exposures, levels)


def _lasting(scenario: Scenario, members: Members, count: np.ndarray, half_life: float) -> np.ndarray:
    """Doses as the mechanism remembers them, from joining on where it is calibrated; (weeks, n)."""
    if scenario.mechanism.totals is not None:
        count = count * (np.arange(len(count))[:, None] >= members.entry // 7)
    return remembered(count, half_life, scenario.mechanism.memory)


def weeks_since(count: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Weeks since the last week with a count, `first` (n,) of them before the window."""
    since = np.empty(count.shape, dtype="float32")
    level = first.astype("float32")
    for week, current in enumerate(count):
        level = np.where(current > 0, 0, level + 1)
        since[week] = level
    return since


def draw_regular_orders(rate: np.ndarray, season: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Orders a week of members who buy again when things run out: more regular than chance.

    The chance to order grows with the square of the time since the last order (a Weibull gap of shape 3), so
    long gaps are rare among members who have not left. At most one order a week.

    Parameters
    ----------
    rate
        Mean orders a week; (n,).
    season
        Factor of each week; (weeks, 1).
    """
    scale = (_SHAPE_3_MEAN * rate).astype("float32") ** 3
    since = (rng.random(len(rate)) / rate).astype("float32")
    orders = np.empty((len(season), len(rate)), dtype="int16")
    for week, factor in enumerate(season[:, 0]):
        hazard = scale * ((since + 1) ** 3 - since**3) * factor
        orders[week] = rng.random(len(rate)) < -np.expm1(-hazard)
        since = np.where(orders[week] > 0, np.float32(0.5), since + 1)
    return orders


def _poisson(rng: np.random.Generator, rate: np.ndarray) -> np.ndarray:
    return rng.poisson(rate).astype("int16")


def _season(programme: Programme, clock: Clock) -> np.ndarray:
    """Share of ordinary activity in each week, shorter weeks less; (weeks, 1)."""
    by_month = np.array(programme.rates.by_month, dtype="float32")
    return (by_month[clock.month] * clock.length)[:, None]


def _levels(scenario: Scenario, members: Members, rng: np.random.Generator) -> dict[str, np.ndarray]:
    programme, clock, market, n = scenario.programme, scenario.clock, scenario.market, members.size
    position = (slice(None), members.region, members.category)
    cut_week = np.where(rng.random(n) < programme.discount_cut, rng.integers(0, clock.weeks, n), clock.weeks)
    ordinary = programme.discount * rng.lognormal(-0.08, 0.4, n)
    cut = np.arange(clock.weeks)[:, None] >= cut_week
    levels = {
        "own_price": market.own[position].astype("float32"),
        "rival_price": market.rival[position].astype("float32"),
        "rival_activity": market.activity[position].astype("float32"),
        "discount": (ordinary * np.where(cut, 0.25, 1.0)).astype("float32"),
    }
    for kind in ("defect", "response", "app_fault"):
        levels[kind] = _disruption_factor(programme, clock, members, kind)
    return levels


def _disruption_factor(programme: Programme, clock: Clock, members: Members, kind: str) -> np.ndarray:
    factor = np.ones((clock.weeks, members.size), dtype="float32")
    lines = list(programme.categories)
    for disruption in programme.troubles:
        if disruption.kind == kind:
            weeks = slice(clock.week_at(disruption.at), clock.week_at(disruption.at) + disruption.weeks)
            concerned = np.ones(members.size, bool)
            if disruption.where:
                concerned = members.category == lines.index(disruption.where)
            factor[weeks, concerned] *= disruption.factor
    return factor


def _product(
    scenario: Scenario,
    members: Members,
    levels: dict[str, np.ndarray],
    counts: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    programme, clock = scenario.programme, scenario.clock
    rates, half = programme.rates, programme.half_life
    defect = np.array([line.defect for line in programme.categories.values()])[members.category]
    picky = np.exp(0.5 * members.quality_demands)
    counts["orders"] = draw_regular_orders(members.order_rate, _season(programme, clock), rng)
    if not programme.sells:
        counts["orders"][:] = 0
    uses = counts[programme.use]
    faulty = np.minimum(defect * picky * levels["defect"], 0.5)
    counts["defects"] = rng.binomial(uses, faulty).astype("int16")
    contact_rate = members.order_rate if programme.use == "orders" else members.visit_rate
    service = rates.service * contact_rate * picky * _season(programme, clock)
    counts["service"] = _poisson(rng, service * levels["response"])
    in_app = np.isin(
        members.channel, [list(programme.channels).index(name) for name in programme.app_channels]
    )
    bad_device = np.where(rng.random(members.size) < 0.15, 4.0, 0.5) * in_app
    counts["faults"] = _poisson(
        rng, rates.app_fault * bad_device * levels["app_fault"] * clock.length[:, None]
    )
    incidents = counts["defects"] + counts["service"]
    hours = rng.lognormal(np.log(10.0), 0.9, incidents.shape) * levels["response"]
    levels["hours"] = np.where(incidents > 0, hours, 0).astype("float32")
    slow = (incidents > 0) & (hours > SLOW_HOURS)
    return {
        "defect": _lasting(scenario, members, counts["defects"] * picky, half["defect"]),
        "slow_response": _lasting(
            scenario, members, slow * np.minimum(hours / SLOW_HOURS, 3), half["slow_response"]
        ),
        "app_fault": _lasting(scenario, members, counts["faults"], half["app_fault"]),
    }


def _price(scenario: Scenario, members: Members, levels: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rises since joining and discounts lost, in units of ten per cent, weighted by price sensitivity."""
    programme, clock = scenario.programme, scenario.clock
    sensitivity = np.exp(0.6 * members.price_sensitivity).astype("float32")
    week = np.maximum(-(-members.joined // 7), 0)
    joined = np.arange(clock.weeks)[:, None] > week
    rise = np.diff(levels["own_price"], axis=0, prepend=levels["own_price"][:1]) * joined
    lost = np.maximum(-np.diff(levels["discount"], axis=0, prepend=levels["discount"][:1]), 0) * joined
    return {
        "price_rise": _lasting(scenario, members, np.maximum(rise, 0) * 10, programme.half_life["price_rise"])
        * sensitivity,
        "lost_discount": _lasting(scenario, members, lost * 10, programme.half_life["lost_discount"])
        * sensitivity,
    }


def _competition(
    scenario: Scenario, members: Members, levels: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    responsiveness = np.exp(0.35 * members.price_sensitivity - 0.25 * members.sociability).astype("float32")
    gap = levels["own_price"] / levels["rival_price"] - 1
    doses = {
        "rival_campaign": np.maximum(levels["rival_activity"] - 0.9, 0) * responsiveness,
        "rival_price": np.maximum(gap - 0.02, 0) * 10 * responsiveness,
    }
    if scenario.mechanism.memory == Memory():  # rivals of this week only
        return doses
    return {name: _lasting(scenario, members, dose, RIVAL_HALF_LIFE) for name, dose in doses.items()}


def _in_period(
    clock: Clock, n: int, share: float, length: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Whether a member is in a period of `length` weeks, which `share` of members have once; (weeks, n)."""
    start = np.where(rng.random(n) < share, rng.integers(-8, clock.weeks, n), 10**4)
    end = start + rng.integers(*length, n)
    week = np.arange(clock.weeks)[:, None]
    return (week >= start) & (week < end)


def _messages(
    scenario: Scenario,
    members: Members,
    levels: dict[str, np.ndarray],
    counts: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Relevant and irrelevant pushes; more relevant ones where a rival is active, without any effect."""
    programme, clock, confounding = scenario.programme, scenario.clock, scenario.params.confounding
    n, half = members.size, programme.half_life["messages"]
    relevant = np.where(_in_period(clock, n, programme.misprofiled, (14, 40), rng), 0.12, 0.85)
    pressure = np.where(_in_period(clock, n, 0.18, (6, 14), rng), 4.5, 1.0)
    volume = programme.rates.push * rng.lognormal(-0.05, 0.3, n) * members.marketing * clock.length[:, None]
    response = 1 + confounding * np.minimum(np.maximum(levels["rival_activity"] - 0.9, 0), 3)
    counts["relevant"] = _poisson(rng, volume * relevant * np.maximum(pressure, response))
    counts["irrelevant"] = _poisson(rng, volume * (1 - relevant) * np.sqrt(pressure))
    many = _lasting(scenario, members, _poisson(rng, volume * (pressure - 1)), half)
    return {
        "irrelevant_offers": np.maximum(_lasting(scenario, members, counts["irrelevant"], half) - 0.8, 0),
        "too_many_messages": np.maximum(many - 2, 0) / 3,
    }


def _engagement(
    scenario: Scenario, members: Members, counts: dict[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    programme, clock, n = scenario.programme, scenario.clock, members.size
    rates, length = programme.rates, clock.length[:, None]
    neglected = _in_period(clock, n, programme.neglected, (26, 80), rng)
    social = np.exp(0.7 * members.sociability)
    counts["greetings"] = _poisson(rng, rates.greeting * np.where(neglected, 0.04, 1.0) * length)
    counts["activities"] = _poisson(rng, rates.activity * social * np.where(neglected, 0.4, 1.0) * length)
    counts["community"] = _poisson(rng, rates.community * social * length)
    counts["spendings"] = _poisson(
        rng, rates.points_spent * members.points * np.exp(0.3 * members.usage) * length
    )
    contacts = counts["greetings"] + counts["activities"] + counts["community"]
    since = _since_joining(scenario, members, weeks_since(contacts, rng.exponential(8, n)))
    unspent = weeks_since(counts["spendings"], rng.exponential(18, n)) * members.points
    unspent = _since_joining(scenario, members, unspent)
    silence = scenario.mechanism.silence
    return {
        "no_contact": np.clip((since - silence.from_week) / 12, 0, silence.grows_weeks / 12),
        "unused_points": np.clip((unspent - 20) / 20, 0, 1.5),
    }


def _since_joining(scenario: Scenario, members: Members, since: np.ndarray) -> np.ndarray:
    """Weeks of silence, no more than since joining where the mechanism is calibrated; (weeks, n)."""
    if scenario.mechanism.totals is None:
        return since
    tenure = np.maximum(np.arange(len(since))[:, None] - members.joined // 7, 0)
    return np.minimum(since, tenure)


def _natural(
    scenario: Scenario, members: Members, counts: dict[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    programme, clock = scenario.programme, scenario.clock
    rate = np.full((clock.weeks, members.size), programme.rates.moved, "float32") * clock.length[:, None]
    counts["moves"] = np.minimum(_poisson(rng, rate), 1).astype("int16")
    since_end = np.arange(clock.weeks)[:, None] - members.need_end / 7
    if scenario.mechanism.memory == Memory():
        ended = np.where(since_end >= 0, 0.5 ** (np.maximum(since_end, 0) / programme.need.half_life), 0)
    else:
        ends = (since_end >= 0) & (since_end < 1)
        ended = _lasting(scenario, members, ends, programme.need.half_life)
    return {
        "moved": _lasting(scenario, members, counts["moves"], programme.half_life["moved"]),
        "need_ended": ended.astype("float32"),
    }
