"""Months that a study's charts cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.watch.month_record import last_whole_month

DAYS_OF_MONTH = 30.5


@dataclass(frozen=True)
class Calendar:
    """Snapshots and months of leavings.

    Parameters
    ----------
    snapshots
        Days of the snapshots, in order.
    months
        Months of leavings (first days): each lies `lag` months after its snapshot.
    lag
        Months of silence, or of grace, that make a leaving: a leaving of a month began as a last act about so long
        before, so the snapshot on which it is forecast lies before that.
    whole
        Months up to this first day are over.
    since
        First month of the reference, if one is set; those before are shown only.
    """

    snapshots: pd.DatetimeIndex
    months: pd.DatetimeIndex
    lag: int
    whole: pd.Timestamp
    since: str | None = None

    @property
    def over(self) -> np.ndarray:
        """Which of `months` are over."""
        return np.asarray(self.months <= self.whole)

    @property
    def told_on(self) -> pd.DatetimeIndex:
        """Month that each snapshot closes: that of the day before it."""
        return month_of(pd.Series(self.snapshots - pd.Timedelta(days=1)))


def month_of(days: pd.Series) -> pd.DatetimeIndex:
    """First day of the month of each day."""
    return pd.DatetimeIndex(days.dt.to_period("M").dt.to_timestamp())


def study_calendar(
    panel: pd.DataFrame, waiting_days: int, observed_until: pd.Timestamp, since: str | None = None
) -> Calendar:
    """Calendar of a panel.

    Parameters
    ----------
    panel
        as_of.
    waiting_days
        Days after a last act or term that make a leaving.
    observed_until
        Last day that the data cover.
    since
        `watch.reference_from`.
    """
    snapshots = pd.DatetimeIndex(np.sort(panel["as_of"].unique()))
    lag = max(int(np.ceil(waiting_days / DAYS_OF_MONTH)), 0)
    firsts = month_of(pd.Series(snapshots)) + pd.DateOffset(months=lag)
    months = firsts[firsts <= observed_until]
    return Calendar(snapshots, pd.DatetimeIndex(months), lag, last_whole_month(observed_until), since)
