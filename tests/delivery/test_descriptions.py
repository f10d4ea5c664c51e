"""Descriptions in MLflow: a finding with its interval, its page, both languages, and no member."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from whychurn.contract.files import write_json
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.descriptions import (
    NOTE,
    PAGES,
    describe_experiment,
    describe_runs,
    described,
    page_of,
    told,
)
from whychurn.delivery.mlflow_store import PIPELINE, VIEW, connect, find_experiment
from whychurn.delivery.registry.model_versions import (
    CHAMPION,
    crown,
    find_version,
    model_purpose,
    served_figures,
)
from whychurn.delivery.registry.promotion import promote
from whychurn.delivery.tracking.pipeline_runs import run_contents, track
from whychurn.report.render.notebooks import find_notebooks

SAID = {"en": "**31.0%** left (30.0% to 32.0%).", "zh": "**31.0%** 流失（30.0% 至 32.0%）。"}


def test_runs_models_and_versions_are_described(
    make_study: Callable[..., StudyPaths], params: Params
) -> None:
    study = make_study()
    headline = {"value": 0.31, "rung": "described", "text": SAID}
    write_json({"how_many.churn_rate": headline}, study.reports / "headlines" / "20_retention.json")
    track(study, params)
    promote(study, params, "the first")
    client = connect(study)
    experiment = find_experiment(client, study, PIPELINE)
    runs = client.search_runs([experiment])
    notes = {run.info.run_name: run.data.tags.get(NOTE, "") for run in runs}
    assert notes["retention"].splitlines() == [
        f"{SAID['en']} Shown in `reports/en/20_retention.html`.",
        "",
        f"{SAID['zh']} 详见 `reports/zh/20_retention.html`。",
    ]
    assert notes["risk"].startswith("AUC on later months: 0.750 [0.730–0.770]. Shown in `reports/en/30_risk")
    assert notes["risk/prior"].startswith("AUC on later months: 0.500 [")
    assert all(notes.values()), [name for name, note in notes.items() if not note]
    tags = client.get_experiment(experiment).tags
    assert SAID["en"] in tags[NOTE] and "reports/en/index.html" in tags[NOTE]
    assert tags["mlflow.experimentKind"] == "custom_model_development", "its page opens on runs"
    assert "Description" in tags[f"mlflow.sharedViewState.{VIEW}"], "and shows what they say"
    model = client.get_registered_model(params.delivery.registered_risk)
    assert "leave within 60 days (definition `inactivity_90d`)" in model.description
    version = find_version(client, model.name, CHAMPION)
    assert version.description.startswith("AUC on later months: 0.750 [0.730–0.770].")
    assert "Champion since" in version.description and "the first" in version.description
    members = pd.read_parquet(study.processed / "panel.parquet")["member_id"].unique()
    written = " ".join([*notes.values(), tags[NOTE], model.description, version.description])
    assert not [member for member in members if member in written]


def test_a_new_finding_takes_the_place_of_the_old(
    make_study: Callable[..., StudyPaths], params: Params
) -> None:
    study = make_study()
    client = connect(study)
    track(study, params)
    experiment = find_experiment(client, study, PIPELINE)
    headline = {
        "value": 0.7,
        "rung": "described",
        "text": {"en": "AUC now **0.7**.", "zh": "AUC 为 **0.7**。"},
    }
    write_json({"how_sure.auc": headline}, study.reports / "headlines" / "30_risk.json")
    describe_runs(client, experiment, study, params, run_contents(study, params), {})
    [risk] = client.search_runs([experiment], "tags.`mlflow.runName` = 'risk'")
    assert risk.data.tags[NOTE].startswith("AUC now **0.7**. Shown in")
    describe_experiment(client, experiment, "another text")
    assert client.get_experiment(experiment).tags[NOTE] == "another text"
    version = client.get_model_version(params.delivery.registered_risk, "1")
    crown(client, params, version, "by hand")
    assert "by hand" in find_version(client, version.name, CHAMPION).description
    assert served_figures(study) == pytest.approx({"auc": 0.75, "auc_low": 0.73, "auc_high": 0.77})


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        (
            {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "share_price": 0.9},
            "0.500 [0.400–0.600]",
        ),
        ({"share_price": 0.3, "share_natural": 0.1, "share_error": 0.9}, "Price: 0.300"),
        ({"topics": 24.0, "npmi": -0.5}, "Topics found: 24"),
        ({"log_likelihood": -3763.32}, "-3,763"),
        ({"rows": 7.0}, "No single figure"),
    ],
)
def test_a_fit_is_told_by_its_leading_figure(figures: dict[str, float], says: str) -> None:
    assert says in told(figures, "en")


def test_a_description_has_a_paragraph_for_each_language(params: Params) -> None:
    text = described(params, page_of("causes"), lambda lang: f"in {lang}.")
    assert text.split("\n\n") == [
        "in en. Shown in `reports/en/50_causes.html`.",
        "in zh. 详见 `reports/zh/50_causes.html`。",
    ]
    assert "90 天" in model_purpose("risk", {"horizon_days": 90, "definition": "x"}, "zh")


def test_each_page_that_is_named_exists() -> None:
    assert {page for page, _ in PAGES.values()} <= {source.name for source in find_notebooks()}
