"""The checked tables in DuckDB, on integer day numbers, out of core.

Everything after this module is plain SQL on integers: no date functions, so the same text runs on other engines.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.system.memory import duckdb_share
from whychurn.contract.tables import LONGEST_TERM_DAYS
from whychurn.panel.features.catalogue import quoted

# so many members may share a birth year by chance; of more, age tells the calendar year only
ALIKE: Final = 9
DAY: Final = "date_diff('day', DATE '1970-01-01', CAST({0} AS DATE))"
CLOCK: Final = "(epoch({0}) / 86400)"  # instant as fractional day number
# contract table -> our table: column -> expression
LAYOUT: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "orders": (
        "purchase",
        {
            "day": DAY.format("ordered_at"),
            "amount": "amount",
            "discount": "discount",
            "category": "category",
            "returned": "returned",
        },
    ),
    "memberships": (
        "term",
        {
            "day": DAY.format("starts_on"),
            "ends": f"CASE WHEN date_diff('day', starts_on, ends_on) <= {LONGEST_TERM_DAYS} "
            f"THEN {DAY.format('ends_on')} END",
            "plan": "plan",
            "list_price": "list_price",
            "price": "COALESCE(list_price, price_paid)",
            "auto_renew": "auto_renew",
            "cancelled": DAY.format("cancelled_on"),
            "paused_from": DAY.format("paused_from"),
            "paused_until": DAY.format("paused_until"),
            "term_id": "membership_id",
        },
    ),
    "events": ("event", {"day": DAY.format("occurred_at"), "kind": "event_type", "value": "value"}),
    "feedback": (
        "ticket",
        {
            "day": DAY.format("created_at"),
            "source": "source",
            "rating": "rating",
            "created": CLOCK.format("created_at"),
            "responded": CLOCK.format("responded_at"),
            "resolved": "resolved",
        },
    ),
    "surveys": (
        "survey",
        {"day": DAY.format("answered_at"), "kind": "kind", "score": "score", "survey_id": "survey_id"},
    ),
    "touches": ("touch", {"day": DAY.format("sent_at"), "action": "action"}),
    "feedback_topics": (
        "voice",
        {
            "day": DAY.format("known_on"),
            "source": "source",
            "text_id": "feedback_id",
            "sentiment": "sentiment",
            **{f"p_{cause}": f"p_{cause}" for cause in (*CAUSES, "none")},
        },
    ),
}
# what members say, as far as the voice stage read it; a table without rows where it did not
NO_FEEDBACK_TOPICS: Final = pd.DataFrame(
    {
        **{name: pd.Series(dtype="string") for name in ("feedback_id", "member_id", "source")},
        "known_on": pd.Series(dtype="datetime64[ns]"),
        **{
            name: pd.Series(dtype="float64") for name in ("sentiment", *(f"p_{c}" for c in (*CAUSES, "none")))
        },
    }
)
MemberRange = tuple[str, str | None]  # the first member's id, and that of the first after the last


@dataclass(frozen=True)
class Observed:
    """First and last observed day (day numbers since 1970-01-01, inclusive)."""

    first: int
    last: int


def day_number(day: object) -> int:
    """Days since 1970-01-01 of a date, Timestamp or ISO text."""
    return int(np.datetime64(pd.Timestamp(str(day)), "D").astype("int64"))


@contextmanager
def open_database(
    tables: Mapping[str, Path | pd.DataFrame],
    observed: Observed,
    memory: str,
    member_columns: list[str],
    counting: bool = False,
    members: MemberRange | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connection with the tables below; temporary files vanish when the block ends.

    Tables ``member`` (m, member_id, joined, …), ``purchase``, ``term``, ``event``, ``ticket``,
    ``survey``, ``touch``, ``voice`` (each with m and day) and ``market_week``; ``filled`` lists
    ``table.column`` names that hold values.

    Parameters
    ----------
    tables
        All eight contract tables, as Parquet files or frames in the form that intake writes; and
        feedback_topics of the voice stage, if there is one.
    observed
        Rows after the last observed day are left out.
    memory
        DuckDB's limit, such as ``2GB``; beyond it, it works on disk.
    member_columns
        Further columns of members that are carried along.
    counting
        Tables of rows stay where they are: enough to count once over all members, too slow for features.
    members
        Whose rows are taken; all if not given.
    """
    with attached({"feedback_topics": NO_FEEDBACK_TOPICS, **tables}, memory, members) as connection:
        _load(connection, observed, member_columns, counting)
        yield connection


