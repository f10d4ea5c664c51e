"""What fits, what does not, and what could be answered: a look at the source that writes nothing."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import TABLES
from whychurn.intake.check.all_tables import CheckedTables, read_and_check
from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.problems import is_decision, sentence
from whychurn.intake.check.snapshot.table import recognised
from whychurn.intake.check.table_facts import answerable_questions, table_facts
from whychurn.intake.privacy.personal_codes import Redactions, without_persons
from whychurn.intake.privacy.protected_tables import take_persons_out
from whychurn.intake.privacy.pseudonym import SOURCE_KEY, find_key
from whychurn.intake.read.files.file_kinds import stem
from whychurn.intake.read.naming import nearest_table
from whychurn.intake.read.source import FolderSource, Source, open_source

COUNTS: Final = (
    "source", "encoding", "read", "kept", "quarantined", "folded", "duplicates", "netted", "derived", "first_day",
    "last_day",
)  # fmt: skip


@dataclass(frozen=True)
class CheckReport:
    """Result of `check_source`.

    Parameters
    ----------
    tables
        One row a contract table: table, source, encoding; rows read, kept, quarantined, folded, duplicates, netted,
        derived, which balance; first_day, last_day of the rows kept; blanked (cells), not_understood (rows).
    columns
        table, column, required, source: each contract column of the tables found; source null where absent.
    reasons
        table, reason, column, rows: quarantined rows; ``cells_blanked`` and ``warnings`` as reasons of their
        own.
    questions
        id, answerable, missing.
    problems
        table (empty for all), message: what would stop a run.
    decisions
        Sentences (English): what the user must decide before a run.
    assumed
        Table -> sentences (English): what was assumed.
    unused
        Files or tables that serve no contract table, and ``table.column`` that serve no contract column.
    observed_from, observed_until
        First and last day of the study; None where no row is usable.
    """

    tables: pd.DataFrame
    columns: pd.DataFrame
    reasons: pd.DataFrame
    questions: pd.DataFrame
    problems: pd.DataFrame
    decisions: list[str]
    assumed: dict[str, list[str]]
    unused: list[str]
    observed_from: pd.Timestamp | None = None
    observed_until: pd.Timestamp | None = None

    @property
    def fits(self) -> bool:
        """Whether a run would get through intake."""
        return self.problems.empty and not self.decisions

    @property
    def lost(self) -> dict[str, int]:
        """What the answer goes without: rows set aside, rows with values not understood, cells left empty."""
        return {name: int(self.tables[name].sum()) for name in ("quarantined", "not_understood", "blanked")}

    @property
    def notices(self) -> list[str]:
        """All that was assumed, each sentence once."""
        return list(dict.fromkeys(line for lines in self.assumed.values() for line in lines))


def check_source(study: StudyPaths, params: Params, today: dt.date | None = None) -> CheckReport:
    """Read and judge the source of `study`; one table's problem does not hide another's.

    Parameters
    ----------
    today
        As in `build_interim`; the present day by default.

    Raises
    ------
    WhychurnError
        If the source itself cannot be opened.
    """
    try:
        source = open_source(study, params.intake)
    except WhychurnError as error:
        beside = study.root.is_dir() and recognised(FolderSource.at(study.root), ".")
        raise beside or error from None
    checked_tables = read_and_check(source, params, today or dt.date.today())
    try:
        find_key(study, params.intake.source)
    except WhychurnError as error:
        checked_tables.problems.append(("", error))
    for table, checked in checked_tables.tables.items():
        redactions = Redactions()
        if checked.row_reasons.good.any():  # what a run would take out; with any key
            take_persons_out(table, checked.good, b"preview", redactions)
        checked.notices = [(name, without_persons(values)) for name, values in checked.notices]
        checked.notices += redactions.notices
    return _report(checked_tables, _unused(source, checked_tables.tables))


def _report(checked_tables: CheckedTables, unused: list[str]) -> CheckReport:
    facts = {table: table_facts(checked) for table, checked in checked_tables.tables.items()}
    tables = [
        {"table": table, **{name: fact[name] for name in COUNTS}, "blanked": sum(fact["cells_blanked"].values()),
         "not_understood": sum(map(len, checked_tables.tables[table].not_understood.values()))}
        for table, fact in facts.items()
    ]  # fmt: skip
    reasons: list[tuple[Any, ...]] = []
    for table, fact in facts.items():
        reasons += [
            (table, name, "", len(rows)) for name, rows in checked_tables.tables[table].unsplit.items()
        ]
        reasons += [(table, *name.split(":"), n) for name, n in fact["reason_columns"].items()]
        reasons += [(table, f"{name.split(':')[0]} (cell left empty)", name.split(":")[1], n)
                    for name, n in fact["cells_blanked"].items()]  # fmt: skip
        reasons += [(table, name, "", n) for name, n in fact["warnings"].items()]
    columns = [
        (table, name, field.required, checked.mapped.get(name))
        for table, checked in checked_tables.tables.items()
        if checked.origin is not None
        for name, field in TABLES[table].fields.items()
    ]
    questions = [
        (entry["id"], entry["answerable"], ", ".join([*entry["missing"], *entry["missing_columns"]]))
        for entry in answerable_questions(checked_tables.tables)
    ]
    assumed = {
        table: list(dict.fromkeys(sentence(notice) for notice in checked.notices if not is_decision(notice)))
        for table, checked in checked_tables.tables.items()
    }
    problems = [(table, str(error)) for table, error in checked_tables.problems]
    return CheckReport(
        pd.DataFrame(tables),
        pd.DataFrame(columns, columns=["table", "column", "required", "source"]),
        pd.DataFrame(reasons, columns=["table", "reason", "column", "rows"]),
        pd.DataFrame(questions, columns=["id", "answerable", "missing"]),
        pd.DataFrame(problems, columns=["table", "message"]),
        [sentence(notice) for notice in checked_tables.decisions],
        assumed,
        unused,
        checked_tables.observed_from,
        checked_tables.observed_until,
    )


def _unused(source: Source, tables: dict[str, CheckedTable]) -> list[str]:
    used = {name.partition("#")[0] for checked in tables.values() for name, _ in checked.parts}
    used |= {name.partition("/")[0] + "/" for name in used}  # a folder of parts
    names = [name for name in source.names() if name not in used and name != SOURCE_KEY]
    files = [f"{name}{_where_to(name, tables)}" for name in names]
    return files + [f"{table}.{name}" for table, checked in tables.items() for name in checked.unused]


def _where_to(name: str, tables: dict[str, CheckedTable]) -> str:
    """What to write so that the unused `name` is used."""
    table = nearest_table(stem(name.rstrip("/")))
    if table is None or tables[table].unread:
        return ""
    own = [part for part, _ in tables[table].parts]
    line = f"[{', '.join([*own[:3], name])}]" if own else name
    return f" (nearest table: {table}; to read it, write intake.tables: {{{table}: {line}}})"
