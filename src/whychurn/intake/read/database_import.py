"""Copy a database's tables into a study's raw folder; a second import takes what is new."""

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_whole
from whychurn.contract.params import IntakeParams
from whychurn.contract.tables import TABLES
from whychurn.intake.read.database_source import CHUNK, After, DatabaseSource, quoted

log = logging.getLogger(__name__)
SETTLED: Final = 90  # days after which answers, returns and openings are rarely added to a row


def import_tables(
    address: str, target: Path, params: IntakeParams, base: Path | None = None, anew: bool = False
) -> dict[str, int]:
    """Copy the contract's tables of a database into ``target/<table>.parquet``, each whole or not at all.

    Where a table was copied before, only its last `SETTLED` days and what came since are fetched, as long as the database
    still holds as many older rows as the copy. Older rows that were changed in place are not seen; `anew` fetches all.

    Parameters
    ----------
    address
        ``duckdb:///…``, ``sqlite:///…`` or ``postgresql://…``.
    target
        Folder that receives the files; it is made.
    params
        Names of the database's tables and columns, where they differ from the contract's.
    base
        Folder to which a relative file address belongs; the working folder by default.

    Returns
    -------
    dict
        Rows that the copy holds, by contract table; tables that the database lacks are left out.

    Raises
    ------
    WhychurnError
        If the database cannot be opened, or holds no table of the contract.
    """
    source = DatabaseSource.at(address, base or Path.cwd())
    names = {table: source.find(table, params.tables.get(table)) for table in TABLES}
    if not any(names.values()):
        raise WhychurnError(
            "no table of the contract in the database",
            file=source.shown,
            remedy="map them in params.yaml, such as intake.tables: "
            f"{{orders: {(source.names() or ['sales'])[0]}}}",
        )
    rows = {}
    for table, own in names.items():
        if own:
            path = target / f"{table}.parquet"
            after = None if anew else _settled(source, own, path, _time_column(table, params))
            rows[table] = _copy(source, own, path, after)
    return rows


def _time_column(table: str, params: IntakeParams) -> str | None:
    """The source's own name of the time of a row; none where rows go on changing long after."""
    time = TABLES[table].time
    lasting = time is None or table in ("members", "memberships")
    return None if lasting else params.columns.get(f"{table}.{time}", time)


def _settled(source: DatabaseSource, names: Sequence[str], path: Path, column: str | None) -> After | None:
    """Until when the copy's rows need not be fetched again; None: all must be."""
    if column is None or len(names) != 1 or not path.exists() or column not in pq.read_schema(path).names:
        return None
    with duckdb.connect() as connection:
        last = connection.execute(
            f"SELECT max({quoted(column)}) FROM read_parquet(?)", [str(path)]
        ).fetchall()[0][0]
        until = _days_before(last)
        if until is None:
            return None
        older = (
            f"SELECT count(*) FROM read_parquet(?) WHERE {quoted(column)} IS NULL OR {quoted(column)} <= ?"
        )
        kept = connection.execute(older, [str(path), until]).fetchall()[0][0]
    after = After(column, until)
    if source.rows_until(names[0], after) == kept:
        return after
    log.info("%s: rows before %s came or went since the last import; all are fetched", path.stem, until)
    return None


def _days_before(last: Any) -> Any:
    """The time `SETTLED` days before, as the database holds times; None if it is none."""
    if isinstance(last, dt.date):
        return last - dt.timedelta(days=SETTLED)
    try:  # SQLite keeps times as text, which is compared as text
        return f"{dt.datetime.fromisoformat(str(last)) - dt.timedelta(days=SETTLED):%Y-%m-%d}"
    except ValueError:
        return None


def _copy(source: DatabaseSource, names: Sequence[str], path: Path, after: After | None) -> int:
    rows = 0
    with write_whole(path) as temporary:
        writer: pq.ParquetWriter | None = None
        try:
            for table in _pieces(source, names, path, after):
                if writer is None:
                    writer = pq.ParquetWriter(temporary, table.schema, compression="zstd")
                writer.write_table(table.cast(writer.schema))
                rows += table.num_rows
                log.info("%s: %s rows", path.stem, f"{rows:,}")
        except pa.ArrowInvalid:
            raise WhychurnError(
                "a column changes its type between rows",
                file=f"{source.shown}#{', '.join(names)}",
                remedy="cast it in a view, or fetch all rows again: --all",
            ) from None
        finally:
            if writer is not None:
                writer.close()
    return rows


def _pieces(
    source: DatabaseSource, names: Sequence[str], path: Path, after: After | None
) -> Iterator[pa.Table]:
    """What the copy holds and keeps, then rows of the database."""
    if after is not None:
        log.info("%s: rows after %s are fetched", path.stem, after.value)
        column = quoted(after.column)
        query = f"SELECT * FROM read_parquet(?) WHERE {column} IS NULL OR {column} <= ?"
        schema = pq.read_schema(path)
        with duckdb.connect() as connection:
            kept: Any = connection.sql(query, params=[str(path), after.value])
            for batch in kept.to_arrow_reader(CHUNK):
                yield pa.Table.from_batches([batch]).cast(schema)
    for name in names:
        for piece in source.pieces(name, after):
            yield pa.Table.from_pandas(piece, preserve_index=False)
