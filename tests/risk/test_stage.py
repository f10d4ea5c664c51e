"""The stage on a small study: files and columns, and data that carry no model."""

import json

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.files import write_json, write_table
from whychurn.contract.paths import StudyPaths
from whychurn.risk.member_scores import COLUMNS
from whychurn.risk.model.training import fit_risk
from whychurn.stages import risk as stage


@pytest.fixture
def run(tmp_path, catalogue, params, monkeypatch):
    monkeypatch.setattr(stage, "study_catalogue", lambda *_: catalogue)

    def stage_on(panel: pd.DataFrame) -> StudyPaths:
        study = StudyPaths(tmp_path / "项目 with space")
        write_table(panel, study.processed / "panel.parquet")
        facts = {
            "definition": "inactivity_90d",
            "kind": "inactivity",
            "horizon_days": 90,
            "label_known_days": 90,
        }
        write_json(facts, study.processed / "panel.json")
        stage.run(study, params)
        return study

    return stage_on


def _facts(study: StudyPaths) -> dict:
    return json.loads((study.results / "risk.json").read_text(encoding="utf-8"))


def test_results_are_written_and_replaced(run, make_panel):
    study = run(make_panel(members=250))
    assert _facts(study)["status"] == "ok"
    scores = pd.read_parquet(study.results / "risk_scores.parquet")
    assert list(scores.columns) == list(COLUMNS)
    first = {path.name for path in study.results.iterdir()}
    assert {
        "risk_metrics.json",
        "risk_metrics.parquet",
        "risk_backtest.parquet",
        "risk_tree.parquet",
    } <= first
    assert (study.processed / "risk_model" / "metadata.json").exists()
    study = run(make_panel(members=250).assign(churned_in_horizon=pd.array([False] * 4000, dtype="boolean")))
    assert _facts(study)["status"] == "no_model"
    assert not (study.processed / "risk_model" / "model.ubj").exists()  # nothing of the earlier run stays
    assert {path.name for path in study.results.iterdir()} == first  # the same files, without figures
    assert pd.read_parquet(study.results / "risk_tree.parquet").empty


def _nobody(panel):
    return panel.assign(
        churned_in_horizon=panel["churned_in_horizon"].mask(panel["churned_in_horizon"].notna(), False)
    )


def _everybody(panel):
    return panel.assign(
        churned_in_horizon=panel["churned_in_horizon"].mask(panel["churned_in_horizon"].notna(), True)
    )


def _one_member(panel):
    return panel[panel["member_id"] == panel["member_id"].iloc[0]]


def _no_features(panel):
    names = ["days_since_last_order", "tenure_days", "spend_365d", "discount_depth_90d"]
    empty = dict.fromkeys([*names, "returned_before", "plan_taken", "noise", "month_of_year"], np.nan)
    return panel.assign(**empty)


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (_nobody, "too_few_leavers"),
        (_everybody, "too_few_stayers"),
        (_one_member, "too_few_leavers"),
        (_no_features, "no_features"),
        (lambda panel: panel.head(0), "no_rows"),
        (lambda panel: panel[panel["as_of"] < "2024-03-01"], "too_short"),
        (
            lambda panel: panel.assign(churned_in_horizon=pd.array([pd.NA] * len(panel), dtype="boolean")),
            "no_rows",
        ),
    ],
    ids=["no churners", "only churners", "one member", "features null", "empty", "too short", "unlabelled"],
)
def test_data_without_a_model_say_why(run, make_panel, spoil, cause):
    study = run(spoil(make_panel(members=60)))
    facts = _facts(study)
    assert (facts["status"], facts["cause"]) == ("no_model", cause)
    assert facts["reason"]["en"] and any("一" <= letter <= "鿿" for letter in facts["reason"]["zh"])
    metrics = pd.read_parquet(study.results / "risk_metrics.parquet")
    assert metrics["note"].tolist() == [facts["reason"]["en"]]
    scores = pd.read_parquet(study.results / "risk_scores.parquet")
    assert scores.empty and list(scores.columns) == list(COLUMNS)


def test_a_test_period_without_leavers_still_reports(run, make_panel):
    panel = make_panel(members=200)
    late = panel["as_of"] >= "2024-11-01"
    panel["churned_in_horizon"] = panel["churned_in_horizon"].mask(
        late & panel["churned_in_horizon"].notna(), False
    )
    study = run(panel)
    metrics = pd.read_parquet(study.results / "risk_metrics.parquet")
    auc = metrics[(metrics["metric"] == "auc") & (metrics["stratum_kind"] == "all")]
    assert auc["estimate"].isna().all()
    assert metrics.loc[metrics["metric"] == "brier", "estimate"].notna().all()


def test_a_share_of_the_members_teaches_and_everybody_is_scored(
    tmp_path, catalogue, params, monkeypatch, make_panel
):
    monkeypatch.setattr(stage, "study_catalogue", lambda *_: catalogue)
    panel = make_panel(members=500)
    learnt = []
    monkeypatch.setattr(stage, "fit_risk", lambda rows, *given: learnt.append(rows) or fit_risk(rows, *given))
    scored = []
    for number, rows in enumerate((len(panel), len(panel) // 2)):
        study = StudyPaths(tmp_path / str(number))
        write_table(panel, study.processed / "panel.parquet")
        facts = {
            "definition": "inactivity_90d",
            "kind": "inactivity",
            "horizon_days": 90,
            "label_known_days": 90,
        }
        write_json(facts, study.processed / "panel.json")
        stage.run(study, params.model_copy(update={"run": params.run.model_copy(update={"fit_rows": rows})}))
        scored.append(set(pd.read_parquet(study.results / "risk_scores.parquet")["member_id"]))
    whole, share = (set(rows["member_id"]) for rows in learnt)
    assert share < whole and 150 < len(share) < 350
    assert scored[0] == scored[1] and not scored[1] <= share
