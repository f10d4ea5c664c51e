"""Who is at risk on which day: the counts that curves, tests and incidences share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.arrays import Array


@dataclass(frozen=True)
class Followed:
    """Days on which enough members are at risk to speak of: first and last day, both counted.

    Before ``first`` and after ``last`` a single leaving would make a curve jump (with left truncation the first
    days may have one member at risk). A curve that starts late is conditional on having stayed until then.
    """

    first: int
    last: int


def at_risk(entry: Array, exit_: Array, weight: Array | None = None, days: int | None = None) -> Array:
    """Number (or weight) at risk on each day 0, 1, …, `days`: entry < day <= exit.

    Parameters
    ----------
    entry, exit_
        Whole days of n rows.
    """
    days = int(exit_.max(initial=0)) if days is None else days
    ends = np.minimum(exit_, days)
    begun = np.bincount(np.minimum(entry, days), weights=weight, minlength=days + 1).cumsum()
    over = np.bincount(ends, weights=weight, minlength=days + 1).cumsum()
    number = np.zeros(days + 1)
    number[1:] = begun[:-1] - over[:-1]
    return number


def leavings(exit_: Array, weight: Array, days: int) -> Array:
    """Number (or weight) of leavings on each day 0, 1, …, `days`."""
    inside = exit_ <= days
    return np.bincount(exit_[inside], weights=weight[inside], minlength=days + 1).astype(float)


def followed(entry: Array, exit_: Array, least: int) -> Followed | None:
    """Longest stretch of days on which at least `least` rows are at risk; None where there is none."""
    enough = np.concatenate([[False], at_risk(entry, exit_) >= least, [False]])
    begins = np.flatnonzero(enough[1:] & ~enough[:-1])
    ends = np.flatnonzero(enough[:-1] & ~enough[1:]) - 1
    if not len(begins):
        return None
    longest = int(np.argmax(ends - begins))
    return Followed(int(begins[longest]), int(ends[longest]))


def within(rows: pd.DataFrame, span: Followed) -> pd.DataFrame:
    """`rows` (entry, exit, event) as far as they lie in `span`; who stays on is censored at its end."""
    entry = np.maximum(rows["entry"].to_numpy(), span.first - 1)
    exit_ = np.minimum(rows["exit"].to_numpy(), span.last)
    event = rows["event"].to_numpy(dtype=bool) & (rows["exit"].to_numpy() <= span.last)
    cut = rows.assign(entry=entry, exit=exit_, event=event)
    return cut[exit_ > entry].reset_index(drop=True)


def benjamini_hochberg(p: Array) -> Array:
    """Adjusted p-values; missing ones stay missing and do not count (Benjamini and Hochberg 1995)."""
    p = np.asarray(p, float)
    q = np.full(p.shape, np.nan)
    known = np.isfinite(p)
    if known.any():
        q[known] = stats.false_discovery_control(p[known])
    return q
