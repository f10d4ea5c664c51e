"""Mix of causes of given members on given days, from what was recorded before each day.

Exposures are those of the last whole week before the day, computed anew from rows before it alone: nothing that a member did
later, nor an answer that came later, enters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.exposures.block_exposures import background, with_hinges
from whychurn.causes.exposures.by_cause import member_exposures
from whychurn.causes.exposures.programme_reference_levels import ReferenceLevels
from whychurn.causes.member_weeks.activity_tables import open_activity_tables
from whychurn.causes.member_weeks.market_levels import read_market_levels
from whychurn.causes.member_weeks.week_calendar import DAYS, Calendar
from whychurn.causes.member_weeks.weekly_records import RecordsReader, WeeklyRecords
from whychurn.causes.mix.halves import member_half
from whychurn.causes.mix.saved_levels import levels_from_json
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams, Params
from whychurn.stats.parallel import BLOCK_MEMBERS, parallel_map
from whychurn.stats.sources import Source, whole_table

P: Final = [f"p_{cause}" for cause in CAUSES]
WHOLE: Final = [f"whole_{cause}" for cause in CAUSES]
DIGITS: Final = 6


@dataclass(frozen=True)
class CauseMix:
    """Reads the mix of causes of members on days; call it.

    Parameters
    ----------
    saved
        Content of mix.json, told.
    tables
        members, orders, events, feedback, memberships, market: Parquet files or frames.
    observed_until
        Last day that the data cover.
    """

    saved: Mapping[str, Any]
    tables: Mapping[str, Source]
    observed_until: pd.Timestamp
    params: Params
    _known: dict[tuple[int, int, int], Array] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, member_id: pd.Series, day: pd.Series) -> pd.DataFrame:
        """Share of each cause in the hazard of each member just before each day.

        Returns
        -------
        DataFrame
            p_<cause>, by coefficients that the member's half did not teach, and whole_<cause>, by those of all; rows sum
            to one, null for members of whom no table tells and for days before the first whole week. One row for each
            of the given ones, in their order. The same members on the same days are read once.
        """
        key = _key(member_id, day)
        if key not in self._known:
            self._known[key] = self._found(member_id, day)
        return pd.DataFrame(self._known[key].copy(), columns=[*P, *WHOLE])

    def _found(self, member_id: pd.Series, day: pd.Series) -> Array:
        members = whole_table(self.tables["members"])
        members = members[members["profiling_consent"].fillna(False).astype(bool)]
        members = members[members["member_id"].isin(member_id.unique())]
        members = members.sort_values("member_id", ignore_index=True)
        first = pd.Timestamp(str(self.saved["first_day"]))
        calendar = Calendar(first, max((self.observed_until.normalize() - first).days + 1, 1))
        number = pd.Index(members["member_id"].astype(object)).get_indexer(pd.Index(member_id.astype(object)))
        week = (
            np.minimum(calendar.day(pd.to_datetime(day).reset_index(drop=True)) // DAYS, calendar.weeks) - 1
        )
        known = (number >= 0) & (week >= 0)
        found = np.full((len(number), 2 * len(CAUSES)), np.nan)
        if known.any():
            keys, place = np.unique(week[known] * len(members) + number[known], return_inverse=True)
            found[known] = self._mixes(members, calendar, np.stack(np.divmod(keys, len(members))))[place]
        return found.round(DIGITS)

    def _mixes(self, members: pd.DataFrame, calendar: Calendar, asked: Array) -> Array:
        """Mixes at pairs of week and number of the member, ascending; (pairs, 12)."""
        limit = self.params.run.memory_limit
        with open_activity_tables(self.tables, members["member_id"], limit) as activity:
            market = read_market_levels(whole_table(self.tables["market"]), calendar)
            reader = RecordsReader(members, activity, market, calendar)

            places = list[Array]()

            def jobs() -> Iterator[tuple[Any, ...]]:
                for numbers, parts in _blocks(asked):
                    block = reader.read(numbers)
                    for week, part in parts:
                        places.append(part)
                        at = np.searchsorted(numbers, asked[1][part])
                        yield records_until(block, at, week), self.saved, self.params.causes

            mixes = np.concatenate(list(parallel_map(block_mixes, jobs(), self.params.run.workers)))
            found = np.empty_like(mixes)
            found[np.concatenate(places)] = mixes
            return found


def _key(member_id: pd.Series, day: pd.Series) -> tuple[int, int, int]:
    """Digest of the members and days asked for, in their order."""
    parts = (member_id.astype(object).reset_index(drop=True), pd.to_datetime(day).reset_index(drop=True))
    hashes = [pd.util.hash_pandas_object(part, index=True).to_numpy() for part in parts]
    return len(member_id), int(hashes[0].sum()), int(hashes[1].sum())


def records_until(records: WeeklyRecords, at: Array, week: int) -> WeeklyRecords:
    """Records of the members at the places `at`, ascending, up to and with `week`, as they stood at its end: later answers
    to requests are unknown.
    """
    weeks = week + 1
    calendar = Calendar(records.calendar.first, min(weeks * DAYS, records.calendar.days))
    place = np.full(records.size, -1)
    place[at] = np.arange(len(at))
    tables = {name: _rows_until(rows, place, calendar.days) for name, rows in records.tables.items()}
    feedback = tables.get("feedback")
    if feedback is not None and "responded_at" in feedback:
        end = calendar.first + pd.Timedelta(days=calendar.days)
        answered = feedback["responded_at"].where(feedback["responded_at"] < end)
        tables["feedback"] = feedback.assign(responded_at=answered)
    market = None if records.market is None else records.market.until(weeks)
    return WeeklyRecords(records.members.iloc[at].reset_index(drop=True), tables, market, calendar)


def _rows_until(rows: pd.DataFrame, place: Array, days: int) -> pd.DataFrame:
    """Rows of members with a new place (-1: none) before day `days`, numbered by it."""
    m = place[rows["m"].to_numpy()]
    kept = (m >= 0) & (rows["day"] < days).to_numpy()
    return rows[kept].assign(m=m[kept]).reset_index(drop=True)


def block_mixes(records: WeeklyRecords, saved: Mapping[str, Any], params: CausesParams) -> Array:
    """Mixes of the members of `records` in their last week, cross-fitted and whole; (n, 12)."""
    x = _last_week(records, levels_from_json(saved["levels"]), saved, params)
    of_cause = (np.array(saved["causes"])[:, None] == np.array(CAUSES)[None, :]).astype("float64")
    halves = np.array(saved["halves"])[member_half(records.members["member_id"])]
    whole = np.broadcast_to(np.array(saved["whole"]), halves.shape)
    base = np.array([name in ("base", "newcomer") for name in saved["names"]])
    mixes = []
    for coefficients in (halves, whole):
        part = x * coefficients
        hazard = part @ of_cause
        if not saved["background_told"]:
            untold = part[:, base].sum(axis=1, keepdims=True)
            hazard = part[:, ~base] @ of_cause[~base] + untold / len(CAUSES)
        total = hazard.sum(axis=1, keepdims=True)
        mixes.append(np.divide(hazard, total, out=np.full_like(hazard, np.nan), where=total > 0))
    return np.concatenate(mixes, axis=1)


def _last_week(
    records: WeeklyRecords, levels: ReferenceLevels, saved: Mapping[str, Any], params: CausesParams
) -> Array:
    """Scaled exposures of the last week in the order of the saved columns; (n, J)."""
    at = {key: number for number, key in enumerate(zip(saved["causes"], saved["names"], strict=True))}
    x = np.zeros((records.size, len(at)))
    columns = [*background(records), *with_hinges(member_exposures(records, levels, params))]
    for cause, name, matrix in columns:
        number = at.get((cause, name))
        if number is not None:
            x[:, number] = 1.0 if matrix is None else matrix[-1]
    return x / np.array(saved["scale"])


def _blocks(asked: Array) -> Iterator[tuple[Array, list[tuple[int, Array]]]]:
    """Numbers of at most `BLOCK_MEMBERS` members, and where they are asked for, week by week."""
    numbers = np.unique(asked[1])
    for start in range(0, len(numbers), BLOCK_MEMBERS):
        block = numbers[start : start + BLOCK_MEMBERS]
        here = np.flatnonzero((asked[1] >= block[0]) & (asked[1] <= block[-1]))
        weeks = asked[0][here]
        yield block, [(int(week), here[weeks == week]) for week in np.unique(weeks)]
