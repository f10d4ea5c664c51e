"""Tables in their files or held in memory, and parts of them: chosen rows, runs of rows, blocks of whole members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from whychurn.contract.arrays import Array
from whychurn.contract.files import check_written, read_rows, read_table

Source = Path | pd.DataFrame


@dataclass(frozen=True)
class MemberBlock:
    """Some members who lie together in a table sorted by member.

    Parameters
    ----------
    start, stop
        Their rows.
    first
        Id of the first of them.
    """

    start: int
    stop: int
    first: str


def whole_table(source: Source, columns: list[str] | None = None) -> pd.DataFrame:
    """A table that fits in memory, from its file or as it is.

    Parameters
    ----------
    columns
        What is read of a file; all of it if not given.
    """
    return source if isinstance(source, pd.DataFrame) else read_table(source, columns)


def names_in(source: Source) -> list[str]:
    """Names of the columns."""
    if isinstance(source, pd.DataFrame):
        return [str(name) for name in source]
    check_written(source)
    return [str(name) for name in pq.read_schema(source).names]


def rows_in(source: Source) -> int:
    """Number of rows."""
    if isinstance(source, pd.DataFrame):
        return len(source)
    check_written(source)
    return int(pq.read_metadata(source).num_rows)


def chosen_rows(
    source: Source, chosen: Array, columns: list[str] | None = None, texts_as_categories: bool = False
) -> pd.DataFrame:
    """Rows under the mask `chosen`; texts of a file as `read_table` takes them."""
    if isinstance(source, pd.DataFrame):
        return source[chosen] if columns is None else source.loc[chosen, columns]
    return read_rows(source, chosen, columns, texts_as_categories)


def run_of_rows(
    source: Source,
    start: int,
    stop: int,
    columns: list[str] | None = None,
    texts_as_categories: bool = False,
) -> pd.DataFrame:
    """Rows from `start` on, before `stop`; texts of a file as `read_table` takes them."""
    if isinstance(source, pd.DataFrame):
        return source.iloc[start:stop] if columns is None else source.iloc[start:stop][columns]
    chosen = np.zeros(rows_in(source), dtype=bool)
    chosen[start:stop] = True
    return read_rows(source, chosen, columns, texts_as_categories)


def runs(source: Source, size: int) -> Iterator[tuple[int, int]]:
    """Starts and stops of runs of at most `size` rows, about equally long; none of a table without rows."""
    rows = rows_in(source)
    if rows:
        yield from pairwise(np.linspace(0, rows, -(-rows // size) + 1).astype(int).tolist())


def first_rows(ids: pd.Series) -> Array:
    """Where the rows of another member begin in a table sorted by member, given its column of ids."""
    return np.flatnonzero(ids.ne(ids.shift()).fillna(True).to_numpy(bool))


def member_blocks(source: Source, size: int) -> list[MemberBlock]:
    """Blocks of at most `size` members of a table sorted by ``member_id``, about equally many in each."""
    ids = whole_table(source, ["member_id"])["member_id"]
    first = first_rows(ids)
    count = -(-len(first) // size)
    starts = first[np.arange(count) * len(first) // max(count, 1)]
    rows, names = [*starts.tolist(), len(ids)], ids.iloc[starts].astype(str)
    return [MemberBlock(*pair, name) for pair, name in zip(pairwise(rows), names, strict=True)]


def block_places(blocks: list[MemberBlock], ids: pd.Series) -> Array:
    """Number of the block to which each of `ids` belongs, those that the table does not hold too; (n,)."""
    firsts = np.array([block.first for block in blocks[1:]], dtype=object)
    return np.searchsorted(firsts, ids.to_numpy(dtype=object), side="right")
