"""The gradient-boosted model: fitting, prediction, exact contributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import Feature, booster_names, feature_types


@dataclass(frozen=True)
class Settings:
    """What stays the same in every fit of a study.

    Parameters
    ----------
    threads
        A fixed number: another one may add floats in another order.
    bins
        Histogram bins a feature.
    """

    seed: int
    threads: int
    bins: int

    @classmethod
    def of(cls, params: Params) -> Settings:
        """Settings of a study."""
        return cls(params.run.seed, params.risk.threads, params.risk.bins)

    def booster(self, chosen: dict[str, Any]) -> dict[str, Any]:
        """XGBoost parameters; classes are not reweighted, so that probabilities stay probabilities."""
        return {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "max_bin": self.bins,
            "nthread": self.threads,
            "seed": self.seed,
            **chosen,
        }


def training_matrix(
    X: np.ndarray, y: np.ndarray, features: list[Feature], settings: Settings, ref: xgb.DMatrix | None = None
) -> xgb.QuantileDMatrix:
    """Binned matrix (built once, used by many fits)."""
    return xgb.QuantileDMatrix(
        X,
        label=y,
        feature_names=booster_names(features),
        feature_types=feature_types(features),
        enable_categorical=True,
        max_bin=settings.bins,
        nthread=settings.threads,
        ref=ref,
    )


def fit_booster(data: xgb.DMatrix, chosen: dict[str, Any], rounds: int, settings: Settings) -> xgb.Booster:
    """Fit `rounds` trees."""
    return xgb.train(settings.booster(chosen), data, num_boost_round=rounds)


def _matrix(booster: xgb.Booster, X: np.ndarray) -> xgb.DMatrix:
    return xgb.DMatrix(
        X,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        enable_categorical=True,
        nthread=1,
    )


def predict_margin(booster: xgb.Booster, X: np.ndarray) -> np.ndarray:
    """Log-odds before calibration, one a row."""
    return booster.predict(_matrix(booster, X), output_margin=True).astype("float64")


def predict_raw(booster: xgb.Booster, X: np.ndarray) -> np.ndarray:
    """Probability before calibration, one a row."""
    return 1.0 / (1.0 + np.exp(-predict_margin(booster, X)))


def predict_contributions(booster: xgb.Booster, X: np.ndarray) -> np.ndarray:
    """Exact TreeSHAP values in log-odds (rows × features + 1, the last is the base value).

    Source: Lundberg, Erion & Lee 2018, arXiv 1802.03888, as computed by XGBoost itself.

    Raises
    ------
    AssertionError
        If a row's values do not add up to its margin within 1e-4.
    """
    data = _matrix(booster, X)
    values = booster.predict(data, pred_contribs=True).astype("float64")
    gap = np.abs(values.sum(axis=1) - booster.predict(data, output_margin=True)).max(initial=0.0)
    if gap > 1e-4:
        raise AssertionError(f"contributions miss the margin by {gap:.2e}")
    return values


def predict_interactions(booster: xgb.Booster, X: np.ndarray) -> np.ndarray:
    """Exact SHAP interaction values (rows × features + 1 × features + 1) in log-odds."""
    return booster.predict(_matrix(booster, X), pred_interactions=True)
