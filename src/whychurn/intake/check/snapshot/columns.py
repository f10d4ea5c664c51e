"""A table of one row per customer known by its columns: who left, for how long they were there, why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from whychurn.contract.snapshot.leaving_words import answer_words, cell_words, is_named, tenure_unit
from whychurn.intake.read.coerce import coerce
from whychurn.intake.read.dtypes import as_text

MAX_VALUES: Final = 12  # a column with more different values is no flag
MIN_ROWS: Final = 10
UNIQUE_SHARE: Final = 0.95  # of the ids; below, a table has several rows for one customer
EMPTY: Final = ("", "nan", "null", "none", "na", "n/a", "<na>", "\\n")


@dataclass(frozen=True)
class SnapshotColumns:
    """Columns of the source that fill those of the contract; None where there is none."""

    left: str
    tenure: str | None = None
    reason: str | None = None
    member_id: str | None = None

    def mapping(self) -> dict[str, str]:
        """Lines of ``intake.columns``."""
        names = ("member_id", "left", "tenure", "reason")
        return {f"snapshot.{name}": str(getattr(self, name)) for name in names if getattr(self, name)}


def find_columns(frame: pd.DataFrame) -> SnapshotColumns | None:
    """Columns of a table of one row per customer, None where `frame` is none.

    A column says who left if its cells are words such as churned and stayed, or if its name does and it holds few
    different values; one that holds yes and no comes first.
    """
    names = [str(name) for name in frame.columns]
    left = max(names, key=lambda name: _says_who_left(name, frame[name]), default=None)
    if left is None or not _says_who_left(left, frame[left]) or len(frame) < MIN_ROWS:
        return None
    rest = [name for name in names if name != left]
    return SnapshotColumns(left, *find_further(frame, rest)) if repeated_id(frame, rest) is None else None


def repeated_id(frame: pd.DataFrame, names: list[str]) -> str | None:
    """The id column among `names` if several rows have one id, so that a row is no customer; else None."""
    ids = [name for name in names if is_named(name, "id_names")]
    if not ids or any(frame[name].nunique() >= UNIQUE_SHARE * len(frame) for name in ids):
        return None
    return ids[0]


def find_further(frame: pd.DataFrame, names: list[str]) -> tuple[str | None, str | None, str | None]:
    """Columns of `frame` with the tenure, the stated reason and the id; None where there is none."""
    tenure = next((name for name in names if tenure_unit(name) and _is_number(frame[name])), None)
    reason = next((name for name in names if is_named(name, "reason_names")), None)
    own = (name for name in names if is_named(name, "id_names") and frame[name].is_unique)
    return tenure, reason, next(own, None)


def cells_of(column: pd.Series) -> pd.Series:
    """Cells as they are compared: text in lower case, null where empty."""
    text = as_text(column).str.strip().str.lower()
    whole = text.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    return whole.mask(whole.isin(EMPTY))


def meaning(cells: pd.Series) -> Mapping[str, bool | None]:
    """What each different cell says: left (True), stayed (False), not understood (None)."""
    words = cell_words() | answer_words()
    return {str(cell): words.get(str(cell)) for cell in cells.dropna().unique()}


def _says_who_left(name: str, column: pd.Series) -> int:
    """3 where name and cells say who left, 2 where its cells do, 1 where its name does, 0 where neither."""
    if column.nunique() > MAX_VALUES or not column.notna().any():
        return 0
    said = meaning(cells_of(column))
    named = is_named(name, "left_names")
    if len(said) < 2 or None in said.values() or len(set(said.values())) < 2:
        return int(named)
    return 3 if named else 2 * all(cell in cell_words() for cell in said)


def _is_number(column: pd.Series) -> bool:
    return bool(column.notna().any()) and not bool(
        coerce(column.dropna().drop_duplicates(), "number").bad.any()
    )
