"""An invented study with a small real model in the risk stage's format, and MLflow stores that are quick to make."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths

FEATURES = [
    {"name": "days_since_last_order", "kind": "number", "unit": "days", "en": "Days since last order", "zh": "距上次下单天数"},
    {"name": "orders_90d", "kind": "number", "unit": "count", "en": "Orders in 90 days", "zh": "近90天订单数"},
    {"name": "opted_out", "kind": "flag", "unit": "", "en": "Opted out", "zh": "已退订"},
    {"name": "region", "kind": "category", "unit": "", "en": "Region", "zh": "地区", "categories": ["east", "north", "west"]},
]  # fmt: skip
SENTENCES = {
    "raises": {"en": "{name}: {value}, raises the risk", "zh": "{name}：{value}，推高风险"},
    "lowers": {"en": "{name}: {value}, lowers the risk", "zh": "{name}：{value}，降低风险"},
    "missing": {"en": "missing", "zh": "缺失"},
    "yes": {"en": "yes", "zh": "是"},
    "no": {"en": "no", "zh": "否"},
}
FORMATS = {
    "days": {"scale": 1, "decimals": 0, "en": "{value} days", "zh": "{value} 天"},
    "count": {"scale": 1, "decimals": 0, "en": "{value}", "zh": "{value}"},
    "": {"scale": 1, "decimals": None, "en": "{value}", "zh": "{value}"},
}
HORIZON = 60
TEST_MONTHS = ["2025-08-01", "2025-09-01", "2025-10-01"]
MODELS = ("xgboost", "logistic", "tree", "recency", "prior")


def invent_panel(seed: int, members: int = 260, months: int = 12) -> pd.DataFrame:
    """Leaving depends on recency and opting out; half of the rows miss their order count."""
    rng = np.random.default_rng(seed)
    as_of = pd.date_range("2025-01-01", periods=months, freq="MS")
    ids = [f"m{rng.bytes(8).hex()}" for _ in range(members)]
    panel = pd.DataFrame([(member, day) for day in as_of for member in ids], columns=["member_id", "as_of"])
    rows = len(panel)
    panel["days_since_last_order"] = rng.integers(0, 120, rows).astype(float) + 0.123457
    panel["orders_90d"] = rng.poisson(3, rows).astype(float)
    panel.loc[rng.random(rows) < 0.5, "orders_90d"] = np.nan
    panel["opted_out"] = rng.random(rows) < 0.3
    panel["region"] = rng.choice(["east", "north", "west"], rows)
    panel["spend_tier"] = rng.choice(["regular", "gold"], rows, p=[0.9, 0.1])
    logit = panel["days_since_last_order"] / 30 - 3 + panel["opted_out"]
    left = pd.array(rng.random(rows) < 1 / (1 + np.exp(-logit)), dtype="boolean")
    left[(panel["as_of"] >= as_of[-2]).to_numpy()] = pd.NA
    return panel.assign(churned_in_horizon=left)


def encoded(panel: pd.DataFrame) -> np.ndarray:
    codes = panel["region"].map({"east": 0.0, "north": 1.0, "west": 2.0})
    numbers = panel[["days_since_last_order", "orders_90d", "opted_out"]].astype("float32")
    return np.column_stack([numbers, codes]).astype("float32")


def fit(panel: pd.DataFrame, rounds: int, shuffled: bool) -> xgb.Booster:
    rows = panel[panel["as_of"] < "2025-05-01"]
    y = rows["churned_in_horizon"].astype(float).to_numpy()
    if shuffled:
        y = np.random.default_rng(0).permutation(y)
    data = xgb.QuantileDMatrix(
        encoded(rows),
        label=y,
        feature_names=[feature["name"] for feature in FEATURES],
        feature_types=["q", "q", "q", "c"],
        enable_categorical=True,
    )
    return xgb.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, data, rounds)


def invent_metrics(auc: float, ece: float) -> pd.DataFrame:
    lines = []
    for model in MODELS:
        off = 0.0 if model == "xgboost" else {"prior": 0.5 - auc}.get(model, -0.03)
        for kind, stratum, members in (("all", "all", 200), ("month", "2025-10", 100), ("tier", "gold", 4)):
            for metric, value in (
                ("auc", auc + off),
                ("ece", ece),
                ("log_loss", 0.5 - off),
                ("pr_auc", 0.5),
                ("brier", 0.2),
            ):
                lines.append(
                    (
                        model,
                        "test",
                        kind,
                        stratum,
                        metric,
                        value,
                        value - 0.02,
                        value + 0.02,
                        700,
                        members,
                        150,
                    )
                )
    columns = [
        "model",
        "part",
        "stratum_kind",
        "stratum",
        "metric",
        "estimate",
        "low",
        "high",
        "rows",
        "members",
        "events",
    ]
    return pd.DataFrame(lines, columns=columns)


def write_study(
    root: Path, seed: int = 1, auc: float = 0.75, ece: float = 0.02, shuffled: bool = False, rounds: int = 20
) -> StudyPaths:
    """A study as the stages before delivery leave it; the metrics are stated, the model is real."""
    study = StudyPaths(root)
    folder = study.processed / "risk_model"
    folder.mkdir(parents=True, exist_ok=True)
    study.results.mkdir(parents=True, exist_ok=True)
    panel = invent_panel(seed)
    panel.to_parquet(study.processed / "panel.parquet", index=False)
    fit(panel, rounds, shuffled).save_model(folder / "model.ubj")
    curve = {
        "kind": "platt",
        "x": [0.0, 0.5, 1.0],
        "y": [0.02, 0.45, 0.93],
        "low": [0.0, 0.4, 0.9],
        "high": [0.05, 0.5, 0.97],
    }
    write(folder / "calibrator.json", curve)
    described = [
        {"categories": None, "format": FORMATS[str(feature["unit"])], **feature} for feature in FEATURES
    ]
    write(folder / "features.json", {"features": described, "sentences": SENTENCES})
    months = {"train": ["2025-01-01"], "calibration": ["2025-05-01"], "test": TEST_MONTHS}
    write(
        folder / "metadata.json", {"definition": "inactivity_90d", "horizon_days": HORIZON, "as_of": months}
    )
    facts = {
        "definition": "inactivity_90d",
        "kind": "inactivity",
        "threshold_days": 90,
        "horizon_days": HORIZON,
    }
    write(study.processed / "panel.json", facts | {"as_of_first": "2025-01-01", "as_of_last": "2025-12-01"})
    write(study.results / "risk.json", {"status": "ok"})
    write(
        study.results / "retention.json",
        {"last_year": {"churn": 0.31, "low": 0.3, "high": 0.32}, "definition": "inactivity_90d"},
    )
    invent_metrics(auc, ece).to_parquet(study.results / "risk_metrics.parquet", index=False)
    return study


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


@pytest.fixture(scope="session")
def params() -> Params:
    return load_params(StudyPaths(PROJECT), {"delivery": {"max_request_rows": 1500}})


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose tables are made: making them takes seconds, copying the file does not."""
    from whychurn.delivery.mlflow_store import connect

    study = StudyPaths(tmp_path_factory.mktemp("store"))
    connect(study).search_experiments()
    return study.mlflow / "mlflow.db"


@pytest.fixture(scope="session")
def make_study_at(empty_store: Path) -> Callable[..., StudyPaths]:
    """Build (or rebuild, with another model) a study in a folder."""

    def make(root: Path, **options: object) -> StudyPaths:
        study = write_study(root, **options)  # type: ignore[arg-type]
        if not (study.mlflow / "mlflow.db").exists():
            study.mlflow.mkdir(parents=True)
            shutil.copy(empty_store, study.mlflow / "mlflow.db")
        return study

    return make


@pytest.fixture
def make_study(tmp_path: Path, make_study_at: Callable[..., StudyPaths]) -> Callable[..., StudyPaths]:
    """Build (or rebuild) the study of this test."""
    return lambda **options: make_study_at(tmp_path / "会员 study", **options)
