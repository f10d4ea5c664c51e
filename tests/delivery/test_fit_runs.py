"""Fits of a stage become nested runs; tables with members are refused, small cells are withheld."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_table
from whychurn.contract.fit_records import FitRecord, read_fits, write_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery import mlflow_store as store
from whychurn.delivery.tracking.fit_runs import track_fits

Make = Callable[..., StudyPaths]


@pytest.fixture
def study(tmp_path: Path, make_study_at: Make) -> StudyPaths:
    study = make_study_at(tmp_path / "study")
    table = pd.DataFrame({"stratum": ["a", "b"], "members": [3, 40], "estimate": [0.123, 0.456]})
    write_table(table, study.results / "curves.parquet")
    (study.processed / "cox").mkdir(parents=True)
    (study.processed / "cox" / "model.json").write_text("{}", encoding="utf-8")
    return study


def test_fits_become_nested_runs_with_their_files(study: StudyPaths, params: Params) -> None:
    fit = FitRecord("cox", {"penalty": 0.1}, {"c": 0.7}, ["curves"], ["data/processed/cox"])
    write_fits(study, "survival", [fit, FitRecord("km")])
    assert read_fits(study, "survival")[0] == fit
    client = store.connect(study)
    experiment = store.find_experiment(client, study, "pipeline")
    run = track_fits(client, experiment, study, params, "survival", {store.CONTENT: "abc"})
    nested = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{run}'")
    assert {one.data.tags["candidate"] for one in nested} == {"cox", "km"}
    [cox] = [one for one in nested if one.data.tags["candidate"] == "cox"]
    assert cox.data.metrics == {"survival.c": 0.7}
    assert cox.data.params == {"penalty": "0.1"}
    assert [item.path for item in client.list_artifacts(cox.info.run_id, "model/cox")] == [
        "model/cox/model.json"
    ]
    csv = Path(client.download_artifacts(cox.info.run_id, "tables/curves.csv")).read_text(encoding="utf-8")
    assert "0.456" in csv and "0.123" not in csv
    assert track_fits(client, experiment, study, params, "survival", {store.CONTENT: "abc"}) == run


def test_members_are_not_tracked(study: StudyPaths, params: Params) -> None:
    write_table(pd.DataFrame({"member_id": ["m1"], "estimate": [1.0]}), study.results / "scores.parquet")
    write_fits(study, "causes", [FitRecord("em", tables=["scores"])])
    client = store.connect(study)
    experiment = store.find_experiment(client, study, "pipeline")
    with pytest.raises(WhychurnError, match="scores holds members"):
        track_fits(client, experiment, study, params, "causes", {store.CONTENT: "abc"})


def test_names_are_unique(study: StudyPaths) -> None:
    with pytest.raises(WhychurnError, match="one name: cox, cox"):
        write_fits(study, "survival", [FitRecord("cox"), FitRecord("cox")])
    assert read_fits(study, "survival") == []
