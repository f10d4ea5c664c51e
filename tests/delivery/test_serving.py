"""What the served model answers and refuses, directly and over HTTP; a refusal never repeats what was sent."""

from __future__ import annotations

import ast
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_json
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.registry import model_versions
from whychurn.delivery.registry.promotion import promote
from whychurn.delivery.registry.served_file import served_source, source_digest
from whychurn.delivery.registry.served_model import GONE, RiskModel
from whychurn.delivery.registry.served_request import RefusedRequestError, for_trees, predict_trees
from whychurn.delivery.serving.server import Endpoint, example_request, serving_command
from whychurn.delivery.tracking.pipeline_runs import track

Make = Callable[..., StudyPaths]
SECRET = "13800138000"
FIDELITY = {
    "held_out": 400,
    "absolute_error": 0.081,
    "divergence": 0.2,
    "divergence_of_mean": 0.4,
    "same_cause": 0.6,
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, make_study_at: Make, params: Params) -> StudyPaths:
    place = make_study_at(tmp_path_factory.mktemp("served") / "会员 study")
    write_json(
        model_versions.served_limits(place, params), model_versions.model_folder(place) / "limits.json"
    )
    return place


@pytest.fixture(scope="module")
def model(study: StudyPaths) -> RiskModel:
    return RiskModel.from_folder(model_versions.model_folder(study))


@pytest.fixture(scope="module")
def rows(study: StudyPaths) -> pd.DataFrame:
    return pd.DataFrame(model_versions.invent_rows(model_versions.read_features(study), 1000, seed=3))


def expected(study: StudyPaths, rows: pd.DataFrame) -> np.ndarray:
    """Booster and calibrator by hand."""
    folder = model_versions.model_folder(study)
    booster = xgb.Booster(model_file=folder / "model.ubj")
    codes = rows["region"].map({"east": 0.0, "north": 1.0, "west": 2.0})
    X = np.column_stack([rows[booster.feature_names[:3]].astype("float32"), codes])
    data = xgb.DMatrix(
        X, feature_names=booster.feature_names, feature_types=["q", "q", "q", "c"], enable_categorical=True
    )
    curve = json.loads((folder / "calibrator.json").read_text(encoding="utf-8"))
    return np.interp(booster.predict(data), curve["x"], curve["y"])


def test_probabilities_are_the_calibrated_booster(
    study: StudyPaths, model: RiskModel, rows: pd.DataFrame
) -> None:
    answer = model.predict(rows)
    assert np.abs(answer["p_churn"] - expected(study, rows)).max() < 1e-6
    assert np.abs(model.probability(rows) - expected(study, rows)).max() < 1e-6
    assert (answer["p_churn_low"] <= answer["p_churn"]).all()
    assert (answer["p_churn"] <= answer["p_churn_high"]).all()


CAUSES_OF_REGION = {"east": 0, "north": 3, "west": 4}  # the cause that a region makes likely


def served_causes() -> dict[str, Any]:
    """A regression by hand: the region tells the cause, and many orders speak against the first."""
    terms: list[dict[str, Any]] = [
        {
            "feature": "region",
            "kind": "level",
            "code": code,
            "mean": 0.0,
            "scale": 1.0,
            "coefficients": [3.0 * (place == cause) for place in range(6)],
        }
        for code, cause in enumerate(CAUSES_OF_REGION.values())
    ]
    number = {
        "feature": "orders_90d",
        "kind": "number",
        "fill": 3.0,
        "low": 0.0,
        "high": 8.0,
        "log": True,
        "mean": 1.0,
        "scale": 0.5,
    }
    terms.append({**number, "coefficients": [-0.5, 0.0, 0.0, 0.0, 0.0, 0.0]})
    return {"causes": list(CAUSES), "terms": terms, "intercepts": [0.2, 0.1, 0.0, 0.0, -0.1, -0.2], "name_from": [0.6] * 6}  # fmt: skip


