"""Sums over trailing windows, for all snapshots at once.

The plain way joins every row to each snapshot whose window holds it, then groups: with windows of 180
days each row is handled six times over. Here each row is handled once: it falls into the bucket between
two neighbouring window edges, buckets are added up along time, and a window is the difference of two
totals. DuckDB reads the rows in slices of members, so that memory stays bounded however many rows there are.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from whychurn.contract.arrays import Array

# Numbers are added as whole millionths: exact, hence the same in any order; a window without rows is zero.
MILLIONTHS: Final = 1e6
SLICE_CELLS: Final = 2_000_000  # buckets of members in work at a time
SLICE_ROWS: Final = 2_000_000  # rows in work at a time, roughly
WORKERS: Final = 2


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


def sum_sql(value: str) -> str:
    """Sum of an SQL expression, the same whatever the order of the rows and the number of threads."""
    return f"(SUM({_whole(value)}) / {MILLIONTHS})"


def mean_sql(value: str, where: str = "TRUE") -> str:
    """Mean of an SQL expression over the rows where it is known, as exact as `sum_sql`."""
    return f"(AVG({_whole(value)}) FILTER (WHERE {where}) / {MILLIONTHS})"


def _whole(value: str) -> str:
    return f"TRY_CAST(ROUND(({value}) * {MILLIONTHS}) AS BIGINT)"  # beyond all measure: unknown


def create_trailing(
    connection: duckdb.DuckDBPyConnection, table: str, source: str, sums: Sequence[Trailing]
) -> None:
    """Create temporary `table` (r, one column per sum) for all rows of ``risk`` from `source` (m, day, …)."""
    days = np.array(
        [row[0] for row in connection.execute("SELECT d FROM snapshot ORDER BY k").fetchall()], "int64"
    )
    declared = ", ".join(f"{s.name} DOUBLE" for s in sums)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} (r BIGINT, {declared})")
    if not len(days):
        return
    edges = np.unique(np.concatenate([days - age for s in sums for age in (s.near, s.far)]))
    slices = list(_slices(connection, source, len(edges) + 1))
    with ThreadPoolExecutor(WORKERS) as pool:  # one reads while the other adds up
        for at in range(0, len(slices), WORKERS):
            jobs = [(connection.cursor(), low, high) for low, high in slices[at : at + WORKERS]]
            for sliced in pool.map(lambda job: _sum_slice(job, source, sums, days, edges), jobs):
                connection.register("sliced", sliced)
                connection.execute(f"INSERT INTO {table} SELECT * FROM sliced")
                connection.unregister("sliced")


def _sum_slice(
    job: tuple[duckdb.DuckDBPyConnection, int, int],
    source: str,
    sums: Sequence[Trailing],
    days: Array,
    edges: Array,
) -> pa.Table:
    """Columns r and one per sum, for the members from `low` to before `high` of `job`."""
    connection, low, high = job
    values = list(dict.fromkeys(s.value for s in sums))
    chosen = ", ".join(f"COALESCE({value}, 0) AS v{number}" for number, value in enumerate(values))
    rows: Any = connection.execute(f"""
        SELECT m, day, {chosen} FROM {source}
        WHERE m >= {low} AND m < {high} AND day >= {edges[0]} AND day < {edges[-1]}""").fetchnumpy()
    wanted: Any = connection.execute(f"SELECT r, m, k FROM risk WHERE m >= {low} AND m < {high}").fetchnumpy()
    buckets = len(edges) + 1
    cell = (rows["m"].astype("int64") - low) * buckets + _bucket(edges, rows["day"])
    place = (wanted["m"].astype("int64") - low) * len(days) + wanted["k"]
    columns: dict[str, Array] = {}
    for number, value in enumerate(values):
        total, unit = _running_totals(cell, rows[f"v{number}"], high - low, buckets)
        for s in (s for s in sums if s.value == value):
            # bucket i ends where edge i lies
            end, start = (
                np.take(total, np.searchsorted(edges, days - age), axis=1) for age in (s.near, s.far)
            )
            columns[s.name] = np.take((end - start).ravel(), place) / unit
    return pa.table({"r": wanted["r"], **{s.name: columns[s.name] for s in sums}})


def _bucket(edges: Array, day: Array) -> Array:
    """Number of edges at or before each day, by lookup."""
    table = np.searchsorted(edges, np.arange(edges[0], edges[-1] + 1), side="right")
    return table[day - edges[0]]


def _running_totals(cell: Array, value: Array, members: int, buckets: int) -> tuple[Array, float]:
    """Sum of `value` up to and with each bucket (members x buckets), and the unit it is in."""
    unit = MILLIONTHS if value.dtype.kind == "f" else 1.0
    weight = np.rint(value * unit) if value.dtype.kind == "f" else value
    filled = np.bincount(cell, weight, members * buckets).reshape(members, buckets)
    return np.cumsum(filled, axis=1, out=filled), unit


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
