"""Sums over trailing windows, for all snapshots at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb


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


def create_ages(connection: duckdb.DuckDBPyConnection, longest: int) -> None:
    """Table ``near`` (day, k, age): each day up to `longest` days before each snapshot."""
    connection.execute(f"""
        CREATE OR REPLACE TABLE near AS
        SELECT CAST(d - age AS INTEGER) AS day, k, CAST(age AS INTEGER) AS age
        FROM snapshot, (SELECT UNNEST(generate_series(1, {longest})) AS age)""")


def trailing_sql(source: str, sums: Sequence[Trailing], also: str = "") -> str:
    """Query (m, k, one column per sum) over `source` (m, day, …); members without rows are absent.

    Parameters
    ----------
    also
        Further aggregates over the joined rows (source, ``age``, ``k``), each followed by a comma.
    """
    columns = ",\n".join(f"COALESCE(SUM({s.value}) FILTER (WHERE {_inside(s)}), 0) AS {s.name}" for s in sums)
    longest = max(s.far for s in sums)
    return f"""
        SELECT m, k, {also} {columns}
        FROM {source} JOIN near USING (day) WHERE age <= {longest} GROUP BY m, k"""


def _inside(window: Trailing) -> str:
    return f"age <= {window.far}" + (f" AND age > {window.near}" if window.near else "")


def running_sql(source: str, aggregates: dict[str, tuple[str, str]]) -> str:
    """Query (m, k, …) of running aggregates over everything before each snapshot, at the rows of ``risk``.

    Rows are first gathered by the snapshot that follows them, then window functions run over those sums.

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
            SELECT m, k, {gathered}, FALSE AS wanted FROM {source} JOIN following USING (day) GROUP BY m, k
            UNION ALL SELECT m, k, {empty}, TRUE FROM risk),
        run AS (
            SELECT m, k, wanted, {running} FROM gathered
            WINDOW past AS (PARTITION BY m ORDER BY k RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
        SELECT m, k, {", ".join(aggregates)} FROM run WHERE wanted"""


def create_following(connection: duckdb.DuckDBPyConnection, first_day: int) -> None:
    """Table ``following`` (day, k): the first snapshot after each day from `first_day` on."""
    connection.execute(f"""
        CREATE OR REPLACE TABLE following AS
        SELECT CAST(day AS INTEGER) AS day, MIN(k) AS k
        FROM (SELECT UNNEST(generate_series({first_day}, (SELECT COALESCE(MAX(d), 0) FROM snapshot))) AS day)
        JOIN snapshot ON day < d GROUP BY day""")
