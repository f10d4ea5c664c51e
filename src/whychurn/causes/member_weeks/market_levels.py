"""The market table as levels by week, region and category: own prices, competitors' prices and activity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.week_calendar import DAYS, Calendar
from whychurn.contract.arrays import Array


@dataclass(frozen=True)
class MarketLevels:
    """Weekly levels; missing weeks take the last level before them, else the first one after.

    Parameters
    ----------
    own_price, rival_price, rival_activity
        Own price index, competitors' price index, competitors' activity;
        (weeks, regions + 1, categories + 1). The last position of an axis is the mean over the others. NaN
        throughout where the column is absent.
    regions, categories
        Position of each name.
    usual_activity
        What the activity of competitors is held against, where not its median over `rival_activity`;
        (regions + 1, categories + 1).
    """

    own_price: Array
    rival_price: Array
    rival_activity: Array
    regions: dict[str, int]
    categories: dict[str, int]
    usual_activity: Array | None = None

    @property
    def usual_rival_activity(self) -> Array:
        """Usual activity of competitors; (regions + 1, categories + 1)."""
        if self.usual_activity is not None:
            return self.usual_activity
        return np.median(self.rival_activity, axis=0)

    def until(self, weeks: int) -> MarketLevels:
        """The first `weeks` weeks, held against the usual activity of all."""
        return MarketLevels(
            self.own_price[:weeks],
            self.rival_price[:weeks],
            self.rival_activity[:weeks],
            self.regions,
            self.categories,
            self.usual_rival_activity,
        )


def read_market_levels(market: pd.DataFrame, calendar: Calendar) -> MarketLevels | None:
    """Levels of the market table; a row counts in the week of the calendar that holds its ``week_start``.

    None where the table has no row within the observed weeks.
    """
    if market.empty:
        return None
    week = calendar.day(market["week_start"]) // DAYS
    rows = market.assign(week=week)[(week >= 0) & (week < calendar.weeks)]
    if rows.empty:
        return None
    regions, categories = (_positions(rows[name]) for name in ("region", "category"))
    at = (
        rows["week"].to_numpy(),
        rows["region"].map(regions).fillna(len(regions)).astype(int).to_numpy(),
        rows["category"].map(categories).fillna(len(categories)).astype(int).to_numpy(),
    )
    shape = (calendar.weeks, len(regions) + 1, len(categories) + 1)
    own_price, rival_price, rival_activity = (
        _filled(shape, at, rows[name].to_numpy("float64"))
        for name in ("own_price_index", "competitor_price_index", "competitor_activity")
    )
    return MarketLevels(own_price, rival_price, rival_activity, regions, categories)


def _positions(names: pd.Series) -> dict[str, int]:
    return {str(name): number for number, name in enumerate(sorted(names.dropna().unique()))}


def _filled(shape: tuple[int, int, int], at: tuple[Array, Array, Array], value: Array) -> Array:
    grid = np.full(shape, np.nan)
    grid[at] = value
    grid = pd.DataFrame(grid.reshape(shape[0], -1)).ffill().bfill().to_numpy().reshape(shape).copy()
    with np.errstate(invalid="ignore"):
        for axis in (1, 2):
            last: list[Any] = [slice(None)] * 3
            last[axis] = shape[axis] - 1
            mean = _mean(grid, axis)
            grid[tuple(last)] = np.where(np.isnan(grid[tuple(last)]), mean, grid[tuple(last)])
    everywhere = _mean(grid.reshape(shape[0], -1), 1)[:, None, None]
    return np.where(np.isnan(grid), everywhere, grid).astype("float32")


def _mean(values: Array, axis: int) -> Array:
    """Mean over what is not null, without a warning where all is null."""
    present = ~np.isnan(values)
    count = present.sum(axis=axis)
    total = np.where(present, values, 0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
