"""Where a study's raw tables come from: a folder of files, or a database."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.contract.params.intake import is_address
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import TABLES
from whychurn.intake.read.combine import append_tables, join_tables
from whychurn.intake.read.files.folder import FolderSource
from whychurn.intake.read.naming import Given
from whychurn.intake.read.raw_table import RawTable, nearest


class Source(Protocol):
    """A folder or database that holds tables."""

    def names(self) -> list[str]:
        """Files or database tables that it holds."""

    def find(self, table: str, given: Given) -> list[str]:
        """Names under which the rows of `table` are kept (`given` by the user, or None); empty where absent."""

    def read(self, name: str, table: str | None = None, /) -> RawTable:
        """All rows kept under `name`; what the user states of `table` is obeyed."""


def open_source(study: StudyPaths, params: IntakeParams) -> Source:
    """The source that `intake.source` names: a database address, or a folder below the study.

    Raises
    ------
    WhychurnError
        If the folder or database does not exist, or a section names a table that is none of the contract.
    """
    for section, tables in (
        ("tables", params.tables),
        ("encoding", params.encoding),
        ("header", params.header),
    ):
        unknown = [name for name in tables if name not in TABLES]
        if unknown:
            near = nearest(unknown[0], TABLES)
            raise WhychurnError(
                f"intake.{section} names {unknown[0]!r}, which is no table of the contract",
                remedy=f"did you mean {near!r}? Tables: {', '.join(TABLES)}",
            )
    if is_address(params.source):
        # database drivers load only where they are used
        from whychurn.intake.read.database_source import DatabaseSource

        return DatabaseSource.at(params.source, study.root)
    folder = Path(params.source).expanduser()
    return FolderSource.at(folder if folder.is_absolute() else study.root / folder, params)


def read_table(source: Source, table: str, given: Given) -> RawTable | None:
    """Rows of contract table `table`, or None where the source has none.

    Parameters
    ----------
    given
        From `intake.tables`: a name or pattern; a list, whose rows are put one below the other; an empty list:
        there is no such table; ``campaigns + campaign_descriptions`` keeps each row of the first and adds the columns
        of the second by the columns that both have; None: by the table's own name.
    """
    if isinstance(given, str) and "+" in given and given.partition("#")[0] not in source.names():
        first, *lookups = [_appended(source, table, part.strip()) for part in given.split("+")]
        for lookup in lookups:
            first = join_tables(first, lookup, table) if first and lookup else first
        return first
    return _appended(source, table, given) if given is None or given else None


def _appended(source: Source, table: str, given: Given) -> RawTable | None:
    names = source.find(table, given)
    if not names:
        return None
    raw = append_tables([source.read(name, table) for name in names], table)
    if len(names) == 1 or (isinstance(given, Sequence) and not isinstance(given, str)):
        return raw
    values = {"table": table, "n": len(names), "first": names[0], "last": names[-1]}
    return replace(raw, notices=(("notice_parts", values), *raw.notices))
