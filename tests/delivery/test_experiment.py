"""An experiment runs on the demo's tables, changes only what it names, and is compared row by row."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import roc_auc_score

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery import mlflow_store as store
from whychurn.delivery.registry.experiment import (
    EXPERIMENTS,
    comparison_table,
    read_overrides,
    run_experiment,
)
from whychurn.delivery.registry.paired_comparison import forecast_test_rows, paired_differences

Make = Callable[..., StudyPaths]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "experiments" / "2026-11-实验"
    place.mkdir(parents=True)
    (place / "params.yaml").write_text("risk: {trials: 3}\n", encoding="utf-8")
    return place


def copying(make_study_at: Make, **options: object) -> Callable[[StudyPaths], None]:
    """A pipeline that leaves the invented results in the trial's study."""
    return lambda study: make_study_at(study.root, **options)


def test_an_experiment_records_and_compares(folder: Path, make_study: Make, make_study_at: Make) -> None:
    demo = make_study(auc=0.75)
    table = run_experiment(folder, copying(make_study_at, rounds=3, auc=0.7), demo)
    auc = table.set_index("metric").loc["auc"]
    assert auc["demo"] == "0.7500 [0.7300–0.7700]"
    assert auc["experiment"] == "0.7000 [0.6800–0.7200]"
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert result["overrides"] == {"risk": {"trials": 3}}
    assert result["metrics"]["experiment"]["auc"]["estimate"] == 0.7
    assert {"git_commit", "panel_sha256"} <= set(result["origin"])
    client = store.connect(demo)
    [run] = client.search_runs([store.find_experiment(client, demo, EXPERIMENTS)])
    assert run.info.run_name == folder.name
    assert run.data.params["risk.trials"] == "3"
    assert run.data.metrics["risk.auc"] == 0.7 and run.data.metrics["demo.risk.auc"] == 0.75
    assert {item.path for item in client.list_artifacts(run.info.run_id)} >= {"params.yaml", "result.json"}


def test_the_trial_reads_the_demos_raw_tables_and_only_the_overrides(
    folder: Path, make_study: Make, make_study_at: Make
) -> None:
    demo = make_study()
    run_experiment(folder, copying(make_study_at), demo)
    written = yaml.safe_load((folder / "work" / "params.yaml").read_text(encoding="utf-8"))
    assert written == {"risk": {"trials": 3}, "intake": {"source": str(demo.raw)}}


def test_the_paired_difference_is_that_of_the_two_models(
    make_study: Make, make_study_at: Make, params: Params, tmp_path: Path
) -> None:
    demo, trial = make_study(), make_study_at(tmp_path / "trial", rounds=2)
    paired = paired_differences(demo, trial, params)
    one, other = (forecast_test_rows(study, params) for study in (demo, trial))
    assert one["as_of"].dt.strftime("%Y-%m").unique().tolist() == ["2025-08", "2025-09", "2025-10"]
    expected = roc_auc_score(other["y"], other["p"]) - roc_auc_score(one["y"], one["p"])
    found = paired["metrics"]["auc"]
    assert found["estimate"] == pytest.approx(expected, abs=1e-6)
    assert found["low"] <= found["estimate"] <= found["high"]
    assert paired["rows"] == len(one) == len(other)
    # pairing takes out what both share: narrower than two intervals apart
    widths = [np.ptp([roc_auc_score(*draw(frame, seed)) for seed in range(40)]) for frame in (one, other)]
    assert found["high"] - found["low"] < sum(widths)


def draw(frame: pd.DataFrame, seed: int) -> tuple[pd.Series, pd.Series]:
    rows = frame.sample(len(frame), replace=True, random_state=seed)
    return rows["y"], rows["p"]


def test_the_same_model_differs_by_nothing(make_study: Make, make_study_at: Make, params: Params, tmp_path: Path) -> None:  # fmt: skip
    paired = paired_differences(make_study(), make_study_at(tmp_path / "trial"), params)
    for name, figure in paired["metrics"].items():
        if name != "profit":  # spend is not known here
            assert figure == {"estimate": 0, "low": 0, "high": 0}, name


def test_another_target_is_not_paired(folder: Path, make_study: Make, make_study_at: Make) -> None:
    def pipeline(study: StudyPaths) -> None:
        make_study_at(study.root)
        file = study.processed / "risk_model" / "metadata.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "horizon_days": 30}))

    table = run_experiment(folder, pipeline, make_study())
    assert set(table["difference (paired)"]) == {"not the same rows or target"}
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert result["paired"] is None
    assert result["target"]["experiment"]["horizon_days"] == 30


def test_an_experiment_without_a_model_says_so(folder: Path, make_study: Make, make_study_at: Make) -> None:
    def pipeline(study: StudyPaths) -> None:
        make_study_at(study.root)
        (study.results / "risk.json").write_text('{"status": "no_model"}')

    with pytest.raises(WhychurnError, match="no model"):
        run_experiment(folder, pipeline, make_study())
    assert not (folder / "result.json").exists()


def test_without_a_demo_nothing_is_run(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match="no results to compare"):
        run_experiment(folder, lambda study: pytest.fail(str(study)), StudyPaths(tmp_path / "empty"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing would change"),
        ("- 3\n", "nothing would change"),
        ("world: {seed: 8}\n", "cannot override world"),
        ("intake: {source: elsewhere}\n", "cannot override intake"),
    ],
)
def test_overrides_are_checked(folder: Path, text: str, says: str) -> None:
    (folder / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(WhychurnError, match=says):
        read_overrides(folder)


def test_a_folder_without_overrides_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match="needs its overrides"):
        read_overrides(tmp_path)


def test_large_numbers_are_shown_without_decimals() -> None:
    figure = {"estimate": 2509.654, "low": 2345.4, "high": 2679.9}
    result = {"metrics": {"demo": {"profit": figure}, "experiment": {"profit": figure}}, "paired": None}
    assert comparison_table(result)["demo"].tolist() == ["2510 [2345–2680]"]
