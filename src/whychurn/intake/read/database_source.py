"""Tables of a DuckDB, SQLite, PostgreSQL (or other SQLAlchemy) database."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_whole
from whychurn.contract.params.intake import expanded, masked
from whychurn.contract.tables import TABLES
from whychurn.intake.read.dtypes import standard_frame, standard_objects
from whychurn.intake.read.naming import Given, serving
from whychurn.intake.read.raw_table import RawTable

log = logging.getLogger(__name__)
CHUNK: Final = 100_000  # rows fetched at a time
PATIENCE: Final = 15  # seconds until a silent host counts as unreachable


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

    def pieces(self, name: str) -> Iterator[pd.DataFrame]:
        """Rows of table `name` in pieces of bounded size; at least one, maybe empty, piece."""
        if self.url.get_backend_name() == "duckdb":
            yield from _duckdb_pieces(str(self.url.database), name)
        else:
            yield from _sql_pieces(self.url, name)

    @property
    def shown(self) -> str:
        """Address without passwords and tokens."""
        return _shown(self.url)


def import_tables(
    address: str, target: Path, tables: Mapping[str, Given] | None = None, base: Path | None = None
) -> dict[str, int]:
    """Copy the contract's tables of a database into ``target/<table>.parquet``, each whole or not at all.

    Parameters
    ----------
    address
        ``duckdb:///…``, ``sqlite:///…`` or ``postgresql://…``.
    target
        Folder that receives the files; it is made.
    tables
        Contract table -> database table, where the names differ.
    base
        Folder to which a relative file address belongs; the working folder by default.

    Returns
    -------
    dict
        Rows copied, by contract table; tables that the database lacks are left out.

    Raises
    ------
    WhychurnError
        If the database cannot be opened, or holds no table of the contract.
    """
    source = DatabaseSource.at(address, base or Path.cwd())
    names = {table: source.find(table, (tables or {}).get(table)) for table in TABLES}
    if not any(names.values()):
        raise WhychurnError(
            "no table of the contract in the database",
            file=source.shown,
            remedy="map them in params.yaml, such as intake.tables: "
            f"{{orders: {(source.names() or ['sales'])[0]}}}",
        )
    return {table: _copy(source, own, target / f"{table}.parquet") for table, own in names.items() if own}


def _copy(source: DatabaseSource, names: Sequence[str], path: Path) -> int:
    rows = 0
    with write_whole(path) as temporary:
        writer: pq.ParquetWriter | None = None
        try:
            for piece in (one for name in names for one in source.pieces(name)):
                table = pa.Table.from_pandas(piece, preserve_index=False)
                if writer is None:
                    writer = pq.ParquetWriter(temporary, table.schema, compression="zstd")
                writer.write_table(table.cast(writer.schema))
                rows += table.num_rows
                log.info("%s: %s rows", path.stem, f"{rows:,}")
        except pa.ArrowInvalid:
            raise WhychurnError(
                "a column changes its type between rows",
                file=f"{source.shown}#{', '.join(names)}",
                remedy="cast it in a view",
            ) from None
        finally:
            if writer is not None:
                writer.close()
    return rows


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


def _duckdb_pieces(file: str, name: str) -> Iterator[pd.DataFrame]:
    schema, _, table = name.rpartition(".")
    with _duckdb(file) as connection:
        relation = f"{_quoted(schema or 'main')}.{_quoted(table)}"
        reader: Any = connection.sql(f"SELECT * FROM {relation}").to_arrow_reader(CHUNK * 10)
        empty = True
        for batch in reader:
            empty = False
            yield standard_frame(pa.Table.from_batches([batch]))
        if empty:
            yield standard_frame(reader.schema.empty_table())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql_pieces(url: sa.URL, name: str) -> Iterator[pd.DataFrame]:
    schema, _, table = name.rpartition(".")
    engine = _engine(url)
    query = sa.select(sa.text("*")).select_from(sa.table(table, schema=schema or None))
    try:
        with engine.connect().execution_options(stream_results=True, yield_per=CHUNK) as connection:
            result = connection.execute(query)
            names, kinds = list(result.keys()), _declared(engine, table, schema)
            empty = True
            for rows in result.partitions(CHUNK):
                empty = False
                yield _piece(rows, names, kinds)
            if empty:
                yield _piece([], names, kinds)
    except sa.exc.SQLAlchemyError as error:
        raise _unreachable(url, error) from None
    finally:
        engine.dispose()


def _declared(engine: sa.Engine, table: str, schema: str) -> dict[str, Any]:
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
