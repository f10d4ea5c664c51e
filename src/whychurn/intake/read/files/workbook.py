"""Excel workbooks: the sheet that holds the table, and the line of its header."""

import datetime as dt
import io
import itertools
import re
import zipfile
from collections.abc import Sequence
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.dtypes import standard_objects
from whychurn.intake.read.files.header import SEARCHED, data_instead_of_header, find_header, looks_like_data
from whychurn.intake.read.files.rows_apart import is_closing
from whychurn.intake.read.naming import MONTH
from whychurn.intake.read.raw_table import Hints, Notices, RawTable, nearest

ALL_SHEETS: Final = "*"
_PERIOD: Final = re.compile(  # how sheets of one table are called: 2024-01, Q1 2024, 3月, Mar 24
    rf"[\s\d._\-/年月日季度第周]*(?:[qhw]\d+)?[\s\d._-]*|(?:\d{{2,4}}[\s_-]*)?{MONTH}[\s_.-]*\d*",
    re.IGNORECASE,
)


def read_workbook(content: bytes, name: str, sheet: str, table: str | None, hints: Hints) -> list[RawTable]:
    """The table of one sheet, or one for each of several sheets that are to stand one below the other.

    Parameters
    ----------
    sheet
        Name of the sheet, ``*`` for all; empty: the sheet called like `table`, else the first that holds a table.

    Raises
    ------
    WhychurnError
        If the workbook is damaged, protected or empty, or the sheet does not exist.
    """
    with _open(content, name) as book:
        names = [str(one) for one in book.sheet_names]
        if sheet and sheet != ALL_SHEETS and sheet not in names:
            raise WhychurnError(
                f"no sheet {sheet!r}", file=name, remedy=f"nearest sheet: {nearest(sheet, names)!r}"
            )
        grids = {one: _grid(book, one, name) for one in ([sheet] if sheet in names else names)}
    filled = {one: grid for one, grid in grids.items() if _holds_table(grid)} or grids
    if sheet and sheet != ALL_SHEETS:
        return [_table(grids[sheet], name, sheet, hints, ())]
    chosen, notices = _choose(filled, name, sheet, table, hints)
    return [_table(filled[one], name, one, hints, notices if n == 0 else ()) for n, one in enumerate(chosen)]


def sheet_names(content: bytes, name: str) -> list[str]:
    """Names of the sheets of a workbook.

    Raises
    ------
    WhychurnError
        If the workbook is damaged or protected.
    """
    with _open(content, name) as book:
        return [str(one) for one in book.sheet_names]


def _open(content: bytes, name: str) -> pd.ExcelFile:
    try:
        return pd.ExcelFile(io.BytesIO(content), engine="openpyxl")
    except Exception as error:  # a damaged workbook fails in many ways, deep inside the library
        raise _damaged(name, error) from None


def _grid(book: pd.ExcelFile, sheet: str, name: str) -> list[list[Any]]:
    try:
        frame = book.parse(sheet, header=None, dtype=object, keep_default_na=False, na_values=[""])
    except Exception as error:
        raise _damaged(name, error) from None
    return [
        [None if value != value else value for value in row] for row in frame.to_numpy(dtype=object).tolist()
    ]


def _damaged(name: str, error: Exception) -> WhychurnError:
    known = isinstance(error, (zipfile.BadZipFile, ParseError, EOFError, KeyError, ValueError, OSError))
    kind = "" if known else f" ({type(error).__name__})"
    return WhychurnError(
        f"not readable as Excel: the workbook is damaged or incomplete{kind}",
        file=name,
        remedy="copy or download the file again, or open it in a spreadsheet program and save it as .xlsx or CSV",
    )


