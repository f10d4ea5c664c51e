"""Own prices, rivals' prices and rivals' activity, by week, region and category."""

from dataclasses import dataclass

import numpy as np

from whychurn.world.setting.clock import Clock, stream
from whychurn.world.setting.programme import Programme


@dataclass(frozen=True)
class Market:
    """Indices of shape (weeks, regions, categories); 1 = own list price at the start of the window.

    Parameters
    ----------
    own, rival
        Price indices.
    activity
        Rivals' promotions and openings, 0 = none.
    before
        Own index in the weeks before the window, oldest first; (history_weeks,).
    """

    own: np.ndarray
    rival: np.ndarray
    activity: np.ndarray
    before: np.ndarray


def simulate_market(programme: Programme, clock: Clock, seed: int) -> Market:
    """Market of the whole window; the same for all blocks of members."""
    rng = stream(seed, 0, "market")
    weeks, regions, categories = clock.weeks, list(programme.regions), list(programme.categories)
    shape = (weeks, len(regions), len(categories))
    own = np.ones(shape)
    for rise in programme.price_rises:
        lines = [categories.index(name) for name in rise.categories]
        own[clock.week_at(rise.at) :, :, lines] *= 1 + rise.size
    own *= drift_of_lists(np.arange(weeks))[:, None, None]
    activity = background(rng, shape)
    cut = np.zeros(shape)
    for rival in programme.rivals:
        weeks_there = slice(clock.week_at(rival.at), clock.week_at(rival.at) + rival.weeks)
        region = regions.index(rival.region)
        activity[weeks_there, region] += rival.activity * rng.uniform(0.7, 1.2, len(categories))
        cut[weeks_there, region] += rival.price_cut
    drift = np.cumsum(rng.normal(0, 0.004, shape), axis=0)
    rival_price = 1.02 + 0.0003 * np.arange(weeks)[:, None, None] + drift - cut
    before = 1 - 0.0004 * np.arange(programme.history_weeks, 0, -1)
    return Market(own, np.clip(rival_price, 0.6, None), activity, before)


def drift_of_lists(week: np.ndarray | int) -> np.ndarray:
    """Slow rise of own list prices, as a factor by week."""
    return 1 + 0.0003 * np.asarray(week)


def background(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Ordinary promotions: noise, and short bursts in one region and category."""
    weeks, regions, categories = shape
    activity = rng.gamma(4.0, 0.1, shape)
    for _ in range(max(1, regions * categories * weeks // 90)):
        start, length = int(rng.integers(0, weeks)), int(rng.integers(3, 8))
        activity[start : start + length, rng.integers(regions), rng.integers(categories)] += rng.uniform(
            0.6, 2.0
        )
    return activity
