"""Terms: when a decision to leave takes effect, and the memberships that follow from lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.season import calendar

if TYPE_CHECKING:
    from whychurn.world.lives.exposure import Path
    from whychurn.world.lives.life import Life
    from whychurn.world.setting.market import Market

FAR = 10**6


def term_end(
    programme: Programme, clock: Clock, members: Members, since: np.ndarray, decided: np.ndarray
) -> np.ndarray:
    """Last day of the term in which each decision to leave falls: then it takes effect.

    Parameters
    ----------
    since
        First day of the member's first term in this life; (n,).
    decided
        Day of the decision, far in the future where there is none; (n,).
    """
    some = decided < FAR
    if programme.kind == "inactivity":
        return decided
    if programme.kind == "terms":
        length = np.array([plan.days for plan in programme.plans.values()])[members.plan]
        terms = np.where(some, decided - since, 0) // length + 1
        return np.where(some, since + terms * length - 1, FAR)
    _, ends, _ = calendar(programme, clock)
    return np.where(some, ends[np.searchsorted(ends, np.where(some, decided, 0))], FAR)


def last_decision(programme: Programme, clock: Clock, members: Members) -> np.ndarray:
    """Last day on which a decision of the first life still takes effect in the window; (n,)."""
    end = np.full(members.size, clock.days - 1)
    if programme.kind == "inactivity":
        return end
    if programme.kind == "terms":
        length = np.array([plan.days for plan in programme.plans.values()])[members.plan]
        return members.joined + (clock.days - members.joined) // length * length - 1
    _, ends, _ = calendar(programme, clock)
    return np.full(members.size, ends[ends < clock.days].max())


def memberships_table(
    programme: Programme,
    clock: Clock,
    market: Market,
    members: Members,
    path: Path,
    life: Life,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Contract table `memberships`: one row for each term in the window, until leaving or the window's end."""
    renews = (
        rng.random(members.size) < np.array([p.auto_renew for p in programme.plans.values()])[members.plan]
    )
    lives = [
        _terms_of_life(programme, clock, members, members.joined, life.left),
        _terms_of_life(programme, clock, members, life.returned, life.left_again),
    ]
    who, first, last = (np.concatenate(parts) for parts in zip(*lives, strict=True))
    order = np.lexsort((first, who))
    order = order[last[order] >= 0]  # terms over before the window are not on record
    who, first, last = who[order], first[order], last[order]
    price, paid = _prices(programme, clock, market, members, path, who, first)
    decided = np.where(last == life.left[who], life.decided[who], life.decided_again[who])
    leaving = (last == life.left[who]) | (last == life.left_again[who])
    told = leaving & (decided < clock.days) & (renews[who] | (rng.random(len(who)) < 0.25))
    return pd.DataFrame(
        {
            "member_id": members.ids[who],
            "plan": np.array(list(programme.plans))[members.plan[who]],
            "starts_on": clock.dates(first),
            "ends_on": clock.dates(last),
            "list_price": price.round(2),
            "price_paid": paid.round(2),
            "auto_renew": renews[who],
            "cancelled_on": pd.Series(clock.dates(np.where(told, np.maximum(decided, first), 0))).where(told),
        }
    )


def _terms_of_life(
    programme: Programme, clock: Clock, members: Members, since: np.ndarray, left: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Member, first and last day of each term."""
    until = np.minimum(left, clock.days - 1)  # the last term starts on or before this day
    lived = since < clock.days
    if programme.kind == "terms":
        length = np.array([plan.days for plan in programme.plans.values()])[members.plan]
        count = np.where(lived, (until - np.where(lived, since, 0)) // length + 1, 0)
        who = np.repeat(np.arange(members.size), count)
        index = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
        first = since[who] + index * length[who]
        return who, first, first + length[who] - 1
    starts, ends, _ = calendar(programme, clock)
    there = lived[:, None] & (starts >= since[:, None]) & (starts <= until[:, None])
    who, index = np.nonzero(there)
    return who, starts[index], ends[index]


def _prices(
    programme: Programme,
    clock: Clock,
    market: Market,
    members: Members,
    path: Path,
    who: np.ndarray,
    first: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """List price and price paid of terms that start on day `first`."""
    week = np.clip(first // 7, 0, clock.weeks - 1)
    early = market.before[np.clip(first // 7 + len(market.before), 0, len(market.before) - 1)]
    index = np.where(first >= 0, market.own[week, members.region[who], members.category[who]], early)
    plan = np.array([plan.price for plan in programme.plans.values()])[members.plan[who]]
    line = np.array([line.price for line in programme.categories.values()])[members.category[who]]
    listed = plan * line * index
    return listed, listed * (1 - np.clip(path.levels["discount"][week, who], 0, 0.6))
