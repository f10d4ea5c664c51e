"""What happens to members week by week: the exposures that add to the hazard of each cause.

All arrays are (weeks, n). Exposures do not depend on who has left already: they are a member's path had he
or she stayed. So the hazard path is known for everyone, and the truth without an exposure can be computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.market import Market
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.season import teaching

SLOW_HOURS = 36.0
_SHAPE_3_MEAN = 0.893  # mean of a Weibull of shape 3 and scale 1


@dataclass(frozen=True)
class Path:
    """Counts of what happens, and exposures by name, both as (weeks, n).

    Parameters
    ----------
    counts
        orders, defects (of orders, or of visits where there are terms), service, faults, relevant, irrelevant, greetings, activities, community, spendings,
        coupons, moves, visits.
    exposures
        Units of each exposure, never negative.
    levels
        own_price, discount, response (factor on answering times), rival_activity at the member's place.
    """

    counts: dict[str, np.ndarray]
    exposures: dict[str, np.ndarray]
    levels: dict[str, np.ndarray]


@dataclass(frozen=True)
class _Draw:
    """What the exposures of a block are drawn from; `counts` is filled on the way."""

    programme: Programme
    clock: Clock
    members: Members
    levels: dict[str, np.ndarray]
    counts: dict[str, np.ndarray]
    rng: np.random.Generator


def simulate_path(
    programme: Programme,
    clock: Clock,
    market: Market,
    members: Members,
    confounding: float,
    rng: np.random.Generator,
) -> Path:
    """Draw what happens to each member in each week."""
    levels = _levels(programme, clock, market, members, rng)
    counts: dict[str, np.ndarray] = {}
    weekly = 0.5 * _season(programme, clock) + 0.5 * clock.length[:, None]
    counts["visits"] = _poisson(rng, members.visit_rate * weekly * teaching(programme, clock))
    draw = _Draw(programme, clock, members, levels, counts, rng)
    exposures = _product(draw)
    exposures |= _price(programme, clock, members, levels)
    exposures |= _competition(members, levels)
    exposures |= _messages(draw, confounding)
    exposures |= _engagement(draw)
    exposures |= _natural(draw)
    coupon = programme.rates.coupon * (1 + confounding * 8 * np.minimum(exposures["price_rise"], 2))
    counts["coupons"] = _poisson(rng, coupon * clock.length[:, None] * members.marketing)
    return Path(counts, exposures, levels)


def fade(count: np.ndarray, half_life: float) -> np.ndarray:
    """Sum of what happened so far, each part halved every `half_life` weeks."""
    kept = np.float32(0.5 ** (1 / half_life))
    faded = np.empty(count.shape, dtype="float32")
    level = np.zeros(count.shape[1], dtype="float32")
    for week, now in enumerate(count):
        level = level * kept + now
        faded[week] = level
    return faded


def weeks_since(happened: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Weeks since something last happened, from a number of weeks `first` (n,) before the window on."""
    since = np.empty(happened.shape, dtype="float32")
    level = first.astype("float32")
    for week, now in enumerate(happened):
        level = np.where(now > 0, 0, level + 1)
        since[week] = level
    return since


