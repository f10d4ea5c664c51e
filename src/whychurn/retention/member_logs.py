"""Dated rows of members as arrays: what they did on which day, what they paid."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.tables import INTERACTIONS
from whychurn.stats.parallel import BLOCK_MEMBERS
from whychurn.stats.sources import Source, run_of_rows, runs

FAR: Final = 10**7  # a day number that never comes: stands for "not yet"
RUN: Final = 2**20  # rows of a file that are read at a time


@dataclass(frozen=True)
class Log:
    """Dated rows of members, sorted by member and day: member code, day number (days since 1970), amount."""

    member: Array
    day: Array
    amount: Array


def day_numbers(column: pd.Series) -> Array:
    """Days since 1970-01-01 of dates or instants; missing ones become `FAR`."""
    days = column.to_numpy("datetime64[ns]").astype("datetime64[D]")
    numbers = days.astype("int64")
    numbers[np.isnat(days)] = FAR
    return numbers


def distinct_days(member: Array, day: Array) -> Log:
    """One row per member and day, sorted, amount 1."""
    keys = member.astype("int64") * FAR
    keys += day
    keys.sort()  # np.unique hashes, which is slower
    first = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    keys = keys[first]
    return Log((keys // FAR).astype("int32"), (keys % FAR).astype("int32"), _ones(len(keys)))


def _ones(size: int) -> Array:
    return np.broadcast_to(1.0, size)  # held once


def dated_log(ids: pd.Index, rows: pd.DataFrame, time: str) -> Log:
    """Rows of known members with a known `time`, amount 1."""
    known = _known(
        Log(member_codes(ids, rows["member_id"]), day_numbers(rows[time]), np.zeros(len(rows), bool))
    )
    return replace(known, amount=_ones(len(known.day)))


def days_with(ids: pd.Index, rows: pd.DataFrame, time: str) -> Log:
    """Distinct days of `time`, by member."""
    dated = dated_log(ids, rows, time)
    return distinct_days(dated.member, dated.day)


def member_codes(ids: pd.Index, column: pd.Series) -> Array:
    """Position in `ids` of each id of `column`, -1 for others."""
    if isinstance(column.dtype, pd.CategoricalDtype):  # of millions of rows, each id is looked up once
        of_category = np.append(ids.get_indexer(column.cat.categories.astype(object)), -1)
        return of_category[column.cat.codes.to_numpy()]
    return ids.get_indexer(pd.Index(column.astype(object)))


def blocks_of_members(log: Log, members: int) -> Iterator[tuple[slice, slice]]:
    """Codes of the members of each block, and the rows of `log` that are theirs."""
    codes = [*range(0, members, BLOCK_MEMBERS), members]
    for (start, stop), rows in zip(
        pairwise(codes), pairwise(np.searchsorted(log.member, codes)), strict=True
    ):
        yield slice(start, stop), slice(*rows)


def log_of_members(log: Log, kept: Array) -> Log:
    """Rows of the members with the codes `kept` (sorted), who take the codes 0, 1, … in their order."""
    if len(kept) and kept[-1] - kept[0] + 1 == len(kept):  # who lie together need no search
        rows = slice(*np.searchsorted(log.member, [kept[0], kept[-1] + 1]))
        return Log(log.member[rows] - kept[0], log.day[rows], log.amount[rows])
    inside = np.isin(log.member, kept)
    return Log(np.searchsorted(kept, log.member[inside]), log.day[inside], log.amount[inside])


def _known(log: Log) -> Log:
    order = np.flatnonzero((log.member >= 0) & (log.day < FAR))
    keys = log.member[order].astype("int64") * FAR + log.day[order]
    if (keys[1:] < keys[:-1]).any():
        order = order[np.argsort(keys, kind="stable")]
    return Log(log.member[order].astype("int32"), log.day[order].astype("int32"), log.amount[order])


def interaction_days(ids: pd.Index, events: Source) -> Log:
    """Distinct days with an interaction of the member, from runs of rows."""
    days = [distinct_days(np.zeros(0, "int64"), np.zeros(0, "int64"))]
    for start, stop in runs(events, RUN):
        rows = run_of_rows(events, start, stop, ["member_id", "occurred_at", "event_type"], True)
        days.append(days_with(ids, rows[rows["event_type"].isin(INTERACTIONS)], "occurred_at"))
    return all_days(days)


def all_days(logs: list[Log]) -> Log:
    """Distinct days of all `logs` together."""
    return distinct_days(*(np.concatenate([getattr(log, of) for log in logs]) for of in ("member", "day")))


def payment_log(ids: pd.Index, orders: pd.DataFrame, memberships: pd.DataFrame | None = None) -> Log:
    """Money paid: the amounts of orders, and the price of each term on its first day."""
    if memberships is None:
        amount = orders["amount"].to_numpy(float)
        return _known(Log(member_codes(ids, orders["member_id"]), day_numbers(orders["ordered_at"]), amount))
    member = np.concatenate(
        [member_codes(ids, orders["member_id"]), member_codes(ids, memberships["member_id"])]
    )
    day = np.concatenate([day_numbers(orders["ordered_at"]), day_numbers(memberships["starts_on"])])
    price = memberships["price_paid"].fillna(memberships["list_price"])
    amount = np.concatenate([orders["amount"].to_numpy(float), price.to_numpy(float)])
    return _known(Log(member, day, np.nan_to_num(amount)))