@contextmanager
def attached(
    tables: Mapping[str, Path | pd.DataFrame], memory: str, members: MemberRange | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connection with a view ``raw_<name>`` of each table; temporary files vanish when the block ends.

    Parameters
    ----------
    members
        Whose rows the views show, and all of ``market``; all if not given.
    """
    with tempfile.TemporaryDirectory(prefix="whychurn-panel-") as folder:
        connection = duckdb.connect()
        try:
            connection.execute(
                f"SET memory_limit = '{duckdb_share(memory)}'; SET temp_directory = '{folder}/spill'"
            )
            connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
            for name, source in tables.items():
                attach(connection, name, source, None if name == "market" else members)
            yield connection
        finally:
            connection.close()


def attach(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    source: Path | pd.DataFrame,
    members: MemberRange | None = None,
) -> None:
    """View ``raw_<name>`` of a Parquet file or a frame, of its rows of `members` if they are given."""
    rows = f"given_{name}"
    if isinstance(source, pd.DataFrame):
        connection.register(rows, source)
    else:
        rows = f"read_parquet({_text(str(source))}, hive_partitioning = false)"
    first, beyond = members or (None, None)
    bounds = [f"member_id >= {_text(first)}"] if first is not None else []
    bounds += [f"member_id < {_text(beyond)}"] if beyond is not None else []
    chosen = f"WHERE {' AND '.join(bounds)}" if bounds else ""
    connection.execute(f"CREATE TEMP VIEW raw_{name} AS SELECT * FROM {rows} {chosen}")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def filled_names(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Content of ``filled``, sorted."""
    return tuple(row[0] for row in connection.execute("SELECT name FROM filled ORDER BY name").fetchall())


def set_filled(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Say in ``filled`` what holds values among all members, where the tables are those of some."""
    connection.execute("DELETE FROM filled")
    connection.executemany("INSERT INTO filled VALUES (?)", [[name] for name in names])


def _load(
    connection: duckdb.DuckDBPyConnection, observed: Observed, member_columns: list[str], counting: bool
) -> None:
    further = "".join(f", {quoted(name)} AS {quoted('own_' + name)}" for name in member_columns)
    connection.execute(f"""
        CREATE TABLE member AS
        SELECT CAST(ROW_NUMBER() OVER (ORDER BY member_id) - 1 AS INTEGER) AS m, member_id,
               {DAY.format("joined_on")} AS joined, CAST(birth_year AS DOUBLE) AS birth_year,
               CAST(gender AS VARCHAR) AS gender, CAST(region AS VARCHAR) AS region,
               CAST(channel AS VARCHAR) AS channel, CAST(marketing_consent AS BOOLEAN) AS marketing_consent,
               CAST(profiling_consent AS BOOLEAN) AS profiling_consent{further}
        FROM raw_members""")
    connection.execute(f"""
        CREATE TABLE filled AS
        SELECT CAST('members.birth_year' AS VARCHAR) AS name FROM member
        HAVING COUNT(DISTINCT birth_year) > 1 OR COUNT(birth_year) BETWEEN 1 AND {ALIKE}""")
    kept = {"memberships": "NOT COALESCE(trial, FALSE)"}  # a trial makes nobody a member
    for source, (name, columns) in LAYOUT.items():
        chosen = ", ".join(f"{expression} AS {column}" for column, expression in columns.items())
        connection.execute(f"""
            CREATE {"TEMP VIEW" if counting else "TABLE"} {name} AS
            SELECT * FROM (SELECT m, {chosen} FROM raw_{source} JOIN member USING (member_id)
                           WHERE {kept.get(source, "TRUE")})
            WHERE day <= {observed.last} {"" if counting else "ORDER BY m, day"}""")
        _note_filled(connection, source, name, list(columns))
    connection.execute(f"""
        CREATE TABLE market_week AS
        SELECT {DAY.format("week_start")} AS week, CAST(region AS VARCHAR) AS region,
               CAST(category AS VARCHAR) AS category, own_price_index AS own,
               competitor_price_index AS rival, competitor_activity AS activity
        FROM raw_market""")
    _note_filled(connection, "market", "market_week", ["own", "rival", "activity"])


def _note_filled(connection: duckdb.DuckDBPyConnection, source: str, name: str, columns: list[str]) -> None:
    count_sql = ", ".join(f"COUNT({column})" for column in columns)
    counts = connection.execute(f"SELECT COUNT(*), {count_sql} FROM {name}").fetchall()[0]
    held = [source] if counts[0] else []
    held += [f"{source}.{column}" for column, count in zip(columns, counts[1:], strict=True) if count]
    connection.executemany("INSERT INTO filled VALUES (?)", [[name] for name in held]) if held else None
