"""Counts of what happens to members in each week, drawn; from any week on, so that a window can be continued."""

from typing import Final

import numpy as np

from whychurn.world.lives.history.lasting_traits import LastingTraits, first_periods, in_period
from whychurn.world.lives.members import Members
from whychurn.world.setting.changes import slower_answers
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.course_calendar import in_season
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.scenario import Scenario

MISPROFILED: Final = (14, 40)  # weeks of wrong offers
PRESSURE: Final = ((6, 14), 0.18)  # weeks of many messages, and share of members who have them
NEGLECTED: Final = (26, 80)  # weeks without greetings
_SHAPE_3_MEAN: Final = 0.893  # mean of a Weibull of shape 3 and scale 1
Arrays = dict[str, np.ndarray]


def draw_levels(
    scenario: Scenario, members: Members, traits: LastingTraits, rng: np.random.Generator
) -> Arrays:
    """Prices, discounts and rates of trouble at each member's place, all weeks of the clock; (weeks, n)."""
    programme, clock, market, n = scenario.programme, scenario.clock, scenario.market, members.size
    position = (slice(None), members.region, members.category)
    cut_week = traits.once("cut_week", lambda: _cut_week(programme, clock, n, rng))
    ordinary = traits.once("discount", lambda: programme.discount * rng.lognormal(-0.08, 0.4, n))
    cut = np.arange(clock.weeks)[:, None] >= cut_week
    levels = {
        "own_price": market.own[position].astype("float32"),
        "rival_price": market.rival[position].astype("float32"),
        "rival_activity": market.activity[position].astype("float32"),
        "discount": (ordinary * np.where(cut, 0.25, 1.0)).astype("float32"),
    }
    for kind in ("defect", "response", "app_fault"):
        levels[kind] = _disruption_factor(programme, clock, members, kind)
    levels["response"] *= slower_answers(scenario.params, programme, clock)[:, members.region]
    return levels


def _cut_week(programme: Programme, clock: Clock, n: int, rng: np.random.Generator) -> np.ndarray:
    cut = rng.random(n) < programme.discount_cut
    return np.where(cut, rng.integers(0, clock.weeks, n), clock.weeks)


def draw_counts(
    scenario: Scenario,
    members: Members,
    levels: Arrays,
    traits: LastingTraits,
    rng: np.random.Generator,
    orders_since: np.ndarray | None = None,
) -> Arrays:
    """Counts of the last weeks of the clock, as many as the rows of `levels`; (weeks, n).

    Parameters
    ----------
    levels
        See `draw_levels`, of the weeks that are drawn.
    orders_since
        Weeks since each member's last order; None: drawn.

    Returns
    -------
    dict
        visits, orders, defects, service, faults, relevant, irrelevant, many_messages, greetings, activities,
        community, spendings, moves; and hours, the time (h) that an answer takes where there is an incident.
    """
    clock = scenario.clock
    weeks = slice(clock.weeks - len(levels["discount"]), None)
    drawn = _uses(scenario, members, weeks, rng, orders_since)
    drawn |= _incidents(scenario, members, levels, traits, drawn, rng)
    drawn |= _messages(scenario, members, levels, traits, rng)
    drawn |= _contacts(scenario, members, weeks, traits, rng)
    traits.once("contact_before", lambda: rng.exponential(8, members.size))
    traits.once("spending_before", lambda: rng.exponential(18, members.size))
    rate = scenario.programme.rates.moved * clock.length[weeks, None]
    moves = np.broadcast_to(rate, (len(rate), members.size))
    return drawn | {"moves": np.minimum(_poisson(rng, moves), 1).astype("int16")}


