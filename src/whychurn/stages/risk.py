"""Stage `risk`: fit, calibrate, evaluate, explain, score."""

from __future__ import annotations

import logging

import pandas as pd

from whychurn.contract.files import (
    read_json,
    read_latest,
    read_members,
    sample_share,
    write_json,
    write_table,
)
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.features.catalogue import study_catalogue
from whychurn.risk.evaluation.holdout import flat_metrics
from whychurn.risk.facts import metadata, model_facts, run_facts, without_model
from whychurn.risk.member_scores import already_gone, latest_snapshot
from whychurn.risk.model.training import NoModelError, fit_risk
from whychurn.risk.results import risk_results
from whychurn.risk.saved_model import panel_size, remove_model, write_model
from whychurn.stages.running.blocks import engine

log = logging.getLogger(__name__)


def run(study: StudyPaths, params: Params) -> None:
    """Model who leaves within the horizon; where the data carry no model, say why and go on."""
    facts = read_json(study.processed / "panel.json")
    horizon = facts["horizon_days"]
    file = study.processed / "panel.parquet"
    share = sample_share(file, params.run.fit_rows)
    panel = read_members(file, share)
    latest = latest_snapshot(panel) if share == 1 else read_latest(file)
    gone = already_gone(latest, facts["kind"] == "terms", params)
    try:
        trained = fit_risk(panel, study_catalogue(study), horizon, params, facts["label_known_days"])
    except NoModelError as error:
        log.warning("no model: %s", error)
        summary, tables = without_model(error, gone)
        remove_model(study.processed / "risk_model", summary)
        _write(study, tables, {})
        write_json(summary, study.results / "risk.json")
        return
    tables = risk_results(panel, trained, horizon, params, engine(), latest) | {"already_gone": gone}
    made = model_facts(trained, facts, params.risk)
    metrics, scores = tables["risk_metrics"], tables["risk_scores"]
    write_model(study.processed / "risk_model", trained, metadata(made, metrics, panel_size(panel), params))
    _write(study, tables, flat_metrics(metrics))
    write_json(run_facts(made, metrics, scores, gone, params), study.results / "risk.json")


def _write(study: StudyPaths, tables: dict[str, pd.DataFrame], flat: dict[str, float]) -> None:
    for name, table in tables.items():
        write_table(table, study.results / f"{name}.parquet")
    write_json(flat, study.results / "risk_metrics.json")
