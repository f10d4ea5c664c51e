"""Stage survival: how long members stay, what shortens the stay, why they leave, what a stay is worth."""

from __future__ import annotations

import logging

import pandas as pd
import pyarrow.parquet as pq

from whychurn.contract.files import (
    read_json,
    read_latest,
    read_members,
    read_table,
    sample_share,
    write_json,
    write_table,
)
from whychurn.contract.fit_records import write_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.features.catalogue import study_catalogue
from whychurn.survival.forecast.model_comparison import compare_models
from whychurn.survival.forecast.model_files import write_model
from whychurn.survival.hazard_ratios.topic_hazard_ratios import topic_hazard_fits, topic_hazard_ratios
from whychurn.survival.lifetime.member_value import lifetime_results
from whychurn.survival.lifetime.spend_holdout import compare_spend_forecasts
from whychurn.survival.results import survival_results
from whychurn.survival.spell_strata import counted_columns
from whychurn.survival.spells import SurvivalInputs, stay_rows

log = logging.getLogger(__name__)


def run(study: StudyPaths, params: Params) -> None:
    """Read intake's tables and the panel, write the survival results, the chosen model and the fits."""
    share = sample_share(study.processed / "panel.parquet", params.run.fit_rows)
    inputs = _read_inputs(study, share, params)
    orders = read_members(study.interim / "orders.parquet", share, ["member_id", "ordered_at", "amount"])
    memberships = read_table(study.interim / "memberships.parquet")
    results = survival_results(inputs, params)
    until = pd.Timestamp(str(inputs.intake_facts["observed_until"]))
    comparison = compare_models(inputs.panel, inputs.spells, inputs.catalogue, until, params)
    holdout = None
    if inputs.panel_facts["kind"] == "inactivity":
        holdout = compare_spend_forecasts(inputs.panel, inputs.spells, comparison, orders, params)
    valued = inputs.panel if share == 1 else read_latest(study.processed / "panel.parquet")
    lifetime = lifetime_results(valued, memberships, comparison, holdout, params)
    topics = read_table(study.results / "feedback_topics.parquet")
    stays = stay_rows(inputs.spells, inputs.window())
    by_topic = topic_hazard_ratios(results.models, stays, topics, inputs.catalogue, params)
    write_model(study.processed / "survival_model", comparison, inputs.main_definition, params)
    tables = {**results.tables, **comparison.tables, **lifetime.tables, "topic_hazard": by_topic}
    for name, frame in tables.items():
        write_table(frame, study.results / f"{name}.parquet")
        log.info("%s: %d rows", name, len(frame))
    facts = {**results.facts, "challenge": comparison.facts, "lifetime": lifetime.facts}
    write_json(facts, study.results / "survival.json")
    fits = [*results.fits, *comparison.fits, *lifetime.fits, *topic_hazard_fits(by_topic, params)]
    write_fits(study, "survival", fits)


def _read_inputs(study: StudyPaths, share: float, params: Params) -> SurvivalInputs:
    everyone, panel = None, study.processed / "panel.parquet"
    if share < 1:
        log.info("models learn from %.0f%% of the members, drawn by lot; all are counted", 100 * share)
        there = set(pq.read_schema(panel).names)
        everyone = read_table(panel, [name for name in counted_columns(params.survival) if name in there])
    return SurvivalInputs(
        members=read_table(study.interim / "members.parquet"),
        surveys=read_table(study.interim / "surveys.parquet"),
        spells=read_table(study.processed / "spells.parquet"),
        churners=read_table(study.results / "churners.parquet"),
        panel=read_members(panel, share),
        catalogue=study_catalogue(study),
        panel_facts=read_json(study.processed / "panel.json"),
        intake_facts=read_json(study.interim / "intake.json"),
        everyone=everyone,
    )
