"""CSV of any common encoding and delimiter."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.dtypes import standard_frame, unique_names
from whychurn.intake.read.files.encoding import Decoded, decode
from whychurn.intake.read.files.layout import Layout, find_layout
from whychurn.intake.read.files.quotes import Mended, may_swallow, mend_quotes, unended_quote
from whychurn.intake.read.files.rows_apart import rows_apart
from whychurn.intake.read.raw_table import Hints, Notices, RawTable

_NOTHING: Final = b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"
_PIECE: Final = 1 << 22  # bytes that are counted at a time


@dataclass
class _Parsed:
    """Rows with the right number of fields, all text; numbers of the others, by what they are."""

    table: pa.Table
    broken: list[int] = field(default_factory=list)
    comments: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)  # of broken rows that hold line breaks

    @property
    def rows(self) -> int:
        return int(self.table.num_rows) + len(self.broken) + len(self.comments)


def read_delimited(content: bytes, name: str, hints: Hints | None = None) -> RawTable:
    """Rows of a delimited file, all text.

    Parameters
    ----------
    content
        Bytes of the file, not compressed.
    name
        File, for messages.

    Raises
    ------
    WhychurnError
        If the file is empty, has one single column or no header, or its quoting is broken.
    """
    hints = hints or Hints()
    if not content[:4096].strip(_NOTHING) and not content.strip(_NOTHING):
        raise WhychurnError(
            "the file is empty", file=name, remedy="export the table again, with a header row"
        )
    decoded = decode(content, hints.encoding)
    zeros = _count(decoded.text, 0)
    text = decoded.text.replace(b"\x00", b"") if zeros else decoded.text
    layout = find_layout(text, name, hints)
    parsed, notices = _rows(text, layout, name)
    table, numbers, apart = rows_apart(parsed.table, layout.header, _row_numbers(parsed))
    apart = {**apart, "comment_line": np.array(parsed.comments, dtype="int64")}
    table, repeated = _without_blank_columns(table, layout)
    above = (
        (("notice_header", {"file": name, "n": layout.above, "line": layout.line}),) if layout.above else ()
    )
    null = (("notice_zero_bytes", {"file": name, "n": zeros}),) if zeros else ()
    return RawTable(
        standard_frame(table),
        numbers,
        name,
        np.array(sorted(parsed.broken), dtype="int64"),
        encoding=decoded.encoding,
        notices=(*encoding_notices(decoded, name, hints.table), *null, *above, *notices),
        apart={reason: rows for reason, rows in apart.items() if len(rows)},
        repeated=repeated,
    )


def encoding_notices(decoded: Decoded, name: str, table: str) -> Notices:
    """What a reader should know of how a file was decoded."""
    notices: list[tuple[str, dict[str, Any]]] = []
    values = {"file": name, "encoding": decoded.encoding, "example": decoded.example or "–", "table": table}
    if decoded.other:
        other, word = decoded.other
        notices.append(("decide_encoding", {**values, "other": other, "word": word or "–"}))
    elif decoded.evidence == "guess":
        notices.append(("notice_encoding", values))
    if decoded.damaged:
        notices.append(("notice_damaged", {"file": name, "n": decoded.damaged}))
    return tuple(notices)


def _rows(text: bytes, layout: Layout, name: str) -> tuple[_Parsed, Notices]:
    """Rows of the file; lines that a stray quote sign swallowed are rows of their own again."""
    data = memoryview(text)[layout.end :]
    parsed = _parse(data, layout, name)
    lines = _count(data, 10) + _count(data, 13) if b'"' in text else 0
    if lines <= parsed.rows:
        return parsed, ()
    if may_swallow(parsed.table, parsed.texts, layout.delimiter):
        mended = mend_quotes(bytes(data), layout.delimiter, len(layout.names))
    else:
        mended = Mended(text[layout.end :], [], [])
    odd = mended.text.count(b'"') % 2
    at = unended_quote(mended.text, layout.delimiter) if odd else None
    if at is not None:
        raise _unended(name, layout.line + at)
    if not mended.lines:
        return parsed, ()
    values = {
        "file": name,
        "lines": ", ".join(str(layout.line + line) for line in mended.lines[:5]),
        "n": sum(mended.swallowed),
        "places": len(mended.lines),
    }
    return _parse(memoryview(mended.text), layout, name), (("notice_quote", values),)


def _count(data: bytes | memoryview, sign: int) -> int:
    """How often the byte `sign` stands in `data`; `bytes.count` is slow where it stands often."""
    if isinstance(data, bytes) and sign.to_bytes() not in data:
        return 0
    signs = np.frombuffer(data, dtype="uint8")
    return sum(int(np.count_nonzero(signs[at : at + _PIECE] == sign)) for at in range(0, len(signs), _PIECE))


def _unended(name: str, line: int | None) -> WhychurnError:
    where = f" that opens in line {line}" if line else ""
    return WhychurnError(
        f"not readable as CSV: a quoted value{where} does not end",
        file=name,
        remedy='every opening quote (") needs a closing one; export the table again',
    )


def _parse(data: memoryview, layout: Layout, name: str) -> _Parsed:
    names = unique_names(layout.names)
    schema = {one: pa.large_string() for one in names}
    parsed = _Parsed(pa.table({one: pa.array([], pa.large_string()) for one in names}))

    def note(row: Any) -> str:
        kind = parsed.comments if row.text.startswith("#") else parsed.broken
        kind.append(row.number)
        if "\n" in row.text or "\r" in row.text:
            parsed.texts.append(row.text)
        return "skip"

    if not bytes(data[:4096]).strip() and not bytes(data).strip():
        return parsed
    end = b"" if bytes(data[-1:]) in (b"\n", b"\r") else b"\n"
    buffer = pa.py_buffer(bytes(data) + end) if end else pa.py_buffer(data)
    try:
        parsed.table = arrow_csv.read_csv(
            pa.BufferReader(buffer),
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=1 << 24),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=arrow_csv.ConvertOptions(column_types=schema, strings_can_be_null=False),
        )
    except pa.ArrowInvalid:  # its message may hold values of the row
        raise _unended(name, None) from None
    return parsed


def _row_numbers(parsed: _Parsed) -> np.ndarray:
    lost = np.array(sorted([*parsed.broken, *parsed.comments]), dtype="int64")
    numbers = np.arange(1, parsed.rows + 1)
    return np.setdiff1d(numbers, lost, assume_unique=True) if len(lost) else numbers


def _without_blank_columns(table: pa.Table, layout: Layout) -> tuple[pa.Table, tuple[str, ...]]:
    """`table` without columns that have neither name nor content; names that stand twice in the header."""
    trimmed = [name.replace("\ufeff", "").strip() for name in layout.names]
    blank = [
        place
        for place, name in enumerate(trimmed)
        if not name and not pc.any(pc.not_equal(table.column(place), "")).as_py()
    ]
    repeated = tuple(name for name, n in Counter(trimmed).items() if n > 1 and name)
    kept = [place for place in range(table.num_columns) if place not in blank]
    return table.select(kept) if blank else table, repeated