def draw_coupons(
    scenario: Scenario, members: Members, price_rise: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Coupons used, more after price rises; `price_rise` (weeks, n) is the exposure before any shape."""
    weeks = slice(scenario.clock.weeks - len(price_rise), None)
    rate = scenario.programme.rates.coupon * (1 + scenario.params.confounding * 8 * np.minimum(price_rise, 2))
    return _poisson(rng, rate * scenario.clock.length[weeks, None] * members.marketing)


def draw_regular_orders(
    rate: np.ndarray, season: np.ndarray, rng: np.random.Generator, since: np.ndarray | None = None
) -> np.ndarray:
    """Orders a week of members who buy again when things run out: more regular than chance.

    The chance to order grows with the square of the time since the last order (a Weibull gap of shape 3), so
    long gaps are rare among members who have not left. At most one order a week.

    Parameters
    ----------
    rate
        Mean orders a week; (n,).
    season
        Factor of each week; (weeks, 1).
    since
        Weeks since the last order (n,); None: drawn.
    """
    scale = (_SHAPE_3_MEAN * rate).astype("float32") ** 3
    since = ((rng.random(len(rate)) / rate) if since is None else since).astype("float32")
    orders = np.empty((len(season), len(rate)), dtype="int16")
    for week, factor in enumerate(season[:, 0]):
        hazard = scale * ((since + 1) ** 3 - since**3) * factor
        orders[week] = rng.random(len(rate)) < -np.expm1(-hazard)
        since = np.where(orders[week] > 0, np.float32(0.5), since + 1)
    return orders


def _poisson(rng: np.random.Generator, rate: np.ndarray) -> np.ndarray:
    return rng.poisson(rate).astype("int16")


def season(programme: Programme, clock: Clock) -> np.ndarray:
    """Share of ordinary activity in each week, shorter weeks less; (weeks, 1)."""
    by_month = np.array(programme.rates.by_month, dtype="float32")
    return (by_month[clock.month] * clock.length)[:, None]


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


def _uses(
    scenario: Scenario,
    members: Members,
    weeks: slice,
    rng: np.random.Generator,
    orders_since: np.ndarray | None,
) -> Arrays:
    programme, clock = scenario.programme, scenario.clock
    ordinary = season(programme, clock)
    seasonal = 0.5 * ordinary + 0.5 * clock.length[:, None]
    open_weeks = in_season(programme, clock)[weeks]
    visits = _poisson(rng, members.visit_rate * seasonal[weeks] * open_weeks)
    orders = draw_regular_orders(members.order_rate, ordinary[weeks], rng, orders_since)
    if not programme.sells:
        orders[:] = 0
    return {"visits": visits, "orders": orders}


def _incidents(
    scenario: Scenario,
    members: Members,
    levels: Arrays,
    traits: LastingTraits,
    drawn: Arrays,
    rng: np.random.Generator,
) -> Arrays:
    programme, clock = scenario.programme, scenario.clock
    weeks, rates = slice(clock.weeks - len(levels["defect"]), None), programme.rates
    defect = np.array([line.defect for line in programme.categories.values()])[members.category]
    picky = np.exp(0.5 * members.quality_demands)
    faulty = np.minimum(defect * picky * levels["defect"], 0.5)
    defects = rng.binomial(drawn[programme.use], faulty).astype("int16")
    contact_rate = members.order_rate if programme.use == "orders" else members.visit_rate
    asked = rates.service * contact_rate * picky * season(programme, clock)[weeks]
    service = _poisson(rng, asked * levels["response"])
    app_channels = [list(programme.channels).index(name) for name in programme.app_channels]
    poor = traits.once("poor_device", lambda: rng.random(members.size) < 0.15)
    bad_device = np.where(poor, 4.0, 0.5) * np.isin(members.channel, app_channels)
    faults = _poisson(rng, rates.app_fault * bad_device * levels["app_fault"] * clock.length[weeks, None])
    incidents = defects + service
    hours = rng.lognormal(np.log(10.0), 0.9, incidents.shape) * levels["response"]
    hours = np.where(incidents > 0, hours, 0)
    return {"defects": defects, "service": service, "faults": faults, "hours": hours}


def _messages(
    scenario: Scenario, members: Members, levels: Arrays, traits: LastingTraits, rng: np.random.Generator
) -> Arrays:
    """Relevant and irrelevant pushes; more relevant ones where a rival is active, without any effect."""
    programme, clock, n = scenario.programme, scenario.clock, members.size
    weeks = np.arange(clock.weeks)[clock.weeks - len(levels["discount"]) :]
    wrong = traits.once(
        "misprofiled", lambda: first_periods(clock, programme.misprofiled, MISPROFILED, n, rng)
    )
    many = traits.once("pressure", lambda: first_periods(clock, PRESSURE[1], PRESSURE[0], n, rng))
    relevant = np.where(in_period(wrong, weeks), 0.12, 0.85)
    pressure = np.where(in_period(many, weeks), 4.5, 1.0)
    push = traits.once(
        "push", lambda: programme.rates.push * rng.lognormal(-0.05, 0.3, n) * members.marketing
    )
    volume = push * clock.length[weeks, None]
    rivals = np.minimum(np.maximum(levels["rival_activity"] - 0.9, 0), 3)
    response = 1 + scenario.params.confounding * rivals
    return {
        "relevant": _poisson(rng, volume * relevant * np.maximum(pressure, response)),
        "irrelevant": _poisson(rng, volume * (1 - relevant) * np.sqrt(pressure)),
        "many_messages": _poisson(rng, volume * (pressure - 1)),
    }


def _contacts(
    scenario: Scenario, members: Members, weeks: slice, traits: LastingTraits, rng: np.random.Generator
) -> Arrays:
    programme, clock, n = scenario.programme, scenario.clock, members.size
    rates, length = programme.rates, clock.length[weeks, None]
    periods = traits.once("neglected", lambda: first_periods(clock, programme.neglected, NEGLECTED, n, rng))
    neglected = in_period(periods, np.arange(clock.weeks)[weeks])
    social = np.exp(0.7 * members.sociability)
    spent = rates.points_spent * members.points * np.exp(0.3 * members.usage)
    return {
        "greetings": _poisson(rng, rates.greeting * np.where(neglected, 0.04, 1.0) * length),
        "activities": _poisson(rng, rates.activity * social * np.where(neglected, 0.4, 1.0) * length),
        "community": _poisson(rng, rates.community * social * length),
        "spendings": _poisson(rng, spent * length),
    }
