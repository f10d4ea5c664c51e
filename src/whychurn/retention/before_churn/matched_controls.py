"""Leavers and the stayers who are compared with them: same calendar week, tenure band and spend tier."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.params import Params, RetentionParams
from whychurn.retention.member_history import YEAR_DAYS, History
from whychurn.retention.member_logs import FAR
from whychurn.retention.month_grid import window_sum

MAX_CHURNERS: Final = 6000  # matched at most (drawn by seed): bounds the time of the event study


@dataclass(frozen=True)
class MatchedSets:
    """One row per observed member: a leaver (case) or one of its controls.

    Parameters
    ----------
    member, anchor
        Member code and day number that the weeks are counted back from.
    group
        Number of the matched set: one case and its controls.
    is_case
        Whether the row is the leaver.
    """

    member: Array
    anchor: Array
    group: Array
    is_case: Array


def match_controls(history: History, params: Params) -> MatchedSets:
    """Leavers of the main definition, each with up to `event_study_controls` stayers.

    The anchor of a leaver is the last active day (inactivity: the day of the last activity; terms: the
    last covered day), not the day on which the definition was met. A control is anchored at a day of the
    same kind in the same week: an activity (terms: the end of a term) after which it stayed for at least
    the waiting time. So having been active in the anchor week is common to both and cannot show up as a
    difference. Only consenting members.
    """
    retention = params.retention
    generator = np.random.default_rng(params.run.seed)
    member, anchor = _leavers(history, generator)
    other, day = _stayers(history)
    keys, other_keys = _strata(history, member, anchor, retention), _strata(history, other, day, retention)
    shuffled = generator.permutation(len(other))
    other, day, other_keys = other[shuffled], day[shuffled], other_keys[shuffled]
    order = np.argsort(other_keys, kind="stable")
    start = np.searchsorted(other_keys[order], keys, side="left")
    count = np.searchsorted(other_keys[order], keys, side="right") - start
    rank = pd.Series(keys).groupby(keys).cumcount().to_numpy()
    # sets with fewer stayers keep those there are
    picks = [(np.flatnonzero(count > turn), turn) for turn in range(retention.event_study_controls)]
    case = np.concatenate([sets for sets, _ in picks])
    turns = np.concatenate([np.full(len(sets), turn) for sets, turn in picks])
    place = start[case] + (rank[case] * retention.event_study_controls + turns) % np.maximum(count[case], 1)
    chosen = order[place]
    used = np.flatnonzero(count > 0)
    return MatchedSets(
        member=np.concatenate([member[used], other[chosen]]),
        anchor=np.concatenate([anchor[used], day[chosen]]),
        group=np.concatenate([np.searchsorted(used, used), np.searchsorted(used, case)]),
        is_case=np.concatenate([np.ones(len(used), bool), np.zeros(len(chosen), bool)]),
    )


def _leavers(history: History, generator: np.random.Generator) -> tuple[Array, Array]:
    gaps = history.absences[history.main]
    keep = history.consent[gaps.member] & (gaps.last >= history.observed_from)
    if history.by_orders:  # who never did anything has no last activity to look back from
        keep &= window_sum(history.acts, gaps.member, gaps.last, gaps.last + 1) > 0
    rows = np.flatnonzero(keep)
    if len(rows) > MAX_CHURNERS:
        rows = np.sort(generator.choice(rows, MAX_CHURNERS, replace=False))
    return gaps.member[rows], gaps.last[rows]


def _stayers(history: History) -> tuple[Array, Array]:
    gaps = history.absences[history.main]
    if history.by_orders:
        member, day = history.acts.member, history.acts.day
        following = _next_day(member, day)
        usable = _week(following) != _week(day)
        usable &= following - day <= gaps.threshold
    else:
        member, day = _terms_gone_on(history)
        usable = np.ones(len(day), dtype=bool)
    usable &= history.consent[member] & (day >= history.observed_from)
    member, day = member[usable], day[usable]
    stays = ~_has_between(gaps.member, gaps.last, member, day, day + gaps.threshold)
    return member[stays], day[stays]


def _terms_gone_on(history: History) -> tuple[Array, Array]:
    """Member and day of each term's end that was followed by another; of terms without an end, each week."""
    terms, gaps = history.terms, history.absences[history.main]
    fixed = terms["fixed"].to_numpy(dtype=bool)
    member, starts, ends = (terms[name].to_numpy() for name in ("member", "starts", "ends"))
    following = terms.groupby("member")["starts"].shift(-1).fillna(FAR).to_numpy(dtype="int64")
    renewed = fixed & (following - ends <= gaps.threshold)
    first = np.maximum(starts, history.observed_from)[~fixed] + member[~fixed] % 7  # on any day of the week
    last = np.minimum(ends - 1, history.observed_until - gaps.wait)[~fixed]
    weeks = np.maximum((last - first) // 7 + 1, 0)
    week = np.arange(weeks.sum()) - np.repeat(np.cumsum(weeks) - weeks, weeks)
    return (
        np.concatenate([member[renewed], np.repeat(member[~fixed], weeks)]),
        np.concatenate([ends[renewed], np.repeat(first, weeks) + 7 * week]),
    )


def _next_day(member: Array, day: Array) -> Array:
    following = np.full(len(day), FAR)
    same = member[1:] == member[:-1]
    following[:-1][same] = day[1:][same]
    return following


def _has_between(owner: Array, when: Array, member: Array, low: Array, high: Array) -> Array:
    keys = np.sort(owner * FAR + when)
    base = member.astype("int64") * FAR
    first = np.searchsorted(keys, base + low, side="left")
    return np.searchsorted(keys, base + high, side="right") > first


def _week(day: Array) -> Array:
    return (day + 3) // 7  # weeks begin on Monday


def _strata(history: History, member: Array, day: Array, params: RetentionParams) -> Array:
    spend = window_sum(history.payments, member, day - YEAR_DAYS, day)
    names = ["regular", *params.tiers]
    by_bound = np.array(
        [0, *(names.index(name) for name in sorted(params.tiers, key=params.tiers.__getitem__))]
    )
    tier = by_bound[np.searchsorted(sorted(params.tiers.values()), spend, side="right")]
    band = np.searchsorted(params.tenure_days, day - history.started[member], side="right")
    return (_week(day) * (len(params.tenure_days) + 1) + band) * len(names) + tier
