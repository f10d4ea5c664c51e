"""All of intake: from the source to data/interim."""

import datetime as dt
import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd

from whychurn.contract.files import append_rows, write_json, write_table, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system.memory import let_go
from whychurn.contract.tables import FURTHER
from whychurn.intake.check.all_tables import CheckedTables, read_and_check
from whychurn.intake.check.checked_table import Notice
from whychurn.intake.check.codes.not_understood import not_understood
from whychurn.intake.check.problems import sentence
from whychurn.intake.check.table_facts import answerable_questions, table_facts
from whychurn.intake.privacy.personal_codes import without_persons
from whychurn.intake.privacy.protected_tables import Redactions, protect_table
from whychurn.intake.privacy.pseudonym import find_key, fingerprint, make_key
from whychurn.intake.privacy.redact import redact_column
from whychurn.intake.read.source import open_source

log = logging.getLogger(__name__)


def build_interim(study: StudyPaths, params: Params, today: dt.date) -> None:
    """Write all eight interim tables, ``quarantine.parquet`` and ``intake.json``.

    Parameters
    ----------
    today
        Rows after this day are in the future.

    Raises
    ------
    WhychurnError
        If the source cannot be read, a required column is missing, too many rows are bad, or something
        must be decided: all of it in one message. The quarantine is written before.
    """
    summary = study.interim / "intake.json"
    if summary.is_file():
        summary.unlink()  # it stands only beside tables of the same run
    # a weak one stops here
    key = find_key(study, params.intake.source) if params.privacy.pseudonymize else None
    checked_tables = read_and_check(open_source(study, params.intake), params, today)
    write_table(checked_tables.quarantine, study.interim / "quarantine.parquet")
    _without_persons_in_notices(checked_tables)
    checked_tables.raise_problems()
    unknown = not_understood(checked_tables.tables, params.privacy.min_cell)
    unknown["value"], _ = redact_column(unknown["value"], codes=True)
    write_table(unknown, study.results / "not_understood.parquet", as_held=True)
    facts = _facts(checked_tables)
    if params.privacy.pseudonymize:
        key = key or make_key(study)
    redactions = Redactions()
    for table in FURTHER:
        if (checked := checked_tables.tables.get(table)) is not None:
            facts["members_without_consent"] = int((~checked.good_values("profiling_consent")).sum())
    for table, blocks in _protected(checked_tables, key, redactions):
        with write_whole(study.interim / f"{table}.parquet") as temporary:
            append_rows(blocks, temporary, as_held=True)
    facts["redactions"] = dict(sorted(redactions.counts.items()))
    facts["columns_dropped"] = redactions.dropped
    facts["key_fingerprint"] = fingerprint(key) if key else None
    of_tables = [notice for checked in checked_tables.tables.values() for notice in checked.notices]
    facts["notices"] = _distinct_notices(of_tables + redactions.notices)
    write_json(facts, summary)


def _without_persons_in_notices(checked_tables: CheckedTables) -> None:
    """Examples in what is said of the tables tell no person."""
    for checked in checked_tables.tables.values():
        checked.notices = [(name, without_persons(values)) for name, values in checked.notices]


def _protected(
    checked_tables: CheckedTables, key: bytes | None, redactions: Redactions
) -> Iterator[tuple[str, Iterator[pd.DataFrame]]]:
    for table, checked in checked_tables.tables.items():
        let_go(checked.read)
        yield table, protect_table(table, checked.take_good(), key, redactions)


def protected_tables(
    checked_tables: CheckedTables, key: bytes | None, redactions: Redactions
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and good rows of each table, pseudonymous and redacted; the tables are emptied on the way.

    Parameters
    ----------
    key
        Key of the pseudonyms; None keeps the ids.
    redactions
        Receives what was redacted or dropped.
    """
    for table, blocks in _protected(checked_tables, key, redactions):
        yield table, pd.concat(list(blocks), ignore_index=True)


def _facts(checked_tables: CheckedTables) -> dict[str, Any]:
    tables = {table: table_facts(checked) for table, checked in checked_tables.tables.items()}
    for table, counts in tables.items():
        if counts["present"] or counts["derived"]:
            log.info(
                "%-12s read %s, kept %s, quarantined %s",
                table,
                *(counts[n] for n in ("read", "kept", "quarantined")),
            )
    return {
        "tables": tables,
        "observed_from": _day(checked_tables.observed_from),
        "observed_until": _day(checked_tables.observed_until),
        "questions": answerable_questions(checked_tables.tables),
    }


def _day(day: pd.Timestamp | None) -> str | None:
    return None if day is None else f"{day:%Y-%m-%d}"


def _distinct_notices(notices: list[Notice]) -> list[dict[str, Any]]:
    """Each notice once, for ``intake.json``; they are logged as well."""
    distinct: list[dict[str, Any]] = []
    for key, values in notices:
        notice = {"key": f"intake.{key}", "values": values}
        if notice not in distinct:
            distinct.append(notice)
            log.warning("%s", sentence((key, values)))
    return distinct