def replenish(rate: np.ndarray, season: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Orders a week of members who buy again when things run out: more regular than chance.

    The chance to order grows with the square of the time since the last order (a Weibull gap of shape 3), so long gaps
    are rare among members who are still there. At most one order a week.

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


def _levels(
    programme: Programme, clock: Clock, market: Market, members: Members, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    n = members.size
    place = (slice(None), members.region, members.category)
    cut_week = np.where(rng.random(n) < programme.discount_cut, rng.integers(0, clock.weeks, n), clock.weeks)
    usual = programme.discount * rng.lognormal(-0.08, 0.4, n)
    cut = np.arange(clock.weeks)[:, None] >= cut_week
    levels = {
        "own_price": market.own[place].astype("float32"),
        "rival_price": market.rival[place].astype("float32"),
        "rival_activity": market.activity[place].astype("float32"),
        "discount": (usual * np.where(cut, 0.25, 1.0)).astype("float32"),
    }
    for kind in ("defect", "response", "app_fault"):
        levels[kind] = _trouble(programme, clock, members, kind)
    return levels


def _trouble(programme: Programme, clock: Clock, members: Members, kind: str) -> np.ndarray:
    factor = np.ones((clock.weeks, members.size), dtype="float32")
    lines = list(programme.categories)
    for trouble in programme.troubles:
        if trouble.kind == kind:
            when = slice(clock.week_at(trouble.at), clock.week_at(trouble.at) + trouble.weeks)
            where = (
                members.category == lines.index(trouble.where)
                if trouble.where
                else np.ones(members.size, bool)
            )
            factor[when, where] *= trouble.factor
    return factor


def _product(draw: _Draw) -> dict[str, np.ndarray]:
    programme, clock, members, rng = draw.programme, draw.clock, draw.members, draw.rng
    levels, counts = draw.levels, draw.counts
    rates, half = programme.rates, programme.half_life
    defect = np.array([line.defect for line in programme.categories.values()])[members.category]
    picky = np.exp(0.5 * members.fuss)
    counts["orders"] = replenish(members.order_rate, _season(programme, clock), rng)
    uses = counts["orders"] if programme.kind == "inactivity" else counts["visits"]
    faulty = np.minimum(defect * picky * levels["defect"], 0.5)
    counts["defects"] = rng.binomial(uses, faulty).astype("int16")
    usual = members.order_rate if programme.kind == "inactivity" else members.visit_rate
    service = rates.service * usual * picky * _season(programme, clock)
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
        "defect": fade(counts["defects"] * picky, half["defect"]),
        "slow_response": fade(slow * np.minimum(hours / SLOW_HOURS, 3), half["slow_response"]),
        "app_fault": fade(counts["faults"], half["app_fault"]),
    }


def _price(
    programme: Programme, clock: Clock, members: Members, levels: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Rises since joining and discounts lost, in units of ten per cent, felt the more the thriftier one is."""
    feel = np.exp(0.6 * members.thrift).astype("float32")
    week = np.maximum(-(-members.joined // 7), 0)
    member_of = np.arange(clock.weeks)[:, None] > week
    rise = np.diff(levels["own_price"], axis=0, prepend=levels["own_price"][:1]) * member_of
    lost = np.maximum(-np.diff(levels["discount"], axis=0, prepend=levels["discount"][:1]), 0) * member_of
    return {
        "price_rise": fade(np.maximum(rise, 0) * 10, programme.half_life["price_rise"]) * feel,
        "lost_discount": fade(lost * 10, programme.half_life["lost_discount"]) * feel,
    }


def _competition(members: Members, levels: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    open_to = np.exp(0.35 * members.thrift - 0.25 * members.bond).astype("float32")
    gap = levels["own_price"] / levels["rival_price"] - 1
    return {
        "rival_campaign": np.maximum(levels["rival_activity"] - 0.9, 0) * open_to,
        "rival_price": np.maximum(gap - 0.02, 0) * 10 * open_to,
    }


def _spell(
    clock: Clock, n: int, share: float, length: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Whether a member is in a bad time of `length` weeks, which `share` of members have once."""
    start = np.where(rng.random(n) < share, rng.integers(-8, clock.weeks, n), 10**4)
    end = start + rng.integers(*length, n)
    week = np.arange(clock.weeks)[:, None]
    return (week >= start) & (week < end)


def _messages(draw: _Draw, confounding: float) -> dict[str, np.ndarray]:
    """Pushes that fit or not. Where a rival is active the company sends more that fit: they change nothing."""
    programme, clock, members, rng = draw.programme, draw.clock, draw.members, draw.rng
    levels, counts = draw.levels, draw.counts
    n, half = members.size, programme.half_life["messages"]
    fits = np.where(_spell(clock, n, programme.misprofiled, (14, 40), rng), 0.12, 0.85)
    flood = np.where(_spell(clock, n, 0.18, (6, 14), rng), 4.5, 1.0)
    usual = programme.rates.push * rng.lognormal(-0.05, 0.3, n) * members.marketing * clock.length[:, None]
    answer = 1 + confounding * np.minimum(np.maximum(levels["rival_activity"] - 0.9, 0), 3)
    counts["relevant"] = _poisson(rng, usual * fits * np.maximum(flood, answer))
    counts["irrelevant"] = _poisson(rng, usual * (1 - fits) * np.sqrt(flood))
    many = fade(_poisson(rng, usual * (flood - 1)), half)
    return {
        "irrelevant_offers": np.maximum(fade(counts["irrelevant"], half) - 0.8, 0),
        "too_many_messages": np.maximum(many - 2, 0) / 3,
    }


def _engagement(draw: _Draw) -> dict[str, np.ndarray]:
    programme, clock, members, rng, counts = draw.programme, draw.clock, draw.members, draw.rng, draw.counts
    rates, n, length = programme.rates, members.size, clock.length[:, None]
    forgotten = _spell(clock, n, programme.neglected, (26, 80), rng)
    social = np.exp(0.7 * members.bond)
    counts["greetings"] = _poisson(rng, rates.greeting * np.where(forgotten, 0.04, 1.0) * length)
    counts["activities"] = _poisson(rng, rates.activity * social * np.where(forgotten, 0.4, 1.0) * length)
    counts["community"] = _poisson(rng, rates.community * social * length)
    counts["spendings"] = _poisson(
        rng, rates.points_spent * members.points * np.exp(0.3 * members.use) * length
    )
    touched = counts["greetings"] + counts["activities"] + counts["community"]
    since = weeks_since(touched, rng.exponential(8, n))
    unspent = weeks_since(counts["spendings"], rng.exponential(18, n)) * members.points
    return {
        "no_contact": np.clip((since - 10) / 12, 0, 2),
        "unused_points": np.clip((unspent - 20) / 20, 0, 1.5),
    }


def _natural(draw: _Draw) -> dict[str, np.ndarray]:
    programme, clock, members, rng, counts = draw.programme, draw.clock, draw.members, draw.rng, draw.counts
    rate = (
        np.full((clock.weeks, members.size), programme.rates.moved, dtype="float32") * clock.length[:, None]
    )
    counts["moves"] = np.minimum(_poisson(rng, rate), 1).astype("int16")
    since_end = np.arange(clock.weeks)[:, None] - members.need_end / 7
    ended = np.where(since_end >= 0, 0.5 ** (np.maximum(since_end, 0) / programme.need.half_life), 0)
    return {
        "moved": fade(counts["moves"], programme.half_life["moved"]),
        "need_ended": ended.astype("float32"),
    }
