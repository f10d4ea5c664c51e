"""Stage `action`: what would keep members, as far as tests by lot can tell."""

from __future__ import annotations

import logging
from typing import Final

import pandas as pd

from whychurn.action.event_rows import COLUMNS
from whychurn.action.event_rows import HELD as HELD_EVENTS
from whychurn.action.inputs import ActionInputs, MixAt
from whychurn.action.panel_features import HELD
from whychurn.action.results import action_sections, gathered
from whychurn.causes.mix.mix_at import CauseMix
from whychurn.contract.causes import CAUSES
from whychurn.contract.files import column_types, read_json, read_rows, read_table, write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths

log = logging.getLogger(__name__)
OF_MIX: Final = ("members", "orders", "events", "memberships", "feedback", "market")
TABLES: Final[dict[str, list[str] | None]] = {  # what is read of each; None: all columns
    "members": None,
    "orders": ["member_id", "ordered_at", "amount", "returned"],
    "memberships": None,
    "touches": [
        "member_id", "campaign_id", "sent_at", "action", "channel", "offer", "cost", "randomized", "propensity", "opened",
    ],
    "feedback": ["member_id", "created_at", "source", "responded_at", "resolved"],
}  # fmt: skip
LARGE: Final = ("orders",)  # whose texts are held once each
RESULTS: Final[dict[str, list[str] | None]] = {
    "churners": None,
    "member_causes": [
        "member_id",
        "spell_no",
        "status",
        "primary_cause",
        *(f"p_{cause}" for cause in CAUSES),
    ],
    "cause_shares": None,
    "risk_scores": None,
    "already_gone": None,
    "lifetime_value": ["member_id", "daily_spend", "expected_margin", "survival_value_at_risk", "tier"],
}


def run(study: StudyPaths, params: Params) -> None:
    """Read what earlier stages found, write tables on tests, effects, plan, warnings and win-back, and
    what the served model needs of them."""
    done = action_sections(read_inputs(study, params))
    tables, facts = gathered(done)
    for name, table in tables.items():
        write_table(table, study.results / f"{name}.parquet")
    write_json(facts, study.results / "action.json")
    write_json(done["state"].extra["actions"], study.processed / "action" / "actions.json")


def _mix_at(study: StudyPaths, observed_until: pd.Timestamp, params: Params) -> MixAt | None:
    """Reader of cause mixes; None where causes could not be told."""
    saved = read_json(study.processed / "causes" / "mix.json")
    if not saved["told"]:
        log.info("action: no mix of causes (%s); effects are averages", saved["why"])
        return None
    tables = {name: study.interim / f"{name}.parquet" for name in OF_MIX}
    return CauseMix(saved, tables, observed_until, params)


def read_inputs(study: StudyPaths, params: Params) -> ActionInputs:
    """Inputs of a study whose stages up to causes have run."""
    panel_file = study.processed / "panel.parquet"
    panel = read_table(panel_file, [name for name in HELD if name in column_types(panel_file)])
    intake_facts = read_json(study.interim / "intake.json")
    observed_until = pd.Timestamp(str(intake_facts["observed_until"]))
    without_snapshots = observed_until + pd.Timedelta(days=1)
    events_file = study.interim / "events.parquet"
    kinds = read_table(events_file, ["event_type"], texts_as_categories=True)["event_type"]
    events = read_rows(events_file, kinds.isin(HELD_EVENTS).to_numpy(bool), COLUMNS, texts_as_categories=True)
    tables = {
        name: read_table(study.interim / f"{name}.parquet", columns, texts_as_categories=name in LARGE)
        for name, columns in TABLES.items()
    }
    return ActionInputs(
        tables={**tables, "events": events},
        panel=panel,
        spells=read_table(study.processed / "spells.parquet"),
        panel_facts=read_json(study.processed / "panel.json"),
        intake_facts=intake_facts,
        as_of=pd.Timestamp(panel["as_of"].max()) if len(panel) else without_snapshots,
        observed_until=observed_until,
        params=params,
        mix_at=_mix_at(study, observed_until, params),
        panel_file=panel_file,
        events_file=events_file,
        **{name: read_table(study.results / f"{name}.parquet", columns) for name, columns in RESULTS.items()},
    )
