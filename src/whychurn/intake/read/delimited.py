"""CSV of any common encoding and delimiter."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.dtypes import standard_frame, unique_names

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LOOKS_LIKE_DATA: Final = re.compile(r"\d[\d./: -]*|\S+@\S+")


@dataclass(frozen=True)
class Delimited:
    """Content of a delimited file.

    Parameters
    ----------
    frame
        Rows with the right number of fields, all text.
    row_number
        Number of each row in the file; 1 is the first row below the header.
    broken
        Numbers of the rows with more or fewer fields than the header.
    encoding, delimiter
        As found.
    damaged
        Characters that the encoding could not read.
    """

    frame: pd.DataFrame
    row_number: np.ndarray
    broken: np.ndarray
    encoding: str
    delimiter: str
    damaged: int


def read_delimited(path: Path) -> Delimited:
    """Read `path` (.csv, .tsv, .txt, each also .gz).

    Raises
    ------
    WhychurnError
        If the file is empty, has one single column, or its quoting is broken.
    """
    content = _bytes(path)
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise WhychurnError(
            "the file is empty", file=path, remedy="export the table again, with a header row"
        )
    text, encoding, damaged = decode(content)
    declared = re.match(rb"sep=(.)\r?\n", text)  # how spreadsheets state the delimiter
    text = text[declared.end() :] if declared else text
    lines = text[:65536].decode("utf-8", "ignore").splitlines()[:50]
    delimiter = declared[1].decode("utf-8", "ignore") if declared else sniff_delimiter(lines)
    if delimiter is None:
        raise WhychurnError(
            "the file has one single column",
            file=path,
            column=_safe(lines[0][:60]),
            remedy=f"separate the columns by one of: {', '.join(DELIMITERS.values())}",
        )
    header = next(csv.reader(io.StringIO(text[: 1 << 20].decode("utf-8", "ignore")), delimiter=delimiter))
    if sum(bool(_LOOKS_LIKE_DATA.fullmatch(name.strip())) for name in header) * 2 >= len(header):
        raise WhychurnError(
            "the first row looks like data", file=path, remedy="add a header row with column names"
        )
    frame, broken = _parse(text, delimiter, unique_names(header), path)
    total = len(frame) + len(broken)
    row_number = np.setdiff1d(np.arange(1, total + 1), broken, assume_unique=True)
    return Delimited(frame, row_number, broken, encoding, delimiter, damaged)


def decode(content: bytes) -> tuple[bytes, str, int]:
    """Content as UTF-8 bytes, the name of its encoding, and the number of unreadable characters.

    A byte-order mark decides; then UTF-8 (one damaged character in a hundred is let pass), UTF-16 by its
    zero bytes, GB18030 where high bytes come in pairs as Chinese does, and Windows-1252 as the last resort.
    """
    for mark, name in _BOMS:
        if content.startswith(mark):
            text = content.decode("utf-8-sig" if name == "utf-8" else name, "replace")
            return text.encode(), name, text.count("\ufffd")
    zeros = content[:4096].count(0)
    if zeros > len(content[:4096]) // 8:
        name = "utf-16-le" if content[1:4096:2].count(0) > content[0:4096:2].count(0) else "utf-16-be"
        return content.decode(name, "replace").encode(), "utf-16", 0
    try:
        content.decode("utf-8")
        return content, "utf-8", 0
    except UnicodeDecodeError:
        return _decode_legacy(content)


def _decode_legacy(content: bytes) -> tuple[bytes, str, int]:
    lenient = content.decode("utf-8", "replace")
    damaged = lenient.count("\ufffd")
    readable = len(re.findall(r"[^\x00-\x7f\ufffd]", lenient))
    if damaged * 100 <= readable:
        return lenient.encode(), "utf-8", damaged
    high = len(re.findall(rb"[\x80-\xff]", content))
    paired = 2 * len(re.findall(rb"[\xa1-\xfe][\xa1-\xfe]", content))
    if paired * 2 >= high:
        text = content.decode("gb18030", "replace")
        if text.count("\ufffd") * 100 <= len(text):
            return text.encode(), "gb18030", text.count("\ufffd")
    return content.decode("cp1252", "replace").encode(), "cp1252", 0


def sniff_delimiter(lines: list[str]) -> str | None:
    """Delimiter that splits most lines into as many fields as the header; None where nothing splits."""
    best: tuple[float, int] = (0.0, 1)
    chosen = None
    for delimiter in DELIMITERS:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        if not counts or counts[0] < 2:
            continue
        score = (sum(count == counts[0] for count in counts) / len(counts), counts[0])
        if score > best:
            best, chosen = score, delimiter
    return chosen


def _parse(text: bytes, delimiter: str, names: list[str], path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    broken: list[int] = []

    def note(row: Any) -> str:
        broken.append(row.number - 1)  # the reader counts the header as row 1
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text if text.endswith(b"\n") else text + b"\n"),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, column_names=names, skip_rows_after_names=1, block_size=1 << 24
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:  # its message may hold values of the row
        raise WhychurnError(
            "not readable as CSV: a quoted value does not end",
            file=path,
            remedy='every opening quote (") needs a closing one; export the table again',
        ) from None
    return standard_frame(table), np.array(sorted(broken), dtype="int64")


def _bytes(path: Path) -> bytes:
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        raise WhychurnError(
            "the compressed file is damaged", file=path, remedy="copy the file again"
        ) from None


def _safe(header: str) -> str:
    return "(a value)" if _LOOKS_LIKE_DATA.fullmatch(header.strip()) else header
