"""Where members live and what they buy: their place in the market."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from whychurn.causes.records import Market, Records

Array = np.ndarray[Any, Any]


def places(records: Records, market: Market) -> tuple[Array, Array]:
    """Region and category of each member in the market's matrices; the last position where not known."""
    region = (
        records.members["region"].map(market.regions)
        if "region" in records.members
        else pd.Series(dtype=float)
    )
    where = region.reindex(range(records.size)).fillna(len(market.regions)).to_numpy("int64")
    return where, category_places(records, market.categories)


def category_places(records: Records, known: dict[str, int]) -> Array:
    """Position in `known` of the category that each member buys most, its length where there is none; (n,)."""
    return main_category(records).map(known).fillna(len(known)).to_numpy("int64")


def main_category(records: Records) -> pd.Series:
    """Name of the category that each member buys most often, missing where there is none; (n,)."""
    orders, everyone = records.tables.get("orders"), range(records.size)
    if orders is None or "category" not in orders or orders.empty:
        return pd.Series(None, index=everyone, dtype=object)
    bought = orders.groupby(["m", "category"], observed=True).size().rename("orders").reset_index()
    bought = bought.sort_values(["m", "orders", "category"], ascending=[True, False, True])
    first = bought.drop_duplicates("m").set_index("m")["category"]
    return first.astype(object).reindex(everyone)
