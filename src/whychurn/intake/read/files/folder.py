"""A folder of raw tables: a file a table, several files a table, or a folder of parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.intake.read.combine import append_tables
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.files import file_kinds
from whychurn.intake.read.files.content import inside, read_file
from whychurn.intake.read.files.header import known_names
from whychurn.intake.read.naming import Given, base, could_be, is_pattern, serving
from whychurn.intake.read.raw_table import Hints, RawTable

_NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"  # how Hive and Spark name the folder of a missing value
_ASIDE: Final = (".", "_", "~$")  # hidden files, marks such as _SUCCESS, lock files of spreadsheet programs
_ENDINGS_ASIDE: Final = (".key", ".crc", "Thumbs.db", "desktop.ini")  # keys of pseudonyms, marks of systems
_NO_TABLES: Final = (  # endings of what is no table, whatever its name
    *(".md", ".doc", ".docx", ".ppt", ".pptx", ".png", ".jpg", ".svg"),
    *(".py", ".r", ".sql", ".yaml", ".yml", ".ipynb", ".log"),
)
_DEPTH: Final = 6


@dataclass(frozen=True)
class FolderSource:
    """A folder with the files of tables, of any kind that is read.

    Parameters
    ----------
    folder
        It exists.
    params
        What the user states of the files.
    """

    folder: Path
    params: IntakeParams = field(default_factory=IntakeParams)

    @classmethod
    def at(cls, folder: Path, params: IntakeParams | None = None) -> FolderSource:
        """Source at an existing `folder`."""
        if not folder.is_dir():
            raise WhychurnError(
                "the folder of raw tables is missing",
                file=folder,
                remedy="put members.csv, orders.csv, … there, or name another folder in params.yaml: "
                "intake.source",
            )
        return cls(folder, params or IntakeParams())

    def names(self) -> list[str]:
        """Files, whether they are read or not, and folders that hold files of tables (``orders/``)."""
        found = []
        for path in self.folder.iterdir():
            if path.name.startswith(_ASIDE) or path.name.endswith(_ENDINGS_ASIDE):
                continue
            if path.is_dir():
                found += [f"{path.name}/"] if next(_part_files(path), None) else []
            else:
                found.append(path.name)
        return sorted(found)

    def find(self, table: str, given: Given) -> list[str]:
        """Files of `table`; ``book.xlsx#sheet`` and ``all.zip#file`` choose what is inside.

        Raises
        ------
        WhychurnError
            If what is given does not exist, several files could be meant, or a file is there that the table
            was most likely meant to be.
        """
        if given is not None and not isinstance(given, str):
            return [name for one in given for name in self.find(table, one)]
        wanted, hash_, inner = (given or "").partition("#")
        names = self.names()
        if given:
            own = {"./" + wanted, wanted, wanted + "/"} & set(names)
            below = self.folder / wanted
            if not own and not is_pattern(wanted) and wanted and below.exists():
                return [given]  # below a further folder, or elsewhere
            if "/" in wanted and is_pattern(wanted) and (below_it := self._matching(wanted)):
                return below_it
            found = serving(names, table, own.pop() if own else wanted, _stem, self.folder)
            return [name + hash_ + inner for name in found]
        found = serving([name for name in names if _is_read(name)], table, None, _stem, self.folder)
        found = found or serving(names, table, None, _stem, self.folder) or self._inside(table, names)
        if not found:
            self._refuse_overlooked(table, names)
        return found

    def read(self, name: str, table: str | None = None, /) -> RawTable:
        """All rows of the file or folder `name`."""
        file, _, inner = name.partition("#")
        path = self.folder / file
        hints = Hints(
            self.params.encoding.get(table or ""),
            self.params.header.get(table or ""),
            known_names(self.params),
            table or "orders",
        )
        if not path.is_dir():
            return append_tables(read_file(path, file, inner, table, hints), table or file_kinds.stem(file))
        parts = [
            _with_partitions(raw, part.relative_to(path))
            for part in _part_files(path)
            if part.stat().st_size
            for raw in read_file(part, part.relative_to(self.folder).as_posix(), "", table, hints)
        ]
        if not parts:
            raise WhychurnError(
                "the folder holds no file with rows", file=file, remedy="export the table again"
            )
        whole = append_tables(parts, table or _stem(name))
        values = {"file": f"{path.name}/", "n": len(parts)}
        return replace(whole, notices=(("notice_folder", values), *whole.notices))

    def _inside(self, table: str, names: list[str]) -> list[str]:
        """Sheet or packed file called like `table`, in a workbook or archive of another name."""
        found = []
        for name in names:
            if name.casefold().endswith((".xlsx", ".xlsm", ".zip")):
                path = self.folder / name
                stamp = path.stat().st_mtime_ns if path.exists() else 0
                packed = serving(_inside_of(path, stamp), table, None, _inner_stem, path.name)
                found += [f"{name}#{one}" for one in packed]
        if len({one.partition("#")[0] for one in found}) > 1:
            raise WhychurnError(
                f"table {table!r} stands in several files: {', '.join(found[:4])}",
                file=self.folder,
                remedy=f"name one in params.yaml: intake.tables: {{{table}: {found[0]}}}",
            )
        return found

    def _matching(self, pattern: str) -> list[str]:
        """Files of tables below further folders, as paths from this one."""
        found = [
            path.relative_to(self.folder) for path in sorted(self.folder.glob(pattern)) if path.is_file()
        ]
        return [path.as_posix() for path in found if _is_read(path.name) and not path.name.startswith(_ASIDE)]

    def _refuse_overlooked(self, table: str, names: list[str]) -> None:
        for path in self.folder.iterdir():
            if path.is_dir() and _stem(path.name).casefold() == table:
                raise WhychurnError(
                    "the folder holds no file that can be read",
                    file=f"{path.name}/",
                    remedy=f"put files there, or remove it, or write intake.tables: {{{table}: []}}",
                )
        given = self.params.tables.values()
        named = {part.strip().partition("#")[0] for one in given for part in _names_in(one)}
        near = [name for name in could_be(names, table, _stem) if _is_read(name)]
        near += [
            name for name in names if _has_odd_ending(name) and base(name.split(".")[0]).casefold() == table
        ]
        near += [name for name in self._matching("*/**/*") if base(_inner_stem(name)).casefold() == table]
        near = [name for name in near if name not in named and _stem(name) not in named]
        if near:
            raise WhychurnError(
                f"table {table!r} is absent, and {', '.join(near[:4])} could be it",
                file=near[0],
                remedy=f"write in params.yaml: intake.tables: {{{table}: {near[0]}}}; "
                f"or, where it is something else: intake.tables: {{{table}: []}}",
            )


@lru_cache(maxsize=64)
def _inside_of(path: Path, _stamp: int) -> tuple[str, ...]:
    """Names inside a workbook or archive; `_stamp` is the time of its last change."""
    return tuple(inside(path))


def _names_in(given: str | list[str]) -> list[str]:
    return [part for one in ([given] if isinstance(given, str) else given) for part in one.split("+")]


def _stem(name: str) -> str:
    return file_kinds.stem(name.rstrip("/"))


def _inner_stem(name: str) -> str:
    return file_kinds.stem(name.rpartition("/")[2])


def _is_read(name: str) -> bool:
    return name.endswith("/") or file_kinds.is_table(name) or "." not in name


def _has_odd_ending(name: str) -> bool:
    """Whether a file's ending is one that tells nothing of it (``orders.csv.bak``, ``orders.dat``)."""
    return not _is_read(name) and not name.casefold().endswith((*file_kinds.UNREAD, *_NO_TABLES))


def _part_files(folder: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Files of tables below `folder`, in order of their path."""
    for path in sorted(folder.iterdir()) if depth else ():
        if path.name.startswith(_ASIDE):
            continue
        if path.is_dir():
            yield from _part_files(path, depth - 1)
        elif _is_read(path.name):
            yield path


def _with_partitions(raw: RawTable, path: Path) -> RawTable:
    """`raw` with the columns that the names of its folders give (``year=2023/month=01``)."""
    pairs = [part.split("=", 1) for part in path.parts[:-1] if "=" in part]
    values = {name: None if value == _NO_VALUE else unquote(value) for name, value in pairs}
    added = {name: value for name, value in values.items() if name not in raw.frame}
    rows = len(raw.frame)
    columns = {name: pd.Series(pd.array([value] * rows, dtype=TEXT)) for name, value in added.items()}
    return replace(raw, frame=raw.frame.assign(**columns)) if columns else raw
