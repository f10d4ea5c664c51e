"""Reading and writing results; a file is complete or absent, never half-written."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from whychurn.contract.arrays import Array
from whychurn.contract.errors import WhychurnError
from whychurn.contract.results import schema_version

_LOT: Final = "who learns first"  # key of the hash: apart from every other draw by hash
SCHEMA: Final = b"whychurn.schema"  # key of the schema version in the metadata of a Parquet file
_TEXTS: Final = (pa.string(), pa.large_string())
GROUP_ROWS: Final = 2**19  # rows that `append_rows` holds and writes at once


@contextmanager
def write_whole(path: Path, private: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path`, renamed onto it when the block succeeds.

    Parameters
    ----------
    private
        Only its owner may read it, from the first byte on.

    Raises
    ------
    WhychurnError
        If the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if private and os.name == "posix":
            temporary.touch(mode=0o600)
            temporary.chmod(0o600)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise WhychurnError(
            f"cannot write: {error.strerror or error}",
            file=path,
            remedy="make the folder writable, free disk space, or choose another study folder",
        ) from error
    finally:
        with suppress(OSError):  # the first error is the one to show
            temporary.unlink(missing_ok=True)


def write_table(frame: pd.DataFrame, path: Path, as_held: bool = False) -> None:
    """Write `frame` as zstd Parquet that bears the schema version, whole or not at all.

    Parameters
    ----------
    as_held
        Texts keep the type that Arrow holds them in, if it does; else they are all of one.
    """
    table = _versioned(frame, as_held)
    with write_whole(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def append_rows(parts: Iterable[pd.DataFrame], file: Path, as_held: bool = False) -> None:
    """Write `parts` one after the other into a new Parquet `file`: the same bytes however the rows are parted.

    Parameters
    ----------
    parts
        At least one; of the same columns and types.
    as_held
        As `write_table` takes it.
    """
    waiting = iter(parts)
    held = [_versioned(next(waiting), as_held)]
    with pq.ParquetWriter(file, held[0].schema, compression="zstd") as writer:
        for part in chain(waiting, [None]):
            rows = pa.concat_tables(held)
            while rows.num_rows > GROUP_ROWS or (part is None and rows.num_rows):
                writer.write_table(rows.slice(0, GROUP_ROWS).combine_chunks(), GROUP_ROWS)
                rows = rows.slice(GROUP_ROWS)
            held = [rows] if part is None else [rows, _versioned(part, as_held)]


def _versioned(frame: pd.DataFrame, as_held: bool = False) -> pa.Table:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if not as_held and pa.large_string() in table.schema.types:
        kinds = [pa.string() if kind == pa.large_string() else kind for kind in table.schema.types]
        schema = pa.schema(zip(table.schema.names, kinds, strict=True))
        schema = pa.Table.from_pandas(frame.head(0), schema, preserve_index=False).schema
        table = table.cast(schema).combine_chunks()  # in pieces it would be other bytes
    return table.replace_schema_metadata({**table.schema.metadata, SCHEMA: b"%d" % schema_version()})


def check_written(path: Path) -> None:
    """Refuse to go on without the file of an earlier stage.

    Raises
    ------
    WhychurnError
        If the file is absent.
    """
    if not path.exists():
        raise WhychurnError(
            "a result of an earlier stage is missing",
            file=path,
            remedy="run `whychurn run` for this study first",
        )


def read_result(path: Path) -> pd.DataFrame:
    """Read a table of ``data/results`` whose columns bear the names of this version.

    Raises
    ------
    WhychurnError
        If the file is absent, or was written by another version.
    """
    frame = read_table(path)
    if (pq.read_schema(path).metadata or {}).get(SCHEMA) != b"%d" % schema_version():
        raise WhychurnError(
            "these results were written by an older version", file=path, remedy="run `whychurn run` again"
        )
    return frame


def read_table(
    path: Path, columns: list[str] | None = None, texts_as_categories: bool = False
) -> pd.DataFrame:
    """Read a Parquet file that an earlier stage wrote.

    Parameters
    ----------
    columns
        Those to read; all of them if not given.
    texts_as_categories
        Hold each text once; for tables of millions of rows, whose flags have no gaps.

    Raises
    ------
    WhychurnError
        If the file is absent.
    """
    check_written(path)
    texts = _texts(path, texts_as_categories)
    return _frame(pq.read_table(path, columns=columns, read_dictionary=texts), texts_as_categories)


def _texts(path: Path, wanted: bool) -> list[str]:
    return [field.name for field in pq.read_schema(path) if wanted and field.type in _TEXTS]


def _frame(table: pa.Table, texts_as_categories: bool) -> pd.DataFrame:
    """As pandas reads it, but texts stay with Arrow, which needs a third of the memory, or are categories."""
    with pd.option_context("mode.string_storage", "pyarrow"):  # else each cell is an object of its own
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=texts_as_categories)
    if frame.empty:  # pandas cannot join columns of which Arrow holds not even an empty piece
        texts = frame.columns[frame.dtypes == "string"]
        frame = frame.assign(**{str(name): pd.Series([], dtype="string[pyarrow]") for name in texts})
    return frame


def sample_share(path: Path, rows: int) -> float:
    """Share of the members whose rows in the table at `path` are about `rows`; 1 where it has no more."""
    return min(1.0, rows / max(pq.read_metadata(path).num_rows, 1)) if path.exists() else 1.0


def read_members(path: Path, share: float, columns: list[str] | None = None) -> pd.DataFrame:
    """Read all rows of a `share` of the members, chosen by a hash of the id: the same in every table and study.

    Raises
    ------
    WhychurnError
        If the file is absent.
    """
    if share >= 1:
        return read_table(path, columns)
    ids = read_table(path, ["member_id"], texts_as_categories=True)["member_id"].cat
    lot = pd.util.hash_array(ids.categories.to_numpy(dtype=object), hash_key=_LOT, categorize=False)
    return read_rows(path, np.append(lot < share * 2.0**64, False)[ids.codes.to_numpy()], columns)


def read_latest(path: Path) -> pd.DataFrame:
    """Read the rows of the latest snapshot of the panel at `path`.

    Raises
    ------
    WhychurnError
        If the file is absent.
    """
    days = read_table(path, ["as_of"])["as_of"]
    return read_rows(path, (days == days.max()).to_numpy())


def read_labelled(path: Path, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Read the rows of the snapshots of `days` of the panel at `path` whose label is known.

    Raises
    ------
    WhychurnError
        If the file is absent.
    """
    rows = read_table(path, ["as_of", "churned_in_horizon"])
    return read_rows(path, (rows["as_of"].isin(days) & rows["churned_in_horizon"].notna()).to_numpy(bool))


