"""What a member was exposed to, week by week: the excess that each cause may add to the hazard.

An exposure is never negative, zero in ordinary times, and belongs to one cause. What happens at a moment (a return, a
rise in price) fades; how fast is not known beforehand, so each such exposure comes with several half-lives, and the data
choose between them (a mixture of exponential kernels).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.fitting import unfitting_messages
from whychurn.causes.records import DAYS, Market, Records
from whychurn.causes.usual import Usual
from whychurn.causes.weeks import count, fade, spread_terms, weeks_since
from whychurn.contract.sections import ExposureParams
from whychurn.contract.tables import INTERACTIONS

Array = np.ndarray[Any, Any]
Named = Iterator[tuple[str, str, Array]]  # cause, name, (weeks, n)
ACTS_OF_CONTACT: Final = ("activity_joined", "community")


def exposures(records: Records, usual: Usual, params: ExposureParams) -> Named:
    """Cause, name and matrix (weeks, members) of every exposure that the tables can show.

    Names are ``<exposure>`` or ``<exposure>@<half-life in weeks>``. What a member meets depends on the member's own rows and on what is
    `usual`, never on who else is among the records.
    """
    yield from _service(records, params)
    yield from _price(records, usual, params)
    yield from _messages(records, usual, params)
    yield from _contact(records, usual, params)
    yield from _rivals(records, usual, params)
    yield from _life(records, params)


def _shape(records: Records) -> tuple[int, int]:
    return records.calendar.weeks, records.size


def _events(records: Records, *kinds: str) -> Array:
    table = records.tables.get("events")
    if table is None:
        return np.zeros(_shape(records), dtype="float32")
    chosen = table[table["event_type"].isin(kinds)]
    return count(chosen["day"].to_numpy() // DAYS, chosen["m"].to_numpy(), _shape(records))


def own_acts(records: Records) -> Array:
    """Orders and what members do themselves, by week and member."""
    orders = _rows(records, "orders", lambda rows: pd.Series(True, index=rows.index))
    return orders + _events(records, *INTERACTIONS)


def _rows(
    records: Records, table: str, chosen: Callable[[pd.DataFrame], pd.Series], value: str | None = None
) -> Array:
    rows = records.tables.get(table)
    if rows is None or rows.empty:
        return np.zeros(_shape(records), dtype="float32")
    kept = rows[chosen(rows).fillna(False).astype(bool)]
    weight = None if value is None else kept[value].to_numpy("float64")
    return count(kept["day"].to_numpy() // DAYS, kept["m"].to_numpy(), _shape(records), weight)


def _fading(cause: str, name: str, happened: Array, params: ExposureParams) -> Named:
    if happened.any():
        for half_life in params.half_lives:
            yield cause, f"{name}@{half_life:g}", fade(happened, half_life)


def _service(records: Records, params: ExposureParams) -> Named:
    """Returns, requests for help, late answers, unsolved requests, faults."""
    cause = "product_service"
    yield from _fading(cause, "returns", _rows(records, "orders", lambda rows: rows["returned"]), params)
    feedback = records.tables.get("feedback")
    if feedback is not None and len(feedback):
        asked = feedback[feedback["source"].isin(["ticket", "complaint"])]
        hours = (asked["responded_at"] - asked["created_at"]).dt.total_seconds() / 3600
        late = (hours / params.late_hours).clip(upper=params.late_cap).where(hours > params.late_hours, 0.0)
        week, member = asked["day"].to_numpy() // DAYS, asked["m"].to_numpy()
        yield from _fading(cause, "requests", count(week, member, _shape(records)), params)
        late_answers = count(week, member, _shape(records), late.to_numpy("float64"))
        yield from _fading(cause, "late_answers", late_answers, params)
    yield from _fading(cause, "faults", _events(records, "app_fault"), params)


def _price(records: Records, usual: Usual, params: ExposureParams) -> Named:
    """Rises since joining, discounts lost; felt more by those who live on coupons and discounts."""
    rise = np.zeros(_shape(records), dtype="float32")
    level = _own_price(records)
    if level is not None:
        change = np.diff(level, axis=0, prepend=level[:1])
        joined = (records.calendar.day(records.members["joined_on"]) // DAYS)[None, :]
        week = np.arange(records.calendar.weeks)[:, None]
        rise = np.where(week > joined, np.maximum(np.nan_to_num(change), 0) * 10, 0).astype("float32")
    lost = _lost_discount(records, params)
    for name, happened in (("price_rise", rise), ("lost_discount", lost)):
        if happened.any():
            yield (
                "price",
                name,
                happened if name == "lost_discount" else fade(happened, params.half_lives[-1]),
            )
    if rise.any():
        yield "price", "price_rise_thrifty", fade(rise, params.half_lives[-1]) * _thrift(records, usual)


def _own_price(records: Records) -> Array | None:
    """Price level that each member meets, first week = 1: the market's index at the place, or the member's list price."""
    market = records.market
    if market is not None and not np.isnan(market.own).all():
        region, category = places(records, market)
        return market.own[:, region, category]
    terms = records.tables.get("memberships")
    if terms is None or "list_price" not in terms or terms["list_price"].isna().all():
        return None
    price = terms["list_price"].to_numpy("float64")
    first_price = terms.groupby("m")["list_price"].transform("first").to_numpy("float64")
    grid = spread_terms(
        terms["day"].to_numpy() // DAYS,
        records.calendar.day(terms["ends_on"]) // DAYS,
        terms["m"].to_numpy(),
        _shape(records),
        price / first_price,
    )
    return pd.DataFrame(grid).ffill().bfill().fillna(1.0).to_numpy("float32")


def places(records: Records, market: Market) -> tuple[Array, Array]:
    """Region and category of each member in the market's matrices; the last position where not known."""
    region = (
        records.members["region"].map(market.regions)
        if "region" in records.members
        else pd.Series(dtype=float)
    )
    where = region.reindex(range(records.size)).fillna(len(market.regions)).to_numpy("int64")
    category = main_categories(records, 1)[:, 0]
    at = pd.Series(category).map(market.categories).fillna(len(market.categories)).to_numpy("int64")
    return where, at


