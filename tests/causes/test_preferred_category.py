"""What members mostly buy is known as well as their orders tell, and the market reaches them by that chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.exposures.preferred_category import (
    CategoryMixture,
    MarketPosition,
    fit_category_mixture,
    market_levels_at,
    market_position,
    preferred_category_posterior,
)
from whychurn.causes.member_weeks.market_levels import MarketLevels
from whychurn.causes.member_weeks.week_calendar import Calendar
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords

LINES = ["coffee", "milk", "tea"]
CALENDAR = Calendar(pd.Timestamp("2024-01-01"), 28)


def records(
    member: np.ndarray, category: np.ndarray, members: int, region: str | None = "north"
) -> WeeklyRecords:
    orders = pd.DataFrame({"m": member, "day": 0, "category": category}).sort_values("m", ignore_index=True)
    return WeeklyRecords(pd.DataFrame({"region": [region] * members}), {"orders": orders}, None, CALENDAR)


def planted(members: int, loyalty: float, seed: int) -> tuple[WeeklyRecords, np.ndarray]:
    """Members who buy one line with chance `loyalty`, else any; some order once, some up to twelve times."""
    rng = np.random.default_rng(seed)
    main = rng.choice(3, members, p=[0.5, 0.3, 0.2])
    member = np.repeat(np.arange(members), rng.integers(1, 13, members))
    line = np.where(rng.random(len(member)) < loyalty, main[member], rng.integers(0, 3, len(member)))
    return records(member, np.array(LINES, object)[line], members), main


def test_recovers_loyalty_and_shares_and_is_calibrated() -> None:
    own, main = planted(20_000, 0.6, 3)
    tastes = fit_category_mixture(own)
    assert tastes.preferred_share == pytest.approx(0.6, abs=0.02)
    assert tastes.class_weights == pytest.approx([0.5, 0.3, 0.2], abs=0.02)
    chances = preferred_category_posterior(own, tastes)
    likeliest, right = chances.max(axis=1), chances.argmax(axis=1) == main
    for mine in np.array_split(np.argsort(likeliest, kind="stable"), 5):
        assert right[mine].mean() == pytest.approx(likeliest[mine].mean(), abs=0.03)
    assert likeliest.min() < 0.6 < 0.99 < likeliest.max(), "some are known, some are not"


def test_what_is_met_is_neither_over_nor_understated() -> None:
    """Slope of what members truly meet on what is found: one; on the likeliest line alone, less (regression
    dilution).
    """
    own, main = planted(20_000, 0.4, 5)
    rise = np.array([0.0, 1.0, 4.0])
    chances = preferred_category_posterior(own, fit_category_mixture(own)).astype("float64")
    slope = np.polyfit(chances @ rise, rise[main], 1)
    assert slope == pytest.approx([1, 0], abs=0.06)
    assert np.polyfit(rise[chances.argmax(axis=1)], rise[main], 1)[0] < 0.85


def test_who_ordered_nothing_is_like_everyone_and_rows_sum_to_one() -> None:
    own, _ = planted(500, 0.7, 4)
    tastes = fit_category_mixture(own)
    more = records(own.tables["orders"]["m"].to_numpy(), own.tables["orders"]["category"].to_numpy(), 501)
    chances = preferred_category_posterior(more, tastes)
    assert chances.sum(axis=1) == pytest.approx(1)
    assert chances[500] == pytest.approx(tastes.class_weights, abs=1e-6)
    assert chances[:500] == pytest.approx(preferred_category_posterior(own, tastes)), (
        "others do not change what is known of a member"
    )


def test_without_categories_there_is_no_taste() -> None:
    orders = pd.DataFrame({"m": [0], "day": [0]})
    own = WeeklyRecords(pd.DataFrame({"region": ["north"]}), {"orders": orders}, None, CALENDAR)
    tastes = fit_category_mixture(own)
    assert tastes.categories == {} and preferred_category_posterior(own, tastes).shape == (1, 0)
    assert at(own, tastes)[:, 0] == pytest.approx(levels()[:, 0, -1])


def test_one_category_is_everyones() -> None:
    tastes = fit_category_mixture(records(np.array([0, 0]), np.array(["tea", "tea"], object), 2))
    assert preferred_category_posterior(
        records(np.array([0]), np.array(["tea"], object), 2), tastes
    ) == pytest.approx(1)


def levels() -> np.ndarray:
    """Two weeks; regions north, south and any; coffee, tea and any."""
    return np.arange(18, dtype=float).reshape(2, 3, 3)


def market() -> MarketLevels:
    return MarketLevels(levels(), levels(), levels(), {"north": 0, "south": 1}, {"coffee": 0, "tea": 1})


def at(own: WeeklyRecords, tastes: CategoryMixture) -> np.ndarray:
    where = market_position(replace(own, market=market()), tastes, preferred_category_posterior(own, tastes))
    assert (
        where is not None and market_position(own, tastes, preferred_category_posterior(own, tastes)) is None
    )
    return market_levels_at(levels(), where)


TASTES = CategoryMixture(
    {"coffee": 0, "milk": 1, "tea": 2}, np.array([0.5, 0.2, 0.3]), 0.8, np.full(3, 1 / 3)
)


@pytest.mark.parametrize(("region", "row"), [("north", 0), ("south", 1), ("elsewhere", 2), (None, 2)])
def test_levels_are_the_mean_over_what_a_member_may_buy(region: str | None, row: int) -> None:
    """Milk is on no market: the mean of all stands in for it."""
    own = records(np.array([1] * 9), np.array(["tea"] * 9, object), 2, region)
    found = at(own, TASTES)
    here = levels()[:, row]
    assert found[:, 0] == pytest.approx(0.5 * here[:, 0] + 0.3 * here[:, 1] + 0.2 * here[:, 2])
    assert found[:, 1] == pytest.approx(here[:, 1], abs=1e-3)


def test_levels_at_known_positions() -> None:
    """One member in the south buys tea, another of an unknown region one of both."""
    category = np.array([[0, 1, 0], [0.5, 0.5, 0]], dtype="float32")
    found = market_levels_at(levels(), MarketPosition(market(), np.array([1, 2]), category))
    assert found.tolist() == [[4, 6.5], [13, 15.5]]
