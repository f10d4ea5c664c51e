"""One table as the company keeps it, before any check."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

Notices = tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True)
class RawTable:
    """One table as the company keeps it.

    Parameters
    ----------
    frame
        All readable rows, source columns, standard dtypes.
    row_number
        Number of each row in the source; 1 is the first row below the header. Of several files one below the
        other, the numbers run on.
    broken
        Numbers of rows that could not be split into the header's columns.
    apart
        Reason -> numbers of rows that are no rows of data: repeated headers, totals, remarks, empty rows.
    origin
        File or database table.
    repeated
        Names of columns that stand several times in the header; the second is kept as ``name.2``.
    parts
        Each file or database table that was read, and its number of rows.
    notices
        Label key and values of what a reader should know.
    """

    frame: pd.DataFrame
    row_number: np.ndarray
    origin: str
    broken: np.ndarray = field(default_factory=lambda: np.array([], dtype="int64"))
    encoding: str | None = None
    notices: Notices = ()
    apart: dict[str, np.ndarray] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def rows(self) -> int:
        """Rows of the source, those that were set apart included."""
        numbers = [self.row_number, self.broken, *self.apart.values()]
        return max((int(one.max()) for one in numbers if len(one)), default=0)


@dataclass(frozen=True)
class Hints:
    """What the user states of a file, and what helps to find its header.

    Parameters
    ----------
    encoding
        Name of the encoding; null: by evidence.
    header
        Line of the header, 1 is the first of the file; null: by evidence.
    known
        Names of columns by which a header is recognised (lower case, spaces as ``_``).
    table
        Contract table that the file serves, for lines to write.
    """

    encoding: str | None = None
    header: int | None = None
    known: frozenset[str] = frozenset()
    table: str = "orders"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that is most similar to `name`."""
    folded = {other.casefold(): other for other in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.0)
    return folded[near[0]] if near else None
