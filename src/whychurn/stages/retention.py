"""Stage retention: who left, and when in their life."""

from __future__ import annotations

import logging
from typing import Final

from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.retention.before_churn.complaint_outcomes import NO_FEEDBACK_TOPICS
from whychurn.retention.results import retention_results
from whychurn.stats.sources import Source

log = logging.getLogger(__name__)
# Columns that are read of each table; None: all.
TABLES: Final[dict[str, list[str] | None]] = {
    "members": ["member_id", "joined_on", "profiling_consent", "region"],
    "memberships": None,
    "orders": ["member_id", "ordered_at", "amount", "returned", "category"],
    "feedback": ["feedback_id", "member_id", "created_at", "source", "responded_at", "resolved"],
    "surveys": ["member_id", "kind", "answered_at"],
    "touches": ["campaign_id", "member_id", "sent_at", "action"],
    "market": None,
}
LARGE: Final = ("orders", "touches")  # whose texts are held once


def run(study: StudyPaths, params: Params) -> None:
    """Read intake's tables and the panel, write the retention results to data/results."""
    tables = _read_tables(study)
    panel_facts = read_json(study.processed / "panel.json")
    intake_facts = read_json(study.interim / "intake.json")
    results, facts = retention_results(tables, panel_facts, intake_facts, params)
    for name, frame in results.items():
        write_table(frame, study.results / f"{name}.parquet")
        log.info("%s: %d rows", name, len(frame))
    write_json(facts, study.results / "retention.json")


def _read_tables(study: StudyPaths) -> dict[str, Source]:
    tables: dict[str, Source] = {
        name: read_table(study.interim / f"{name}.parquet", columns, texts_as_categories=name in LARGE)
        for name, columns in TABLES.items()
    }
    tables["spells"] = read_table(study.processed / "spells.parquet")
    tables["churners"] = read_table(study.results / "churners.parquet")
    topics = [str(name) for name in NO_FEEDBACK_TOPICS]
    tables["feedback_topics"] = read_table(study.results / "feedback_topics.parquet", topics)
    files = {"events": study.interim / "events.parquet", "panel": study.processed / "panel.parquet"}
    return {**tables, **files}