@pytest.fixture
def causal(study: StudyPaths, tmp_path: Path) -> RiskModel:
    """The model with causes beside it."""
    folder = shutil.copytree(model_versions.model_folder(study), tmp_path / "with causes")
    write_json(served_causes(), folder / "served.json")
    return RiskModel.from_folder(folder)


def test_chances_of_the_causes_are_the_regression_and_the_rest_of_the_answer_stays(
    causal: RiskModel, model: RiskModel, rows: pd.DataFrame
) -> None:
    few = rows.head(50).assign(region=np.resize(["east", "north", "west", "atlantis"], 50))
    few.loc[few.index[:5], "orders_90d"] = np.nan
    answer, plain = causal.predict(few), model.predict(few)
    pd.testing.assert_frame_equal(answer[plain.columns], plain)
    score = np.tile(served_causes()["intercepts"], (50, 1))
    orders = few["orders_90d"].fillna(3.0).clip(0, 8).to_numpy("float32")
    score[:, 0] -= 0.5 * (np.log1p(orders) - 1.0) / 0.5
    for row, region in enumerate(few["region"]):
        if region in CAUSES_OF_REGION:
            score[row, CAUSES_OF_REGION[region]] += 3.0
    p = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    assert np.abs(answer[[f"p_{cause}" for cause in CAUSES]].to_numpy() - p).max() < 1e-6
    named = np.where(p.max(axis=1) >= 0.6, np.array(CAUSES)[p.argmax(axis=1)], "unknown")
    assert answer["primary_cause"].tolist() == named.tolist()
    assert {"engagement", "unknown"} <= set(named)


def test_without_causes_the_answer_names_none(model: RiskModel, rows: pd.DataFrame) -> None:
    assert list(model.predict(rows.head(2))) == ["p_churn", "p_churn_low", "p_churn_high", "reasons", "notes"]


def test_members_who_are_already_gone_get_a_note_and_no_probability(
    model: RiskModel, rows: pd.DataFrame
) -> None:
    few, plain = rows.head(3), model.predict(rows.head(3))
    answer = model.predict(few.assign(still_there=[True, False, None]))
    chances = ["p_churn", "p_churn_low", "p_churn_high"]
    assert answer.loc[1, chances].isna().all()
    assert (answer.loc[1, "reasons"], answer.loc[1, "notes"]) == ("[]", "already gone: no forecast")
    others = [0, 2]  # not said is answered as for a member still there
    assert (answer.loc[others, chances] == plain.loc[others, chances]).all(axis=None)
    assert json.loads(answer.to_json(orient="records"))[1]["p_churn"] is None
    pd.testing.assert_frame_equal(model.predict(few.assign(still_there=True)), plain)
    with pytest.raises(RefusedRequestError, match="still_there"):
        model.predict(few.assign(still_there="perhaps"))


def test_beside_its_causes_a_model_may_answer_the_best_contact(
    causal: RiskModel, rows: pd.DataFrame, study: StudyPaths, tmp_path: Path
) -> None:
    folder = shutil.copytree(model_versions.model_folder(study), tmp_path / "with actions")
    write_json(served_causes(), folder / "served.json")
    served = {
        "causes": list(CAUSES), "shares": [1 / 6] * 6, "by_cause": True, "effect_days": 90, "value_days": 14, "horizon_days": 60,
        "money": True, "worth_a_day": 50.0, "margin_rate": None, "aversion": {"limit": 3.0, "traces": [], "mean": 0.0, "sd": 1.0},
        "columns": {"app": "has_app"}, "actions": [{"action": "price_match", "channels": {"app": 0.1}, "in_term": False,
        "theta": [0.5] * 6, "kappa": 0.0, "theta_draws": [[0.5] * 6], "kappa_draws": [0.0], "course": [1.0, 1.0]}],
    }  # fmt: skip
    write_json(served, folder / "actions.json")
    model, few = RiskModel.from_folder(folder), rows.head(3).assign(opted_out=False)
    asked = few.assign(marketing_consent=[True, None, True], has_app=True, still_there=[True, True, False])
    answer, plain = model.predict(asked), causal.predict(few)
    pd.testing.assert_series_equal(answer["p_churn"].head(2), plain["p_churn"].head(2))
    assert answer["do_not_send"].tolist() == [False, True, True]
    reasons = [None if pd.isna(one) else one for one in answer["do_not_send_reason"]]
    assert reasons == [None, "consent_unknown", "already_gone"]
    assert answer["action"][0] == "price_match" and answer["expected_gain"][0] > 0.1
    assert answer.loc[1:, ["action", "channel", "expected_gain", "cost"]].isna().all(axis=None)
    with pytest.raises(RefusedRequestError, match=r"wrong type: has_app \(true, false or null\)"):
        model.predict(asked.assign(has_app=SECRET))
    with pytest.raises(RefusedRequestError, match="1 columns are unknown"):
        causal.predict(few.assign(has_app=True))


