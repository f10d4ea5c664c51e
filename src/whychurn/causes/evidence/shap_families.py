"""What raised the risk score at each anchor, by the candidate cause of the features (SHAP, log-odds)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.files import read_json
from whychurn.panel.encode import Feature, encode, feature_types


def family_contributions(folder: Path, panel: pd.DataFrame) -> Array | None:
    """Sum of the contributions of each candidate cause's features; (rows, 6); None where there is no risk model.

    Parameters
    ----------
    folder
        ``data/processed/risk_model``.
    panel
        Panel rows at the anchors.

    Notes
    -----
    Approximate contributions (path averages): exact ones cost fifty times more and rank the families alike.
    """
    if not (folder / "model.ubj").exists():
        return None
    booster = xgb.Booster(model_file=str(folder / "model.ubj"))
    booster.set_param({"nthread": 1})
    features = [_feature(entry) for entry in read_json(folder / "features.json")["features"]]
    data = xgb.DMatrix(
        encode(panel, features),
        feature_names=[feature.name for feature in features],
        feature_types=feature_types(features),
        enable_categorical=True,
        nthread=1,
    )
    parts = booster.predict(data, pred_contribs=True, approx_contribs=True)
    found = np.zeros((len(panel), len(CAUSES)))
    for number, cause in enumerate(CAUSES):
        mine = [column for column, feature in enumerate(features) if feature.cause == cause]
        if mine:
            found[:, number] = parts[:, mine].sum(axis=1)
    return found


def _feature(entry: dict[str, Any]) -> Feature:
    names = ("name", "kind", "family", "cause", "unit", "en", "zh")
    categories = entry.get("categories")
    return Feature(
        **{name: entry[name] for name in names},
        monotone=0,
        categories=None if categories is None else tuple(categories),
    )
