"""Cross-validated AUC on two public tables beside their measured floors: python benchmarks/public_risk.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.risk.evaluation.cross_validation import cross_validate_grouped, duplicate_groups

CHOSEN = {"min_child_weight": 5.0, "subsample": 0.8, "colsample_bytree": 0.6}
SLOW = CHOSEN | {"eta": 0.05, "max_depth": 4}
DEEP = CHOSEN | {"eta": 0.1, "max_depth": 6}


def main(folder: Path) -> None:
    """Print our AUC (mean and spread over five folds) beside the floors of the data's own README."""
    params = load_params(StudyPaths(PROJECT))
    telco = pd.read_csv(folder / "telco_ibm_basic" / "telco_basic.csv.gz")
    telco["TotalCharges"] = pd.to_numeric(telco["TotalCharges"], errors="coerce")
    iranian = pd.read_csv(folder / "iranian_churn" / "iranian_churn.csv.gz")
    tables = {
        "telco_ibm_basic": (
            telco.drop(columns=["customerID", "Churn"]),
            telco["Churn"] == "Yes",
            SLOW,
            150,
            (0.845, 0.841),
        ),
        "iranian_churn": (
            iranian.drop(columns=["Churn", "FN", "FP"]),
            iranian["Churn"] == 1,
            DEEP,
            250,
            (0.931, 0.986),
        ),
    }
    print(f"{'table':16} {'logistic':>18} {'floor':>6}   {'xgboost':>18} {'floor':>6}")
    for name, (X, label, chosen, rounds, floors) in tables.items():
        found = cross_validate_grouped(
            X, np.asarray(label, dtype=float), duplicate_groups(X), chosen, rounds, 5, params
        )
        parts = [f"{found[m].mean():9.3f} ± {found[m].std():.3f}" for m in ("logistic", "xgboost")]
        print(f"{name:16} {parts[0]:>18} {floors[0]:6.3f}   {parts[1]:>18} {floors[1]:6.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT.parent / "shared" / "data")
