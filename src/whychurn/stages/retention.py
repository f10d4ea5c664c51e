"""Stage retention: who left, and when in their life."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq

from whychurn.contract.files import read_json, read_rows, read_table, write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import CONTACTS, INTERACTIONS
from whychurn.retention.rates.churn_by_stratum import DIMENSIONS
from whychurn.retention.results import retention_results

log = logging.getLogger(__name__)
# Columns that are read of each table; None: all.
TABLES: Final[dict[str, list[str] | None]] = {
    "members": None,
    "memberships": None,
    "orders": ["member_id", "ordered_at", "amount", "returned", "category"],
    "feedback": ["feedback_id", "member_id", "created_at", "source", "responded_at", "resolved"],
    "surveys": ["member_id", "kind", "answered_at"],
    "touches": ["campaign_id", "member_id", "sent_at", "action"],
    "market": None,
}
EVENTS: Final = ["member_id", "occurred_at", "event_type", "campaign_id"]
USED: Final = (
    *INTERACTIONS,
    "push_dismissed",
    "offer_expired",
    "app_fault",
)  # types of events that are counted
PANEL: Final = [
    "member_id", "spell_no", "as_of", "tenure_days", "spend_365d", "event", "stop_on", "churned_in_horizon", *DIMENSIONS,
]  # fmt: skip


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


def _read_tables(study: StudyPaths) -> dict[str, pd.DataFrame]:
    tables = {
        name: read_table(study.interim / f"{name}.parquet", columns) for name, columns in TABLES.items()
    }
    tables["events"] = _read_events(study.interim / "events.parquet", told=tables["touches"].empty)
    panel = study.processed / "panel.parquet"
    there = set(pq.read_schema(panel).names)
    tables["panel"] = read_table(panel, [name for name in PANEL if name in there])
    tables["spells"] = read_table(study.processed / "spells.parquet")
    return tables | {
        name: read_table(study.results / f"{name}.parquet") for name in ("churners", "feedback_topics")
    }


def _read_events(file: Path, told: bool) -> pd.DataFrame:
    """Events of the types that are counted; those that a campaign sent where they tell of it, for want of touches."""
    kind = read_table(file, ["event_type"], texts_as_categories=True)["event_type"]
    used = (*USED, *CONTACTS) if told else USED
    return read_rows(file, kind.isin(used).to_numpy(bool), EVENTS, texts_as_categories=True)
