"""One table as the company keeps it, before any check."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class RawTable:
    """One table as the company keeps it.

    Parameters
    ----------
    frame
        All readable rows, source columns, standard dtypes.
    row_number
        Number of each row in the source; 1 is the first row below the header.
    broken
        Numbers of rows that could not be split into the header's columns.
    origin
        File or database table.
    notices
        Label key and values of what a reader should know.
    """

    frame: pd.DataFrame
    row_number: np.ndarray
    origin: str
    broken: np.ndarray = field(default_factory=lambda: np.array([], dtype="int64"))
    encoding: str | None = None
    notices: tuple[tuple[str, dict[str, Any]], ...] = ()


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that is most similar to `name`."""
    folded = {other.casefold(): other for other in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.0)
    return folded[near[0]] if near else None
