"""Stage retention: who left, and when in their life."""

from __future__ import annotations

import logging

from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.retention.results import retention_results

log = logging.getLogger(__name__)
TABLES = ("members", "memberships", "orders", "events", "feedback", "surveys", "touches", "market")


def run(study: StudyPaths, params: Params) -> None:
    """Read intake's tables and the panel, write the retention results to data/results."""
    tables = {name: read_table(study.interim / f"{name}.parquet") for name in TABLES}
    tables |= {name: read_table(study.processed / f"{name}.parquet") for name in ("spells", "panel")}
    tables |= {
        name: read_table(study.results / f"{name}.parquet") for name in ("churners", "feedback_topics")
    }
    panel_facts = read_json(study.processed / "panel.json")
    intake_facts = read_json(study.interim / "intake.json")
    results, facts = retention_results(tables, panel_facts, intake_facts, params)
    for name, frame in results.items():
        write_table(frame, study.results / f"{name}.parquet")
        log.info("%s: %d rows", name, len(frame))
    write_json(facts, study.results / "retention.json")
