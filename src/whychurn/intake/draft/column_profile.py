"""What a column of a file holds: as what it can be read, how many values, an example that gives nobody away."""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from whychurn.intake.check.quarantine import value_kinds
from whychurn.intake.read.coerce import coerce
from whychurn.intake.read.dtypes import as_text

SAMPLE: Final = 2000  # values tried for each kind; enough to tell 90 % from 95 % apart
KINDS: Final = ("date", "number", "flag")
FEW: Final = 30  # so many distinct values, each shared by several rows, are codes that may be shown


@dataclass(frozen=True)
class ColumnProfile:
    """One column of a file.

    Parameters
    ----------
    name
        Header.
    rows, filled, distinct
        Rows of the table, cells that hold something, different values.
    readable
        Kind (date, number, flag) -> share of sampled cells that can be read as it.
    length
        Mean length of the values in characters.
    example, shape
        A value that is safe to show: the value of a code, number or date, else its shape; always its shape.
    values
        All values as text, without empty ones; for comparing ids between files.
    """

    name: str
    rows: int
    filled: int
    distinct: int
    readable: dict[str, float]
    length: float
    example: str
    shape: str
    values: pd.Series

    @property
    def unique(self) -> bool:
        """Whether (nearly) every row has a value of its own."""
        return self.filled > 0.98 * self.rows and self.distinct > 0.98 * self.filled


def profile_columns(frame: pd.DataFrame) -> list[ColumnProfile]:
    """Profile of each column of a raw table; (rows, columns) in standard dtypes."""
    return [_profile(name, frame[name]) for name in map(str, frame.columns)]


def _profile(name: str, column: pd.Series) -> ColumnProfile:
    values = as_text(column).str.strip()
    values = values[values.notna() & (values != "")]
    sample = column[values.index]
    sample = sample.sample(SAMPLE, random_state=0) if len(sample) > SAMPLE else sample
    readable = {kind: _share_read(sample, kind) if len(sample) else 0.0 for kind in KINDS}
    return ColumnProfile(
        name,
        len(column),
        len(values),
        int(values.nunique()),
        readable,
        float(values.str.len().mean()) if len(values) else 0.0,
        _example(values, readable),
        _shape(values),
        values,
    )


def _share_read(sample: pd.Series, kind: str) -> float:
    result = coerce(sample, kind)
    return float((result.values.notna().to_numpy(dtype=bool) & ~result.bad).mean())


def _example(values: pd.Series, readable: dict[str, float]) -> str:
    if not len(values):
        return "(empty)"
    counts = values.value_counts()
    dated = readable["date"] > 0.9 and readable["number"] < 0.9
    coded = len(counts) <= FEW and counts.iloc[0] > 1
    number = readable["number"] > 0.9 and len(counts) < 0.9 * len(values)
    first = str(values.iloc[0]) if dated or number else str(counts.index[0])
    if dated or number or coded:
        return first if len(first) <= 30 else first[:29] + "…"
    return _shape(values)


def _shape(values: pd.Series) -> str:
    return value_kinds(values.iloc[:1])[0] if len(values) else "(empty)"