def read_rows(
    path: Path, chosen: Array, columns: list[str] | None = None, texts_as_categories: bool = False
) -> pd.DataFrame:
    """Read the rows under the mask `chosen`, a row group at a time, so that the others are never held together.

    Parameters
    ----------
    columns, texts_as_categories
        As `read_table` takes them.
    """
    with pq.ParquetFile(path, read_dictionary=_texts(path, texts_as_categories)) as file:
        empty = file.schema_arrow.empty_table()
        parts = [empty if columns is None else empty.select(columns)]
        for group, (start, stop) in enumerate(pairwise(_group_ends(file))):
            if chosen[start:stop].any():
                rows = file.read_row_group(group, columns)
                parts.append(rows if chosen[start:stop].all() else rows.filter(pa.array(chosen[start:stop])))
        return _frame(pa.concat_tables(parts), texts_as_categories)


def _group_ends(file: pq.ParquetFile) -> Array:
    """Number of the first row of each row group, and of the row after the last."""
    return np.cumsum([0, *(file.metadata.row_group(group).num_rows for group in range(file.num_row_groups))])


def rows_in_pieces(path: Path, place: Array, columns: list[str]) -> Iterator[tuple[Array, pd.DataFrame]]:
    """Rows of the table at `path` by their numbers `place`, a row group at a time.

    Yields
    ------
    where, rows
        Which of `place` lie in the row group, and their rows in the same order.
    """
    order = np.argsort(place, kind="stable")
    with pq.ParquetFile(path) as file:
        ends = _group_ends(file)
        cuts = np.searchsorted(place[order], ends)
        for group, (first, last) in enumerate(pairwise(cuts)):
            if first < last:
                where = order[first:last]
                rows = file.read_row_group(group, columns).take(pa.array(place[where] - ends[group]))
                yield where, _frame(rows, texts_as_categories=False)


def table_pieces(path: Path, columns: list[str]) -> Iterator[pd.DataFrame]:
    """The table at `path`, a row group at a time, its texts as categories."""
    with pq.ParquetFile(path, read_dictionary=_texts(path, wanted=True)) as file:
        for group in range(file.num_row_groups):
            yield _frame(file.read_row_group(group, columns), texts_as_categories=True)


def column_types(path: Path) -> pd.DataFrame:
    """The table at `path` without its rows."""
    return _frame(pq.read_schema(path).empty_table(), texts_as_categories=False)


def write_json(content: Any, path: Path) -> None:
    """Write `content` as readable JSON (sorted keys, UTF-8), whole or not at all."""
    with write_whole(path) as temporary:
        temporary.write_text(
            json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True, default=str) + "\n",
            encoding="utf-8",
        )


def read_json(path: Path) -> Any:
    """Read JSON that an earlier stage wrote; same error as `read_table`."""
    check_written(path)
    return json.loads(path.read_text(encoding="utf-8"))
