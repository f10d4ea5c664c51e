"""Sums over trailing windows, for all snapshots at once.

The plain way joins every row to each snapshot whose window holds it, then groups: with windows of 180 days each row
is handled six times over. Here each row is handled once: it falls into the bucket between two neighbouring window
edges, buckets are added up along time, and a window is the difference of two totals. DuckDB reads the rows in slices
of members, so that memory stays bounded however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd

# Amounts are added as whole millionths: exact, hence the same in any order, and a window without rows is a true zero.
MILLIONTHS: Final = 1e6
SLICE_CELLS: Final = 2_000_000  # buckets of members in work at a time
SLICE_ROWS: Final = 2_000_000  # rows in work at a time, roughly
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Trailing:
    """Sum of `value` over the rows of a member aged from `near` + 1 to `far` days at a snapshot.

    Parameters
    ----------
    name
        Column of the result.
    value
        SQL expression over the source's columns; null counts as nothing. ``1`` counts rows.
    far, near
        Age is snapshot day minus row day, so age 1 is the day before: ``far=90`` means the last 90 days,
        ``far=180, near=90`` the 90 days before those.
    """

    name: str
    value: str
    far: int
    near: int = 0


def create_trailing(
    connection: duckdb.DuckDBPyConnection, table: str, source: str, sums: Sequence[Trailing]
) -> None:
    """Create `table` (r, one column per sum) for all rows of ``risk``, from the rows of `source` (m, day, …)."""
    days = np.array(
        [row[0] for row in connection.execute("SELECT d FROM snapshot ORDER BY k").fetchall()], "int64"
    )
    declared = ", ".join(f"{s.name} DOUBLE" for s in sums)
    connection.execute(f"CREATE OR REPLACE TABLE {table} (r BIGINT, {declared})")
    if not len(days):
        return
    edges = np.unique(np.concatenate([days - age for s in sums for age in (s.near, s.far)]))
    values = list(dict.fromkeys(s.value for s in sums))
    chosen = ", ".join(f"COALESCE({value}, 0) AS v{number}" for number, value in enumerate(values))
    for low, high in _slices(connection, source, len(edges) + 1):
        rows = connection.execute(f"""
            SELECT m, day, {chosen} FROM {source}
            WHERE m >= {low} AND m < {high} AND day >= {edges[0]} AND day < {edges[-1]}""").fetchnumpy()
        at = connection.execute(f"SELECT r, m, k FROM risk WHERE m >= {low} AND m < {high}").fetchnumpy()
        cell = (rows["m"].astype("int64") - low) * (len(edges) + 1) + _bucket(edges, rows["day"])
        member, day = at["m"].astype("int64") - low, days[at["k"]]
        slice_ = {"r": at["r"]}
        for number, value in enumerate(values):
            column = rows[f"v{number}"]
            total = _running_totals(cell, column, high - low, len(edges) + 1)
            unit = MILLIONTHS if column.dtype.kind == "f" else 1.0
            slice_ |= {s.name: _window(total, member, day, edges, s) / unit for s in sums if s.value == value}
        connection.register("slice_frame", pd.DataFrame(slice_, copy=False)[["r", *(s.name for s in sums)]])
        connection.execute(f"INSERT INTO {table} SELECT * FROM slice_frame")
        connection.unregister("slice_frame")


def _bucket(edges: Array, day: Array) -> Array:
    """Number of edges at or before each day, by lookup."""
    table = np.searchsorted(edges, np.arange(edges[0], edges[-1] + 1), side="right")
    return table[day.astype("int64") - edges[0]]


def _running_totals(cell: Array, value: Array, members: int, buckets: int) -> Array:
    """Sum of `value` up to and with each bucket (members x buckets), of amounts in millionths."""
    weight = np.rint(value * MILLIONTHS) if value.dtype.kind == "f" else value
    filled = np.bincount(cell, weight, members * buckets).reshape(members, buckets)
    return np.cumsum(filled, axis=1, out=filled)


def _window(total: Array, member: Array, day: Array, edges: Array, window: Trailing) -> Array:
    """Total before the window's end less total before its beginning; bucket i ends where edge i lies."""
    end, start = (np.searchsorted(edges, day - age) for age in (window.near, window.far))
    return total[member, end] - total[member, start]


def _slices(connection: duckdb.DuckDBPyConnection, source: str, buckets: int) -> Iterator[tuple[int, int]]:
    members, rows = connection.execute(
        f"SELECT (SELECT COUNT(*) FROM member), (SELECT COUNT(*) FROM {source})"
    ).fetchall()[0]
    step = max(1, min(SLICE_CELLS // buckets, SLICE_ROWS * members // max(rows, 1)))
    for low in range(0, members, step):
        yield low, min(low + step, members)


def create_ages(connection: duckdb.DuckDBPyConnection, longest: int) -> None:
    """Table ``near`` (day, k, age): each day up to `longest` days before each snapshot, for small sources."""
    connection.execute(f"""
        CREATE OR REPLACE TABLE near AS
        SELECT CAST(d - age AS INTEGER) AS day, k, CAST(age AS INTEGER) AS age
        FROM snapshot, (SELECT UNNEST(generate_series(1, {longest})) AS age)""")


def create_following(connection: duckdb.DuckDBPyConnection, first_day: int) -> None:
    """Table ``following`` (day, k): the first snapshot after each day from `first_day` on."""
    connection.execute(f"""
        CREATE OR REPLACE TABLE following AS
        SELECT CAST(day AS INTEGER) AS day, MIN(k) AS k
        FROM (SELECT UNNEST(generate_series({first_day}, (SELECT COALESCE(MAX(d), 0) FROM snapshot))) AS day)
        JOIN snapshot ON day < d GROUP BY day""")


def running_sql(source: str, aggregates: dict[str, tuple[str, str]]) -> str:
    """Query (r, …) of running aggregates over everything before each snapshot, at the rows of ``risk``.

    Rows are first gathered by the snapshot that follows them, then window functions run over those.

    Parameters
    ----------
    aggregates
        Name -> (``SUM``, ``MAX`` or ``MIN``, SQL expression over the source's columns).
    """
    gathered = ", ".join(f"{how}({value}) AS {name}" for name, (how, value) in aggregates.items())
    empty = ", ".join(f"NULL AS {name}" for name in aggregates)
    running = ", ".join(f"{how}({name}) OVER past AS {name}" for name, (how, _) in aggregates.items())
    return f"""
        WITH gathered AS (
            SELECT m, k, {gathered}, NULL AS r FROM {source} JOIN following USING (day) GROUP BY m, k
            UNION ALL SELECT m, k, {empty}, r FROM risk),
        run AS (
            SELECT r, {running} FROM gathered
            WINDOW past AS (PARTITION BY m ORDER BY k RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
        SELECT r, {", ".join(aggregates)} FROM run WHERE r IS NOT NULL"""
