"""Contract table `orders`."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.world.lives.members import Members
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.scenario import Scenario
from whychurn.world.tables.counts_to_rows import Presence, coded, member_activity


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


def draw_orders(
    scenario: Scenario, lives: SimulatedLives, presence: Presence, rng: np.random.Generator
) -> Orders:
    """Orders of members; those that went wrong do not fade before an exit, for they are why some leave."""
    programme, clock = scenario.programme, scenario.clock
    members, history = lives.members, lives.history
    wrong = (
        history.counts["defects"] if programme.use == "orders" else np.zeros_like(history.counts["orders"])
    )
    good = member_activity(history.counts["orders"] - wrong, presence, clock, rng)
    bad = member_activity(wrong, presence, clock, rng, fades=False)
    week, who, day = (np.concatenate(pair) for pair in zip(good, bad, strict=True))
    defect = np.arange(len(who)) >= len(good[0])
    category = _category(members, who, len(programme.categories), rng)
    prices = np.array([line.price for line in programme.categories.values()])
    index = scenario.market.own[week, members.region[who], category]
    listed = (
        programme.purchase_price * prices[category] * index * rng.lognormal(0.1 * members.usage[who], 0.45)
    )
    share = np.clip(history.levels["discount"][week, who] * rng.lognormal(-0.1, 0.45, len(who)), 0, 0.6)
    share = np.where(rng.random(len(who)) < 0.15, 0, share)
    listed = np.clip(listed, 8, 1200)
    amount = listed * (1 - share)
    return Orders(
        who, week, day, clock.instants(day, rng), amount.round(2), (listed * share).round(2), category, defect
    )


def orders_table(
    scenario: Scenario, members: Members, orders: Orders, rng: np.random.Generator
) -> pd.DataFrame:
    """Orders as rows of the contract."""
    programme, n = scenario.programme, len(orders.who)
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
            "category": coded(np.where(unknown, -1, orders.category), lines),
            "channel": coded(channel, channels),
            "returned": returned,
        }
    )


def _category(members: Members, who: np.ndarray, lines: int, rng: np.random.Generator) -> np.ndarray:
    dice = rng.random(len(who))
    other = rng.integers(0, lines, len(who))
    return np.where(dice < 0.62, members.category[who], np.where(dice < 0.85, members.second[who], other))
