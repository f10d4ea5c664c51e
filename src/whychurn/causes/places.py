"""Where members live and what they mostly buy: their place in the market, as far as their orders tell.

A member buys one category above all (a share `loyalty` of orders), and the rest as it comes. Who has ordered little, or nothing, may
belong to several; levels at a place are then the mean over those, by their chances: what is not known for sure would otherwise be
missed by those who leave early (regression calibration, Prentice 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.records import Market, Records

Array = np.ndarray[Any, Any]
STEPS: Final = 100  # of EM; it moves little after thirty
START: Final = 0.5  # loyalty from which it begins


@dataclass(frozen=True)
class Tastes:
    """What members buy; a mixture of those who mostly buy one of K categories.

    Parameters
    ----------
    categories
        Number of each category.
    common
        Share of members who mostly buy it; (K,).
    loyalty
        Share of orders that fall on what a member mostly buys.
    rest
        Share of the other orders that falls on each category; (K,).
    """

    categories: dict[str, int]
    common: Array
    loyalty: float
    rest: Array


def learn_tastes(records: Records) -> Tastes:
    """Fit the mixture to the orders of `records` by EM (Dempster, Laird and Rubin 1977)."""
    bought = _bought(records)
    names = {str(name): number for number, name in enumerate(sorted(bought["category"].unique()))}
    counts = _counts(bought, names, records.size)
    counts = counts[counts.sum(axis=1) > 0]
    number = counts.sum(axis=0)
    common = rest = number / max(number.sum(), 1.0)
    loyalty = START if len(names) > 1 else 1.0
    for _ in range(STEPS if len(names) > 1 else 0):
        chances = _posterior(counts, common, loyalty, rest)
        mine = (chances * counts).sum(axis=0)
        loyal = mine * loyalty / np.maximum(loyalty + (1 - loyalty) * rest, 1e-12)
        left = number - loyal
        common, loyalty = chances.mean(axis=0), float(loyal.sum() / number.sum())
        rest = left / max(left.sum(), 1e-12)
    return Tastes(names, common, loyalty, rest)


def main_chances(records: Records, tastes: Tastes) -> Array:
    """Chance that each category is the one that a member mostly buys; (n, K), rows sum to one."""
    counts = _counts(_bought(records), tastes.categories, records.size)
    return _posterior(counts, tastes.common, tastes.loyalty, tastes.rest).astype("float32")


def at_places(levels: Array, records: Records, market: Market, tastes: Tastes) -> Array:
    """Levels of the market where members live, in what they buy; (weeks, n).

    Parameters
    ----------
    levels
        (weeks, regions + 1, categories + 1), the last position being the mean of all: of places that are not known.
    """
    chances = main_chances(records, tastes)
    at = np.array([market.categories.get(name, len(market.categories)) for name in tastes.categories], int)
    known = np.zeros((records.size, levels.shape[2]), dtype="float32")
    np.add.at(known.T, at, chances.T)
    known[:, -1] += 1 - known.sum(axis=1)
    region = _regions(records, market)
    found = np.empty((len(levels), records.size), dtype="float32")
    for place in np.unique(region):
        found[:, region == place] = levels[:, place].astype("float32") @ known[region == place].T
    return found


def _regions(records: Records, market: Market) -> Array:
    """Position of each member's region in the market's matrices; the last one where not known; (n,)."""
    if "region" not in records.members:
        return np.full(records.size, len(market.regions))
    return records.members["region"].map(market.regions).fillna(len(market.regions)).to_numpy("int64")


def _bought(records: Records) -> pd.DataFrame:
    orders = records.tables.get("orders")
    if orders is None or "category" not in orders:
        return pd.DataFrame({"m": pd.Series(dtype="int64"), "category": pd.Series(dtype=object)})
    return orders.loc[orders["category"].notna(), ["m", "category"]].astype({"category": object})


def _counts(bought: pd.DataFrame, names: dict[str, int], members: int) -> Array:
    """Orders by member and category; (members, K)."""
    at = bought["category"].map(names)
    known = at.notna().to_numpy()
    cell = bought["m"].to_numpy()[known] * len(names) + at[known].to_numpy("int64")
    return np.bincount(cell, minlength=members * len(names)).reshape(members, len(names)).astype("float64")


def _posterior(counts: Array, common: Array, loyalty: float, rest: Array) -> Array:
    other = np.log(np.maximum((1 - loyalty) * rest, 1e-12))
    main = np.log(np.maximum(loyalty + (1 - loyalty) * rest, 1e-12))
    log = np.log(np.maximum(common, 1e-12)) + counts * (main - other)
    chances = np.exp(log - log.max(axis=1, keepdims=True, initial=-np.inf))
    return chances / np.maximum(chances.sum(axis=1, keepdims=True), 1e-300)
