"""Intake's activity tables in DuckDB, by number of the member: read block by block, never held whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.system.memory import duckdb_share
from whychurn.contract.tables import INTERACTIONS
from whychurn.panel.duckdb_tables import attach
from whychurn.stats.sources import Source

# tables that are read week by week: the column with the day
DAY_OF: Final[dict[str, str]] = {
    "orders": "ordered_at",
    "events": "occurred_at",
    "feedback": "created_at",
    "memberships": "starts_on",
}
# further columns that exposures need; an ENUM is read as a pandas category
COLUMNS: Final[dict[str, dict[str, str]]] = {
    "orders": {"amount": "DOUBLE", "discount": "DOUBLE", "returned": "BOOLEAN", "category": "ENUM"},
    "events": {"event_type": "ENUM", "campaign_id": "ENUM"},
    "feedback": {"source": "ENUM", "created_at": "TIMESTAMP", "responded_at": "TIMESTAMP"},
    "memberships": {"ends_on": "TIMESTAMP", "list_price": "DOUBLE", "price_paid": "DOUBLE"},
}
NO_DAY: Final = -(10**6)  # day number of rows without a date


@dataclass(frozen=True)
class ActivityTables:
    """Rows of activity of numbered members, in an open database.

    Parameters
    ----------
    connection
        Views ``raw_<table>`` as intake wrote them; tables ``<table>`` with m (number of the member), day
        (since 1970) and the columns of `COLUMNS`; ``numbered`` (m, member_id).
    names
        Tables that there are.
    """

    connection: duckdb.DuckDBPyConnection
    names: tuple[str, ...]

    def first_timestamp(self) -> pd.Timestamp | None:
        """First timestamp in the activity tables, of any member; terms count only where there is nothing
        else.
        """
        starts = {name: self._first(name) for name in self.names}
        terms = starts.pop("memberships", None)
        return min((start for start in starts.values() if start is not None), default=terms)

    def _first(self, name: str) -> pd.Timestamp | None:
        query = f"SELECT MIN({DAY_OF[name]}) FROM raw_{name}"
        first = self.connection.execute(query).fetchall()[0][0]
        return None if first is None else pd.Timestamp(first)

    def member_activity(self, members: int) -> pd.Series:
        """Number of orders, visits and the like of each of `members` numbered members."""
        kinds = ", ".join(f"'{kind}'" for kind in INTERACTIONS)
        chosen = {"orders": "TRUE", "events": f"event_type IN ({kinds})"}
        union = " UNION ALL ".join(
            f"SELECT m FROM {name} WHERE {rows}" for name, rows in chosen.items() if name in self.names
        )
        counts = self.connection.execute(f"SELECT m, COUNT(*) AS acts FROM ({union}) GROUP BY m").df()
        return counts.set_index("m")["acts"].reindex(range(members)).fillna(0)

    def rows(self, name: str, members: Array, epoch: int, days: int) -> pd.DataFrame:
        """Rows of `members` (numbers, ascending) before day `days`; `m` is the position among them.

        Parameters
        ----------
        epoch
            Days from 1970 to the day from which ``day`` counts.
        """
        self.connection.register("chosen", pd.DataFrame({"m": members, "place": np.arange(len(members))}))
        low, high = (members[0], members[-1]) if len(members) else (0, -1)
        return self.connection.execute(f"""
            SELECT * EXCLUDE (place)
                   REPLACE (place AS m, COALESCE(CAST(day - {epoch} AS BIGINT), {NO_DAY}) AS day)
            FROM {name} JOIN chosen USING (m)
            WHERE m BETWEEN {low} AND {high} AND (day IS NULL OR day < {epoch + days})
            ORDER BY ALL""").df()


@contextmanager
def open_activity_tables(
    tables: Mapping[str, Source], ids: pd.Series, memory_limit: str
) -> Iterator[ActivityTables]:
    """The activity tables of some members; temporary files are removed when the block ends.

    Parameters
    ----------
    tables
        Intake's tables by name, as Parquet files or frames; those not in `DAY_OF` are not read.
    ids
        member_id of the members to read: a member's position here is its number.
    memory_limit
        DuckDB's limit, such as ``2GB``; beyond it, it works on disk.
    """
    with tempfile.TemporaryDirectory(prefix="whychurn-causes-") as folder:
        connection = duckdb.connect(str(Path(folder) / "activity.duckdb"))
        try:
            connection.execute(
                f"SET memory_limit = '{duckdb_share(memory_limit)}'; SET temp_directory = '{folder}/spill'"
            )
            connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
            numbered = pd.DataFrame({"m": range(len(ids)), "member_id": ids.to_numpy(dtype=object)})
            connection.register("given", numbered)
            connection.execute("""
                CREATE TABLE numbered AS
                SELECT CAST(m AS INTEGER) AS m, CAST(member_id AS VARCHAR) AS member_id FROM given""")
            names = tuple(name for name in DAY_OF if name in tables)
            for name in names:
                attach(connection, name, tables[name])
                _load(connection, name)
            yield ActivityTables(connection, names)
        finally:
            connection.close()


def _load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Rows of the numbered members in their order, so that a block of members lies together."""
    present = {str(column[0]) for column in connection.execute(f"DESCRIBE raw_{name}").fetchall()}
    chosen = "".join(
        f", CAST(raw.{column} AS {_enum(connection, name, column) if kind == 'ENUM' else kind}) AS {column}"
        for column, kind in COLUMNS[name].items()
        if column in present
    )
    connection.execute(f"""
        CREATE TABLE {name} AS
        SELECT m, date_diff('day', DATE '1970-01-01', CAST(raw.{DAY_OF[name]} AS DATE)) AS day{chosen}
        FROM raw_{name} raw JOIN numbered USING (member_id) ORDER BY m""")


def _enum(connection: duckdb.DuckDBPyConnection, name: str, column: str) -> str:
    """Name of a new ENUM type of the values in `column`, sorted."""
    kind = f"{name}_{column}"
    connection.execute(f"""
        CREATE TYPE {kind} AS ENUM (
            SELECT DISTINCT CAST({column} AS VARCHAR) FROM raw_{name}
            WHERE {column} IS NOT NULL ORDER BY 1)""")
    return kind
