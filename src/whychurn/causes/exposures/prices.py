"""What members pay: price rises since joining, discounts lost, and who minds."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.exposures.preferred_category import Places, at_places
from whychurn.causes.exposures.reference_levels import Usual
from whychurn.causes.member_weeks.counts import (
    Named,
    discount_shares,
    events,
    fading,
    first_weeks,
    later,
    shape,
)
from whychurn.causes.member_weeks.matrices import count, fade, spread_terms
from whychurn.causes.member_weeks.records import DAYS, Records
from whychurn.contract.arrays import Array
from whychurn.contract.params import ExposureParams

COUPONS: Final = 4  # received coupons that "as thrifty as others" is worth


def price_exposures(
    records: Records, usual: Usual, where: Places | None, minds: Array, params: ExposureParams
) -> Named:
    """Rises since joining, felt more by those who mind (`thrift`); discounts lost. Units of ten per cent."""
    rise = _price_rise(records, where)
    if rise.any():
        felt = fade(rise, params.half_lives[-1])
        yield "price", "price_rise", felt
        yield "price", "price_rise_thrifty", felt * minds
    lost = _lost_discount(records, usual, params)
    if lost.any():
        yield "price", "lost_discount", lost
    yield from fading("price", "lost_term_discount", _lost_term_discount(records), params)


def thrift(records: Records, usual: Usual, params: ExposureParams) -> Array:
    """Coupons used of those received, against what is usual, as known in each week; between 0 and 2; (weeks, n).

    Coupons count `quiet_weeks` late: who has decided to leave uses none, which says nothing of thrift.
    """
    if not usual.coupons:
        return np.ones(shape(records), dtype="float32")
    used, received = (
        np.cumsum(later(events(records, kind), params.quiet_weeks), axis=0)
        for kind in ("coupon_used", "coupon_received")
    )
    return np.clip((used / usual.coupons + COUPONS) / (received + COUPONS), 0, 2).astype("float32")


def _price_rise(records: Records, where: Places | None) -> Array:
    """Rise of the price in each week since joining, in units of ten per cent: the market's index at the member's place, or the list price."""
    if where is not None and not np.isnan(where.market.own).all():
        change = at_places(_rises(where.market.own), where)
    else:
        change = _rises(_list_price(records))
    week = np.arange(records.calendar.weeks)[:, None]
    return np.where(week > first_weeks(records), change, 0).astype("float32")


def _rises(level: Array) -> Array:
    return np.maximum(np.nan_to_num(np.diff(level, axis=0, prepend=level[:1])), 0) * 10


def _list_price(records: Records) -> Array:
    """List price of each member's terms, the first one = 1; one throughout where it is not known."""
    terms = records.tables.get("memberships")
    if terms is None or "list_price" not in terms or terms["list_price"].isna().all():
        return np.ones(shape(records), dtype="float32")
    price = terms["list_price"].to_numpy("float64")
    first_price = terms.groupby("m")["list_price"].transform("first").to_numpy("float64")
    grid = spread_terms(
        terms["day"].to_numpy() // DAYS,
        records.calendar.day(terms["ends_on"]) // DAYS,
        terms["m"].to_numpy(),
        shape(records),
        price / first_price,
    )
    return pd.DataFrame(grid).ffill().bfill().fillna(1.0).to_numpy("float32")


def _lost_discount(records: Records, usual: Usual, params: ExposureParams) -> Array:
    """How far the discount share of recent orders lies below that of the past.

    Each order counts alike, and one order as before is added to the recent ones: few orders say little.
    """
    share = discount_shares(records)
    known = np.isfinite(share)
    if not share[known].any():
        return np.zeros(shape(records), dtype="float32")
    orders = records.tables["orders"]
    week, member = orders["day"].to_numpy()[known] // DAYS, orders["m"].to_numpy()[known]
    number = count(week, member, shape(records))
    off = count(week, member, shape(records), share[known])
    short, long = params.half_lives[0], 2 * params.half_lives[-1]
    past = (fade(off, long) + usual.discount) / (fade(number, long) + 1)
    recent = (fade(off, short) + past) / (fade(number, short) + 1)
    return (np.maximum(past - recent, 0) * 10).astype("float32")


def _lost_term_discount(records: Records) -> Array:
    """How far the discount on a term's price lies below that of the member's term before, in the week the term starts."""
    terms = records.tables.get("memberships")
    if terms is None or not {"list_price", "price_paid"} <= set(terms):
        return np.zeros(shape(records), dtype="float32")
    share = 1 - terms["price_paid"] / terms["list_price"].where(terms["list_price"] > 0)
    fall = (share.groupby(terms["m"]).shift() - share).clip(lower=0).fillna(0.0)
    week = terms["day"].to_numpy() // DAYS
    return count(week, terms["m"].to_numpy(), shape(records), 10 * fall.to_numpy("float64"))


def rival_exposures(where: Places | None, minds: Array, params: ExposureParams) -> Named:
    """Rivals busier than usual, or cheaper, where the member lives and in what the member buys; felt more by those who mind (`thrift`)."""
    if where is None:
        return
    market = where.market
    if not np.isnan(market.activity).all():
        above = market.activity - np.median(market.activity, axis=0) - params.rival_margin
        busy = at_places(np.maximum(above, 0), where)
        yield "competition", "rival_activity", busy
        yield "competition", "rival_activity_thrifty", busy * minds
    if not (np.isnan(market.rival).all() or np.isnan(market.own).all()):
        gap = np.maximum(np.nan_to_num(market.own / market.rival - 1), 0) * 10
        dearer = at_places(gap, where)
        yield "competition", "rival_price", dearer
        yield "competition", "rival_price_thrifty", dearer * minds
