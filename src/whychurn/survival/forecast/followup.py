"""What is known on a day: how long members were followed by then, hazards by day, carried on where the data end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.survival.forecast.accuracy import FollowUp

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Known:
    """Member-months with what was known of their further stay on a later day.

    Parameters
    ----------
    rows
        Rows of the panel.
    until
        Last day of which anything is known.
    time, event
        Days from `as_of` to the leaving, or to `until`; whether the member had left by then. Shape (n,).
    """

    rows: pd.DataFrame
    until: pd.Timestamp
    time: np.ndarray
    event: np.ndarray

    @property
    def follow(self) -> FollowUp:
        """Time and event."""
        return FollowUp(self.time, self.event)

    @property
    def reach(self) -> np.ndarray:
        """Days from `as_of` to `until`, whatever happened."""
        return _days(self.until - self.rows["as_of"])

    def take(self, chosen: np.ndarray) -> Known:
        """The rows at these positions, or under this mask."""
        return Known(
            self.rows[chosen] if chosen.dtype == bool else self.rows.iloc[chosen],
            self.until,
            self.time[chosen],
            self.event[chosen],
        )

    def sample(self, count: int, seed: int) -> Known:
        """At most `count` rows, drawn without replacement and kept in order."""
        if len(self.rows) <= count:
            return self
        drawn = np.random.default_rng(seed).choice(len(self.rows), count, replace=False)
        return self.take(np.sort(drawn))


def follow_stays(panel: pd.DataFrame, spells: pd.DataFrame, observed_until: pd.Timestamp) -> Known:
    """Every row of the panel with all that the data say of its further stay.

    Parameters
    ----------
    panel
        member_id, spell_no, as_of.
    spells
        member_id, spell_no, ended_on (null: not left).
    """
    ends = spells.loc[spells["churned"], ["member_id", "spell_no", "ended_on"]]
    found = panel[["member_id", "spell_no"]].merge(ends, on=["member_id", "spell_no"], how="left")["ended_on"]
    left = (found <= observed_until).to_numpy()
    last = np.where(left, found.to_numpy("datetime64[D]"), np.datetime64(observed_until, "D"))
    time = (last - panel["as_of"].to_numpy("datetime64[D]")).astype("int64")
    return Known(panel, observed_until, np.maximum(time, 0), left)


def known_before(stays: Known, day: pd.Timestamp) -> Known:
    """Rows from before `day`, with what was known on the evening before it: nothing later is seen."""
    earlier = stays.take((stays.rows["as_of"] < day).to_numpy())
    reach = _days(day - DAY - earlier.rows["as_of"])
    event = earlier.event & (earlier.time <= reach)
    return Known(earlier.rows, day - DAY, np.minimum(earlier.time, reach), event)


def tenure_rows(known: Known) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Start-stop rows on the clock of tenure: which rows, entry, stop (days since joining), event."""
    entry = pd.to_numeric(known.rows["tenure_days"], errors="coerce").to_numpy("float64", na_value=np.nan)
    spent = _days(_capped(known.rows["stop_on"], known.until) - known.rows["start_on"])
    event = known.event & (known.time <= spent)
    kept = np.flatnonzero(np.isfinite(entry) & (entry >= 0) & (spent > 0))
    start = entry[kept].astype("int64")
    return kept, start, start + spent[kept], event[kept]


@dataclass(frozen=True)
class DailyHazard:
    """Hazard by day of a clock; day t stands at position t.

    Parameters
    ----------
    cumulative
        Cumulative hazard up to and with each day, carried on beyond `supported`.
    supported
        Last day on which enough members were at risk.
    """

    cumulative: np.ndarray
    supported: int

    def between(self, start: np.ndarray, days: int) -> np.ndarray:
        """Cumulative hazard from `start` to each of the next 0 … `days` days, shape (n, days + 1)."""
        rate = self.cumulative[-1] - self.cumulative[-2]
        extra = max(0, int(start.max(initial=0)) + days + 1 - len(self.cumulative))
        whole = np.r_[self.cumulative, self.cumulative[-1] + rate * np.arange(1, extra + 1)]
        return whole[start[:, None] + np.arange(days + 1)] - whole[start][:, None]


def daily_hazard(
    entry: np.ndarray,
    stop: np.ndarray,
    event: np.ndarray,
    weight: np.ndarray,
    *,
    product: bool,
    min_at_risk: int,
    tail_days: int,
) -> DailyHazard:
    """Hazard by day from rows at risk in (entry, stop], whole days.

    Parameters
    ----------
    weight
        1 for Kaplan-Meier, exp(x b) for Breslow's baseline.
    product
        Kaplan-Meier's product (``-log(1 - d/n)``) instead of Nelson-Aalen's or Breslow's sum.
    min_at_risk, tail_days
        From the last day with this many at risk on, the mean hazard of the last `tail_days` days before it is
        carried on: an extrapolation.
    """
    size = int(stop.max()) + 2
    risk = np.cumsum(np.bincount(entry + 1, weight, size + 1) - np.bincount(stop + 1, weight, size + 1))[
        :size
    ]
    count = np.cumsum(np.bincount(entry + 1, minlength=size + 1) - np.bincount(stop + 1, minlength=size + 1))[
        :size
    ]
    left = np.bincount(stop[event], minlength=size).astype("float64")
    step = np.divide(left, risk, out=np.zeros(size), where=(left > 0) & (risk > 0))
    if product:
        step = -np.log1p(-np.minimum(step, 1 - 1e-9))
    enough = np.flatnonzero(count >= min_at_risk)
    supported = int(enough[-1]) if len(enough) else size - 1
    step = step[: supported + 1]
    carried = float(step[max(1, supported + 1 - tail_days) :].mean()) if supported else 0.0
    return DailyHazard(np.cumsum(np.r_[step, carried]), supported)


def _capped(days: pd.Series, last: pd.Timestamp) -> pd.Series:
    return days.mask(days > last, last)


def _days(span: pd.Series) -> np.ndarray:
    return span.dt.days.to_numpy("int64")
