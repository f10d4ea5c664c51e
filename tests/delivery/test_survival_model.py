"""The survival model from native files: equal to the fitted one, registered, promoted by its test, served over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, write_json
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.delivery import mlflow_store as store
from whychurn.delivery.registry import model_versions
from whychurn.delivery.registry.served_request import RefusedRequestError
from whychurn.delivery.registry.served_survival import SurvivalModel
from whychurn.delivery.registry.survival_model import (
    promote_survival,
    refusal,
    survival_folder,
    track_survival_model,
)
from whychurn.delivery.serving.server import Endpoint, example_request, serving_command
from whychurn.panel.feature_encoding import Feature
from whychurn.survival.forecast.baseline_hazard import DailyHazard
from whychurn.survival.forecast.boosted_discrete_hazard import BoostedHazard
from whychurn.survival.forecast.cox_terms import Term
from whychurn.survival.forecast.forecasters import Cox
from whychurn.survival.forecast.model_comparison import ModelComparison
from whychurn.survival.forecast.model_files import write_model

from .test_serving import free_port, post, running

Make = Callable[..., StudyPaths]
PARAMS = load_params(StudyPaths(PROJECT))
FEATURES = [
    Feature("tenure_days", "number", "membership", None, "days", 0, "Days since joining", "入会天数"),
    Feature("orders_90d", "number", "activity", None, "count", 0, "Orders", "订单数"),
    Feature("opted_out", "flag", "contact", None, "", 0, "Opted out", "已退订"),
    Feature("month_of_year", "number", "calendar", None, "month", 0, "Month", "月份"),
    Feature("region", "category", "region", None, "", 0, "Region", "地区", ("east", "north", "west")),
]


def rows(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"tenure_days": rng.integers(0, 900, n).astype(float), "orders_90d": rng.poisson(3, n) * 1.0}
    )
    frame["opted_out"], frame["month_of_year"] = rng.random(n) < 0.4, rng.integers(1, 13, n).astype(float)
    frame["region"] = rng.choice(["east", "north", "west"], n)
    frame.loc[rng.random(n) < 0.3, "orders_90d"] = np.nan
    return frame


def boosted(variant: str, learned_days: int = 240) -> BoostedHazard:
    """Trees that know tenure, month, region and the interval; the label means nothing."""
    rng = np.random.default_rng(1)
    n = 3000
    X = np.column_stack(
        [rng.integers(0, 900, n), rng.poisson(3, n), rng.random(n) < 0.4, rng.integers(1, 13, n), rng.integers(0, 3, n), rng.choice([30, 90, 240], n)]
    ).astype("float32")  # fmt: skip
    y = rng.random(n) < 1 / (1 + np.exp(-(X[:, 0] / 300 - X[:, 1] / 2 + X[:, 3] / 6 + X[:, 5] / 200 - 2)))
    names, types = [*(f.name for f in FEATURES), "days_ahead"], ["q", "q", "q", "q", "c", "q"]
    data = xgb.QuantileDMatrix(X, y, feature_names=names, feature_types=types, enable_categorical=True)
    booster = xgb.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, data, 20)
    return BoostedHazard(booster, FEATURES, variant, np.array([30, 90, 240, 365]), (-0.4, 0.9), learned_days)


def cox(name: str) -> Cox:
    terms = [
        Term("orders_90d", "orders_90d", "number", -1, True, 2.0, 0.0, 9.0, 1.1, 0.6),
        Term("orders_90d missing", "orders_90d", "missing", -1, False, 0.0, 0.0, 0.0, 0.3, 0.46),
        Term("opted_out", "opted_out", "number", -1, False, 0.0, 0.0, 1.0, 0.4, 0.49),
        Term("region=west", "region", "level", 2, False, 0.0, 0.0, 0.0, 0.33, 0.47),
    ]
    hazard = DailyHazard(np.cumsum(np.random.default_rng(2).random(500) * 0.004), 400)
    return Cox(name, FEATURES, terms, np.array([-0.5, 0.2, 0.7, -0.3]), hazard, 365)


def chosen(
    model: BoostedHazard | Cox, ibs: float = 0.05, beats_km: bool = True, tested_on: str = "2025-07-01"
) -> ModelComparison:
    facts = {
        "status": "ok", "tested_on": tested_on, "tests": [], "ibs": {model.name: ibs, "km": 0.08}, "ibs_days": 180,
        "figures": {"ibs_180": {"estimate": ibs, "low": ibs, "high": ibs}}, "beats_km": beats_km,
        "learned_until": "2026-01-01", "untested_horizons": [365],
    }  # fmt: skip
    return ModelComparison({}, facts, model, [])


def leave(study: StudyPaths, model: BoostedHazard | Cox, **options: Any) -> None:
    write_model(survival_folder(study), chosen(model, **options), "inactivity_90d", PARAMS)


@pytest.mark.parametrize(
    "model",
    [boosted("landmark"), boosted("landmark", 20), boosted("frozen"), cox("cox"), cox("cox_landmark")],
    ids=["landmark", "little seen", "frozen", "cox", "cox from today"],
)
def test_native_files_answer_as_the_fitted_model(model: BoostedHazard | Cox, tmp_path: Path) -> None:
    write_model(tmp_path, chosen(model), "inactivity_90d", PARAMS)
    write_json({"max_request_rows": 100}, tmp_path / "limits.json")
    asked = rows()
    answer = SurvivalModel.from_folder(tmp_path).predict(asked)
    curve = model.curve(asked, 365)
    for days in PARAMS.survival.challenge.horizons:
        assert answer[f"p_stay_{days}d"].to_numpy() == pytest.approx(curve[:, days], abs=1e-9)
    assert answer["expected_stay_days"].to_numpy() == pytest.approx(curve[:, 1:].sum(axis=1), rel=1e-9)
    assert not list(tmp_path.glob("*.pkl"))


def test_another_kind_leaves_no_file_of_the_one_before(tmp_path: Path) -> None:
    write_model(tmp_path, chosen(boosted("landmark")), "inactivity_90d", PARAMS)
    write_model(tmp_path, chosen(cox("cox")), "inactivity_90d", PARAMS)
    assert {path.name for path in tmp_path.iterdir()} == {"coefficients.csv", "baseline.csv", "features.json", "metadata.json"}  # fmt: skip
    untested = replace(chosen(cox("cox")), facts={"status": "untested"})
    write_model(tmp_path, untested, "inactivity_90d", PARAMS)
    assert [path.name for path in tmp_path.iterdir()] == ["no_model.json"]


def test_requests_are_refused_without_their_values(tmp_path: Path) -> None:
    write_model(tmp_path, chosen(cox("cox")), "inactivity_90d", PARAMS)
    write_json({"max_request_rows": 100}, tmp_path / "limits.json")
    model = SurvivalModel.from_folder(tmp_path)
    with pytest.raises(RefusedRequestError, match="columns are missing: region"):
        model.predict(rows().drop(columns="region"))
    with pytest.raises(RefusedRequestError, match="200 rows are too many"):
        model.predict(rows(200))
    noted = model.predict(rows(2).assign(region="atlantis"))["notes"]
    assert noted.tolist() == ["unknown category read as missing: region"] * 2


class TestRegistry:
    def test_registered_once_and_again_when_it_changes(self, make_study: Make, params: Params) -> None:
        study = make_study()
        assert track(study, params) is None, "no model, nothing to register"
        leave(study, cox("cox"))
        first, again = track(study, params), track(study, params)
        assert first is not None and again is not None and first.version == again.version
        leave(study, cox("cox_landmark"))
        second = track(study, params)
        assert second is not None and second.version != first.version
        assert second.tags["candidate"] == "cox_landmark" and second.name == "whychurn-survival"

    def test_served_from_the_registry(self, make_study: Make, params: Params) -> None:
        study = make_study()
        model = boosted("landmark")
        leave(study, model)
        version = track(study, params)
        assert version is not None
        loaded = mlflow.pyfunc.load_model(f"models:/{version.name}@challenger")
        answer = loaded.predict(rows(5))
        assert answer["p_stay_90d"].to_numpy() == pytest.approx(model.curve(rows(5), 90)[:, 90], abs=1e-9)
        names = {
            item.name
            for item in Path(mlflow.artifacts.download_artifacts(version.source)).rglob("*")
            if item.is_file()
        }
        assert {"model.ubj", "metadata.json", "served_model.py"} <= names
        assert not [name for name in names if name.endswith((".pkl", ".pickle"))]
        requirements = list(
            Path(mlflow.artifacts.download_artifacts(version.source)).rglob("requirements.txt")
        )
        assert (
            "lifelines" not in requirements[0].read_text() and "whychurn" not in requirements[0].read_text()
        )

    def test_promotion_by_its_own_test(self, make_study: Make, params: Params) -> None:
        study = make_study()
        with pytest.raises(WhychurnError, match="no model"):
            promote_survival(study, params, "first")
        leave(study, cox("cox"), beats_km=False)
        track(study, params)
        with pytest.raises(WhychurnError, match="Kaplan-Meier"):
            promote_survival(study, params, "first")
        leave(study, cox("cox"))
        track(study, params)
        assert "is the champion now" in promote_survival(study, params, "first")
        assert "nothing changed" in promote_survival(study, params, "again")
        leave(study, boosted("landmark"), ibs=0.06)
        track(study, params)
        assert "nothing changed" in promote_survival(study, params, "no", if_none=True)
        with pytest.raises(WhychurnError, match=r"0\.0100 above the champion"):
            promote_survival(study, params, "worse")
        leave(study, boosted("landmark"), ibs=0.06, tested_on="2025-10-01")
        track(study, params)
        assert "version 4 is the champion now" in promote_survival(study, params, "newer test")
        with pytest.raises(WhychurnError, match="reason"):
            promote_survival(study, params, " ")

    def test_the_gate_by_hand(self) -> None:
        def version(ibs: float, day: str = "a", beats: str = "True") -> Any:
            tags = {
                "ibs": str(ibs),
                "tested_on": day,
                "definition": "d",
                "ibs_days": "180",
                "beats_km": beats,
            }
            return SimpleNamespace(tags=tags)

        assert refusal(version(0.052), version(0.05), 0.002) is None
        assert refusal(version(0.0521), version(0.05), 0.002) is not None
        assert refusal(version(0.09, day="b"), version(0.05), 0.002) is None
        assert refusal(version(0.01, beats="False"), None, 0.002) is not None


def track(study: StudyPaths, params: Params) -> Any:
    client = store.connect(study)
    experiment = store.find_experiment(client, study, "pipeline")
    return track_survival_model(client, experiment, study, params, {})


@pytest.mark.slow
def test_over_http(make_study: Make, params: Params) -> None:
    study = make_study()
    model = cox("cox")
    with pytest.raises(WhychurnError, match="promote --model survival"):
        serving_command(study, params, Endpoint(port=5001), "survival")
    leave(study, model)
    track(study, params)
    promote_survival(study, params, "the only one")
    port = free_port()
    with running(*serving_command(study, params, Endpoint(port=port), "survival"), port):
        status, text = post(port, example_request(study, 3, "survival"))
        assert status == 200 and len(json.loads(text)["predictions"]) == 3
        asked = rows(2)
        status, text = post(port, json.dumps({"inputs": json.loads(asked.to_json(orient="records"))}))
        answer = pd.DataFrame(json.loads(text)["predictions"])
        assert answer["p_stay_30d"].to_numpy() == pytest.approx(model.curve(asked, 30)[:, 30], abs=1e-9)
    assert read_json(survival_folder(study) / "metadata.json")["kind"] == "cox"
    assert model_versions.CHAMPION == "champion"
