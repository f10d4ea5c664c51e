"""Quote signs that open by mistake and swallow the lines that follow."""

import csv
import io
import itertools
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_MODEL_ROWS: Final = 2000  # rows of one line from which the look of each column is taken
_SHAPES: Final = ((re.compile(r"\d+"), "9"), (re.compile(r"[^\W\d_]+"), "A"), (re.compile(r"\s+"), " "))
_LIKE: Final = 0.5  # share of swallowed lines that look like rows, from which they are taken for rows


@dataclass(frozen=True)
class Mended:
    """Text whose swallowed lines are rows again.

    Parameters
    ----------
    text
        UTF-8.
    lines
        Number of each line (1 is the first of `text`) at which a stray quote opens.
    swallowed
        Lines that were taken into the value there, as many as `lines`.
    """

    text: bytes
    lines: list[int]
    swallowed: list[int]


def may_swallow(table: pa.Table, broken: Sequence[str], delimiter: str) -> bool:
    """Whether a value holds a line break after which as many delimiters follow as in a row."""
    width = table.num_columns
    if any(_splits(text, delimiter, width - 1) for text in broken):
        return True
    for place, column in enumerate(table.columns):
        breaks = pc.match_substring_regex(column, "[\r\n]")
        if pc.any(breaks).as_py() and any(
            _splits(cell, delimiter, width - 1, place) for cell in column.filter(breaks).to_pylist()
        ):
            return True
    return False


def mend_quotes(text: bytes, delimiter: str, width: int) -> Mended:
    """Rows of several lines are parted again where most of these lines look like rows of their own."""
    lines = text.splitlines(keepends=True)
    spans = _spans(lines, delimiter)
    model = _model(lines, spans, delimiter, width)
    parts: list[bytes] = []
    found: list[tuple[int, int]] = []
    done = 0
    for first, last in spans:
        if last - first < 2:
            continue
        rows = [_fields(line, delimiter, width) for line in lines[first:last] if line.strip()]
        like = sum(_looks_like(row, model, width) for row in rows)
        if like < max(2, _LIKE * len(rows)):
            continue
        parts += [*lines[done:first], _written(rows, delimiter)]
        found.append((first + 1, last - first - 1))
        done = last
    mended = b"".join([*parts, *lines[done:]])
    return Mended(mended, [line for line, _ in found], [number for _, number in found])


def unended_quote(text: bytes, delimiter: str) -> int | None:
    """Line (1 is the first) at which a quoted value opens that never ends; None where all end."""
    lines = text.splitlines(keepends=True)
    first, last = next(reversed(_spans(lines, delimiter)), (0, 0))
    return first + 1 if last - first > 1 and b"".join(lines[first:last]).count(b'"') % 2 else None


def _splits(text: str, delimiter: str, wanted: int, place: int | None = None) -> bool:
    counts = [line.count(delimiter) for line in re.split(r"\r\n|\r|\n", text) if line]
    if place is None:
        return len(counts) > 1 and wanted in counts
    ends = bool(counts) and counts[0] == wanted - place and counts[-1] == place
    return len(counts) > 1 and (ends or wanted in counts[1:-1])


def _spans(lines: list[bytes], delimiter: str) -> list[tuple[int, int]]:
    """First and last line (exclusive) of each row."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        reader = csv.reader((line.decode("utf-8", "replace") for line in lines), delimiter=delimiter)
        ends = [0]
        ends += [reader.line_num for _ in reader]
    finally:
        csv.field_size_limit(limit)
    return list(itertools.pairwise(ends))


def _model(
    lines: list[bytes], spans: list[tuple[int, int]], delimiter: str, width: int
) -> dict[int, set[str]]:
    """Column -> its usual shapes, of those columns that have a few."""
    shapes: list[Counter[str]] = [Counter() for _ in range(width)]
    single = [lines[first] for first, last in spans if last - first == 1][:_MODEL_ROWS]
    for row in (_fields(line, delimiter, width) for line in single):
        if len(row) == width:
            for counter, cell in zip(shapes, row, strict=True):
                counter[_shape(cell)] += 1
    model = {}
    for place, counter in enumerate(shapes):
        usual = [shape for shape, n in counter.most_common(3) if n >= 0.1 * counter.total()]
        if usual and sum(counter[shape] for shape in usual) >= 0.6 * counter.total():
            model[place] = set(usual)
    return model


def _looks_like(row: list[str], model: dict[int, set[str]], width: int) -> bool:
    if len(row) != width:
        return False
    hits = sum(_shape(row[place]) in shapes for place, shapes in model.items())
    return hits * 2 >= len(model) if model else sum(map(bool, row)) * 2 > width > 2


def _fields(line: bytes, delimiter: str, width: int) -> list[str]:
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    if text.count('"') % 2 == 0:
        row = next(csv.reader([text], delimiter=delimiter), [])
        if len(row) == width:
            return row
    cells = text.split(delimiter)
    return [cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in cells]


def _written(rows: list[list[str]], delimiter: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _shape(cell: str) -> str:
    for pattern, sign in _SHAPES:
        cell = pattern.sub(sign, cell)
    return cell[:40]
