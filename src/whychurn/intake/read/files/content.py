"""One file as tables, whatever it is: by its content, not by its name."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.dtypes import standard_frame
from whychurn.intake.read.files import archive, file_kinds
from whychurn.intake.read.files.delimited import read_delimited
from whychurn.intake.read.files.json_records import read_json_records
from whychurn.intake.read.files.workbook import ALL_SHEETS, read_workbook, sheet_names
from whychurn.intake.read.naming import base, serving
from whychurn.intake.read.raw_table import Hints, RawTable


def read_file(path: Path, name: str, inner: str, table: str | None, hints: Hints) -> list[RawTable]:
    """Tables of the file `path`; several where it holds parts that belong one below the other.

    Parameters
    ----------
    name
        As it is told.
    inner
        Sheet of a workbook, or file in an archive; empty: by evidence.

    Raises
    ------
    WhychurnError
        If the file is empty, damaged, of a kind that is not read, or holds several tables.
    """
    if not path.exists():
        gone = (
            "the link points to nothing: its target is not there"
            if path.is_symlink()
            else "the file is missing"
        )
        raise WhychurnError(
            gone, file=name, remedy="mount the share or copy the file again, or remove the link"
        )
    try:
        if path.stat().st_size == 0:
            raise WhychurnError(
                "the file is empty", file=name, remedy="export the table again, with a header row"
            )
        with path.open("rb") as file:
            if file.read(4) == b"PAR1":
                return [_parquet(path, name)]
        content = path.read_bytes()
    except OSError as error:
        raise WhychurnError(
            f"cannot be read: {error.strerror or error}", file=name, remedy="check who may read the file"
        ) from None
    return read_content(content, name, inner, table, hints)


def read_content(content: bytes, name: str, inner: str, table: str | None, hints: Hints) -> list[RawTable]:
    """Tables of a file's `content`; see `read_file`."""
    kind = file_kinds.kind_of(content)
    if kind in ("gzip", "bzip2", "xz"):
        return read_content(archive.unpack(content, kind, name), name, inner, table, hints)
    if kind == "zip":
        if archive.is_workbook(content, name):
            return read_workbook(content, name, inner, table, hints)
        return _read_archive(content, name, inner, table, hints)
    if kind == "parquet":
        return [_parquet(io.BytesIO(content), name)]
    if kind == "json":
        return [read_json_records(content, name, hints)]
    if kind != "text":
        raise file_kinds.refuse(kind, name, content)
    raw = read_delimited(content, name, hints)
    if name.casefold().endswith((".xlsx", ".xlsm", ".parquet", ".pq", ".json", *file_kinds.UNREAD)):
        raw = replace(raw, notices=(("notice_kind", {"file": name}), *raw.notices))
    return [raw]


def inside(path: Path) -> list[str]:
    """Sheets of a workbook, files of an archive; empty for any other file and where it cannot be opened."""
    try:
        with path.open("rb") as file:
            if file.read(2) != b"PK":
                return []
        content = path.read_bytes()
        if archive.is_workbook(content, path.name):
            return sheet_names(content, path.name)
        return archive.members(content, path.name)
    except (OSError, WhychurnError):
        return []  # what is wrong is told when the file is read


def _parquet(place: Path | io.BytesIO, name: str) -> RawTable:
    try:
        frame = standard_frame(pq.ParquetFile(place).read())
    except (pa.ArrowException, OSError):
        raise WhychurnError(
            "not readable as Parquet: the file is damaged or incomplete",
            file=name,
            remedy="export the table again",
        ) from None
    return RawTable(frame, np.arange(1, len(frame) + 1), name)


def _read_archive(content: bytes, name: str, inner: str, table: str | None, hints: Hints) -> list[RawTable]:
    files = archive.members(content, name)
    chosen = _chosen(files, name, inner, table)
    tables = []
    for one in chosen:
        read = read_content(archive.member(content, name, one), f"{name}#{one}", "", table, hints)
        tables += [replace(raw, origin=f"{name}#{one}") for raw in read]
    if len(chosen) > 1 and not inner:
        values = {"file": name, "n": len(chosen), "first": chosen[0], "last": chosen[-1]}
        tables[0] = replace(tables[0], notices=(("notice_archive", values), *tables[0].notices))
    return tables


def _chosen(files: Sequence[str], name: str, inner: str, table: str | None) -> list[str]:
    tables = sorted(one for one in files if file_kinds.is_table(one) or "." not in PurePosixPath(one).name)
    if inner == ALL_SHEETS:
        return tables
    if inner:
        return serving(files, table or "", inner, _stem, name)
    if not tables:
        raise WhychurnError(
            "the archive holds no table" if files else "the archive is empty",
            file=name,
            remedy=f"put CSV, Excel, JSON or Parquet files into it; it holds {', '.join(files[:5]) or 'nothing'}",
        )
    named = [one for one in tables if table and base(_stem(one)).casefold() == table]
    bases = {base(_stem(one)).casefold() for one in tables}
    if len(tables) == 1 or (len(bases) == 1 and not named):
        return tables
    if named:
        return serving(tables, table or "", None, _stem, name)
    raise WhychurnError(
        f"the archive holds several tables: {', '.join(tables[:5])}",
        file=name,
        remedy=f"choose one in params.yaml: intake.tables: {{{table or 'orders'}: {name}#{tables[0]}}}, "
        f"or all, one below the other: {name}#*",
    )


def _stem(path: str) -> str:
    return file_kinds.stem(PurePosixPath(path).name)