def test_records_and_tables_get_the_same_answer(causal: RiskModel, rows: pd.DataFrame) -> None:
    records = json.loads(rows.head(40).to_json(orient="records"))
    changes: list[dict[str, Any]] = [
        {"orders_90d": None, "region": "atlantis"},
        {"orders_90d": math.nan, "opted_out": None},
        {"days_since_last_order": math.inf, "opted_out": 1},
        {"days_since_last_order": 1e300, "region": None},
        {"days_since_last_order": 10**25, "still_there": False},
        {"orders_90d": -math.inf, "opted_out": 0.0, "still_there": None},
    ]
    for record, change in zip(records, changes, strict=False):
        record.update(change)
    del records[7]["region"]
    answer = causal.answer(records)
    pd.testing.assert_frame_equal(pd.DataFrame(answer), causal.predict(pd.DataFrame(records)))
    assert answer[0]["notes"] == "unknown category read as missing: region"
    assert answer[4] == {name: GONE.get(name) for name in answer[0]}
    alone = [causal.answer([{**dict.fromkeys(record), "region": None, **record}])[0] for record in records]
    assert [one["p_churn"] for one in alone] == [one["p_churn"] for one in answer]
    json.dumps(answer, allow_nan=False)


def test_a_row_costs_little_more_than_its_trees(causal: RiskModel, rows: pd.DataFrame) -> None:
    """Against work of fixed size, since the clock of a machine says little: about 2 ms is 40 loops."""
    record = json.loads(rows.head(1).to_json(orient="records"))
    loop, answer = (
        min(processor_seconds(work) for _ in range(5))
        for work in (lambda: sum(range(4_000)), lambda: causal.answer(record))
    )
    assert answer < 40 * loop, f"{answer / loop:.1f} loops"


def processor_seconds(work: Callable[[], object], times: int = 40) -> float:
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def test_the_forms_of_a_request_agree(model: RiskModel, rows: pd.DataFrame) -> None:
    few = rows.head(5)
    split = {"columns": list(few)[::-1], "data": few[few.columns[::-1]].to_numpy().tolist()}
    for form in (few.to_dict("records"), split, few[few.columns[::-1]]):
        pd.testing.assert_frame_equal(model.predict(form), model.predict(few))


