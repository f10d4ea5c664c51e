"""Courses that follow the calendar: spring, summer, autumn."""

import datetime as dt

import numpy as np

from whychurn.world.setting.clock import Clock
from whychurn.world.setting.programme import Programme


def calendar(programme: Programme, clock: Clock) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of all seasons around the window, in order of time."""
    rows = []
    for year in range(clock.start.year - 4, clock.start.year + clock.days // 365 + 3):
        for season in programme.seasons:
            wraps = season.ends < season.starts
            first = dt.date(year, *season.starts)
            last = dt.date(year + wraps, *season.ends)
            rows.append(((first - clock.start).days, (last - clock.start).days))
    starts, ends = np.array(sorted(rows)).T
    return starts, ends


def current_season_start(programme: Programme, clock: Clock, day: np.ndarray) -> np.ndarray:
    """First day of the season that runs, or ran last, on each day."""
    starts, _ = calendar(programme, clock)
    return starts[np.maximum(np.searchsorted(starts, day, side="right") - 1, 0)]


def in_season(programme: Programme, clock: Clock) -> np.ndarray:
    """Whether each week's middle lies in a season; always for programmes without seasons; (weeks, 1)."""
    if programme.kind != "seasons":
        return np.ones((clock.weeks, 1), dtype=bool)
    starts, ends = calendar(programme, clock)
    middle = 7 * np.arange(clock.weeks) + 3
    return (middle <= ends[np.searchsorted(starts, middle, side="right") - 1])[:, None]


def next_season_start(programme: Programme, clock: Clock, day: np.ndarray) -> np.ndarray:
    """First day of the season that starts on or after each day."""
    starts, _ = calendar(programme, clock)
    return starts[np.minimum(np.searchsorted(starts, day), len(starts) - 1)]
