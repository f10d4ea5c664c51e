"""Results and facts of a study as mappings that read a file when it is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_result, read_table
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import FILE, documented
from whychurn.intake.read.raw_table import nearest


class MissingResultError(WhychurnError, KeyError):
    """A study has no such table or facts."""


@dataclass(frozen=True)
class TableFolder(Mapping[str, pd.DataFrame]):
    """Parquet files of a folder by name; each is read when it is asked for.

    Parameters
    ----------
    folder
        Where the files lie.
    only
        Names that count, in their order; all in the alphabet's if not given.
    """

    folder: Path
    only: tuple[str, ...] | None = None

    def __getitem__(self, name: str) -> pd.DataFrame:
        held = list(self)
        if name not in held:
            raise _missing("table", name, held, self.folder)
        return self._read(self.folder / f"{name}.parquet")

    def _read(self, path: Path) -> pd.DataFrame:
        return read_table(path)

    def __iter__(self) -> Iterator[str]:
        found = sorted(file.stem for file in self.folder.glob("*.parquet"))
        return iter(found if self.only is None else [name for name in self.only if name in found])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self)})"


@dataclass(frozen=True, repr=False)
class Results(TableFolder):
    """Tables of ``data/results``; those of another schema version are refused."""

    def _read(self, path: Path) -> pd.DataFrame:
        return read_result(path)

    def describe(self, name: str) -> pd.Series:
        """Meaning of each column of the table `name`; index: column.

        Raises
        ------
        MissingResultError
            If no stage writes such a table.
        """
        known = {table: columns for tables in documented().values() for table, columns in tables.items()}
        if name not in known:
            raise _missing("table", name, list(known), FILE)
        return pd.Series(known[name], name=name, dtype="string")


@dataclass(frozen=True)
class Facts(Mapping[str, dict[str, Any]]):
    """The few figures that each stage tells of itself, by stage."""

    paths: StudyPaths

    def _files(self) -> dict[str, Path]:
        own = [self.paths.interim / "intake.json", self.paths.processed / "panel.json"]
        files = [*own, *sorted(self.paths.results.glob("*.json"))]
        return {file.stem: file for file in files if file.exists()}

    def __getitem__(self, name: str) -> dict[str, Any]:
        files = self._files()
        if name not in files:
            raise _missing("facts", name, list(files), self.paths.root)
        facts: dict[str, Any] = read_json(files[name])
        return facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._files())

    def __len__(self) -> int:
        return len(self._files())

    def __repr__(self) -> str:
        return f"Facts({', '.join(self)})"


def _missing(what: str, name: str, known: list[str], where: Path) -> MissingResultError:
    remedy = f"the nearest is {nearest(name, known)!r}" if known else "run the study: study.run()"
    return MissingResultError(f"no {what} {name!r}", file=where, remedy=remedy)
