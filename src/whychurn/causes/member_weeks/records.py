"""Intake's tables on integer weeks and member numbers, of some members at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.activity import NEVER, Activity
from whychurn.contract.arrays import Array

DAYS: Final = 7


@dataclass(frozen=True)
class Calendar:
    """Weeks of the observed time; day numbers count from the first day.

    Parameters
    ----------
    first
        First observed day.
    days
        Observed days.
    """

    first: pd.Timestamp
    days: int

    @property
    def weeks(self) -> int:
        """Number of weeks; the last one may be short."""
        return -(-self.days // DAYS)

    @property
    def epoch(self) -> int:
        """Days from 1970 to the first day."""
        return (self.first - pd.Timestamp(0)).days

    def day(self, moments: pd.Series) -> Array:
        """Day number of each date or instant; `NEVER` where there is none."""
        known = (moments.dt.normalize() - self.first).dt.days
        return known.fillna(NEVER).to_numpy("int64")

    def date(self, day: Array) -> Array:
        """Dates of day numbers, as datetime64[ns]."""
        return (self.first.to_datetime64() + np.asarray(day).astype("timedelta64[D]")).astype(
            "datetime64[ns]"
        )


@dataclass(frozen=True)
class Records:
    """Rows of some members; each table has `m` (number of the member within the block) and `day`.

    Parameters
    ----------
    members
        One row a member, in order of `m`.
    tables
        orders, events, feedback, memberships, sorted by `m` and `day`.
    market
        The market as matrices, see `Market`; the same in every block.
    calendar
        The observed weeks.
    """

    members: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    market: Market | None
    calendar: Calendar

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.members)


@dataclass(frozen=True)
class Market:
    """Weekly levels at each place; unknown weeks are filled from the weeks before, then from after.

    Parameters
    ----------
    own, rival, activity
        Own price index, competitors' price index, their activity; (weeks, regions + 1, categories + 1), the last
        position being the mean of all; NaN throughout where the column is absent.
    regions, categories
        Position of each name.
    """

    own: Array
    rival: Array
    activity: Array
    regions: dict[str, int]
    categories: dict[str, int]


def calendar_of(activity: Activity, observed_until: pd.Timestamp) -> Calendar:
    """From the first row of the tables of activity to the last observed day."""
    first = (activity.first_moment() or observed_until).normalize()
    return Calendar(first, max((observed_until.normalize() - first).days + 1, 1))


def read_market(market: pd.DataFrame, calendar: Calendar) -> Market | None:
    """The market table as matrices; None where it holds nothing."""
    if market.empty:
        return None
    week = calendar.day(market["week_start"]) // DAYS
    held = market.assign(week=week)[(week >= 0) & (week < calendar.weeks)]
    if held.empty:
        return None
    places = [_places(held[name]) for name in ("region", "category")]
    at = [
        held[name].map(place).fillna(len(place)).astype(int).to_numpy()
        for name, place in zip(("region", "category"), places, strict=True)
    ]
    shape = (calendar.weeks, len(places[0]) + 1, len(places[1]) + 1)
    levels = [
        _filled(shape, held["week"].to_numpy(), at[0], at[1], held[name].to_numpy("float64"))
        for name in ("own_price_index", "competitor_price_index", "competitor_activity")
    ]
    return Market(levels[0], levels[1], levels[2], places[0], places[1])


def _places(names: pd.Series) -> dict[str, int]:
    return {str(name): number for number, name in enumerate(sorted(names.dropna().unique()))}


def _filled(shape: tuple[int, int, int], week: Array, region: Array, category: Array, value: Array) -> Array:
    grid = np.full(shape, np.nan)
    grid[week, region, category] = value
    flat = pd.DataFrame(grid.reshape(shape[0], -1)).ffill().bfill()
    grid = flat.to_numpy().reshape(shape).copy()
    with np.errstate(invalid="ignore"):
        for axis, last in ((1, shape[1] - 1), (2, shape[2] - 1)):
            mean = _mean(grid, axis)
            at: list[Any] = [slice(None)] * 3
            at[axis] = last
            grid[tuple(at)] = np.where(np.isnan(grid[tuple(at)]), mean, grid[tuple(at)])
    everywhere = _mean(grid.reshape(shape[0], -1), 1)[:, None, None]
    return np.where(np.isnan(grid), everywhere, grid).astype("float32")


def _mean(values: Array, axis: int) -> Array:
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def records_of(
    members: pd.DataFrame, chosen: Array, activity: Activity, market: Market | None, calendar: Calendar
) -> Records:
    """Rows of some members.

    Parameters
    ----------
    members
        All members, in the order in which `activity` numbers them.
    chosen
        Numbers of those to read, ascending.
    """
    tables = {name: activity.rows(name, chosen, calendar.epoch, calendar.days) for name in activity.names}
    return Records(members.iloc[chosen].reset_index(drop=True), tables, market, calendar)
