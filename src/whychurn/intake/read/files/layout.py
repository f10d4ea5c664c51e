"""How a delimited file is written: its delimiter, its header, and where the rows begin."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.files.header import (
    SEARCHED,
    data_instead_of_header,
    find_header,
    is_value,
    looks_like_data,
)
from whychurn.intake.read.raw_table import Hints

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "\x01": "control-A"}
_SHIFTED: Final = 0.9  # share of rows with one field more than the header that shows how the file is written


@dataclass(frozen=True)
class Layout:
    """How a file is written: its delimiter, the names of its columns, and where its first row begins."""

    delimiter: str
    header: list[str]
    names: list[str]
    line: int  # of the header, 1 is the first of the file
    end: int  # byte after the header
    above: int  # filled lines above the header


def find_layout(text: bytes, name: str, hints: Hints) -> Layout:
    """How the file `name` with the UTF-8 content `text` is written.

    Raises
    ------
    WhychurnError
        If it has one single column, or no header.
    """
    declared = re.match(rb"sep=(.)(\r\n|\r|\n)", text)  # how spreadsheets state the delimiter
    start, skipped = (declared.end(), 1) if declared else (0, 0)
    sample = text[start : start + (1 << 17)].decode("utf-8", "ignore")
    lines = list(io.StringIO(sample, newline=""))[: 3 * SEARCHED]
    delimiter = declared[1].decode("utf-8", "ignore") if declared else sniff_delimiter(lines)
    if delimiter is None:
        first = next((line.strip() for line in lines if line.strip()), "")
        raise WhychurnError(
            "the file has one single column",
            file=name,
            column="(a value)" if is_value(first) else first[:60],
            remedy=f"separate the columns by one of: {', '.join(DELIMITERS.values())}",
        )
    reader = csv.reader(lines, delimiter=delimiter)
    ends = [0]
    rows: list[list[str]] = []
    for row in reader:
        rows.append(row)
        ends.append(reader.line_num)
    place = _header_place(rows, ends, name, hints, skipped)
    header, below = rows[place], [row for row in rows[place + 1 :] if row]
    if not hints.header and looks_like_data(header):
        raise data_instead_of_header(name)
    size = sum(map(len, text[start : start + (1 << 18)].splitlines(keepends=True)[: ends[place + 1]]))
    above = sum(any(cell.strip() for cell in row) for row in rows[:place])
    return Layout(
        delimiter, header, _column_names(header, below), ends[place] + 1 + skipped, start + size, above
    )


def _header_place(rows: list[list[str]], ends: list[int], name: str, hints: Hints, skipped: int) -> int:
    if hints.header:
        places = [n for n, end in enumerate(ends[1:]) if end + skipped >= hints.header]
        if places and rows[places[0]]:
            return places[0]
        raise WhychurnError(
            f"intake.header names line {hints.header}, which holds nothing",
            file=name,
            remedy="write the line where the column names stand; 1 is the first of the file",
        )
    return find_header(rows[:SEARCHED], hints.known) or 0


def _column_names(header: list[str], below: list[list[str]]) -> list[str]:
    """Names of the columns that rows have: one more where rows end in a delimiter or begin with their number."""
    names = list(header)
    if not below:
        return names
    width, n = Counter(map(len, below)).most_common(1)[0]
    if n < _SHIFTED * len(below) or width == len(names):
        return names
    rows = [row for row in below if len(row) == width]
    if width == len(names) + 1:
        if not any(row[-1].strip() for row in rows):
            return [*names, ""]
        if len({row[0] for row in rows}) == len(rows):
            return ["", *names]
    blank_end = width < len(names) and not any(cell.strip() for cell in names[width:])
    return names[:width] if blank_end else names


def sniff_delimiter(lines: Sequence[str]) -> str | None:
    """Delimiter that splits most lines into one number of fields; None where nothing splits."""
    best: tuple[float, int] = (0.0, 1)
    chosen = None
    for delimiter in DELIMITERS:
        counts = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        several = {fields: n for fields, n in counts.items() if fields > 1}
        if not several:
            continue
        fields, n = max(several.items(), key=lambda item: (item[1], item[0]))
        score = (n / counts.total(), fields)
        if score > best:
            best, chosen = score, delimiter
    return chosen
