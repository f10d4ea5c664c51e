"""What the files in ``data/results`` hold (``results.yaml``): tables by section, their columns and what they mean."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from whychurn.contract.yaml_files import read_yaml

FILE: Final = Path(__file__).with_name("results.yaml")


@cache
def documented() -> dict[str, dict[str, dict[str, str]]]:
    """Section -> table -> column -> meaning."""
    return {
        section: {table: entry["columns"] for table, entry in tables.items()}
        for section, tables in read_yaml(FILE).items()
    }


def columns_of(table: str, *without: str) -> list[str]:
    """Columns of ``data/results/<table>.parquet`` in their order, but for those in `without`.

    Raises
    ------
    KeyError
        If no section documents `table`.
    """
    columns = {name: found for tables in documented().values() for name, found in tables.items()}[table]
    return [column for column in columns if column not in without]
