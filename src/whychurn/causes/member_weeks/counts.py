"""What happened to members, as matrices (weeks, members): counts of rows, late acts, fading sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.matrices import count, fade
from whychurn.causes.member_weeks.records import DAYS, Records
from whychurn.contract.arrays import Array
from whychurn.contract.params import ExposureParams
from whychurn.contract.tables import INTERACTIONS

Named = Iterator[tuple[str, str, Array]]  # cause, name, (weeks, n)


def shape(records: Records) -> tuple[int, int]:
    """Weeks and members."""
    return records.calendar.weeks, records.size


def events(records: Records, *kinds: str) -> Array:
    """Number of events of some kinds."""
    table = records.tables.get("events")
    if table is None:
        return np.zeros(shape(records), dtype="float32")
    chosen = table[table["event_type"].isin(kinds)]
    return count(chosen["day"].to_numpy() // DAYS, chosen["m"].to_numpy(), shape(records))


def rows_of(records: Records, table: str, chosen: Callable[[pd.DataFrame], pd.Series]) -> Array:
    """Number of `chosen` rows of a table."""
    rows = records.tables.get(table)
    if rows is None or rows.empty:
        return np.zeros(shape(records), dtype="float32")
    kept = rows[chosen(rows).fillna(False).astype(bool)]
    return count(kept["day"].to_numpy() // DAYS, kept["m"].to_numpy(), shape(records))


def own_acts(records: Records) -> Array:
    """Orders and what members do themselves."""
    orders = rows_of(records, "orders", lambda rows: pd.Series(True, index=rows.index))
    return orders + events(records, *INTERACTIONS)


def first_weeks(records: Records) -> Array:
    """Week in which each member joined, 0 if before the observed time; (n,)."""
    return np.maximum(records.calendar.day(records.members["joined_on"]) // DAYS, 0)


def bought(records: Records) -> pd.DataFrame:
    """Orders whose category is known: m, day, category; empty where categories are not told."""
    orders = records.tables.get("orders")
    if orders is None or "category" not in orders:
        return pd.DataFrame(columns=["m", "day", "category"])
    return orders.loc[orders["category"].notna(), ["m", "day", "category"]]


def discount_shares(records: Records) -> Array:
    """Share that is taken off each order, NaN where it is not told; (orders,)."""
    orders = records.tables.get("orders")
    if orders is None or "discount" not in orders:
        return np.zeros(0)
    full = (orders["amount"] + orders["discount"]).to_numpy("float64")
    off, unknown = orders["discount"].to_numpy("float64"), np.full(len(full), np.nan)
    return np.divide(off, full, out=unknown, where=full > 0)


def later(happened: Array, weeks: int) -> Array:
    """The same `weeks` later."""
    return np.concatenate([np.zeros_like(happened[:weeks]), happened])[: len(happened)]


def fading(cause: str, name: str, happened: Array, params: ExposureParams) -> Named:
    """What happened, fading with each half-life; nothing where it never did."""
    if happened.any():
        for half_life in params.half_lives:
            yield cause, f"{name}@{half_life:g}", fade(happened, half_life)
