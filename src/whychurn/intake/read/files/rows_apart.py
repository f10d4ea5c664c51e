"""Rows of a file that are no rows of data: repeated headers, totals and remarks at the end, empty rows."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from whychurn.intake.read.files.header import TOTALS

_NONE: Final = np.array([], dtype="int64")
_REMARK: Final = re.compile(r"[\s:：()（）。，]")  # what sentences have and ids have not
_LAST: Final = 20  # rows at the end of a table among which totals and remarks are looked for


def rows_apart(
    table: pa.Table, header: Sequence[str], numbers: np.ndarray
) -> tuple[pa.Table, np.ndarray, dict[str, np.ndarray]]:
    """`table` without the rows that are none, the numbers of its rows, and those of the rows left out.

    Parameters
    ----------
    table
        Text columns.
    header
        Names as they stand in the file.
    numbers
        Number of each row; (rows of `table`,).

    Returns
    -------
    table, numbers, dict
        Reason (repeated_header, total_row, empty_row) -> numbers of rows.
    """
    if not table.num_rows or not table.num_columns:
        return table, numbers, {}
    found = {
        "repeated_header": _equal_rows(table, header) if len(header) == table.num_columns else _NONE,
        "empty_row": _equal_rows(table, [""] * table.num_columns),
    }
    found["total_row"] = np.setdiff1d(_closing(table), found["empty_row"])
    gone = np.concatenate(list(found.values()))
    if not len(gone):
        return table, numbers, {}
    kept = np.ones(table.num_rows, dtype=bool)
    kept[gone] = False
    return table.filter(pa.array(kept)), numbers[kept], {name: numbers[at] for name, at in found.items()}


def is_closing(cells: Sequence[str]) -> bool:
    """Whether a row at the end of a table is a total by its name, or a remark: words in the first cell alone."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if any(cell.rstrip(":：").strip().casefold() in TOTALS for cell in filled[:2]):
        return True
    return (
        len(filled) == 1
        and len(cells) > 2
        and filled[0] == cells[0].strip()
        and bool(_REMARK.search(filled[0]))
    )


def _equal_rows(table: pa.Table, values: Sequence[str]) -> np.ndarray:
    """Places of the rows whose cells equal `values`; the first column is asked of all rows, the rest of few."""
    hits = np.flatnonzero(pc.equal(table.column(0), values[0]).to_numpy())
    for place, value in enumerate(values[1:], 1):
        if not len(hits):
            break
        column = table.column(place).take(pa.array(hits))
        hits = hits[pc.equal(pc.utf8_trim_whitespace(column), value.strip()).to_numpy()]
    return hits


def _closing(table: pa.Table) -> np.ndarray:
    """Places of totals and remarks: from the last row upwards, as long as rows are such."""
    last = table.slice(max(table.num_rows - _LAST, 0))
    cells = list(zip(*(column.to_pylist() for column in last.columns), strict=True))
    places = []
    for back, row in enumerate(reversed(cells), 1):
        place = table.num_rows - back
        if not is_closing(row) and any(row):
            break
        places.append(place)
    return np.array(sorted(places), dtype="int64")
