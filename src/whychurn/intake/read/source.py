"""Where a study's raw tables come from: a folder of files, or a database."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from whychurn.contract.addresses import is_address
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import TABLES
from whychurn.intake.read.delimited import read_delimited
from whychurn.intake.read.dtypes import as_text, standard_frame, standard_objects
from whychurn.intake.read.raw_table import RawTable, nearest

ENDINGS: Final = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".xlsx")


class Source(Protocol):
    """A folder or database that holds tables."""

    def names(self) -> list[str]:
        """Files or database tables that it holds."""

    def find(self, table: str, given: str | None) -> str | None:
        """Name under which `table` is kept (`given` by the user, or None); None where it is absent."""

    def read(self, name: str) -> RawTable:
        """All rows kept under `name`."""


def open_source(study: StudyPaths, params: IntakeParams) -> Source:
    """The source that `intake.source` names: a database address, or a folder below the study.

    Raises
    ------
    WhychurnError
        If the folder or database does not exist.
    """
    unknown = [name for name in params.tables if name not in TABLES]
    if unknown:
        near = nearest(unknown[0], TABLES)
        raise WhychurnError(
            f"intake.tables names {unknown[0]!r}, which is no table of the contract",
            remedy=f"did you mean {near!r}? Tables: {', '.join(TABLES)}",
        )
    if is_address(params.source):
        # database drivers load only where they are used
        from whychurn.intake.read.database_source import DatabaseSource

        return DatabaseSource.at(params.source, study.root)
    folder = Path(params.source).expanduser()
    return FolderSource.at(folder if folder.is_absolute() else study.root / folder)


def read_table(source: Source, table: str, given: str | None) -> RawTable | None:
    """Rows of contract table `table`, or None where the source has none.

    `given` (from `intake.tables`) may join lookups: ``campaigns + campaign_descriptions`` keeps each row of
    the first and adds the columns of the second by the columns that both have.
    """
    names = [part.strip() for part in given.split("+")] if given else [None]
    first, *lookups = [source.find(table, name) for name in names]
    if first is None:
        return None
    raw = source.read(first)
    for name in lookups:
        raw = _join(raw, source.read(str(name)))
    return raw


@dataclass(frozen=True)
class FolderSource:
    """A folder with one file a table: ``<table>.parquet``, ``.csv``, ``.csv.gz``, ``.tsv``, ``.xlsx``."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> FolderSource:
        """Source at an existing `folder`."""
        if not folder.is_dir():
            raise WhychurnError(
                "the folder of raw tables is missing",
                file=folder,
                remedy="put members.csv, orders.csv, … there, or name another folder in params.yaml: "
                "intake.source",
            )
        return cls(folder)

    def names(self) -> list[str]:
        """Files that hold tables."""
        return sorted(p.name for p in self.folder.iterdir() if p.is_file() and _stem(p.name))

    def find(self, table: str, given: str | None) -> str | None:
        """File of `table`; ``book.xlsx#sheet`` chooses a sheet.

        Raises
        ------
        WhychurnError
            If the file given does not exist, or two files could be meant.
        """
        wanted, hash_, sheet = (given or table).partition("#")
        exact = self.folder / wanted
        if exact.is_file():
            return given or table
        matches = [name for name in self.names() if (_stem(name) or "").casefold() == wanted.casefold()]
        if len(matches) > 1:
            raise WhychurnError(
                f"two files could be table {table!r}: {', '.join(matches)}",
                file=self.folder,
                remedy=f"keep one, or name it in params.yaml: intake.tables: {{{table}: {matches[0]}}}",
            )
        if not matches and given:
            raise WhychurnError(
                f"intake.tables names {wanted!r} for {table!r}, which does not exist",
                file=self.folder,
                remedy=f"nearest file: {nearest(wanted, self.names()) or 'none; the folder is empty'}",
            )
        return matches[0] + hash_ + sheet if matches else None

    def read(self, name: str) -> RawTable:
        """Rows of the file `name`."""
        file, _, sheet = name.partition("#")
        path = self.folder / file
        try:
            if path.stat().st_size == 0:
                raise WhychurnError(
                    "the file is empty", file=path, remedy="export the table again, with a header row"
                )
            if file.casefold().endswith(".parquet"):
                return _read_parquet(path)
            if file.casefold().endswith((".xlsx", ".xlsm")):
                return _read_excel(path, sheet)
            if file.casefold().endswith(".xls"):
                raise WhychurnError("old Excel format", file=path, remedy="save the file as .xlsx or CSV")
        except OSError as error:
            raise WhychurnError(f"cannot be read: {error.strerror or error}", file=path) from None
        return _read_csv(path)


