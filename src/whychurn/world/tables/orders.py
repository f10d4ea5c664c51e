"""Contract table `orders`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.world.lives.members import Members
from whychurn.world.setting.categoricals import labelled
from whychurn.world.setting.market import Market
from whychurn.world.tables.rows import Population, own_acts


@dataclass(frozen=True)
class Orders:
    """Orders of a block in single arrays, before they become a table."""

    who: np.ndarray
    week: np.ndarray
    day: np.ndarray
    at: np.ndarray
    amount: np.ndarray
    discount: np.ndarray
    category: np.ndarray
    defect: np.ndarray


def draw_orders(people: Population, market: Market, rng: np.random.Generator) -> Orders:
    """Orders while members are there; those that went wrong do not fade, for they are why some leave."""
    programme, members, path = people.programme, people.members, people.path
    wrong = path.counts["defects"] if programme.kind == "inactivity" else np.zeros_like(path.counts["orders"])
    good = own_acts(path.counts["orders"] - wrong, people, rng)
    bad = own_acts(wrong, people, rng, fades=False)
    week, who, day = (np.concatenate(pair) for pair in zip(good, bad, strict=True))
    defect = np.arange(len(who)) >= len(good[0])
    category = _category(members, who, len(programme.categories), rng)
    price = (
        programme.purchase_price * np.array([line.price for line in programme.categories.values()])[category]
    )
    index = market.own[week, members.region[who], category]
    listed = price * index * rng.lognormal(0.1 * members.use[who], 0.45)
    share = np.clip(path.levels["discount"][week, who] * rng.lognormal(-0.1, 0.45, len(who)), 0, 0.6)
    share = np.where(rng.random(len(who)) < 0.15, 0, share)
    listed = np.clip(listed, 8, 1200)
    amount = listed * (1 - share)
    return Orders(
        who,
        week,
        day,
        people.clock.instants(day, rng),
        amount.round(2),
        (listed * share).round(2),
        category,
        defect,
    )


def orders_table(orders: Orders, people: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Orders as rows of the contract."""
    members, programme = people.members, people.programme
    n = len(orders.who)
    channel = np.where(
        rng.random(n) < 0.8, members.channel[orders.who], rng.integers(0, len(programme.channels), n)
    )
    returned = rng.random(n) < np.where(orders.defect, 0.65, 0.035)
    lines, channels = list(programme.categories), list(programme.channels)
    unknown = rng.random(n) < 0.004
    return pd.DataFrame(
        {
            "member_id": members.ids[orders.who],
            "ordered_at": orders.at,
            "amount": orders.amount,
            "discount": np.where(rng.random(n) < 0.003, np.nan, orders.discount),
            "quantity": 1.0 + rng.poisson(0.6, n),
            "category": labelled(np.where(unknown, -1, orders.category), lines),
            "channel": labelled(channel, channels),
            "returned": returned,
        }
    )


def _category(members: Members, who: np.ndarray, lines: int, rng: np.random.Generator) -> np.ndarray:
    dice = rng.random(len(who))
    other = rng.integers(0, lines, len(who))
    return np.where(dice < 0.62, members.category[who], np.where(dice < 0.85, members.second[who], other))
