"""Market position of members: the region they live in and the category they mostly buy, as far as their
orders tell.

A member buys one category above all (a share `preferred_share` of orders), and the rest at random. Members
with few orders, or none, may prefer several; market levels are then the mean over those, by their posterior
probability: an exposure not known for sure would otherwise be missed for those who leave early (regression
calibration, Prentice 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.market_levels import MarketLevels
from whychurn.causes.member_weeks.weekly_counts import orders_with_category
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.arrays import Array

MAX_STEPS: Final = 200  # of EM
TOLERANCE: Final = 1e-6  # a smaller change of the preferred share is the last
START: Final = 0.5  # preferred share at which EM begins


@dataclass(frozen=True)
class CategoryMixture:
    """Which categories members buy; a mixture of K classes, each of those who mostly buy one category.

    Parameters
    ----------
    categories
        Number of each category.
    class_weights
        Share of members in each class; (K,).
    preferred_share
        Share of orders that fall on the preferred category.
    background_shares
        Share of the other orders that falls on each category; (K,).
    """

    categories: dict[str, int]
    class_weights: Array
    preferred_share: float
    background_shares: Array


def fit_category_mixture(records: WeeklyRecords) -> CategoryMixture:
    """Fit the mixture to the orders of `records` by EM (Dempster, Laird and Rubin 1977)."""
    orders = orders_with_category(records)
    names = {name: number for number, name in enumerate(sorted(map(str, orders["category"].unique())))}
    counts = _order_counts(orders, names, records.size)
    counts = counts[counts.sum(axis=1) > 0]
    number = counts.sum(axis=0)
    weights = background = number / max(number.sum(), 1.0)
    share = START if len(names) > 1 else 1.0
    for _ in range(MAX_STEPS if len(names) > 1 else 0):
        p = _posterior(counts, weights, share, background)
        in_class = (p * counts).sum(axis=0)
        preferred = in_class * share / np.maximum(share + (1 - share) * background, 1e-12)
        others = number - preferred
        weights, background = p.mean(axis=0), others / max(others.sum(), 1e-12)
        before, share = share, float(preferred.sum() / number.sum())
        if abs(share - before) < TOLERANCE:
            break
    return CategoryMixture(names, weights, share, background)


def preferred_category_posterior(records: WeeklyRecords, mixture: CategoryMixture) -> Array:
    """Posterior probability of each category to be the member's preferred one; (n, K), rows sum to one."""
    counts = _order_counts(orders_with_category(records), mixture.categories, records.size)
    weights, share = mixture.class_weights, mixture.preferred_share
    return _posterior(counts, weights, share, mixture.background_shares).astype("float32")


@dataclass(frozen=True)
class MarketPosition:
    """Where each of n members stands in the market's levels.

    Parameters
    ----------
    market
        Those levels.
    region
        Position of the region, the last one where it is not known; (n,).
    category
        Probability of each position of the categories; (n, categories + 1), rows sum to one.
    """

    market: MarketLevels
    region: Array
    category: Array


def market_position(
    records: WeeklyRecords, mixture: CategoryMixture, category_p: Array
) -> MarketPosition | None:
    """Positions of the members of `records`, None without a market.

    Parameters
    ----------
    category_p
        `preferred_category_posterior`; (n, K).
    """
    market = records.market
    if market is None:
        return None
    last = len(market.categories)
    at = np.array([market.categories.get(name, last) for name in mixture.categories], dtype=int)
    category = np.zeros((last + 1, records.size), dtype="float32")
    np.add.at(category, at, category_p.T)
    category[-1] += 1 - category.sum(axis=0)
    return MarketPosition(market, _regions(records, market), category.T)


def market_levels_at(levels: Array, position: MarketPosition) -> Array:
    """Levels of the market in the member's region, mean over the categories it may prefer; (weeks, n).

    Parameters
    ----------
    levels
        (weeks, regions + 1, categories + 1), the last position being the mean over the others.
    """
    at = np.zeros((len(levels), len(position.region)))
    for number, share in enumerate(
        position.category.T
    ):  # a product of matrices adds otherwise among other members
        at += levels[:, :, number][:, position.region] * share
    return at.astype("float32")


def _regions(records: WeeklyRecords, market: MarketLevels) -> Array:
    unknown = len(market.regions)
    if "region" not in records.members:
        return np.full(records.size, unknown)
    return records.members["region"].map(market.regions).fillna(unknown).to_numpy("int64")


def _order_counts(orders: pd.DataFrame, names: dict[str, int], members: int) -> Array:
    """Orders by member and category; (members, K)."""
    category = orders["category"].astype("category").cat
    number = np.array([names.get(str(name), -1) for name in category.categories], dtype="int64")
    at = number[category.codes.to_numpy()]
    cell = orders["m"].to_numpy("int64")[at >= 0] * len(names) + at[at >= 0]
    return np.bincount(cell, minlength=members * len(names)).reshape(members, len(names)).astype("float64")


def _posterior(counts: Array, weights: Array, share: float, background: Array) -> Array:
    other = np.log(np.maximum((1 - share) * background, 1e-12))
    preferred = np.log(np.maximum(share + (1 - share) * background, 1e-12))
    log = np.log(np.maximum(weights, 1e-12)) + counts * (preferred - other)
    p = np.exp(log - log.max(axis=1, keepdims=True, initial=-np.inf))
    return p / np.maximum(p.sum(axis=1, keepdims=True), 1e-300)
