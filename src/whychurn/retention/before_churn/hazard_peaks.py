"""Hazard peaks: times since joining or purchase at which more members leave than around them."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, stack
from whychurn.contract.suppression import suppress_small_cells
from whychurn.retention.before_churn.after_triggers import trigger_outcomes
from whychurn.retention.before_churn.chances_to_leave import (
    Chances,
    by_bin,
    chances_to_leave,
    days_since_last,
)
from whychurn.retention.member_history import History
from whychurn.retention.member_logs import FAR, Log
from whychurn.retention.month_grid import membership_days
from whychurn.stats.constant_hazard import expected_leavings
from whychurn.stats.intervals import poisson_interval, rate_ratio
from whychurn.stats.multiple_testing import benjamini_hochberg

COLUMNS: Final = columns_of("key_nodes", "suppressed")
SHOWN: Final = COLUMNS[5:17]
MAX_COUNT: Final = 12  # orders and terms are counted one by one up to here
BIN_DAYS: Final = 7  # width of a bin of the clocks in days
MAX_DAYS: Final = 730  # clocks in days are read up to here
NEIGHBOURS: Final = 8  # bins on each side that form the background


def hazard_peaks(
    history: History, triggers: Mapping[str, Log], params: Params, min_cell: int
) -> pd.DataFrame:
    """Hazard by clock, each bin against its background (scan statistic over tenure).

    The time of churn is the last active day (inactivity: the last activity, not the day on which the
    waiting time was over; terms: the last covered day). Members count from the later of joining and the
    start of the data, and until the last day whose outcome is known: no immortal time.

    Clocks: ``tenure`` (days since joining), ``since_first_purchase``, ``purchase_number`` (no further
    purchase within the waiting time after the n-th one; 0: after joining), ``renewal_number`` (terms),
    and what followed each of `triggers` within some days (`trigger_outcomes`).

    Returns
    -------
    DataFrame
        ``rate``: churn events per member-day (days clocks) or per trial, exact Poisson interval;
        ``smoothed``: over three bins (1, 2, 1). ``background``: the bins around, without the neighbours.
        ``is_node``: ratio at least `node_min_ratio`, and q (Benjamini-Hochberg over all clocks) below
        `false_discovery`. More must leave than around, by member-days (trials) and of the leavings that a
        constant hazard puts on the days on which a stay could end (`chances_to_leave`); the larger p counts.
        Else the rhythm of orders, or terms of several lengths, would make nodes.
    """
    chances = chances_to_leave(history)
    clocks = [
        _day_clock(history, "tenure", history.started, chances),
        *_purchase_clocks(history, chances),
        *_renewal_clock(history),
    ]
    tables = [_against_neighbours(clock, params) for clock in clocks if len(clock)]
    outcomes = trigger_outcomes(history, triggers, params)
    frame = stack([*tables, outcomes], [*COLUMNS[:-2], "clear"])
    frame = _judge(frame, params, min_cell)[COLUMNS]
    return suppress_small_cells(frame, "members", SHOWN, min_cell)


def _day_clock(history: History, name: str, origin: Array, chances: Chances | None) -> pd.DataFrame:
    """Member-days and churn events by days since `origin` (day number per member, `FAR` if none)."""
    member, first, after, left = membership_days(history)
    zero = origin[member]
    # the day of origin is left out: it holds an activity by construction, so the last one can fall on it
    begin = np.maximum(np.maximum(first, history.observed_from), zero + 1) - zero
    end = after - zero
    keep = (zero < FAR) & (end > begin)
    begin, end, left = begin[keep], end[keep], left[keep]
    width = BIN_DAYS
    bins = np.arange(0, MAX_DAYS, width)
    if not len(begin):
        return pd.DataFrame()
    exposure, members = np.zeros(len(bins)), np.zeros(len(bins))
    for position, low in enumerate(bins):
        days = np.minimum(end, low + width) - np.maximum(begin, low)
        exposure[position], members[position] = days[days > 0].sum(), (days > 0).sum()
    event_bin = (end[left] - 1) // width
    events = np.bincount(event_bin[event_bin < len(bins)], minlength=len(bins)).astype(float)
    frame = {
        "bin_start": bins,
        "bin_end": bins + width,
        "members": members,
        "exposure": exposure,
        "events": events,
    }
    if chances is not None:
        since = chances.day - origin.astype("int32")[chances.member]
        place = np.where(since > 0, since // width, -1)
        frame |= by_bin(place, chances.taken, chances.expected, len(bins))
    return pd.DataFrame(frame).assign(clock=name, unit="days").query("exposure > 0").reset_index(drop=True)


def _purchase_clocks(history: History, chances: Chances | None) -> list[pd.DataFrame]:
    buys, wait = history.buys, history.absences[history.main].threshold
    if not history.by_orders or not len(buys.day):
        return []
    new = history.started >= history.observed_from  # the first purchase of the others may lie before the data
    start = np.searchsorted(buys.member, np.arange(len(history.ids)))
    first = np.full(len(history.ids), FAR)
    buyers = np.unique(buys.member)
    first[buyers] = buys.day[start[buyers]]
    number = np.arange(len(buys.day)) - start[buys.member] + 1
    following = np.append(buys.day[1:], FAR)
    following[np.append(buys.member[1:] != buys.member[:-1], True)] = FAR
    followed = new[buys.member] & (buys.day + wait <= history.observed_until)
    joined = np.flatnonzero(new & (history.started + wait <= history.observed_until))
    numbers = np.concatenate([np.zeros(len(joined), dtype="int64"), number[followed]])
    none_followed = (
        np.concatenate([first[joined] - history.started[joined], (following - buys.day)[followed]]) > wait
    )
    gap = days_since_last(buys.member, buys.day, wait)
    length = np.concatenate([np.full(len(joined), np.median(gap)), gap[followed]])
    return [
        _day_clock(history, "since_first_purchase", np.where(new, first, FAR), chances),
        _counted("purchase_number", numbers, none_followed, length),
    ]


def _renewal_clock(history: History) -> list[pd.DataFrame]:
    terms, gaps = history.terms[history.terms["fixed"]], history.absences[history.main]
    if history.by_orders or terms.empty:
        return []
    member, ends = terms["member"].to_numpy(), terms["ends"].to_numpy()
    number = terms.groupby("member").cumcount().to_numpy() + 1
    followed = (history.started[member] >= history.observed_from) & (
        ends + gaps.wait <= history.observed_until
    )
    final = np.isin(member * FAR + ends, gaps.member * FAR + gaps.last)
    length = ends - terms["starts"].to_numpy() + 1
    return [_counted("renewal_number", number[followed], final[followed], length[followed])]


def _counted(name: str, number: Array, final: Array, length: Array) -> pd.DataFrame:
    keep = number <= MAX_COUNT
    trials = np.bincount(number[keep], minlength=MAX_COUNT + 1).astype(float)
    events = np.bincount(number[keep][final[keep]], minlength=MAX_COUNT + 1).astype(float)
    bins = np.arange(MAX_COUNT + 1)
    frame = {"bin_start": bins, "bin_end": bins + 1, "members": trials, "exposure": trials, "events": events}
    frame |= by_bin(number, final, expected_leavings(length, final), MAX_COUNT + 1)
    return pd.DataFrame(frame).assign(clock=name, unit="count").query("exposure > 0").reset_index(drop=True)


def _against_neighbours(clock: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Background: up to `NEIGHBOURS` bins on each side, the two direct neighbours left out."""
    events, exposure = clock["events"].to_numpy(float), clock["exposure"].to_numpy(float)
    place = np.arange(len(clock))
    away = np.abs(place[:, None] - place[None, :])
    around = ((away > 1) & (away <= NEIGHBOURS)).astype(float)
    # joining (0) is no purchase: it says nothing of what is usual after one
    if clock["unit"].iloc[0] == "count":
        around[:, clock["bin_start"].to_numpy() == 0] = 0.0
    other_events, other_exposure = around @ events, around @ exposure
    low, high = poisson_interval(events, exposure, params.run.confidence)
    kernel = np.where(away == 0, 2.0, np.where(away == 1, 1.0, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        background = other_events / other_exposure
    table = clock.assign(rate=events / exposure, low=low, high=high, background=background)
    table["smoothed"] = (kernel @ events) / (kernel @ exposure)
    level = params.run.confidence
    table = table.join(rate_ratio(events, exposure, other_events, other_exposure, level))
    if "expected" not in clock:
        return table.assign(clear=True)
    expected, taken = clock["expected"].to_numpy(float), clock["taken"].to_numpy(float)
    against = rate_ratio(taken, expected, around @ taken, around @ expected, level)
    clear = (against["ratio_low"] > 1) & (against["ratio"] >= params.retention.node_min_ratio)
    return table.assign(clear=clear, p_value=np.fmax(table["p_value"], against["p_value"]))


def _judge(table: pd.DataFrame, params: Params, min_cell: int) -> pd.DataFrame:
    p, above = table["p_value"].to_numpy(float), table["ratio"].to_numpy(float) > 1
    q = benjamini_hochberg(np.where(above | np.isnan(p), p, 1.0))  # a bin without leavings is no find
    is_node = (q < params.run.false_discovery) & (table["ratio_low"] > 1)
    is_node &= (table["ratio"] >= params.retention.node_min_ratio) & table["clear"].fillna(True).astype(bool)
    return table.assign(p_adjusted=q, is_node=is_node & table["members"].ge(min_cell))
