"""Contributions to the risk score at each index date, by the candidate cause of the features (grouped SHAP,
log-odds).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.files import read_json
from whychurn.panel.feature_encoding import Feature, encode, feature_types


def family_contributions(folder: Path, panel: pd.DataFrame) -> Array | None:
    """`contributions_by_cause` of the risk model that is stored; None where there is none.

    Parameters
    ----------
    folder
        ``data/processed/risk_model``.
    panel
        Panel rows at the index dates.
    """
    if not (folder / "model.ubj").exists():
        return None
    booster = xgb.Booster(model_file=str(folder / "model.ubj"))
    booster.set_param({"nthread": 1})
    features = [Feature.from_json(entry) for entry in read_json(folder / "features.json")["features"]]
    return contributions_by_cause(booster, features, panel)


def contributions_by_cause(booster: xgb.Booster, features: list[Feature], panel: pd.DataFrame) -> Array:
    """Sum of the contributions of each candidate cause's `features`; (rows, 6).

    Notes
    -----
    Approximate contributions (path averages): exact ones cost fifty times more and rank the families alike.
    """
    data = xgb.DMatrix(
        encode(panel, features),
        feature_names=booster.feature_names,
        feature_types=feature_types(features),
        enable_categorical=True,
        nthread=1,
    )
    values = booster.predict(data, pred_contribs=True, approx_contribs=True)
    contributions = np.zeros((len(panel), len(CAUSES)))
    for number, cause in enumerate(CAUSES):
        columns = [column for column, feature in enumerate(features) if feature.cause == cause]
        if columns:
            contributions[:, number] = values[:, columns].sum(axis=1)
    return contributions
