"""The champion moves with a reason and through gates, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sklearn.metrics import roc_auc_score

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_json
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery import mlflow_store as store
from whychurn.delivery.registry import model_versions, promotion
from whychurn.delivery.registry.model_versions import CHALLENGER, CHAMPION, find_version
from whychurn.delivery.registry.promotion import new_reference, open_alarms, promote, schema_gate
from whychurn.delivery.tracking.pipeline_runs import track

Make = Callable[..., StudyPaths]


def champion_of(study: StudyPaths, params: Params) -> str | None:
    version = find_version(store.connect(study), params.delivery.model_name, CHAMPION)
    return str(version.version) if version else None


def test_the_first_champion_is_recorded_with_its_reason(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    assert champion_of(study, params) is None
    said = promote(study, params, "  first of all  ")
    assert "version 1 is the champion now" in said
    tags = find_version(store.connect(study), params.delivery.model_name, CHAMPION).tags
    assert tags["promotion_reason"] == "first of all"
    assert tags["previous_champion"] == "none"
    assert tags["gate.auc_against_recency"] == "auc 0.7500, recency 0.7200"
    assert tags["promoted_at"].endswith("+00:00")


def test_open_alarms_are_named_in_the_reason(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    promote(study, params, "first of all")
    study = make_study(auc=0.76)
    track(study, params)
    alarms = [
        {"chart": "leavings", "group": "all", "since": "2025-06-01"},
        {"chart": "mix", "group": "price", "since": "2025-08-01"},
    ]
    assert new_reference(study) is None
    write_json({"open_alarms": alarms}, study.results / "watch.json")
    assert open_alarms(study) == ["leavings:all", "mix:price"]
    with pytest.raises(WhychurnError, match="does not name: mix:price"):
        promote(study, params, "leavings:all is what it learnt")
    assert champion_of(study, params) == "1"
    said = promote(study, params, "learnt after leavings:all and mix:price")
    assert new_reference(study) == "2025-08" and "watch: {reference_from: 2025-08}" in said
    champion = find_version(store.connect(study), params.delivery.model_name, CHAMPION)
    assert champion.tags["reference_from"] == "2025-08"


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_promotion_needs_a_reason(make_study: Make, params: Params, reason: str) -> None:
    study = make_study()
    track(study, params)
    with pytest.raises(WhychurnError, match="needs a reason"):
        promote(study, params, reason)
    assert champion_of(study, params) is None


def test_without_a_challenger_there_is_nothing_to_promote(make_study: Make, params: Params) -> None:
    with pytest.raises(WhychurnError, match="waits as challenger"):
        promote(make_study(), params, "why not")


def test_a_first_model_below_its_baselines_is_refused(make_study: Make, params: Params) -> None:
    study = make_study(auc=0.45)
    track(study, params)
    with pytest.raises(WhychurnError, match=r"auc against prior: auc 0\.4500, prior 0\.5000"):
        promote(study, params, "hope")
    assert champion_of(study, params) is None


@pytest.mark.parametrize(
    ("worse", "says"),
    [
        ({"auc": 0.7401}, r"auc: auc 0\.7401, champion 0\.7500: worse by 0\.0099, allowed 0\.0050"),
        ({"ece": 0.0403}, r"ece: ece 0\.0403, champion 0\.0200: worse by 0\.0203, allowed 0\.0100"),
    ],
)
def test_a_worse_model_is_refused_by_how_much(
    make_study: Make, params: Params, worse: dict[str, float], says: str
) -> None:
    study = make_study()
    track(study, params)
    promote(study, params, "first")
    make_study(rounds=19, **worse)
    track(study, params)
    with pytest.raises(WhychurnError, match=says):
        promote(study, params, "it is new")
    assert champion_of(study, params) == "1"


def test_within_the_tolerance_the_champion_changes_and_remembers(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    promote(study, params, "first")
    make_study(rounds=19, auc=0.7451, ece=0.0299)
    track(study, params)
    assert "nothing changed" in promote(study, params, "second", if_none=True)
    assert champion_of(study, params) == "1"
    promote(study, params, "simpler")
    tags = find_version(store.connect(study), params.delivery.model_name, CHAMPION).tags
    assert (tags["previous_champion"], tags["promotion_reason"]) == ("1", "simpler")
    assert "champion already" in promote(study, params, "again")


def test_on_another_panel_the_champion_is_measured_again(make_study: Make, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    study = make_study(shuffled=True, auc=0.99)  # the figure it brings along is worth nothing on other rows
    track(study, params)
    promote(study, params, "first")
    make_study(seed=2, auc=0.7)
    track(study, params)
    seen = {}
    real = promotion.measure_again
    monkeypatch.setattr(promotion, "measure_again", lambda *given: seen.update(real(*given)) or dict(seen))
    promote(study, params, "the old one was trained on noise")
    assert champion_of(study, params) == "2"
    import mlflow
    import pandas as pd

    panel = pd.read_parquet(study.processed / "panel.parquet")
    rows = panel[panel["as_of"].between("2025-08-01", "2025-10-01")]
    names = [feature["name"] for feature in model_versions.read_features(study)]
    first = mlflow.pyfunc.load_model(f"models:/{params.delivery.model_name}/1")
    p = first.predict(rows[names].head(params.delivery.max_request_rows))["p_churn"]
    y = rows["churned_in_horizon"].astype(int).head(params.delivery.max_request_rows)
    assert len(rows) == len(p)
    assert seen["risk.auc"] == pytest.approx(roc_auc_score(y, p), abs=1e-9)


def test_a_panel_that_moved_on_is_not_compared(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    promote(study, params, "first")
    make_study(seed=2)
    track(study, params)
    make_study(seed=3)  # not tracked
    with pytest.raises(WhychurnError, match="panel has changed"):
        promote(study, params, "second")


def test_another_target_is_refused(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    promote(study, params, "first")
    make_study()
    file = model_versions.model_folder(study) / "metadata.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "horizon_days": 30}))
    track(study, params)
    with pytest.raises(WhychurnError, match="target: forecasts inactivity_90d within 30 days"):
        promote(study, params, "sooner")
    assert (
        find_version(store.connect(study), params.delivery.model_name, CHALLENGER).tags["horizon_days"]
        == "30"
    )


def test_changed_columns_are_named() -> None:
    before = {"a": "double", "b": "string", "c": "double"}
    gate = schema_gate({"a": "double", "b": "double", "d": "double"}, before)
    assert not gate.passed
    for words in ("3 columns differ", "c missing", "d new", "b string → double"):
        assert words in gate.finding
    assert schema_gate(dict(reversed(before.items())), before).passed
