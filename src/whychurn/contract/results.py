"""Columns of the files in ``data/results`` (``results.yaml``), and tables well-formed even without rows."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pandas as pd

from whychurn.contract.yaml_files import read_yaml

FILE: Final = Path(__file__).with_name("results.yaml")
VERSION: Final = "schema_version"


@cache
def documented() -> dict[str, dict[str, dict[str, str]]]:
    """Section -> table -> column -> meaning."""
    return {
        section: {table: entry["columns"] for table, entry in tables.items()}
        for section, tables in read_yaml(FILE).items()
        if section != VERSION
    }


@cache
def schema_version() -> int:
    """Version of the names of tables and columns; it rises when one of them changes its name or meaning."""
    return int(read_yaml(FILE)[VERSION])


def columns_of(table: str, *without: str) -> list[str]:
    """Columns of ``data/results/<table>.parquet`` in their order, but for those in `without`.

    Raises
    ------
    KeyError
        If no section documents `table`.
    """
    columns = {name: held for tables in documented().values() for name, held in tables.items()}[table]
    return [column for column in columns if column not in without]


def empty_table(columns: Sequence[str]) -> pd.DataFrame:
    """No rows, each column of its own type (text, dates, flags by name; the rest are numbers)."""
    return pd.DataFrame({name: pd.Series(dtype=_dtype(name)) for name in columns})


def stack(tables: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Rows of all tables under each other, with `columns` and their types; none: an empty table."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return empty_table(columns)
    return typed(pd.concat(filled, ignore_index=True).reindex(columns=list(columns)))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with its columns in the types that their names call for."""
    return frame.astype({name: _dtype(str(name)) for name in frame.columns})


@cache
def _dtypes() -> dict[str, str]:
    content = read_yaml(FILE.with_name("column_types.yaml"))
    return {name: dtype for dtype, names in content.items() for name in names}


def _dtype(name: str) -> str:
    return _dtypes().get(name, "float64")