def main_categories(records: Records, most: int) -> Array:
    """Names of the `most` categories that each member buys most often, None where there are fewer; (n, most)."""
    found = np.full((records.size, most), None, dtype=object)
    orders = records.tables.get("orders")
    if orders is None or "category" not in orders or orders.empty:
        return found
    bought = orders.groupby(["m", "category"], observed=True).size().rename("orders").reset_index()
    bought = bought.sort_values(["m", "orders", "category"], ascending=[True, False, True])
    rank = bought.groupby("m").cumcount().to_numpy()
    kept = rank < most
    found[bought["m"].to_numpy()[kept], rank[kept]] = bought["category"].to_numpy(dtype=object)[kept]
    return found


def _lost_discount(records: Records, params: ExposureParams) -> Array:
    """How far the discount share of recent orders lies below that of the past, in units of ten per cent."""
    orders = records.tables.get("orders")
    if orders is None or "discount" not in orders or not orders["discount"].fillna(0).any():
        return np.zeros(_shape(records), dtype="float32")
    full = (orders["amount"] + orders["discount"].fillna(0)).to_numpy("float64")
    week, member = orders["day"].to_numpy() // DAYS, orders["m"].to_numpy()
    off = count(week, member, _shape(records), orders["discount"].to_numpy("float64"))
    gross = count(week, member, _shape(records), full)
    short, long = params.half_lives[0], 2 * params.half_lives[-1]
    recent, usual = (
        np.divide(fade(off, h), fade(gross, h), out=np.zeros_like(off), where=fade(gross, h) > 1e-6)
        for h in (short, long)
    )
    return (np.maximum(usual - recent, 0) * 10).astype("float32")


def _thrift(records: Records, usual: Usual) -> Array:
    """Coupons used of those received, against what is usual; between 0 and 2; (1, n)."""
    used, received = (_events(records, kind).sum(axis=0) for kind in ("coupon_used", "coupon_received"))
    rate = (used + 4 * usual.coupons) / (received + 4)
    return np.clip(rate / usual.coupons if usual.coupons else np.ones_like(rate), 0, 2)[None, :].astype(
        "float32"
    )


