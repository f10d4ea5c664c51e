"""The whole of intake: source to data/interim."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd

from whychurn.contract.files import write_json, write_table
from whychurn.contract.params import Params, PrivacyParams
from whychurn.contract.paths import StudyPaths
from whychurn.intake.check.all_tables import (
    Examined,
    examine,
    judge_drafts,
    read_drafts,
    refuse_excess,
    table_facts,
)
from whychurn.intake.check.one_table import Notice
from whychurn.intake.privacy.pseudonym import find_key, fingerprint, make_key
from whychurn.intake.privacy.release import Redactions, check_schema, protect_table
from whychurn.intake.read.source import open_source
from whychurn.labels import say

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
        If the source cannot be read, a required column is missing, or too many rows are bad; the quarantine
        is written before the last of these.
    """
    summary = study.interim / "intake.json"
    if summary.is_file():
        summary.unlink()  # it stands only beside tables of the same run
    examined = examine(read_drafts(open_source(study, params.intake), params), params, today)
    write_table(examined.quarantine, study.interim / "quarantine.parquet")
    refuse_excess(examined, params.intake.max_quarantined)
    facts = _facts(examined)
    key = _key(study, params)
    taken = Redactions()
    for table, frame in protected_tables(examined, key, params.privacy, taken):
        write_table(frame, study.interim / f"{table}.parquet")
        if table == "members":
            facts["members_without_consent"] = int((~frame["profiling_consent"]).sum())
    facts["redactions"] = dict(sorted(taken.counts.items()))
    facts["columns_dropped"] = taken.dropped
    facts["key_fingerprint"] = fingerprint(key) if key else None
    notices = [notice for draft in examined.drafts.values() for notice in draft.notices] + taken.notices
    facts["notices"] = _tell(notices)
    write_json(facts, summary)


def protected_tables(
    examined: Examined, key: bytes | None, privacy: PrivacyParams, taken: Redactions
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and sound rows of each table, pseudonymous and redacted; the drafts are emptied on the way.

    Parameters
    ----------
    key
        Key of the pseudonyms; None keeps the ids.
    taken
        Receives what was redacted or dropped.
    """
    for table, draft in examined.drafts.items():
        frame = protect_table(table, draft.good, key, privacy, taken)
        draft.frame = draft.frame.iloc[:0]  # large tables are not kept twice
        check_schema(table, frame)
        yield table, frame


def _facts(examined: Examined) -> dict[str, Any]:
    tables = {table: table_facts(draft) for table, draft in examined.drafts.items()}
    for table, counts in tables.items():
        if counts["present"] or counts["derived"]:
            log.info(
                "%-12s read %s, kept %s, quarantined %s",
                table,
                *(counts[n] for n in ("read", "kept", "quarantined")),
            )
    return {
        "tables": tables,
        "observed_from": f"{examined.observed_from:%Y-%m-%d}",
        "observed_until": f"{examined.observed_until:%Y-%m-%d}",
        "questions": judge_drafts(examined),
    }


def _key(study: StudyPaths, params: Params) -> bytes | None:
    if not params.privacy.pseudonymize:
        return None
    return find_key(study, params.intake.source) or make_key(study)


def _tell(notices: list[Notice]) -> list[dict[str, Any]]:
    told = []
    for key, values in notices:
        notice = {"key": f"intake.{key}", "values": values}
        if notice not in told:
            told.append(notice)
            log.warning("%s", say(f"intake.{key}", "en", **values))
    return told
