"""Required columns that a source does not have, and which of its columns might be meant, by name and content."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.tables import TABLES
from whychurn.intake.read.coerce import coerce
from whychurn.intake.read.ids import is_id
from whychurn.intake.read.raw_table import RawTable

_SAMPLE: Final = 500  # cells of a column that are looked at
_FITS: Final = 0.9  # share of them that is readable as the kind asked for
_SHOWN: Final = 30


def raise_on_missing(table: str, raw: RawTable, sources: Mapping[str, str], missing: Sequence[str]) -> None:
    """Refuse a table without a required column, and name columns that may serve.

    Parameters
    ----------
    sources
        Contract column -> source column found; such columns are not suggested again.

    Raises
    ------
    WhychurnError
        If `missing` names a column.
    """
    if not missing:
        return
    free = [str(name) for name in raw.frame.columns if name not in sources.values()]
    near = {name: near_columns(table, name, raw.frame[free]) for name in missing}
    lines = ", ".join(f"{table}.{name}: {found[0]}" for name, found in near.items() if found)
    none = [name for name, found in near.items() if not found]
    remedy = (
        f"map it in params.yaml, such as intake.columns: {{{lines}}}" if lines else "export the table with it"
    )
    if none:
        kinds = ", ".join(f"{name} (a {TABLES[table].fields[name].kind})" for name in none)
        remedy += f"; no column left looks like {kinds}"
    names = ", ".join(map(str, raw.frame.columns[:_SHOWN]))
    raise WhychurnError(
        f"table {table!r} lacks the required column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
        file=raw.origin,
        column=", ".join(missing),
        remedy=f"{remedy}; the source has {names}",
    )


def near_columns(table: str, name: str, frame: pd.DataFrame) -> list[str]:
    """Columns of `frame` whose cells can be read as contract column `name`, the most similar name first."""
    kind = TABLES[table].fields[name].kind
    fit = [str(column) for column in frame.columns if _fits(frame[column], kind, name)]

    def alike(column: str) -> float:
        words = column.casefold().replace(" ", "_")
        shared = set(words.split("_")) & set(name.split("_"))
        return difflib.SequenceMatcher(None, words, name).ratio() + len(shared)

    return sorted(fit, key=lambda column: -alike(column))


def _fits(column: pd.Series, kind: str, name: str) -> bool:
    cells = column.dropna().head(_SAMPLE)
    if cells.empty:
        return False
    if is_id(name):
        return cells.nunique() > 1
    if kind == "text":
        return not pd.api.types.is_datetime64_any_dtype(cells.dtype)
    read = coerce(cells, kind)
    return bool(1 - read.bad.mean() >= _FITS and read.values.notna().mean() >= _FITS)
