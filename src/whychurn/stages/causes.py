"""Stage causes: why each member left, how many for each cause, how much churn each cause adds."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd

from whychurn.causes.evidence.gather import Evidence, gather_evidence
from whychurn.causes.evidence.shap_families import family_contributions
from whychurn.causes.results import causes_answers, method_inputs
from whychurn.causes.surrogate import served_causes
from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.fits import write_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.features.catalogue import study_catalogue
from whychurn.survival.competing_risks.results import attributed_tables

log = logging.getLogger(__name__)
INTERIM = ("members", "orders", "events", "feedback", "surveys", "memberships", "market")
TEXT = ["member_id", "created_at", "text"]
# of the panel's rows at all times: rivals by month, and strata that change in the course of a stay
BESIDE = (
    "member_id", "spell_no", "as_of", "region", "competitor_activity_30d", "competitor_price_gap",
    "spend_tier", "plan", "age_band",
)  # fmt: skip


def run(study: StudyPaths, params: Params) -> None:
    """Read intake's tables, the panel and what texts say, write the attribution and what stands beside it."""
    spells = read_table(study.processed / "spells.parquet")
    churners = read_table(study.results / "churners.parquet")
    known, seen = read_json(study.processed / "panel.json"), read_json(study.interim / "intake.json")
    evidence = read_evidence(study, params)
    log.info("causes: %d leavings, %d members at risk", evidence.churned.sum(), (~evidence.churned).sum())
    inputs = method_inputs(
        evidence,
        study_catalogue(study),
        read_table(study.interim / "feedback.parquet", TEXT),
        family_contributions(study.processed / "risk_model", evidence.panel),
        params.causes,
    )
    beside = [name for name in BESIDE if name in evidence.panel]
    panel = read_table(study.processed / "panel.parquet", beside, texts_as_categories=True)
    answers = causes_answers(inputs, panel, churners, params)
    gone = answers.tables["member_causes"].query("status == 'churned'")
    members = read_table(study.interim / "members.parquet")
    stays = attributed_tables(gone, spells, members, panel, known, seen, params)
    for name, table in answers.kept.items():
        write_table(table, study.processed / "causes" / f"{name}.parquet")
    for name, table in {**answers.tables, **stays}.items():
        write_table(table, study.results / f"{name}.parquet")
    _write_served(
        study, served_causes(answers.tables["member_causes"], evidence.panel, _inputs(study), params)
    )
    write_json(answers.facts, study.results / "causes.json")
    write_fits(study, "causes", answers.fits)


def read_evidence(study: StudyPaths, params: Params) -> Evidence:
    """What the members of a study met and said; large tables are read by blocks of members."""
    seen = read_json(study.interim / "intake.json")
    return gather_evidence(
        {name: study.interim / f"{name}.parquet" for name in INTERIM},
        study.processed / "panel.parquet",
        read_table(study.processed / "spells.parquet"),
        read_table(study.results / "feedback_topics.parquet"),
        read_json(study.processed / "panel.json"),
        pd.Timestamp(str(seen["observed_until"])),
        params.privacy.missing_consent,
        params,
    )


def _inputs(study: StudyPaths) -> list[dict[str, Any]]:
    """Inputs of the risk model: what a request to the served model carries; none without a model."""
    file = study.processed / "risk_model" / "features.json"
    return list(read_json(file)["features"]) if file.exists() else []


def _write_served(study: StudyPaths, served: dict[str, Any] | None) -> None:
    file = study.processed / "causes" / "served.json"
    if served is None:
        file.unlink(missing_ok=True)
    else:
        write_json(served, file)
