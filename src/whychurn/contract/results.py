"""What the files in ``data/results`` hold (``results.yaml``), and tables that are well-formed even without rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pandas as pd

from whychurn.contract.yaml_files import read_yaml

FILE: Final = Path(__file__).with_name("results.yaml")
TEXT: Final = frozenset(
    [
        "definition",
        "period_kind",
        "measure",
        "basis",
        "campaign_id",
        "group",
        "stage",
        "from_stage",
        "to_stage",
        "kind",
        "segment",
        "member_id",
        "dimension",
        "stratum",
        "region",
        "category",
        "compared_with",
        "clock",
        "unit",
        "direction",
        "top_strata",
        "value_tier",
        "spend_tier",
        "activity_class",
        "rfm",
        "theme",
        "handled",
        "stratum_kind",
        "model",
        "term",
        "feature",
        "cause",
        "label_en",
        "label_zh",
        "note_en",
        "note_zh",
        "action",
    ]
)
DATES: Final = frozenset(
    ["period", "until", "cohort", "month", "on", "as_of", "from_on", "until_on", "first_on", "last_on"]
)
FLAGS: Final = frozenset(["partial", "suppressed", "notable", "weakest", "is_node", "is_main"])


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


def _dtype(name: str) -> str:
    if name in TEXT:
        return "string"
    if name in DATES:
        return "datetime64[ns]"
    return "bool" if name in FLAGS else "float64"
