"""Exposures to prices: rises since joining, lost discounts, rivals' prices and activity, and price
sensitivity.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.exposures.preferred_category import MarketPosition, market_levels_at
from whychurn.causes.exposures.programme_reference_levels import ReferenceLevels
from whychurn.causes.member_weeks.week_calendar import DAYS
from whychurn.causes.member_weeks.weekly_counts import (
    HALF_LIVES,
    ExposureColumn,
    count_by_week,
    count_events,
    decay,
    decayed,
    discount_shares,
    grid_shape,
    joining_weeks,
    lag,
    term_values,
)
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.arrays import Array

PRIOR_COUPONS: Final = 4  # received coupons that "as price-sensitive as others" is worth
RIVAL_MARGIN: Final = 0.3  # rivals' activity counts from so much above its usual level on: noise is none


def price_exposures(
    records: WeeklyRecords, levels: ReferenceLevels, position: MarketPosition | None, sensitivity: Array
) -> Iterator[ExposureColumn]:
    """Price rises since joining, also times `price_sensitivity`; lost discounts. Units of ten per cent."""
    rise = _price_rise(records, position)
    if rise.any():
        risen = decay(rise, HALF_LIVES[-1])
        yield "price", "price_rise", risen
        yield "price", "price_rise_thrifty", risen * sensitivity
    lost = _lost_discount(records, levels)
    if lost.any():
        yield "price", "lost_discount", lost
    yield from decayed("price", "lost_term_discount", _lost_term_discount(records))


def price_sensitivity(records: WeeklyRecords, levels: ReferenceLevels, lag_weeks: int) -> Array:
    """Coupons used of those received, over the programme's share, as known in each week; 0 to 2; (weeks, n).

    Coupons count `lag_weeks` late: members who have decided to leave use none, which says nothing of price
    sensitivity.
    """
    if not levels.coupon_use:
        return np.ones(grid_shape(records), dtype="float32")
    used, received = (
        np.cumsum(lag(count_events(records, event_type), lag_weeks), axis=0)
        for event_type in ("coupon_used", "coupon_received")
    )
    share = (used / levels.coupon_use + PRIOR_COUPONS) / (received + PRIOR_COUPONS)
    return np.clip(share, 0, 2).astype("float32")


def _price_rise(records: WeeklyRecords, position: MarketPosition | None) -> Array:
    """Rise of the price in each week since joining, in units of ten per cent.

    The price is the market's index at the member's position, else the list price of the member's terms.
    """
    if position is not None and not np.isnan(position.market.own_price).all():
        change = market_levels_at(_rises(position.market.own_price), position)
    else:
        change = _rises(_list_price(records))
    week = np.arange(records.calendar.weeks)[:, None]
    return np.where(week > joining_weeks(records), change, 0).astype("float32")


def _rises(level: Array) -> Array:
    return np.maximum(np.nan_to_num(np.diff(level, axis=0, prepend=level[:1])), 0) * 10


def _list_price(records: WeeklyRecords) -> Array:
    """List price of each member's terms, the first one = 1; one throughout where it is not known."""
    terms = records.tables.get("memberships")
    if terms is None or "list_price" not in terms or terms["list_price"].isna().all():
        return np.ones(grid_shape(records), dtype="float32")
    first_price = terms.groupby("m")["list_price"].transform("first").to_numpy("float64")
    grid = term_values(
        terms["day"].to_numpy() // DAYS,
        np.where(terms["ends_on"].isna(), records.calendar.days, records.calendar.day(terms["ends_on"]))
        // DAYS,
        terms["m"].to_numpy(),
        grid_shape(records),
        terms["list_price"].to_numpy("float64") / first_price,
    )
    return pd.DataFrame(grid).ffill().bfill().fillna(1.0).to_numpy("float32")


def _lost_discount(records: WeeklyRecords, levels: ReferenceLevels) -> Array:
    """How far the discount share of recent orders lies below that of the past.

    Each order counts alike, and one order as before is added to the recent ones: few orders say little.
    """
    share = discount_shares(records)
    present = np.isfinite(share)
    if not share[present].any():
        return np.zeros(grid_shape(records), dtype="float32")
    orders = records.tables["orders"]
    week, member = orders["day"].to_numpy()[present] // DAYS, orders["m"].to_numpy()[present]
    number = count_by_week(week, member, grid_shape(records))
    off = count_by_week(week, member, grid_shape(records), share[present])
    short, long = HALF_LIVES[0], 2 * HALF_LIVES[-1]
    past = (decay(off, long) + levels.discount_share) / (decay(number, long) + 1)
    recent = (decay(off, short) + past) / (decay(number, short) + 1)
    return (np.maximum(past - recent, 0) * 10).astype("float32")


def _lost_term_discount(records: WeeklyRecords) -> Array:
    """How far a term's discount lies below that of the member's term before, in the week the term starts."""
    terms = records.tables.get("memberships")
    if terms is None or not {"list_price", "price_paid"} <= set(terms):
        return np.zeros(grid_shape(records), dtype="float32")
    share = 1 - terms["price_paid"] / terms["list_price"].where(terms["list_price"] > 0)
    fall = (share.groupby(terms["m"]).shift() - share).clip(lower=0).fillna(0.0)
    week = terms["day"].to_numpy() // DAYS
    return count_by_week(week, terms["m"].to_numpy(), grid_shape(records), 10 * fall.to_numpy("float64"))


def rival_exposures(position: MarketPosition | None, sensitivity: Array) -> Iterator[ExposureColumn]:
    """Rivals more active than usual, or cheaper, at the member's market position; also times
    `price_sensitivity`.
    """
    if position is None:
        return
    market = position.market
    if not np.isnan(market.rival_activity).all():
        above = np.maximum(market.rival_activity - market.usual_rival_activity - RIVAL_MARGIN, 0)
        activity = market_levels_at(above, position)
        yield "competition", "rival_activity", activity
        yield "competition", "rival_activity_thrifty", activity * sensitivity
    if not (np.isnan(market.rival_price).all() or np.isnan(market.own_price).all()):
        gap = np.maximum(np.nan_to_num(market.own_price / market.rival_price - 1), 0) * 10
        dearer = market_levels_at(gap, position)
        yield "competition", "rival_price", dearer
        yield "competition", "rival_price_thrifty", dearer * sensitivity
