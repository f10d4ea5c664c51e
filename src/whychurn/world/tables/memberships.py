"""Contract table `memberships`: one row for each term in the window, until the exit or the window's end."""

import numpy as np
import pandas as pd

from whychurn.world.lives.exits import Exits
from whychurn.world.lives.members import Members
from whychurn.world.lives.membership_terms import term_days
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.course_calendar import calendar
from whychurn.world.setting.scenario import Scenario


def memberships_table(scenario: Scenario, lives: SimulatedLives, rng: np.random.Generator) -> pd.DataFrame:
    """Terms of both spells of each member; terms over before the window are not on record."""
    programme, clock, members, exits = scenario.programme, scenario.clock, lives.members, lives.exits
    auto_renew = np.array([plan.auto_renew for plan in programme.plans.values()])[members.plan]
    renews = rng.random(members.size) < auto_renew
    who, first, last = _all_terms(scenario, members, exits)
    price, paid = _prices(scenario, lives, who, first)
    decided = np.where(last == exits.left[who], exits.decided[who], exits.decided_again[who])
    is_last = (last == exits.left[who]) | (last == exits.left_again[who])
    cancelled = is_last & (decided < clock.days) & (renews[who] | (rng.random(len(who)) < 0.25))
    cancelled_on = clock.dates(np.where(cancelled, np.maximum(decided, first), 0))
    return pd.DataFrame(
        {
            "member_id": members.ids[who],
            "plan": np.array(list(programme.plans))[members.plan[who]],
            "starts_on": clock.dates(first),
            "ends_on": clock.dates(last),
            "list_price": price.round(2),
            "price_paid": paid.round(2),
            "auto_renew": renews[who],
            "cancelled_on": pd.Series(cancelled_on).where(cancelled),
        }
    )


def _all_terms(
    scenario: Scenario, members: Members, exits: Exits
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Member, first and last day of each term, in order of member and time."""
    spells = (
        _terms_of_spell(scenario, members, members.joined, exits.left),
        _terms_of_spell(scenario, members, exits.returned, exits.left_again),
    )
    who, first, last = (np.concatenate(parts) for parts in zip(*spells, strict=True))
    order = np.lexsort((first, who))
    order = order[last[order] >= 0]
    return who[order], first[order], last[order]


def _terms_of_spell(
    scenario: Scenario, members: Members, since: np.ndarray, left: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Member, first and last day of each term of one spell."""
    programme, clock = scenario.programme, scenario.clock
    until = np.minimum(left, clock.days - 1)  # the last term starts on or before this day
    has_spell = since < clock.days
    if programme.kind == "terms":
        length = term_days(programme, members)
        count = np.where(has_spell, (until - np.where(has_spell, since, 0)) // length + 1, 0)
        who = np.repeat(np.arange(members.size), count)
        index = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
        first = since[who] + index * length[who]
        return who, first, first + length[who] - 1
    starts, ends = calendar(programme, clock)
    within = has_spell[:, None] & (starts >= since[:, None]) & (starts <= until[:, None])
    who, index = np.nonzero(within)
    return who, starts[index], ends[index]


def _prices(
    scenario: Scenario, lives: SimulatedLives, who: np.ndarray, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """List price and price paid of terms that start on day `first`."""
    programme, market, members = scenario.programme, scenario.market, lives.members
    week = np.clip(first // 7, 0, scenario.clock.weeks - 1)
    early = market.before[np.clip(first // 7 + len(market.before), 0, len(market.before) - 1)]
    index = np.where(first >= 0, market.own[week, members.region[who], members.category[who]], early)
    plan = np.array([plan.price for plan in programme.plans.values()])[members.plan[who]]
    line = np.array([line.price for line in programme.categories.values()])[members.category[who]]
    listed = plan * line * index
    return listed, listed * (1 - np.clip(lives.history.levels["discount"][week, who], 0, 0.6))
