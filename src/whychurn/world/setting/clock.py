"""Weeks of the simulated window, and one random stream for each purpose."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

NEVER: Final = 10**6  # day number of what does not happen in the window


@dataclass(frozen=True)
class Clock:
    """The window as weeks; days are counted from its first day.

    Parameters
    ----------
    start
        First day.
    days
        Length in days; the last week may be shorter.
    """

    start: dt.date
    days: int

    @classmethod
    def of(cls, start: dt.date, months: int) -> Clock:
        """Window of whole calendar months."""
        end = (pd.Timestamp(start) + pd.DateOffset(months=months)).date()
        return cls(start, (end - start).days)

    @property
    def weeks(self) -> int:
        """Number of weeks, the last may be partial."""
        return -(-self.days // 7)

    @property
    def length(self) -> np.ndarray:
        """Length of each week in weeks: 1, the last maybe less; (weeks,)."""
        days = np.minimum(self.days - 7 * np.arange(self.weeks), 7)
        return (days / 7).astype("float32")

    @property
    def month(self) -> np.ndarray:
        """Month 0..11 of each week's first day; (weeks,)."""
        return pd.DatetimeIndex(self.dates(7 * np.arange(self.weeks))).month.to_numpy() - 1

    def dates(self, day: np.ndarray) -> np.ndarray:
        """Midnight of each day number, as datetime64[ns]."""
        start = np.datetime64(self.start, "D")
        return (start + np.asarray(day).astype("int64").astype("timedelta64[D]")).astype("datetime64[ns]")

    def instants(self, day: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A waking moment of each day: most around noon and in the evening."""
        hour = np.where(
            rng.random(len(day)) < 0.55, rng.normal(12.5, 2.2, len(day)), rng.normal(20, 1.6, len(day))
        )
        seconds = (np.clip(hour, 7, 23.9) * 3600).astype("int64")
        return (self.dates(day).astype("datetime64[s]") + seconds.astype("timedelta64[s]")).astype(
            "datetime64[ns]"
        )

    def week_at(self, share: float) -> int:
        """Week at a share of the window."""
        return int(share * self.weeks)


def stream(seed: int, block: int, purpose: str) -> np.random.Generator:
    """Random stream of one purpose in one block, so that a change of one leaves the others as they are."""
    return np.random.default_rng(np.random.SeedSequence([seed, block, zlib.crc32(purpose.encode())]))