def _stem(name: str) -> str | None:
    for ending in sorted((*ENDINGS, ".xls"), key=len, reverse=True):
        if name.casefold().endswith(ending) and not name.startswith((".", "~$")):
            return name[: -len(ending)]
    return None


def _numbered(frame: pd.DataFrame) -> np.ndarray:
    return np.arange(1, len(frame) + 1)


def _read_parquet(path: Path) -> RawTable:
    try:
        frame = standard_frame(pq.read_table(path))
    except (pa.ArrowException, OSError):
        raise WhychurnError("not readable as Parquet", file=path, remedy="export the table again") from None
    return RawTable(frame, _numbered(frame), path.name)


def _read_excel(path: Path, sheet: str) -> RawTable:
    try:
        book = pd.ExcelFile(path, engine="openpyxl")
    except (zipfile.BadZipFile, ValueError, KeyError):
        raise WhychurnError(
            "not readable as Excel", file=path, remedy="save as .xlsx without a password"
        ) from None
    with book:
        names = [str(name) for name in book.sheet_names]
        if sheet and sheet not in names:
            raise WhychurnError(
                f"no sheet {sheet!r}", file=path, remedy=f"nearest sheet: {nearest(sheet, names)!r}"
            )
        frame = book.parse(sheet or names[0], dtype=object, keep_default_na=False, na_values=[""])
    if not len(frame.columns):
        raise WhychurnError(
            "the sheet is empty", file=path, remedy="the first row must hold the column names"
        )
    filled = ~frame.isna().all(axis=1).to_numpy(dtype=bool)
    numbers = _numbered(frame)[filled]  # empty rows between and below are no rows
    notices: tuple[tuple[str, dict[str, Any]], ...] = ()
    if not sheet and len(names) > 1:
        notices = (("notice_sheet", {"file": path.name, "sheet": names[0]}),)
    return RawTable(standard_objects(frame[filled]), numbers, path.name, notices=notices)


def _read_csv(path: Path) -> RawTable:
    content = read_delimited(path)
    notices: list[tuple[str, dict[str, Any]]] = []
    if content.encoding == "cp1252":
        notices.append(("notice_encoding", {"file": path.name}))
    if content.damaged:
        notices.append(("notice_damaged", {"file": path.name, "n": content.damaged}))
    return RawTable(
        content.frame,
        content.row_number,
        path.name,
        content.broken,
        encoding=content.encoding,
        notices=tuple(notices),
    )


def _join(left: RawTable, right: RawTable) -> RawTable:
    shared = [name for name in left.frame.columns if name in right.frame.columns]
    if not shared:
        raise WhychurnError(
            f"{left.origin} and {right.origin} have no column in common",
            remedy="`first + second` in intake.tables joins by the columns that both have",
        )
    one, two = (
        frame.assign(**{name: as_text(frame[name]) for name in shared}) for frame in (left.frame, right.frame)
    )
    if two.duplicated(shared).any():
        raise WhychurnError(
            f"{right.origin} has several rows for one value",
            column=", ".join(shared),
            rows=int(two.duplicated(shared).sum()),
            remedy="the second table of a join needs one row a value",
        )
    joined = one.merge(two, on=shared, how="left", validate="many_to_one")
    return replace(
        left, frame=joined, origin=f"{left.origin} + {right.origin}", notices=left.notices + right.notices
    )
