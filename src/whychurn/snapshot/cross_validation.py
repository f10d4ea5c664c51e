"""Risk of customers whom the model has not seen: repeated cross-validation, calibrated within each fold."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xgboost as xgb

from whychurn.contract.arrays import Array
from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import Feature
from whychurn.risk.model.baselines import logistic_regression
from whychurn.risk.model.boosting import Settings, fit_booster, predict_raw, training_matrix
from whychurn.risk.model.probability_calibration import fit_calibrator

MODELS: Final = (RISK_MODEL, "logistic", "prior")
# fixed: with one table there is nothing left over to judge a search by
CHOSEN: Final[dict[str, Any]] = {
    "eta": 0.08, "max_depth": 4, "min_child_weight": 5.0, "subsample": 0.8, "colsample_bytree": 0.7, "reg_lambda": 3.0,
}  # fmt: skip
INNER: Final = 3  # parts of the customers learned from, in which rounds and calibration are found
LARGE: Final = 20_000  # customers from which on one draw of the parts is enough
CURVE_DRAWS: Final = 100  # resamples behind the interval of a customer's probability


@dataclass(frozen=True)
class CrossValidated:
    """Forecasts of customers that the model did not learn from.

    Parameters
    ----------
    rows
        row (position of the customer), group, repeat, fold, y, p_<model> for each of `MODELS`, p_low, p_high.
    rounds
        Trees, on average.
    """

    rows: pd.DataFrame
    rounds: int


def cross_validate(
    X: Array, y: Array, groups: Array, features: list[Feature], params: Params
) -> CrossValidated:
    """Forecast each customer from the others, `repeats` times.

    Parameters
    ----------
    X
        Encoded inputs; (n, features).
    y
        0 or 1, left; (n,).
    groups
        Customers of one group (equal rows) are never on both sides; (n,).

    Notes
    -----
    Within each fold's training customers the scores for the calibrator come from `INNER` parts of their own (nested, so no
    customer's own outcome calibrates or stops its model).
    """
    repeats = 1 if len(y) > LARGE else params.snapshot.repeats
    parts, rounds = [], []
    for repeat in range(repeats):
        rng = np.random.default_rng([params.run.seed, repeat])
        fold = stratified_folds(y, groups, params.snapshot.folds, rng)
        for number in range(params.snapshot.folds):
            learn, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            forecast, trees = _forecast(X, y, groups, (learn, held), features, params)
            parts.append(forecast.assign(repeat=repeat, fold=number))
            rounds.append(trees)
    return CrossValidated(pd.concat(parts, ignore_index=True), max(1, round(np.mean(rounds))))


def stratified_folds(y: Array, groups: Array, folds: int, rng: np.random.Generator) -> Array:
    """Part of each customer, 0 … folds - 1: whole groups, leavers spread evenly over the parts."""
    codes, known = pd.factorize(groups)
    left = np.bincount(codes, y, minlength=len(known)) / np.bincount(codes, minlength=len(known)) > 0.5
    order = np.lexsort((rng.random(len(known)), left))
    part = np.empty(len(known), dtype="int64")
    part[order] = np.arange(len(known)) % folds
    return part[codes]


def fit_all(X: Array, y: Array, features: list[Feature], rounds: int, params: Params) -> xgb.Booster:
    """The model of all customers, which is explained."""
    settings = Settings.of(params)
    return fit_booster(training_matrix(X, y, features, settings), CHOSEN, rounds, settings)


def _forecast(
    X: Array, y: Array, groups: Array, sides: tuple[Array, Array], features: list[Feature], params: Params
) -> tuple[pd.DataFrame, int]:
    learn, held = sides
    raw, rounds = _inner_scores(X[learn], y[learn], groups[learn], features, params)
    booster = fit_all(X[learn], y[learn], features, rounds, params)
    curve = fit_calibrator(raw, y[learn], groups[learn], CURVE_DRAWS, params.run.confidence, params.run.seed)
    score = predict_raw(booster, X[held])
    low, high = curve.interval(score)
    logistic = logistic_regression(features, params).fit(X[learn], y[learn])
    return pd.DataFrame(
        {
            "row": held,
            "group": groups[held],
            "y": y[held],
            f"p_{RISK_MODEL}": curve.probability(score),
            "p_logistic": logistic.predict_proba(X[held])[:, 1],
            "p_prior": y[learn].mean(),
            "p_low": low,
            "p_high": high,
        }
    ), rounds


def _inner_scores(
    X: Array, y: Array, groups: Array, features: list[Feature], params: Params
) -> tuple[Array, int]:
    """Raw scores of the training customers, each by a model that did not learn from it, and rounds."""
    settings, raw, rounds = Settings.of(params), np.empty(len(y)), []
    fold = stratified_folds(y, groups, INNER, np.random.default_rng(params.run.seed))
    for number in range(INNER):
        inside, out = fold != number, fold == number
        train = training_matrix(X[inside], y[inside], features, settings)
        booster = xgb.train(
            settings.booster(CHOSEN),
            train,
            num_boost_round=params.risk.max_rounds,
            evals=[(training_matrix(X[out], y[out], features, settings, ref=train), "valid")],
            early_stopping_rounds=params.risk.early_stopping,
            verbose_eval=False,
        )
        rounds.append(booster.best_iteration + 1)
        raw[out] = predict_raw(booster[: booster.best_iteration + 1], X[out])
    return raw, max(1, round(np.mean(rounds)))
