"""AUC on two public tables beside their measured floors (clean features, duplicates kept together)."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.risk.evaluation.cross_validation import cross_validate_grouped, duplicate_groups

SHARED = Path(os.environ.get("WHYCHURN_SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
CHOSEN = {"eta": 0.05, "max_depth": 4, "min_child_weight": 5.0, "subsample": 0.8, "colsample_bytree": 0.6}


def _read(name: str, **options: object) -> pd.DataFrame:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here: public data are not part of the project")
    return pd.read_csv(path, **options)


@pytest.mark.shared_data
def test_telco_reaches_the_floor(params):
    table = _read("telco_ibm_basic/telco_basic.csv.gz")
    X = table.drop(columns=["customerID", "Churn"])
    X["TotalCharges"] = pd.to_numeric(X["TotalCharges"], errors="coerce")
    y = (table["Churn"] == "Yes").to_numpy(dtype=float)
    auc = cross_validate_grouped(X, y, np.arange(len(X)), CHOSEN, 150, 5, params).mean()
    assert auc["logistic"] > 0.845 - 0.005  # floor 0.845 by logistic regression
    assert auc["xgboost"] > 0.841 - 0.005  # floor 0.841 by boosting


@pytest.mark.shared_data
def test_iranian_churn_reaches_the_floor_with_duplicates_kept_together(params):
    table = _read("iranian_churn/iranian_churn.csv.gz")
    X = table.drop(columns=["Churn", "FN", "FP"])  # cost terms, not features
    y = table["Churn"].to_numpy(dtype=float)
    groups = duplicate_groups(X)
    assert len(X) - len(np.unique(groups)) >= 300
    auc = cross_validate_grouped(X, y, groups, CHOSEN | {"eta": 0.1, "max_depth": 6}, 250, 5, params).mean()
    assert auc["logistic"] > 0.931 - 0.01  # the floor was measured without grouping the duplicates
    assert auc["xgboost"] > 0.986 - 0.01


def test_groups_are_never_split(params):
    """Copies of pure noise: a split through groups would recognise them, a grouped one cannot."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd"))
    y = (rng.random(300) < 0.5).astype(float)
    copies, labels = pd.concat([X] * 4, ignore_index=True), np.tile(y, 4)
    deep = {"eta": 0.3, "max_depth": 6}
    loose = cross_validate_grouped(copies, labels, np.arange(1200), deep, 60, 3, params)["xgboost"].mean()
    kept = cross_validate_grouped(copies, labels, duplicate_groups(copies), deep, 60, 3, params)[
        "xgboost"
    ].mean()
    assert loose > 0.9
    assert abs(kept - 0.5) < 0.15
