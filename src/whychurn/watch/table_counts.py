"""What the rows of a table add up to, month by month: counted by parts of the rows, which no frame holds together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.tables import FREE_TEXT, TABLES
from whychurn.stats.parallel import Spread
from whychurn.stats.sources import Source, run_of_rows, runs, whole_table

PART_ROWS: Final = 2_000_000  # rows of a table that are counted at once
MOST_CODES: Final = 60
OTHER_TEXTS: Final = frozenset(name for columns in FREE_TEXT.values() for name in columns) | {
    "campaign_id",
    "referred_by",
    "coder",
}
_WHOLE: Final = 2**64
Days = tuple[pd.Timestamp, pd.Timestamp]


@dataclass(frozen=True)
class TableCounts:
    """Counts of some rows of a table.

    Parameters
    ----------
    by_day
        Rows of each day that the data cover; (days,).
    unknown, refused
        Rows by month with an unknown code, and of members without consent to be profiled; (months,).
    held, nonzero
        Column -> rows by month where it holds something, and something else than 0 or false; (months,).
    codes
        Column -> rows by month and code (months × codes); None where there are more than `MOST_CODES`.
    digests
        Month of the rows (12 × year + month) -> sum of their hashes modulo 2^64, and their number.
    """

    by_day: Array
    unknown: Array
    refused: Array
    held: dict[str, Array]
    nonzero: dict[str, Array]
    codes: dict[str, pd.DataFrame | None]
    digests: dict[int, tuple[int, int]]


def months_of(observed: Days) -> pd.DatetimeIndex:
    """First days of the months that the data touch."""
    return pd.date_range(observed[0].to_period("M").to_timestamp(), observed[1], freq="MS")


def count_tables(
    tables: Mapping[str, Source], observed: Days, not_understood: pd.DataFrame, spread: Spread, workers: int
) -> dict[str, TableCounts]:
    """Counts of all tables that have rows.

    Parameters
    ----------
    observed
        First and last day that the data cover.
    not_understood
        table, column, value of codes that intake did not understand.
    spread
        How parts are counted.
    """
    members = whole_table(tables["members"], ["member_id", "profiling_consent"])
    refused = frozenset(members.loc[members["profiling_consent"].eq(False).fillna(False), "member_id"])

    def jobs() -> Iterator[tuple[Any, ...]]:
        for name, rows in parts:
            unknown = not_understood[not_understood["table"] == name]
            yield name, tables[name], rows, observed, unknown, refused

    parts = [(name, rows) for name, source in tables.items() for rows in runs(source, PART_ROWS)]
    found: dict[str, list[TableCounts]] = {}
    for (name, _), counts in zip(parts, spread(count_part, jobs(), workers), strict=True):
        found.setdefault(name, []).append(counts)
    return {name: reduce(_added, counts) for name, counts in found.items()}


def count_part(
    name: str,
    source: Source,
    rows: tuple[int, int],
    observed: Days,
    unknown: pd.DataFrame,
    refused: frozenset[str],
) -> TableCounts:
    """Counts of the `rows` (start, stop) of table `name`.

    Parameters
    ----------
    unknown
        column, value that intake did not understand.
    refused
        Members without consent to be profiled.
    """
    frame, table, months = _each_text_once(run_of_rows(source, *rows)), TABLES[name], months_of(observed)
    digests = _digests(name, frame)
    inside = frame[str(table.time)].between(observed[0], observed[1] + pd.Timedelta(days=1), inclusive="left")
    frame = frame[inside]
    time = frame[str(table.time)]
    at = months.get_indexer(pd.DatetimeIndex(time.dt.to_period("M").dt.to_timestamp()))

    def count(mask: pd.Series) -> Array:
        return np.bincount(at[mask.to_numpy(dtype=bool, na_value=False)], minlength=len(months)).astype(float)

    strange = pd.Series(False, index=frame.index)
    for one in unknown.itertuples():
        strange |= frame[one.column].astype("string").eq(str(one.value)).fillna(False)
    without = (
        frame["member_id"].isin(refused) if "member_id" in frame else pd.Series(False, index=frame.index)
    )
    fields = [
        name for name in table.fields if name in frame and name not in (table.key, table.time, "member_id")
    ]
    numbers = [name for name in fields if table.fields[name].kind in ("number", "flag")]
    texts = [name for name in fields if table.fields[name].kind == "text" and name not in OTHER_TEXTS]
    day = (time.dt.normalize() - observed[0].normalize()).dt.days.to_numpy()
    return TableCounts(
        np.bincount(day, minlength=(observed[1].normalize() - observed[0].normalize()).days + 1),
        count(strange), count(without),
        {name: count(frame[name].notna()) for name in fields},
        {name: count(frame[name].ne(0) & frame[name].notna()) for name in numbers},
        {name: _codes(frame[name], at, len(months)) for name in texts},
        digests,
    )  # fmt: skip


def _each_text_once(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts as categories, whose hashes and counts are those of the texts."""
    texts = [str(name) for name in frame if frame[name].dtype == "string"]
    return frame.assign(**{name: frame[name].astype("category") for name in texts})


