"""What a tracked run holds, that it is not tracked twice, and that nothing in it is a member or a pickle."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery import mlflow_store as store
from whychurn.delivery.registry import model_versions
from whychurn.delivery.registry.model_versions import CHALLENGER, find_version
from whychurn.delivery.tracking.pipeline_runs import PIPELINE, track

Make = Callable[..., StudyPaths]


@pytest.fixture(scope="module")
def tracked(
    tmp_path_factory: pytest.TempPathFactory, make_study_at: Make, params: Params
) -> tuple[StudyPaths, Params, str]:
    """One tracked study for the tests that only read."""
    study = make_study_at(tmp_path_factory.mktemp("tracked") / "会员 study")
    run_id = track(study, params)
    assert run_id is not None
    return study, params, run_id


def test_the_run_holds_every_logged_piece(tracked: tuple[StudyPaths, Params, str]) -> None:
    study, params, run_id = tracked
    client = store.connect(study)
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["panel.horizon_days"] == str(params.panel.horizon_days)
    assert run.data.params["retention.tiers.gold"] == str(params.retention.tiers["gold"])
    assert run.data.metrics["risk.auc"] == pytest.approx(0.75)
    assert run.data.metrics["risk.auc_low"] == pytest.approx(0.73)
    assert run.data.metrics["risk.ece_high"] == pytest.approx(0.04)
    assert {"git_commit", "dvc_lock_sha256", "panel_sha256"} <= set(run.data.tags)
    [dataset] = run.inputs.dataset_inputs
    assert dataset.dataset.name == "panel"
    assert run.data.tags["panel_sha256"].startswith(dataset.dataset.digest)
    files = {item.path for folder in ("", "tables") for item in client.list_artifacts(run_id, folder)}
    assert "figures" in files and [item.path for item in client.list_artifacts(run_id, "figures")] == [
        "figures/risk_metrics.svg"
    ]
    assert {"model_card_en.md", "model_card_zh.md", "risk.json", "tables/risk_metrics.csv"} <= files


def test_each_candidate_is_a_nested_run(tracked: tuple[StudyPaths, Params, str]) -> None:
    study, _, run_id = tracked
    client = store.connect(study)
    experiment = store.find_experiment(client, study, PIPELINE)
    children = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{run_id}'")
    figures = {run.data.tags["candidate"]: run.data.metrics["risk.auc"] for run in children}
    assert set(figures) == {"xgboost", "logistic", "tree", "recency", "prior"}
    assert figures["prior"] == pytest.approx(0.5)


def test_other_sections_have_runs_of_their_own(tracked: tuple[StudyPaths, Params, str]) -> None:
    study, _, _ = tracked
    client = store.connect(study)
    runs = client.search_runs([store.find_experiment(client, study, PIPELINE)])
    by_section = {run.info.run_name: run for run in runs}
    assert by_section["retention"].data.metrics["retention.last_year.churn"] == 0.31
    panel = pd.read_parquet(study.processed / "panel.parquet")
    rate = panel["churned_in_horizon"].dropna().astype(float).mean()
    assert by_section["panel"].data.metrics["panel.churn_rate"] == pytest.approx(rate)
    assert by_section["panel"].data.tags["panel.definition"] == "inactivity_90d"


def test_the_model_is_native_and_its_example_invented(tracked: tuple[StudyPaths, Params, str]) -> None:
    study, _, _ = tracked
    files = [path for path in (study.mlflow / "artifacts").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {
        "model.ubj",
        "calibrator.json",
        "features.json",
        "served_model.py",
        "MLmodel",
    }
    for path in files:
        assert path.suffix not in {".pkl", ".pickle", ".joblib", ".cloudpickle"}
        start = path.read_bytes()[:2]
        assert not (start[:1] == b"\x80" and start[1] in range(2, 6)), f"{path} is a pickle"
        assert not zipfile.is_zipfile(path)
    [example] = [path for path in files if path.name == "input_example.json"]
    rows = pd.DataFrame(json.loads(example.read_text(encoding="utf-8")))
    panel = pd.read_parquet(study.processed / "panel.parquet")
    numbers = ["days_since_last_order"]  # real values all end in .123457
    assert not np.isin(rows[numbers].to_numpy(), panel[numbers].to_numpy()).any()
    assert list(rows) == [feature["name"] for feature in model_versions.read_features(study)]


def test_no_member_is_named_in_what_is_logged(tracked: tuple[StudyPaths, Params, str]) -> None:
    study, _, _ = tracked
    members = pd.read_parquet(study.processed / "panel.parquet")["member_id"].unique()
    text = b"".join(p.read_bytes() for p in (study.mlflow / "artifacts").rglob("*") if p.is_file())
    assert not [member for member in members if member.encode() in text]


def test_small_cells_are_hidden_in_the_card_and_tables(tracked: tuple[StudyPaths, Params, str]) -> None:
    study, _, run_id = tracked
    client = store.connect(study)
    card = Path(client.download_artifacts(run_id, "model_card_en.md")).read_text(encoding="utf-8")
    assert "<10 members, not shown" in card
    assert "0.750 [0.730–0.770]" in card
    table = pd.read_csv(client.download_artifacts(run_id, "tables/risk_metrics.csv"))
    gold = table[table["stratum"] == "gold"]
    assert len(gold) and gold[["estimate", "low", "high", "members", "events"]].isna().all(axis=None)


def test_signature_and_requirements_are_explicit(tracked: tuple[StudyPaths, Params, str]) -> None:
    import mlflow

    study, params, _ = tracked
    store.connect(study)
    info = mlflow.models.get_model_info(f"models:/{params.delivery.model_name}@challenger")
    kinds = {column.name: column.type.name for column in info.signature.inputs}
    assert kinds == {
        "days_since_last_order": "double",
        "orders_90d": "double",
        "opted_out": "boolean",
        "region": "string",
    }
    assert [column.name for column in info.signature.outputs][:3] == [
        "p_churn",
        "p_churn_low",
        "p_churn_high",
    ]
    [file] = (study.mlflow / "artifacts").rglob("requirements.txt")
    names = {line.split("==")[0] for line in file.read_text(encoding="utf-8").split()}
    assert names in ({"mlflow", "numpy", "pandas", "xgboost-cpu"}, {"mlflow", "numpy", "pandas", "xgboost"})


def test_the_registered_model_agrees_with_its_parts(tracked: tuple[StudyPaths, Params, str]) -> None:
    import mlflow

    study, params, _ = tracked
    store.connect(study)
    model = mlflow.pyfunc.load_model(f"models:/{params.delivery.model_name}@challenger")
    panel = pd.read_parquet(study.processed / "panel.parquet").head(300)
    names = [feature["name"] for feature in model_versions.read_features(study)]
    answer = model.predict(panel[names])
    booster = xgb.Booster(model_file=study.processed / "risk_model" / "model.ubj")
    codes = panel["region"].map({"east": 0.0, "north": 1.0, "west": 2.0})
    X = np.column_stack([panel[names[:3]].astype("float32"), codes])
    data = xgb.DMatrix(X, feature_names=names, feature_types=["q", "q", "q", "c"], enable_categorical=True)
    raw = booster.predict(data)
    expected = np.interp(raw, [0, 0.5, 1], [0.02, 0.45, 0.93])
    assert np.abs(answer["p_churn"] - expected).max() < 1e-6
    assert (answer["p_churn_low"] <= answer["p_churn"]).all() and (
        answer["p_churn"] <= answer["p_churn_high"]
    ).all()


def test_tracking_again_adds_nothing(make_study: Make, params: Params) -> None:
    study = make_study()
    first = track(study, params)
    client = store.connect(study)
    experiment = store.find_experiment(client, study, PIPELINE)
    runs = len(client.search_runs([experiment]))
    assert track(study, params) == first
    assert len(client.search_runs([experiment])) == runs
    assert len(client.search_model_versions(f"name = '{params.delivery.model_name}'")) == 1


def test_another_model_waits_and_an_earlier_one_can_come_back(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    client = store.connect(study)
    make_study(rounds=5)
    track(study, params)
    waiting = find_version(client, params.delivery.model_name, CHALLENGER)
    assert waiting is not None and int(waiting.version) == 2
    make_study()
    track(study, params)
    waiting = find_version(client, params.delivery.model_name, CHALLENGER)
    assert waiting is not None and int(waiting.version) == 1


def test_without_a_model_nothing_is_registered(make_study: Make, params: Params) -> None:
    study = make_study()
    reason = {"status": "no_model", "reason": {"en": "too few leavers", "zh": "流失会员太少"}}
    (study.results / "risk.json").write_text(json.dumps(reason), encoding="utf-8")
    run_id = track(study, params)
    client = store.connect(study)
    assert run_id is not None and client.get_run(run_id).data.tags["status"] == "no_model"
    assert not client.search_registered_models()


def test_a_study_without_risk_results_is_tracked_as_far_as_it_goes(make_study: Make, params: Params) -> None:
    study = make_study()
    (study.results / "risk.json").unlink()
    assert track(study, params) is None


def test_what_a_run_rewrites_is_no_uncommitted_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "reports" / "summary").mkdir(parents=True)
    written, code = (
        [tmp_path / "dvc.lock", tmp_path / "reports" / "summary" / "SUMMARY.md"],
        tmp_path / "a.py",
    )
    for file in (*written, code):
        file.write_text("first\n", encoding="utf-8")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    monkeypatch.setattr(store, "PROJECT", tmp_path)
    for file in written:
        file.write_text("second\n", encoding="utf-8")
    tags = store.code_tags(StudyPaths(tmp_path))
    assert tags["git_dirty"] == "false" and len(tags["git_commit"]) == 40
    assert tags["dvc_lock_sha256"] == hashlib.sha256(b"second\n").hexdigest()
    code.write_text("second\n", encoding="utf-8")
    assert store.code_tags(StudyPaths(tmp_path))["git_dirty"] == "true"
