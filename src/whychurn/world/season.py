"""Courses that follow the calendar: spring, summer, autumn."""

from __future__ import annotations

import datetime as dt

import numpy as np

from whychurn.world.clock import Clock
from whychurn.world.programme import Programme


def calendar(programme: Programme, clock: Clock) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """First and last day, and name, of all seasons around the window, in order of time."""
    rows = []
    for year in range(clock.start.year - 4, clock.start.year + clock.days // 365 + 3):
        for season in programme.seasons:
            wraps = season.ends < season.starts
            first = dt.date(year, *season.starts)
            last = dt.date(year + wraps, *season.ends)
            rows.append(((first - clock.start).days, (last - clock.start).days, season.name))
    rows.sort()
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows]), [row[2] for row in rows]


def first_day_of_course(programme: Programme, clock: Clock, day: np.ndarray) -> np.ndarray:
    """First day of the season that starts on or after each day."""
    starts, _, _ = calendar(programme, clock)
    return starts[np.minimum(np.searchsorted(starts, day), len(starts) - 1)]
