"""Cross-validated AUC of the model on a flat table, for data sets without snapshots."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import Feature, encode
from whychurn.risk.model.baselines import logistic_regression
from whychurn.risk.model.boosting import Settings, fit_booster, predict_raw, training_matrix


def flat_features(frame: pd.DataFrame) -> list[Feature]:
    """Each column of a flat table as a feature: numbers as numbers, the rest as categories."""
    features = []
    for name in frame.columns:
        number = pd.api.types.is_numeric_dtype(frame[name])
        categories = None if number else tuple(sorted(frame[name].dropna().astype(str).unique()))
        kind = "number" if number else "category"
        features.append(Feature(str(name), kind, "table", None, "", 0, str(name), str(name), categories))
    return features


def cross_validate_grouped(
    X: pd.DataFrame,
    y: np.ndarray,
    groups: np.ndarray,
    chosen: dict[str, float],
    rounds: int,
    folds: int,
    params: Params,
) -> pd.DataFrame:
    """AUC of the model and of logistic regression per fold; rows of one group never stand on both sides.

    Parameters
    ----------
    X
        Raw columns; y 0/1 labels; groups: one id per group (members, or sets of duplicate rows).
    chosen, rounds
        Parameters and number of trees of the booster, the same in each fold.

    Returns
    -------
    fold, xgboost, logistic.
    """
    features = flat_features(X)
    matrix, settings = encode(X, features), Settings.of(params)
    lines = []
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=params.run.seed)
    for fold, (fit, held) in enumerate(splitter.split(matrix, y, groups)):
        booster = fit_booster(
            training_matrix(matrix[fit], y[fit], features, settings), chosen, rounds, settings
        )
        logistic = logistic_regression(features, params).fit(matrix[fit], y[fit])
        lines.append(
            {
                "fold": fold,
                "xgboost": roc_auc_score(y[held], predict_raw(booster, matrix[held])),
                "logistic": roc_auc_score(y[held], logistic.predict_proba(matrix[held])[:, 1]),
            }
        )
    return pd.DataFrame(lines)


def duplicate_groups(frame: pd.DataFrame) -> np.ndarray:
    """One id per set of equal rows."""
    return frame.groupby(list(frame.columns), sort=False, dropna=False).ngroup().to_numpy()
