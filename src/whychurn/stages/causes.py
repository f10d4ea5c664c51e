"""Stage causes: why each member left, how many for each cause, how much churn each cause adds."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd

from whychurn.causes.evidence.risk_score_contributions import family_contributions
from whychurn.causes.evidence.spell_evidence import Evidence, gather_evidence
from whychurn.causes.results import cause_results, method_inputs
from whychurn.causes.served_cause_model import fit_surrogate
from whychurn.causes.touches.touch_results import touch_results
from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.fit_records import write_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.features.catalogue import study_catalogue
from whychurn.stages.running.blocks import engine
from whychurn.stats.parallel import FEW
from whychurn.survival.competing_risks.incidence_tables import attributed_tables
from whychurn.survival.spells import Window

log = logging.getLogger(__name__)
INTERIM = ("members", "orders", "events", "feedback", "surveys", "memberships", "market")
TEXT = ["member_id", "created_at", "text"]
# of the panel's rows at all times: competition by month, and strata that change in the course of a spell
PANEL = (
    "member_id", "spell_no", "as_of", "region", "competitor_activity_30d", "competitor_price_gap",
    "spend_tier", "plan", "age_band",
)  # fmt: skip


def run(study: StudyPaths, params: Params) -> None:
    """Read intake's tables, the panel and the text scores, write the attribution and the tables beside it."""
    spells = read_table(study.processed / "spells.parquet")
    churners = read_table(study.results / "churners.parquet")
    panel_facts, intake_facts = (
        read_json(study.processed / "panel.json"),
        read_json(study.interim / "intake.json"),
    )
    evidence = read_evidence(study, params)
    log.info("causes: %d leavings, %d members at risk", evidence.churned.sum(), (~evidence.churned).sum())
    inputs = method_inputs(
        evidence,
        study_catalogue(study),
        read_table(study.interim / "feedback.parquet", TEXT),
        family_contributions(study.processed / "risk_model", evidence.panel),
    )
    columns = [name for name in PANEL if name in evidence.panel]
    panel = read_table(study.processed / "panel.parquet", columns, texts_as_categories=True)
    results = cause_results(inputs, panel, churners, params)
    causes = results.tables["member_causes"]
    members = read_table(study.interim / "members.parquet")
    churned = causes.query("status == 'churned'")
    window = Window.of(panel_facts, intake_facts)
    survival = attributed_tables(churned, spells, members, panel, window, params)
    for name, table in results.for_scoring.items():
        write_table(table, study.processed / "causes" / f"{name}.parquet")
    write_json(results.mix, study.processed / "causes" / "mix.json")
    touches = read_table(study.interim / "touches.parquet")
    by_lot, touch_facts = touch_results(
        evidence, touches, spells, causes, results.tables["cause_shares"], params
    )
    for name, table in {**results.tables, **survival, "cause_touches": by_lot}.items():
        write_table(table, study.results / f"{name}.parquet")
    _write_served(study, fit_surrogate(causes, evidence.panel, _features(study), params))
    write_json(results.facts | {"touches": touch_facts}, study.results / "causes.json")
    write_fits(study, "causes", results.fits)


def read_evidence(study: StudyPaths, params: Params) -> Evidence:
    """Evidence of a study; large tables are read by blocks of members."""
    tables = {name: study.interim / f"{name}.parquet" for name in INTERIM}
    return gather_evidence(
        {**tables, "panel": study.processed / "panel.parquet"},
        read_table(study.processed / "spells.parquet"),
        read_table(study.results / "feedback_topics.parquet"),
        read_json(study.processed / "panel.json"),
        pd.Timestamp(str(read_json(study.interim / "intake.json")["observed_until"])),
        params,
        engine(FEW),
    )


def _features(study: StudyPaths) -> list[dict[str, Any]]:
    """Inputs of the risk model: what a request to the served model carries; none without a model."""
    file = study.processed / "risk_model" / "features.json"
    return list(read_json(file)["features"]) if file.exists() else []


def _write_served(study: StudyPaths, served: dict[str, Any] | None) -> None:
    file = study.processed / "causes" / "served.json"
    if served is None:
        file.unlink(missing_ok=True)
    else:
        write_json(served, file)