def _choose(
    grids: dict[str, list[list[Any]]], name: str, sheet: str, table: str | None, hints: Hints
) -> tuple[list[str], Notices]:
    """Sheets to read, and what is said of the choice."""
    names = list(grids)
    if len(names) == 1 or sheet == ALL_SHEETS:
        return names, ()
    named = [one for one in names if table and one.strip().casefold() == table]
    if named:
        return named[:1], (("notice_sheet", {"file": name, "sheet": named[0], "table": table}),)
    headers = {one: _header_names(grid, hints) for one, grid in grids.items()}
    alike = [one for one in names if headers[one] == headers[names[0]]]
    if len(alike) > 1:
        if all(_PERIOD.fullmatch(one.strip()) for one in alike):
            return alike, (
                ("notice_sheets", {"file": name, "n": len(alike), "sheets": ", ".join(alike[:4])}),
            )
        values = {
            "file": name,
            "sheet": alike[0],
            "others": ", ".join(alike[1:4]),
            "table": table or "orders",
        }
        return alike[:1], (("decide_sheets", values),)
    best = max(names, key=lambda one: (len(set(headers[one]) & hints.known), -names.index(one)))
    return [best], (("notice_sheet", {"file": name, "sheet": best, "table": table or "orders"}),)


def _header_names(grid: list[list[Any]], hints: Hints) -> tuple[str, ...]:
    place = find_header([_texts(row) for row in grid[:SEARCHED]], hints.known)
    row = _texts(grid[place]) if place is not None else []
    return tuple(name.strip().casefold().replace(" ", "_") for name in row if name.strip())


def _holds_table(grid: Sequence[Sequence[Any]]) -> bool:
    """Whether some two rows below each other hold at least two cells each."""
    wide = [sum(cell is not None for cell in row) > 1 for row in grid]
    return any(one and two for one, two in itertools.pairwise(wide))


def _texts(row: Sequence[Any]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in row]


def _table(grid: list[list[Any]], name: str, sheet: str, hints: Hints, notices: Notices) -> RawTable:
    rows = [_texts(row) for row in grid[:SEARCHED]]
    place = hints.header - 1 if hints.header else find_header(rows, hints.known)
    if place is None or place >= len(rows) or not any(rows[place]):
        raise WhychurnError(
            "the sheet is empty", file=name, remedy="the first row must hold the column names"
        )
    header, body = grid[place], grid[place + 1 :]
    if not hints.header and looks_like_data(rows[place]) and not _are_dates(header):
        raise data_instead_of_header(name)
    above = sum(any(row) for row in rows[:place])
    if above:
        notices = (*notices, ("notice_header", {"file": name, "n": above, "line": place + 1}))
    kept, numbers, apart = _split(header, body)
    columns = [
        n for n, cell in enumerate(header) if cell is not None or any(row[n] is not None for row in kept)
    ]
    names = [str(header[n]) if header[n] is not None else "" for n in columns]
    data = np.empty((len(kept), len(columns)), dtype=object)
    data[:] = [[row[n] for n in columns] for row in kept] if kept else data
    plain = [one.strip() for one in names]
    return RawTable(
        standard_objects(pd.DataFrame(data, columns=names)),
        numbers,
        f"{name}#{sheet}" if notices and notices[0][0] == "notice_sheets" else name,
        notices=notices,
        apart=apart,
        repeated=tuple(dict.fromkeys(one for one in plain if one and plain.count(one) > 1)),
    )


def _are_dates(header: Sequence[Any]) -> bool:
    return all(isinstance(cell, (dt.datetime, dt.date)) for cell in header if cell is not None)


def _split(
    header: list[Any], body: list[list[Any]]
) -> tuple[list[list[Any]], np.ndarray, dict[str, np.ndarray]]:
    """Rows of data with their numbers; numbers of repeated headers and of totals and remarks at the end."""
    # empty rows are no rows
    filled = [n for n, row in enumerate(body) if any(cell is not None for cell in row)]
    closing: list[int] = []
    while filled and is_closing(_texts(body[filled[-1]])):
        closing.append(filled.pop())
    repeated = {n for n in filled if body[n] == header}
    rows = [n for n in filled if n not in repeated]
    apart = {"repeated_header": sorted(repeated), "total_row": sorted(closing)}
    arrays = {reason: np.array(places, dtype="int64") + 1 for reason, places in apart.items() if places}
    return [body[n] for n in rows], np.array(rows, dtype="int64") + 1, arrays
