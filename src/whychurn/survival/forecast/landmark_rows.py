"""Member-months with their follow-up as known on a day: what forecasts learn from and are tested on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from whychurn.survival.forecast.ipcw_metrics import FollowUp

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class LandmarkRows:
    """Member-months (the landmarks) with their follow-up as it was known on a later day.

    Parameters
    ----------
    panel
        Snapshots, of which rows are copied only where they are used.
    until
        Last day of which anything is known.
    time, event
        Days from `as_of` to the churn event, or to `until`; whether the member had churned by then. Shape
        (n,).
    at
        Positions in `panel`, shape (n,); None: all its rows.
    """

    panel: pd.DataFrame
    until: pd.Timestamp
    time: np.ndarray
    event: np.ndarray
    at: np.ndarray | None = None

    @property
    def rows(self) -> pd.DataFrame:
        """The rows with all columns."""
        return self.panel if self.at is None else self.panel.iloc[self.at]

    def column(self, name: str) -> pd.Series:
        """One column of the rows."""
        return self.panel[name] if self.at is None else self.panel[name].iloc[self.at]

    @property
    def follow(self) -> FollowUp:
        """Time and event."""
        return FollowUp(self.time, self.event)

    @property
    def reach(self) -> np.ndarray:
        """Days from `as_of` to `until`, whether or not the member churned."""
        return _days(self.until - self.column("as_of"))

    @property
    def up_to_now(self) -> LandmarkRows:
        """Rows up to the last day of which anything is known."""
        return self.take((self.column("as_of") <= self.until).to_numpy())

    def take(self, chosen: np.ndarray) -> LandmarkRows:
        """The rows at these positions, or under this mask."""
        if chosen.dtype == bool and chosen.all():
            return self
        position = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        at = position if self.at is None else self.at[position]
        return replace(self, time=self.time[position], event=self.event[position], at=at)

    def sample(self, count: int, seed: int) -> LandmarkRows:
        """At most `count` rows, drawn without replacement and kept in order."""
        if len(self.time) <= count:
            return self
        drawn = np.random.default_rng(seed).choice(len(self.time), count, replace=False)
        return self.take(np.sort(drawn))


def landmark_rows(panel: pd.DataFrame, spells: pd.DataFrame, observed_until: pd.Timestamp) -> LandmarkRows:
    """Every row of the panel with all the follow-up that the data hold.

    Parameters
    ----------
    panel
        member_id, spell_no, as_of.
    spells
        member_id, spell_no, ended_on (null: not churned).
    """
    keys = ["member_id", "spell_no"]
    ends = spells.loc[spells["churned"], [*keys, "ended_on"]]
    ended_on = panel[keys].merge(ends, on=keys, how="left")["ended_on"]
    event = (ended_on <= observed_until).to_numpy()
    last = np.where(event, ended_on.to_numpy("datetime64[D]"), np.datetime64(observed_until, "D"))
    time = (last - panel["as_of"].to_numpy("datetime64[D]")).astype("int64")
    return LandmarkRows(panel, observed_until, np.maximum(time, 0), event)


def known_before(landmarks: LandmarkRows, day: pd.Timestamp) -> LandmarkRows:
    """Rows from before `day`, with the follow-up known on the evening before it: nothing later is used."""
    earlier = landmarks.take((landmarks.column("as_of") < day).to_numpy())
    reach = _days(day - DAY - earlier.column("as_of"))
    event = earlier.event & (earlier.time <= reach)
    return replace(earlier, until=day - DAY, time=np.minimum(earlier.time, reach), event=event)


def tenure_rows(landmarks: LandmarkRows) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Start-stop rows on the clock of tenure: which rows, entry, stop (days since joining), event."""
    tenure, stop_on = landmarks.column("tenure_days"), landmarks.column("stop_on")
    entry = pd.to_numeric(tenure, errors="coerce").to_numpy("float64", na_value=np.nan)
    stop_on = stop_on.mask(stop_on > landmarks.until, landmarks.until)
    spent = _days(stop_on - landmarks.column("start_on"))
    event = landmarks.event & (landmarks.time <= spent)
    kept = np.flatnonzero(np.isfinite(entry) & (entry >= 0) & (spent > 0))
    start = entry[kept].astype("int64")
    return kept, start, start + spent[kept], event[kept]


def _days(span: pd.Series) -> np.ndarray:
    return span.dt.days.to_numpy("int64")
