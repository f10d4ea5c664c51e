"""Where members live and what they mostly buy: their place in the market, as far as their orders tell.

A member buys one category above all (a share `loyalty` of orders), and the rest as it comes. Who has ordered little, or nothing, may
belong to several; levels at a place are then the mean over those, by their chances: what is not known for sure would otherwise be
missed by those who leave early (regression calibration, Prentice 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.counts import bought
from whychurn.causes.member_weeks.records import Market, Records
from whychurn.contract.arrays import Array

STEPS: Final = 200  # of EM, at most
CLOSE: Final = 1e-6  # a smaller step of the loyalty is the last
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
    orders = bought(records)
    names = {name: number for number, name in enumerate(sorted(map(str, orders["category"].unique())))}
    counts = _counts(orders, names, records.size)
    counts = counts[counts.sum(axis=1) > 0]
    number = counts.sum(axis=0)
    common = rest = number / max(number.sum(), 1.0)
    loyalty = START if len(names) > 1 else 1.0
    for _ in range(STEPS if len(names) > 1 else 0):
        chances = _posterior(counts, common, loyalty, rest)
        mine = (chances * counts).sum(axis=0)
        loyal = mine * loyalty / np.maximum(loyalty + (1 - loyalty) * rest, 1e-12)
        left = number - loyal
        common, rest = chances.mean(axis=0), left / max(left.sum(), 1e-12)
        before, loyalty = loyalty, float(loyal.sum() / number.sum())
        if abs(loyalty - before) < CLOSE:
            break
    return Tastes(names, common, loyalty, rest)


def main_chances(records: Records, tastes: Tastes) -> Array:
    """Chance that each category is the one that a member mostly buys; (n, K), rows sum to one."""
    counts = _counts(bought(records), tastes.categories, records.size)
    return _posterior(counts, tastes.common, tastes.loyalty, tastes.rest).astype("float32")


@dataclass(frozen=True)
class Places:
    """Where each of n members stands in the market's matrices.

    Parameters
    ----------
    market
        Those matrices.
    region
        Position of the region, the last one where it is not known; (n,).
    category
        Chance of each position of the categories; (n, categories + 1), rows sum to one.
    """

    market: Market
    region: Array
    category: Array


def places(records: Records, tastes: Tastes, chances: Array) -> Places | None:
    """Places of the members of `records`, None without a market; `chances` as `main_chances` gives them."""
    market = records.market
    if market is None:
        return None
    last = len(market.categories)
    at = np.array([market.categories.get(name, last) for name in tastes.categories], dtype=int)
    category = np.zeros((last + 1, records.size), dtype="float32")
    np.add.at(category, at, chances.T)
    category[-1] += 1 - category.sum(axis=0)
    return Places(market, _regions(records, market), category.T)


def at_places(levels: Array, where: Places) -> Array:
    """Levels of the market where members live, in what they mostly buy; (weeks, n).

    Parameters
    ----------
    levels
        (weeks, regions + 1, categories + 1), the last position being the mean of all: of places that are not known.
    """
    found = np.empty((len(levels), len(where.region)), dtype="float32")
    for place in np.unique(where.region):
        mine = where.region == place
        found[:, mine] = levels[:, place].astype("float32") @ where.category[mine].T
    return found


def _regions(records: Records, market: Market) -> Array:
    if "region" not in records.members:
        return np.full(records.size, len(market.regions))
    return records.members["region"].map(market.regions).fillna(len(market.regions)).to_numpy("int64")


def _counts(orders: pd.DataFrame, names: dict[str, int], members: int) -> Array:
    """Orders by member and category; (members, K)."""
    held = orders["category"].astype("category").cat
    number = np.array([names.get(str(name), -1) for name in held.categories], dtype="int64")
    at = number[held.codes.to_numpy()]
    cell = orders["m"].to_numpy("int64")[at >= 0] * len(names) + at[at >= 0]
    return np.bincount(cell, minlength=members * len(names)).reshape(members, len(names)).astype("float64")


def _posterior(counts: Array, common: Array, loyalty: float, rest: Array) -> Array:
    other = np.log(np.maximum((1 - loyalty) * rest, 1e-12))
    main = np.log(np.maximum(loyalty + (1 - loyalty) * rest, 1e-12))
    log = np.log(np.maximum(common, 1e-12)) + counts * (main - other)
    chances = np.exp(log - log.max(axis=1, keepdims=True, initial=-np.inf))
    return chances / np.maximum(chances.sum(axis=1, keepdims=True), 1e-300)