def _codes(column: pd.Series, month: Array, months: int) -> pd.DataFrame | None:
    if column.nunique() > MOST_CODES:
        return None
    codes = column.astype("category").cat.remove_unused_categories().cat
    code, names = codes.codes.to_numpy("int64"), codes.categories.to_numpy(object)
    known = code >= 0
    counts = np.bincount(month[known] * len(names) + code[known], minlength=months * len(names))
    return pd.DataFrame(counts.reshape(months, -1) if len(names) else None, range(months), names)


def _digests(name: str, frame: pd.DataFrame) -> dict[int, tuple[int, int]]:
    time = frame[str(TABLES[name].time)]
    rows, time = frame[time.notna()], time[time.notna()]
    columns = [column for column in ("member_id", *TABLES[name].fields) if column in rows]
    hashed = pd.util.hash_pandas_object(rows[list(dict.fromkeys(columns))], index=False).to_numpy("uint64")
    month, place = np.unique(12 * time.dt.year.to_numpy() + time.dt.month.to_numpy(), return_inverse=True)
    sums = np.zeros(len(month), "uint64")
    np.add.at(sums, place, hashed)
    sizes = np.bincount(place, minlength=len(month))
    return {int(one): (int(total), int(size)) for one, total, size in zip(month, sums, sizes, strict=True)}


def digest_until(counts: TableCounts, end: pd.Timestamp) -> tuple[int, int]:
    """Sum of the hashes modulo 2^64, and number, of the rows before the month that begins on `end`."""
    before = [one for month, one in counts.digests.items() if month < 12 * end.year + end.month]
    return sum(total for total, _ in before) % _WHOLE, sum(size for _, size in before)


def _added(one: TableCounts, other: TableCounts) -> TableCounts:
    def summed(these: dict[str, Array], those: dict[str, Array]) -> dict[str, Array]:
        return {name: these[name] + those[name] for name in these}

    digests = dict(one.digests)
    for month, (total, size) in other.digests.items():
        known = digests.get(month, (0, 0))
        digests[month] = ((known[0] + total) % _WHOLE, known[1] + size)
    return TableCounts(
        one.by_day + other.by_day,
        one.unknown + other.unknown,
        one.refused + other.refused,
        summed(one.held, other.held),
        summed(one.nonzero, other.nonzero),
        {name: _codes_added(codes, other.codes[name]) for name, codes in one.codes.items()},
        digests,
    )


def _codes_added(one: pd.DataFrame | None, other: pd.DataFrame | None) -> pd.DataFrame | None:
    if one is None or other is None:
        return None
    both = one.add(other, fill_value=0).fillna(0)
    return both if len(both.columns) <= MOST_CODES else None
