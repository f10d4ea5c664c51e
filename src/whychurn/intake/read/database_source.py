"""Tables of a DuckDB, SQLite, PostgreSQL (or other SQLAlchemy) database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params.intake import expanded, masked
from whychurn.intake.read.dtypes import standard_frame, standard_objects
from whychurn.intake.read.naming import Given, serving
from whychurn.intake.read.raw_table import RawTable

CHUNK: Final = 100_000  # rows fetched at a time
PATIENCE: Final = 15  # seconds until a silent host counts as unreachable


@dataclass(frozen=True)
class After:
    """Rows whose `column` is greater than `value`."""

    column: str
    value: Any


@dataclass(frozen=True)
class DatabaseSource:
    """A database whose tables or views are the raw tables.

    Parameters
    ----------
    url
        Address; files are absolute.
    """

    url: sa.URL

    @classmethod
    def at(cls, address: str, base: Path) -> DatabaseSource:
        """Source at `address`; a relative file (``duckdb:///shop.duckdb``) lies below `base`.

        ``${NAME}`` in the address is taken from the environment.

        Raises
        ------
        WhychurnError
            If the address is none, its file does not exist, or a variable in it is not set.
        """
        try:
            url = sa.make_url(expanded(address))
        except (sa.exc.ArgumentError, ValueError):
            raise WhychurnError(
                "not a database address",
                remedy="write duckdb:///file, sqlite:///file or postgresql://user@host/name",
            ) from None
        if url.get_backend_name() in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() in ("duckdb", "sqlite"):
            file = Path(url.database or "").expanduser()
            url = url.set(database=str(file if file.is_absolute() else base / file))
            if not Path(str(url.database)).is_file():
                raise WhychurnError(
                    "the database file is missing", file=url.database, remedy="check intake.source"
                )
        return cls(url)

    def names(self) -> list[str]:
        """Tables and views; those outside the default schema as ``schema.table``."""
        if self.url.get_backend_name() == "duckdb":
            return _duckdb_names(str(self.url.database))
        return _sql_names(self.url)

    def find(self, table: str, given: Given) -> list[str]:
        """Database tables for `table`; case does not matter.

        Raises
        ------
        WhychurnError
            If a table given does not exist, or several could be meant.
        """
        return serving(self.names(), table, given, str, self.shown)

    def read(self, name: str, _table: str | None = None, /) -> RawTable:
        """All rows of table `name`."""
        pieces = list(self.pieces(name))
        frame = pieces[0]
        if len(pieces) > 1:
            frame = pd.concat(pieces, ignore_index=True)
            mixed = [column for column in frame.columns if frame[column].dtype == object]
            frame = frame.assign(**standard_objects(frame[mixed]))
        return RawTable(frame, np.arange(1, len(frame) + 1), name)

    def pieces(self, name: str, after: After | None = None) -> Iterator[pd.DataFrame]:
        """Rows of table `name`, or those after a time, in pieces of bounded size; at least one, maybe empty, piece."""
        if self.url.get_backend_name() == "duckdb":
            yield from _duckdb_pieces(str(self.url.database), name, after)
        else:
            yield from _sql_pieces(self.url, name, after)

    def rows_until(self, name: str, time: After) -> int:
        """How many rows of table `name` are not after a time, those without a time included."""
        if self.url.get_backend_name() == "duckdb":
            with _duckdb(str(self.url.database)) as connection:
                column = quoted(time.column)
                query = f"SELECT count(*) FROM {_relation(name)} WHERE {column} IS NULL OR {column} <= ?"
                return int(connection.execute(query, [time.value]).fetchall()[0][0])
        when: sa.ColumnClause[Any] = sa.column(time.column)
        until = (
            sa.select(sa.func.count())
            .select_from(_sql_table(name))
            .where(when.is_(None) | (when <= time.value))
        )
        with _connected(self.url) as connection:
            return int(connection.execute(until).scalar_one())

    @property
    def shown(self) -> str:
        """Address without passwords and tokens."""
        return _shown(self.url)


def _duckdb_names(file: str) -> list[str]:
    with _duckdb(file) as connection:
        query = "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"
        rows = connection.execute(query).fetchall()
    return [table if schema == "main" else f"{schema}.{table}" for schema, table in rows]


def _engine(url: sa.URL) -> sa.Engine:
    patience = {"connect_timeout": PATIENCE} if url.get_backend_name() == "postgresql" else {}
    if "connect_timeout" in url.query:
        patience = {}
    try:
        return sa.create_engine(url, connect_args=patience)
    except (sa.exc.NoSuchModuleError, ModuleNotFoundError):
        raise WhychurnError(
            f"no driver for databases of the kind {url.drivername!r}",
            file=_shown(url),
            remedy="write duckdb:///file, sqlite:///file or postgresql://user@host/name; "
            "for another kind install its driver for SQLAlchemy beside whychurn",
        ) from None
    except (sa.exc.ArgumentError, TypeError, ValueError) as error:
        raise _unreachable(url, error) from None


def _sql_names(url: sa.URL) -> list[str]:
    engine = _engine(url)
    try:
        inspector = sa.inspect(engine)
        names: list[str] = []
        for schema in inspector.get_schema_names():
            if schema in ("information_schema",) or schema.startswith("pg_"):
                continue
            prefix = "" if schema == inspector.default_schema_name else f"{schema}."
            both = inspector.get_table_names(schema) + inspector.get_view_names(schema)
            names += [prefix + name for name in both]
        return sorted(names)
    except sa.exc.SQLAlchemyError as error:
        raise _unreachable(url, error) from None
    finally:
        engine.dispose()


def _duckdb(file: str) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(file, read_only=True)
    except duckdb.Error:
        raise WhychurnError(
            "not readable as a DuckDB database", file=file, remedy="close other programs that have it open"
        ) from None


def _duckdb_pieces(file: str, name: str, after: After | None) -> Iterator[pd.DataFrame]:
    query = f"SELECT * FROM {_relation(name)}" + (f" WHERE {quoted(after.column)} > ?" if after else "")
    with _duckdb(file) as connection:
        found = connection.sql(query, params=[after.value] if after else None)
        reader: Any = found.to_arrow_reader(CHUNK * 10)
        empty = True
        for batch in reader:
            empty = False
            yield standard_frame(pa.Table.from_batches([batch]))
        if empty:
            yield standard_frame(reader.schema.empty_table())


def _relation(name: str) -> str:
    schema, _, table = name.rpartition(".")
    return f"{quoted(schema or 'main')}.{quoted(table)}"


def quoted(name: str) -> str:
    """A name of a column or table in DuckDB's SQL."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _connected(url: sa.URL) -> Iterator[sa.Connection]:
    """A connection that streams rows; what goes wrong is told without the address's secrets."""
    engine = _engine(url)
    try:
        with engine.connect().execution_options(stream_results=True, yield_per=CHUNK) as connection:
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise _unreachable(url, error) from None
    finally:
        engine.dispose()


def _sql_table(name: str) -> sa.TableClause:
    schema, _, table = name.rpartition(".")
    return sa.table(table, schema=schema or None)


def _sql_pieces(url: sa.URL, name: str, after: After | None) -> Iterator[pd.DataFrame]:
    query = sa.select(sa.text("*")).select_from(_sql_table(name))
    if after is not None:
        query = query.where(sa.column(after.column) > after.value)
    with _connected(url) as connection:
        result = connection.execute(query)
        names, kinds = list(result.keys()), _declared(connection.engine, name)
        empty = True
        for rows in result.partitions(CHUNK):
            empty = False
            yield _piece(rows, names, kinds)
        if empty:
            yield _piece([], names, kinds)


def _declared(engine: sa.Engine, name: str) -> dict[str, Any]:
    schema, _, table = name.rpartition(".")
    # an empty stretch of a column does not show its type; the database knows it
    kinds: dict[type, Any] = {sa.Integer: "Int64", sa.Numeric: "float64", sa.Float: "float64"}
    if engine.dialect.name != "sqlite":  # which keeps dates and flags as it is given them
        kinds |= {sa.Boolean: "boolean", sa.DateTime: "datetime64[us]", sa.Date: "datetime64[us]"}
    columns = sa.inspect(engine).get_columns(table, schema=schema or None)
    return {c["name"]: kind for c in columns for given, kind in kinds.items() if isinstance(c["type"], given)}


def _piece(rows: Any, names: list[str], kinds: Mapping[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame.from_records([tuple(row) for row in rows], columns=names, coerce_float=False)
    plain = standard_objects(frame.astype(object))
    blank = {name: kinds[name] for name in names if name in kinds and plain[name].isna().all()}
    return plain.astype(blank)


def _shown(url: sa.URL) -> str:
    return masked(url.render_as_string(hide_password=True))


def _unreachable(url: sa.URL, error: Exception) -> WhychurnError:
    return WhychurnError(
        f"the database cannot be read ({type(error).__name__})",  # its message may hold the password
        file=_shown(url),
        remedy="check host, user, password (PGPASSWORD or ~/.pgpass) and that the server runs",
    )
