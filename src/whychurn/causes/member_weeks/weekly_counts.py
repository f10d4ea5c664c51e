"""What happened to members as matrices (weeks, members): counts, exponentially decaying sums, weeks since."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.week_calendar import DAYS
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.arrays import Array
from whychurn.contract.tables import INTERACTIONS

ExposureColumn = tuple[str, str, Array]  # cause, name, values (weeks, members)
HALF_LIVES: Final = (5.0, 18.0)  # weeks: one for weeks, one for months; the data choose between them


def count_by_week(week: Array, member: Array, shape: tuple[int, int], value: Array | None = None) -> Array:
    """Sum of `value` (or number of rows) by week and member; rows outside the weeks are left out."""
    inside = (week >= 0) & (week < shape[0])
    cell = week[inside] * shape[1] + member[inside]
    weight = None if value is None else np.nan_to_num(np.asarray(value, "float64")[inside])
    return np.bincount(cell, weight, shape[0] * shape[1]).reshape(shape).astype("float32")


def decay(counts: Array, half_life: float) -> Array:
    """Sum of the counts so far, each halved every `half_life` weeks; a week counts in itself."""
    kept = np.float32(0.5 ** (1 / half_life))
    decayed_sum = np.empty_like(counts, dtype="float32")
    level = np.zeros(counts.shape[1], dtype="float32")
    for week, now in enumerate(counts):
        level = level * kept + now
        decayed_sum[week] = level
    return decayed_sum


def weeks_since(counts: Array, first: Array) -> Array:
    """Weeks since the last week with a count; before there is one, since week `first` of each member."""
    since = np.empty_like(counts, dtype="float32")
    level = -np.asarray(first, "float32") - 1
    for week, now in enumerate(counts):
        level = np.where(now > 0, 0, level + 1).astype("float32")
        since[week] = level
    return np.maximum(since, 0)


def expand_weeks(first: Array, last: Array) -> tuple[Array, Array]:
    """Each row repeated for its weeks from `first` to `last`, inclusive: position of the row, week."""
    length = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(first)), length)
    return row, first[row] + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)


def term_values(first: Array, last: Array, member: Array, shape: tuple[int, int], value: Array) -> Array:
    """Value of the term that covers each week, NaN where none does; later terms win."""
    grid = np.full(shape, np.nan, dtype="float32")
    row, week = expand_weeks(np.maximum(first, 0), np.minimum(last, shape[0] - 1))
    grid[week, member[row]] = value[row]
    return grid


def grid_shape(records: WeeklyRecords) -> tuple[int, int]:
    """Number of weeks and of members."""
    return records.calendar.weeks, records.size


def count_events(records: WeeklyRecords, *event_types: str) -> Array:
    """Number of events of some types."""
    return count_rows(records, "events", lambda rows: rows["event_type"].isin(event_types))


def count_rows(
    records: WeeklyRecords, table: str, chosen: Callable[[pd.DataFrame], pd.Series] | None = None
) -> Array:
    """Number of rows of a table, of the `chosen` ones if given."""
    rows = records.tables.get(table)
    if rows is None or rows.empty:
        return np.zeros(grid_shape(records), dtype="float32")
    if chosen is not None:
        rows = rows[chosen(rows).fillna(False).astype(bool)]
    return count_by_week(rows["day"].to_numpy() // DAYS, rows["m"].to_numpy(), grid_shape(records))


def member_activity(records: WeeklyRecords) -> Array:
    """Orders, and events that members start themselves."""
    return count_rows(records, "orders") + count_events(records, *INTERACTIONS)


def joining_weeks(records: WeeklyRecords) -> Array:
    """Week in which each member joined, 0 if before the observed time; (n,)."""
    return np.maximum(records.calendar.day(records.members["joined_on"]) // DAYS, 0)


def orders_with_category(records: WeeklyRecords) -> pd.DataFrame:
    """Orders whose category is known: m, day, category; empty where there is no such column."""
    orders = records.tables.get("orders")
    if orders is None or "category" not in orders:
        return pd.DataFrame(columns=["m", "day", "category"])
    return orders.loc[orders["category"].notna(), ["m", "day", "category"]]


def discount_shares(records: WeeklyRecords) -> Array:
    """Share that is taken off each order, NaN where it is not known; (orders,)."""
    orders = records.tables.get("orders")
    if orders is None or "discount" not in orders:
        return np.zeros(0)
    full = (orders["amount"] + orders["discount"]).to_numpy("float64")
    off, unknown = orders["discount"].to_numpy("float64"), np.full(len(full), np.nan)
    return np.divide(off, full, out=unknown, where=full > 0)


def lag(counts: Array, weeks: int) -> Array:
    """The same counts, `weeks` later."""
    return np.concatenate([np.zeros_like(counts[:weeks]), counts])[: len(counts)]


def decayed(
    cause: str, name: str, counts: Array, half_lives: Sequence[float] = HALF_LIVES
) -> Iterator[ExposureColumn]:
    """`decay` with each half-life, under names ``<name>@<half-life>``; nothing where all counts are zero."""
    if counts.any():
        for half_life in half_lives:
            yield cause, f"{name}@{half_life:g}", decay(counts, half_life)
