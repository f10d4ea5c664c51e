"""How far plans kept what they promised on simulated programmes whose futures are known.

``plan_forecasts.csv`` in the folder above holds one row a world, written by ``benchmarks/action.py``: margin a member over the
value horizon, after cost, as the plan expected it (with the interval that its page gives) and as it was played.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

FILE: Final = Path(__file__).parents[1] / "plan_forecasts.csv"
COLUMNS: Final = ("world", "kind", "members", "expected", "brought", "held")
TERMS, INACTIVITY = "terms", "inactivity"  # kinds of programmes


@dataclass(frozen=True)
class Kept:
    """Programmes of a kind: how many, in how many the interval held what the plan brought, and in how many that was less
    than half of what was expected, and more than expected.
    """

    programmes: int
    held: int
    half: int
    more: int


def load_plan_forecasts(file: Path = FILE) -> pd.DataFrame:
    """The rows that ship with the package: `COLUMNS`."""
    return pd.read_csv(file)


def kept(rows: pd.DataFrame, kind: str) -> Kept:
    """Counts of the programmes of `kind` in `rows` (`COLUMNS`)."""
    rows = rows[rows["kind"] == kind]
    half = (rows["brought"] < rows["expected"] / 2) & (rows["brought"] < rows["expected"])
    more = rows["brought"] > rows["expected"]
    return Kept(len(rows), int(rows["held"].sum()), int(half.sum()), int(more.sum()))
