"""Numbers at risk and churn events by day of the stay: the counts behind curves, tests and incidences."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.contract.params import SurvivalParams


@dataclass(frozen=True)
class DaySpan:
    """First and last day, both counted, of the days on which enough members are at risk.

    Outside them a single event would make a curve jump (with left truncation the first days may have one
    member at risk). A curve that starts late is conditional on having stayed until then.
    """

    first: int
    last: int


def at_risk(
    entry: np.ndarray, exit_: np.ndarray, weight: np.ndarray | None = None, days: int | None = None
) -> np.ndarray:
    """Number (or weight) at risk on each day 0, 1, …, `days`: entry < day <= exit.

    Parameters
    ----------
    entry, exit_
        Whole days; shape (n,).
    """
    days = int(exit_.max(initial=0)) if days is None else days
    entered = np.bincount(np.minimum(entry, days), weights=weight, minlength=days + 1).cumsum()
    left = np.bincount(np.minimum(exit_, days), weights=weight, minlength=days + 1).cumsum()
    return np.append(0.0, entered[:-1] - left[:-1])


def events_by_day(exit_: np.ndarray, weight: np.ndarray, days: int) -> np.ndarray:
    """Number (or weight) of churn events on each day 0, 1, …, `days`."""
    inside = exit_ <= days
    return np.bincount(exit_[inside], weights=weight[inside], minlength=days + 1).astype(float)


def supported_span(entry: np.ndarray, exit_: np.ndarray, least: int) -> DaySpan | None:
    """Longest run of days on which at least `least` rows are at risk; None where there is none."""
    enough = np.concatenate([[False], at_risk(entry, exit_) >= least, [False]])
    begins = np.flatnonzero(enough[1:] & ~enough[:-1])
    ends = np.flatnonzero(enough[:-1] & ~enough[1:]) - 1
    if not len(begins):
        return None
    longest = int(np.argmax(ends - begins))
    return DaySpan(int(begins[longest]), int(ends[longest]))


def restrict_to_span(rows: pd.DataFrame, span: DaySpan) -> pd.DataFrame:
    """`rows` (entry, exit, event) as far as they lie in `span`; who stays longer is censored at its end."""
    entry = np.maximum(rows["entry"].to_numpy(), span.first - 1)
    exit_ = np.minimum(rows["exit"].to_numpy(), span.last)
    event = rows["event"].to_numpy(dtype=bool) & (rows["exit"].to_numpy() <= span.last)
    return rows.assign(entry=entry, exit=exit_, event=event)[exit_ > entry].reset_index(drop=True)


def written_days(days: np.ndarray, params: SurvivalParams) -> np.ndarray:
    """Positions of the `days` that tables show: every ``curve_step_days``, the quoted days, both ends."""
    ends = [days[0], days[-1], *params.stay_days]
    return np.flatnonzero((days % params.curve_step_days == 0) | np.isin(days, ends))
