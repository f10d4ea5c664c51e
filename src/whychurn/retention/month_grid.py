"""A history laid out by month edges: sums, who was there, who left, who came back."""

import numpy as np

from whychurn.contract.arrays import Array
from whychurn.retention.member_history import YEAR_MONTHS, History
from whychurn.retention.member_logs import FAR, Log, blocks_of_members


def months_complete(history: History) -> Array:
    """Which months are wholly observed, leavings included (months); with terms, who left in them is known too."""
    edges, until = history.edges, history.observed_until
    known = until if history.by_orders else until - history.absences[history.main].wait
    return (edges[:-1] >= max(history.observed_from, history.leavings_from)) & (edges[1:] <= known + 1)


def month_of(history: History, days: Array) -> Array:
    """Month position of day numbers; outside the months: -1 or `months`."""
    return np.searchsorted(history.edges, days, side="right") - 1


def monthly_sum(history: History, log: Log) -> Array:
    """Amounts of `log` as members x months."""
    sums = np.zeros((len(history.ids), history.months))
    for members, rows in blocks_of_members(log, len(sums)):
        month = month_of(history, log.day[rows])
        inside = (month >= 0) & (month < history.months)
        flat = (log.member[rows][inside] - members.start) * history.months + month[inside]
        of_block = np.bincount(flat, log.amount[rows][inside], sums[members].size)
        sums[members] = of_block.reshape(-1, history.months)
    return sums


def trailing_year(monthly: Array) -> Array:
    """Sum of the 12 calendar months before each month edge: members x (months + 1)."""
    total = np.zeros((len(monthly), monthly.shape[1] + 1))
    np.cumsum(monthly, axis=1, out=total[:, 1:])
    return of_last_year(total)


def of_last_year(total: Array) -> Array:
    """What running totals at month edges (members x edges) grew by in the 12 months before each."""
    grown = total.copy()
    grown[:, YEAR_MONTHS:] -= total[:, :-YEAR_MONTHS]
    return grown


def window_sum(log: Log, member: Array, start: Array, stop: Array) -> Array:
    """Sum of amounts with start <= day < stop, for pairs of member and window (any equal shapes)."""
    keys = log.member.astype("int64") * FAR + log.day
    total = np.concatenate([[0.0], np.cumsum(log.amount)])
    base = np.asarray(member, dtype="int64") * FAR
    # A window may begin before 1970 only in theory; a negative day would reach into the member before.
    low = np.searchsorted(keys, base + np.maximum(start, 0))
    return total[np.searchsorted(keys, base + np.maximum(stop, 0))] - total[low]


def churned_at_month_ends(history: History, definition: str, as_known: bool = False) -> Array:
    """Who has churned and not come back at each month edge: members x (months + 1).

    Parameters
    ----------
    as_known
        Who was known by then to have churned (that day included); else by the day that dates each churn event.
    """
    gaps, edges = history.absences[definition], history.edges
    since = gaps.left if as_known else history.dated(definition) + 1
    change = np.zeros((len(history.ids), len(edges) + 1), dtype=np.int16)
    np.add.at(change, (gaps.member, np.searchsorted(edges, since, side="left")), 1)
    np.add.at(change, (gaps.member, np.searchsorted(edges, gaps.returned, side="right")), -1)
    return np.cumsum(change, axis=1)[:, : len(edges)] > 0


def present_at_month_ends(history: History, definition: str) -> Array:
    """Who is a member at each month edge: seen before the day and not churned."""
    return (history.entered[:, None] < history.edges[None, :]) & ~churned_at_month_ends(history, definition)


def churn_by_month(history: History, definition: str) -> Array:
    """Churn events per month, members x months, by `History.dated`."""
    gaps = history.absences[definition]
    return _mark(history, gaps.member, month_of(history, history.dated(definition)))


def returns_by_month(history: History, definition: str) -> Array:
    """Returns per month, members x months; month t covers the days [edge t, edge t+1)."""
    gaps = history.absences[definition]
    return _mark(history, gaps.member, month_of(history, gaps.returned))


def membership_days(history: History) -> tuple[Array, Array, Array, Array]:
    """Memberships under the main definition: member, first day, day after the last watched one, left (bool).

    The last watched day is the last active (covered) day of those who left; of the others, the last day
    from which on churn would be known by the end of the data.
    """
    gaps = history.absences[history.main]
    order = np.lexsort((gaps.last, gaps.member))
    member, last, returned = gaps.member[order], gaps.last[order], gaps.returned[order]
    again = np.zeros(len(member), bool)
    again[1:] = member[1:] == member[:-1]
    first = history.entered[member]
    first[again] = returned[:-1][again[1:]]
    since = history.entered.copy()  # start of the membership that is still open
    since[member] = returned  # sorted: the latest wins
    running = np.flatnonzero(since < FAR)
    known_until = np.full(len(running), history.observed_until + 1 - gaps.wait)
    return (
        np.concatenate([member, running]),
        np.concatenate([first, since[running]]),
        np.concatenate([last + 1, known_until]),
        np.concatenate([np.ones(len(member), bool), np.zeros(len(running), bool)]),
    )


def left_between(history: History, definition: str, first: int, after: int) -> Array:
    """Who left at least once between two edge positions (members)."""
    return np.asarray(churn_by_month(history, definition)[:, first:after].any(axis=1))


def _mark(history: History, member: Array, month: Array) -> Array:
    marks = np.zeros((len(history.ids), history.months), dtype=bool)
    inside = (month >= 0) & (month < history.months)
    marks[member[inside], month[inside]] = True
    return marks


def latest_before(history: History, member: Array, day: Array, value: Array | None = None) -> Array:
    """Latest of a member's days (or of `value`, known on them) before each edge, ``-FAR`` where none: members x edges."""
    latest = np.full((len(history.ids), history.months + 1), -FAR)
    position = np.maximum(month_of(history, day) + 1, 0)
    inside = position <= history.months
    np.maximum.at(latest, (member[inside], position[inside]), (day if value is None else value)[inside])
    return np.maximum.accumulate(latest, axis=1)
