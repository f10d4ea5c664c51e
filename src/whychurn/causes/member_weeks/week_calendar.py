"""Weeks of the observed time; day numbers count from the first observed day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.activity_tables import NO_DAY, ActivityTables
from whychurn.contract.arrays import Array

DAYS: Final = 7  # of a week


@dataclass(frozen=True)
class Calendar:
    """Weeks of the observed time.

    Parameters
    ----------
    first
        First observed day.
    days
        Number of observed days.
    """

    first: pd.Timestamp
    days: int

    @property
    def weeks(self) -> int:
        """Number of weeks; the last one may be short."""
        return -(-self.days // DAYS)

    @property
    def epoch(self) -> int:
        """Days from 1970 to the first day."""
        return (self.first - pd.Timestamp(0)).days

    def day(self, timestamps: pd.Series) -> Array:
        """Day number of each date or timestamp; `NO_DAY` where it is null."""
        days = (timestamps.dt.normalize() - self.first).dt.days
        return days.fillna(NO_DAY).to_numpy("int64")

    def date(self, day: Array) -> Array:
        """Dates of day numbers, as datetime64[ns]."""
        dates = self.first.to_datetime64() + np.asarray(day).astype("timedelta64[D]")
        return dates.astype("datetime64[ns]")


def observed_calendar(activity: ActivityTables, observed_until: pd.Timestamp) -> Calendar:
    """Calendar from the first row of the activity tables to the last observed day."""
    first = (activity.first_timestamp() or observed_until).normalize()
    return Calendar(first, max((observed_until.normalize() - first).days + 1, 1))