def test_reasons_add_up_and_read_like_those_of_the_risk_stage(study: StudyPaths, rows: pd.DataFrame) -> None:
    from whychurn.panel.feature_encoding import Feature
    from whychurn.risk.explanation.reasons import describe_reason

    model = RiskModel.from_folder(model_versions.model_folder(study))
    model.limits = {**model.limits, "top_reasons": 99}
    lists = [json.loads(text) for text in model.predict(rows.head(20))["reasons"]]
    X, _ = model._encode(rows.head(20).to_dict("records"))
    base = predict_trees(model.booster, for_trees(X), pred_contribs=True)[:, -1]
    total = np.array([sum(reason["contribution"] for reason in reasons) for reasons in lists]) + base
    raw = 1 / (1 + np.exp(-total))
    assert (
        np.abs(
            np.interp(raw, model.calibrator["x"], model.calibrator["y"]) - expected(study, rows.head(20))
        ).max()
        < 1e-3
    )
    for reasons in lists:
        sizes = [abs(reason["contribution"]) for reason in reasons]
        assert sizes == sorted(sizes, reverse=True)
    feature = Feature(
        "days_since_last_order",
        "number",
        "activity",
        None,
        "days",
        0,
        "Days since last order",
        "距上次下单天数",
    )
    found = next(
        r for reasons in lists for r in reasons if r["feature"] == feature.name and r["contribution"] > 0
    )
    said = describe_reason(feature, found["value"], found["contribution"], "zh")
    assert said.split("：")[1].split("（")[0] in found["text_zh"]  # name and value alike


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns=["orders_90d", "region"]), "columns are missing: orders_90d, region"),
        (lambda f: f.assign(phone=SECRET), "1 columns are unknown"),
        (lambda f: f.assign(orders_90d=SECRET), r"wrong type: orders_90d \(a number or null\)"),
        (lambda f: f.assign(opted_out=int(SECRET)), r"wrong type: opted_out \(true, false or null\)"),
        (lambda f: f.assign(region=int(SECRET)), r"wrong type: region \(text or null\)"),
        (lambda f: pd.concat([f, f]), "2000 rows are too many for one request; send at most 1500"),
        (lambda f: f.head(0), "no rows"),
        (lambda f: f.head(3).assign(**dict.fromkeys(f.columns)), "all features are empty in 3 rows, the first at position 0"),
        (lambda f: pd.concat([f, f[["region"]]], axis=1), "a column occurs twice"),
        (lambda _: SECRET, "list of records"),
        (lambda _: {"columns": ["a"], "data": [[SECRET, 1]]}, r"cannot be read as a table \(ValueError\)"),
        (lambda _: [{"orders_90d": 1}, SECRET], "list of records"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_problem_and_no_value(
    model: RiskModel, rows: pd.DataFrame, change: Callable[[pd.DataFrame], Any], says: str
) -> None:
    with pytest.raises(RefusedRequestError, match=says) as caught:
        model.predict(change(rows))
    caught.value.message = f"Failed to predict data '{SECRET}'"  # as MLflow's server does
    assert SECRET not in str(caught.value) + caught.value.message + caught.value.serialize_as_json()
    assert caught.value.get_http_status_code() == 400


def test_nulls_are_answered_and_an_unknown_category_is_noted(model: RiskModel, rows: pd.DataFrame) -> None:
    row = rows.head(1).astype(object)
    for name in ("orders_90d", "opted_out", "region"):
        assert model.predict(row.assign(**{name: None}))["notes"].tolist() == [""]
    strange = model.predict(row.assign(region="atlantis"))
    assert strange["notes"].tolist() == ["unknown category read as missing: region"]
    assert strange["p_churn"][0] == model.predict(row.assign(region=None))["p_churn"][0]


def test_infinite_values_are_missing_as_in_training(model: RiskModel, rows: pd.DataFrame) -> None:
    row = rows.head(1)
    infinite = model.predict(row.assign(orders_90d=np.inf))["p_churn"][0]
    assert infinite == model.predict(row.assign(orders_90d=np.nan))["p_churn"][0]


@pytest.mark.parametrize("serves", ["risk", "survival"])
def test_the_served_file_imports_nothing_of_the_project(serves: str) -> None:
    source = served_source(serves)
    tree = ast.parse(source)
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    tops = {name.split(".")[0] for name in names}
    assert tops - set(sys.stdlib_module_names) == {"mlflow", "numpy", "pandas", "xgboost"}
    assert source.endswith(f"set_model({serves.capitalize()}Model())\n")
    assert source_digest("risk") != source_digest("survival")


def test_the_example_request_is_readable_by_the_model(study: StudyPaths, model: RiskModel) -> None:
    answer = model.predict(json.loads(example_request(study, 7))["inputs"])
    assert len(answer) == 7


def test_without_a_champion_serving_says_what_to_do(make_study: Make, params: Params) -> None:
    with pytest.raises(WhychurnError, match=r"(?s)no champion.*promote"):
        serving_command(make_study(), params, Endpoint())


@pytest.fixture
def champion(study: StudyPaths, params: Params) -> StudyPaths:
    write_json(served_causes() | {"fidelity": FIDELITY}, model_versions.causes_file(study))
    track(study, params)
    promote(study, params, "the only one", if_none=True)
    return study


@pytest.mark.slow
@pytest.mark.parametrize("door", [True, False], ids=["whychurn serve", "mlflow models serve"])
def test_one_row_and_a_thousand_over_http(
    champion: StudyPaths, params: Params, rows: pd.DataFrame, door: bool
) -> None:
    port = free_port()
    command, environment = serving_command(champion, params, Endpoint(port=port))
    if not door:
        uri = f"models:/{params.delivery.model_name}@champion"
        command = [
            sys.executable,
            "-m",
            "mlflow",
            "models",
            "serve",
            "-m",
            uri,
            "--env-manager",
            "local",
            "-p",
            str(port),
        ]
    with running(command, environment, port):
        for count in (1, 1000):
            status, text = post(
                port, json.dumps({"inputs": json.loads(rows.head(count).to_json(orient="records"))})
            )
            assert status == 200, text
            answer = pd.DataFrame(json.loads(text)["predictions"])
            assert np.abs(answer["p_churn"] - expected(champion, rows.head(count))).max() < 1e-6
            assert len(json.loads(answer["reasons"][0])) == params.risk.top_reasons
            chances = answer[[f"p_{cause}" for cause in CAUSES]]
            assert (chances.sum(axis=1) - 1).abs().max() < 1e-6 and set(answer["primary_cause"]) <= {
                *CAUSES,
                "unknown",
            }
        row = json.loads(rows.head(1).to_json(orient="records"))[0]
        for bad in ({**row, "orders_90d": SECRET}, {**row, "phone": SECRET}, {"region": SECRET}):
            status, text = post(port, json.dumps({"inputs": [bad]}))
            assert status == 400 and SECRET not in text and "column" in text, text
        if door:
            check_door(port, rows, params)


def check_door(port: int, rows: pd.DataFrame, params: Params) -> None:
    """Every JSON form, and refusals before the model sees anything."""
    records = json.loads(rows.head(2).to_json(orient="records"))
    split = json.loads(rows.head(2).to_json(orient="split"))
    texts = {post(port, json.dumps(body)) for body in ({"dataframe_records": records}, {"dataframe_split": split}, {"instances": records})}  # fmt: skip
    assert len(texts) == 1 and texts.pop()[0] == 200
    assert post(port, '{"inputs": [' + SECRET)[0] == 400
    for bad in ('{"inputs": [' + SECRET, json.dumps({"rows": [SECRET]}), json.dumps([SECRET])):
        status, text = post(port, bad)
        assert status == 400 and SECRET not in text
    assert post(port, f"a\n{SECRET}\n", "text/csv")[0] == 415
    assert post(port, " " * (params.delivery.max_request_mb * 1024**2 + 1))[0] == 413
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=120) as answer:
        assert answer.status == 200


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class running:  # noqa: N801
    """A server for the duration of a block; its whole process group ends with it."""

    def __init__(self, command: list[str], environment: dict[str, str], port: int) -> None:
        self.command, self.environment, self.port = command, environment, port

    def __enter__(self) -> None:
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=quiet, stderr=quiet, start_new_session=True)  # fmt: skip
        for _ in range(600):
            assert self.process.poll() is None, "the server stopped"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the server did not start")

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def post(port: int, body: str, kind: str = "application/json") -> tuple[int, str]:
    address = f"http://127.0.0.1:{port}/invocations"
    request = urllib.request.Request(address, body.encode(), {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
