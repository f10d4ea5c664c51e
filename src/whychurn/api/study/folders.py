"""Results and facts of a study as mappings that read a file when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd

from whychurn.contract import tables as contract_tables
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_table
from whychurn.contract.paths import StudyPaths
from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.read.raw_table import nearest

MEANINGS: Final = Path(contract_tables.__file__).with_name("results.yaml")


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
        return read_table(self.folder / f"{name}.parquet")

    def __iter__(self) -> Iterator[str]:
        found = sorted(file.stem for file in self.folder.glob("*.parquet"))
        return iter(found if self.only is None else [name for name in self.only if name in found])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self)})"


@dataclass(frozen=True, repr=False)
class Results(TableFolder):
    """Tables of ``data/results``."""

    def describe(self, name: str) -> pd.Series:
        """Meaning of each column of the table `name`; index: column.

        Raises
        ------
        MissingResultError
            If no stage writes such a table.
        """
        known = _meanings()
        if name not in known:
            raise _missing("table", name, list(known), MEANINGS)
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


@cache
def _meanings() -> dict[str, dict[str, str]]:
    sections = read_yaml(MEANINGS)
    return {
        name: entry["columns"]
        for tables in sections.values()
        for name, entry in tables.items()
        if isinstance(entry, dict) and "columns" in entry
    }


def _missing(what: str, name: str, known: list[str], where: Path) -> MissingResultError:
    remedy = f"the nearest is {nearest(name, known)!r}" if known else "run the study: study.run()"
    return MissingResultError(f"no {what} {name!r}", file=where, remedy=remedy)