def _messages(records: Records, usual: Usual, params: ExposureParams) -> Named:
    """Messages that do not fit what the member buys, too many of them, dismissals, opting out."""
    cause = "personalization"
    if usual.campaigns is not None:
        yield from _fading(cause, "unfitting", unfitting_messages(records, usual.campaigns), params)
    else:  # what messages were about is not known: how they were met stands in
        yield from _fading(cause, "dismissed", _events(records, "push_dismissed"), params)
        yield from _fading(cause, "opt_out", _events(records, "opt_out"), params)
    sent = _events(records, "push_sent")
    if sent.any():
        yield cause, "flood", _flood(sent, params)


def _flood(sent: Array, params: ExposureParams) -> Array:
    """Messages of the last weeks beyond `flood_factor` times what is usual for the member."""
    ones = np.ones((len(sent), 1), dtype="float32")
    short, long = params.half_lives[0], 4 * params.half_lives[-1]
    usual = fade(sent, long) / fade(ones, long)
    return np.maximum(fade(sent, short) - (params.flood_factor * usual + 0.5) * fade(ones, short), 0)


def _contact(records: Records, usual: Usual, params: ExposureParams) -> Named:
    """Nobody greets, no activity, points lie unused.

    Who has made up their mind acts less: acts of the member count `quiet_weeks` late, so that they are no trace of the decision.
    """
    first = np.maximum(records.calendar.day(records.members["joined_on"]) // DAYS, 0)
    touched = _events(records, "greeting") + _later(_events(records, *ACTS_OF_CONTACT), params.quiet_weeks)
    if usual.kinds.intersection(("greeting", *ACTS_OF_CONTACT)):
        since = weeks_since(touched, first)
        for start in params.silent_weeks:
            yield "engagement", f"no_contact@{start}", np.clip((since - start) / 12, 0, 2).astype("float32")
    spent = _later(_events(records, "points_spent"), params.quiet_weeks)
    earned = _events(records, "points_earned")
    if {"points_spent", "points_earned"} <= usual.kinds:
        has = np.minimum(np.cumsum(earned, axis=0), 1)
        for start in params.silent_weeks:
            idle = np.clip((weeks_since(spent, first) - start) / 20, 0, 1.5)
            yield "engagement", f"unused_points@{start}", (idle * has).astype("float32")


def _later(happened: Array, weeks: int) -> Array:
    """The same `weeks` later."""
    return np.concatenate([np.zeros_like(happened[:weeks]), happened])[: len(happened)]


def _rivals(records: Records, usual: Usual, params: ExposureParams) -> Named:
    """Rivals busier than usual, or cheaper, where the member lives and in what the member buys."""
    market = records.market
    if market is None:
        return
    region, category = places(records, market)
    thrift = _thrift(records, usual)
    if not np.isnan(market.activity).all():
        activity = market.activity[:, region, category]
        middle = np.median(market.activity, axis=0)[region, category]
        busy = np.maximum(activity - middle - params.rival_margin, 0)
        yield "competition", "rival_activity", busy
        yield "competition", "rival_activity_thrifty", busy * thrift
    if not (np.isnan(market.rival).all() or np.isnan(market.own).all()):
        gap = market.own[:, region, category] / market.rival[:, region, category] - 1
        dearer = np.maximum(np.nan_to_num(gap), 0).astype("float32") * 10
        yield "competition", "rival_price", dearer


def _life(records: Records, params: ExposureParams) -> Named:
    """A move; ages at which a need may end (which of them count is for the data to say)."""
    yield from _fading("natural", "moved", _events(records, "address_changed"), params)
    week = np.arange(records.calendar.weeks)
    day = records.calendar.date(week * DAYS)
    year = (day - np.datetime64("1970-01-01")).astype("timedelta64[D]").astype(float) / 365.25 + 1970
    for column, (low, high) in params.life_years.items():
        if column not in records.members:
            continue
        born = records.members[column].to_numpy("float64")
        age = year[:, None] - (born + 0.5)[None, :]
        for start in np.arange(low, high, 0.5):
            inside = (age >= start) & (age < start + 0.5)
            if inside.any():
                yield "natural", f"{column}@{start:g}", inside.astype("float32")
