"""Cumulative sums of standardised monthly figures, and where they pass a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.contract.arrays import Array

SLACK: Final = 0.75  # of a standard deviation a month that is let pass


@dataclass(frozen=True)
class Run:
    """A chart over its months.

    Parameters
    ----------
    up, down
        Sums for more and for less after each month; (runs, months, series).
    alarm
        Months in which the largest sum passes the limit; (runs, months).
    """

    up: Array
    down: Array
    alarm: Array


def run_cusum(z: Array, limit: float, slack: float = SLACK, two_sided: bool = True) -> Run:
    """Two-sided CUSUM of several series that alarm together; after an alarm all begin at zero again.

    Parameters
    ----------
    z
        Standardised figures, NaN where a month is not judged (the sums stand still); (runs, months, series).
    limit
        Height from which the largest sum is an alarm.
    slack
        Taken off each month (k).
    two_sided
        Whether less counts too.

    Notes
    -----
    Page 1954 (Biometrika 41). The month after the last zero before an alarm estimates when the change began.
    """
    runs, months, series = z.shape
    up, down = (np.zeros((runs, months, series)) for _ in range(2))
    alarm = np.zeros((runs, months), dtype=bool)
    now_up, now_down = (np.zeros((runs, series)) for _ in range(2))
    for month in range(months):
        seen = np.isfinite(z[:, month])
        value = np.where(seen, z[:, month], 0.0)
        now_up = np.where(seen, np.maximum(now_up + value - slack, 0.0), now_up)
        if two_sided:
            now_down = np.where(seen, np.maximum(now_down - value - slack, 0.0), now_down)
        up[:, month], down[:, month] = now_up, now_down
        alarm[:, month] = np.maximum(now_up, now_down).max(axis=1) > limit
        again = ~alarm[:, month, None]
        now_up, now_down = now_up * again, now_down * again
    return Run(up, down, alarm)


def began(sums: Array, alarm: Array, at: int) -> int:
    """Month in which the change began that one series alarmed about in month `at`.

    Parameters
    ----------
    sums
        Sums of that series after each month; (months,).
    alarm
        Months with an alarm of its chart; (months,).
    """
    first = at
    while first > 0 and sums[first - 1] > 0 and not alarm[first - 1]:
        first -= 1
    return first
