"""The front door: light to open, all its names used in a test, its errors with a remedy."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import whychurn
from whychurn.api.risk import RiskModel
from whychurn.contract.errors import WhychurnError

pytestmark = pytest.mark.xdist_group("api")
HEAVY = (
    "pandas",
    "numpy",
    "scipy",
    "sklearn",
    "xgboost",
    "mlflow",
    "matplotlib",
    "bertopic",
    "duckdb",
    "yaml",
)


def test_opening_loads_nothing_heavy() -> None:
    code = f"import sys, whychurn; print([name for name in {HEAVY!r} if name in sys.modules], 'churners' in dir(whychurn))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[] True"


def test_no_name_loads_mlflow_or_a_page() -> None:
    code = (
        "import sys, whychurn; [getattr(whychurn, name) for name in whychurn.__all__];"
        "print([name for name in sys.modules if name in ('mlflow', 'matplotlib') or name.startswith('whychurn.delivery')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_each_public_name_is_called_in_a_test() -> None:
    called = set()
    for file in Path(__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("whychurn."):
                called.add(ast.unparse(node.func).split(".")[1])
    assert set(whychurn.__all__) <= called, set(whychurn.__all__) - called


def test_folders_do_not_hide_the_functions_of_the_same_name() -> None:
    for name in ("panel", "risk", "score"):
        importlib.import_module(f"whychurn.{name}")
        assert callable(getattr(whychurn, name)), name
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        _ = whychurn.predict  # type: ignore[attr-defined]


def test_the_model_keeps_the_conventions_of_scikit_learn(frames: Any, model: RiskModel) -> None:
    twin = clone(model)
    assert twin.get_params() == model.get_params() and not hasattr(twin, "scorer_")
    assert twin.set_params(trials=2).trials == 2
    p = model.predict_proba(frames.panel)
    assert p.shape == (len(frames.panel), 2) and np.allclose(p.sum(axis=1), 1)
    assert (model.predict(frames.panel) == (p[:, 1] >= 0.5)).all()
    latest = frames.panel[
        (frames.panel["as_of"] == frames.panel["as_of"].max()) & frames.panel["still_there"]
    ]
    scores = model.scores(frames.panel)
    assert np.array_equal(model.predict_proba(latest)[:, 1], scores["p_churn"].to_numpy())
    reasons = model.reasons(frames.panel)
    assert set(reasons["member_id"]) <= set(scores["member_id"])
    assert reasons.groupby("member_id").size().max() <= 3


def test_columns_of_the_callers_own_are_features(frames: Any) -> None:
    rng = np.random.default_rng(1)
    own = frames.panel.assign(
        told_us=frames.panel["churned_in_horizon"].astype("float64") + rng.normal(size=len(frames.panel))
    )
    own.attrs = frames.panel.attrs
    model = whychurn.risk(own, trials=1, settings=frames.params.risk)
    assert "told_us" in model.feature_names_in_
    assert model.reasons(own.fillna({"told_us": 3.0}))["feature"].eq("told_us").any()


def refused(match: str, call: Any, *given: Any, **named: Any) -> None:
    with pytest.raises(WhychurnError, match=match) as caught:
        call(*given, **named)
    assert caught.value.remedy, "an error says what to do"


def test_errors_have_a_remedy(frames: Any, why: Any, tmp_path: Path) -> None:
    tables = frames.world.tables
    refused("no table of the contract", whychurn.load, {"member": tables["members"]})
    refused("is a list", whychurn.load, {"members": [1]})
    refused("no such folder", whychurn.open, tmp_path / "nowhere")
    refused("no method 'guess'", whychurn.attribute, tables, method="guess")
    refused("reads a risk model", whychurn.attribute, tables, method="shap_family")
    refused("lacks columns", whychurn.risk, frames.panel[["member_id", "as_of"]])
    refused("settings are a dict", whychurn.risk, frames.panel, settings={"trials": 1})
    refused("greater than", whychurn.risk, frames.panel, trials=0)
    refused("within 90 days", whychurn.risk, frames.panel, horizon_days=30)
    refused("lacks columns", whychurn.kaplan_meier, frames.spells, by="region")
    refused("not a DataFrame", whychurn.kaplan_meier, tables)
    refused("lacks columns", whychurn.cumulative_incidence, frames.spells, frames.spells)
    refused("lacks columns", whychurn.hazard_ratios, frames.panel, frames.spells, {"mood": 1.0})
    refused(
        "until when",
        whychurn.lifetime_value,
        frames.panel,
        frames.spells.merge(tables["members"]),
        tables["orders"],
    )
    refused("no texts", whychurn.read_texts, ["a text"])
    refused(
        "none of the stated reasons", whychurn.read_texts, pd.Series(["dear"]), stated=pd.Series(["costly"])
    )
    refused("who wrote", whychurn.topics, pd.DataFrame({"text": ["dear"]}))
    refused("the truth is a", whychurn.score, why, tables)
    refused("not fitted", RiskModel().predict_proba, frames.panel)
    refused("program", whychurn.simulate, "bank")
    study = whychurn.open(tmp_path)
    refused("no facts", lambda: study.tables)
    refused("no risk model", study.model)
    refused("unknown stage", study.run, until="tea")
    refused("no results", study.report)
    assert isinstance(study, whychurn.Study) and whychurn.Study(study.paths) == study


def test_what_a_notebook_shows_is_a_table(frames: Any, model: RiskModel, why: Any) -> None:
    shown = (frames.world, frames.world.tables, frames.world.truth, model, why)
    for one in shown:
        assert "<table" in one._repr_html_(), type(one).__name__
    assert "0x" not in repr(frames.world) + repr(model)
