"""Fit the model and its baselines on the training period, calibrate each on the calibration period."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.pipeline import Pipeline

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.labels import both, say
from whychurn.panel.feature_encoding import Feature, choose_features, encode
from whychurn.panel.leakage.audit import check_split
from whychurn.risk.model.baselines import Scorer, fit_baselines
from whychurn.risk.model.boosting import Settings, fit_booster, predict_raw, training_matrix
from whychurn.risk.model.probability_calibration import Calibrator, fit_calibrator
from whychurn.risk.model.scorer import RiskScorer
from whychurn.risk.model.split import DataTooShortError, Split, split_forward
from whychurn.risk.model.tuning import TunedModel, tune

log = logging.getLogger(__name__)


class NoModelError(WhychurnError):
    """The data do not carry a model; `reason` names the words that say why."""

    def __init__(self, reason: str, **values: object) -> None:
        self.reason, self.values = reason, values
        super().__init__(say(f"risk.no_model_{reason}", "en", **values))

    def texts(self) -> dict[str, str]:
        """The reason in both languages."""
        return both(f"risk.no_model_{self.reason}", **self.values)


@dataclass(frozen=True)
class Trained:
    """The fitted model beside its baselines.

    Parameters
    ----------
    features, left_out
        Inputs, and the catalogue's features that were left out with the reason.
    scorers, calibrators
        By name of the model: encoded rows to raw score, raw score to probability.
    known_days
        Days between the last snapshot that is learnt from and the first of the test, at least.
    """

    features: list[Feature]
    left_out: dict[str, str]
    split: Split
    tuned: TunedModel
    booster: xgb.Booster
    scorers: dict[str, Scorer]
    calibrators: dict[str, Calibrator]
    tree: Pipeline
    known_days: int

    @property
    def scorer(self) -> RiskScorer:
        """The model alone, as it is kept and served."""
        return RiskScorer(self.features, self.booster, self.calibrators[RISK_MODEL])

    def probability(self, name: str, X: np.ndarray) -> np.ndarray:
        """Calibrated probability of encoded rows by the model `name`."""
        return self.calibrators[name].probability(self.scorers[name](X))


def fit_risk(
    panel: pd.DataFrame,
    catalogue: pd.DataFrame,
    horizon_days: int,
    params: Params,
    known_days: int | None = None,
) -> Trained:
    """Split, choose features, search, fit, calibrate.

    Parameters
    ----------
    panel
        The panel of consenting members, as the panel stage writes it; rows of members who are already gone
        have no label and teach nothing.
    known_days
        Days after a snapshot on which its labels are known (panel.json); the horizon if not given.

    Raises
    ------
    NoModelError
        If there are too few snapshots, leavers, stayers or usable features.
    """
    known_days = horizon_days if known_days is None else known_days
    split = checked_split(panel, horizon_days, known_days, params)
    train, calibration = split.rows("train"), split.rows("calibration")
    known_days = known_days if split.mode == "forward" else horizon_days  # too short a history for more
    features, left_out = choose_features(panel, train, catalogue)
    if not features:
        raise NoModelError("no_features")
    y = labels(panel)
    X = encode(panel[train], features)
    log.info("fitting on %d rows × %d features, mode %s", len(X), len(features), split.mode)
    rows = panel.loc[train, ["member_id", "as_of"]].reset_index(drop=True)
    tuned = tune(rows, X, y[train], features, horizon_days, params)
    settings = Settings.of(params)
    booster = fit_booster(
        training_matrix(X, y[train], features, settings), tuned.chosen, tuned.rounds, settings
    )
    scorers: dict[str, Scorer] = {RISK_MODEL: lambda rows: predict_raw(booster, rows)}
    baselines = fit_baselines(X, y[train], features, horizon_days, params)
    scorers |= baselines.scorers
    held = encode(panel[calibration], features)
    members = panel.loc[calibration, "member_id"].to_numpy()
    calibrators = {
        name: _calibrate(scorer(held), y[calibration], members, params) for name, scorer in scorers.items()
    }
    return Trained(
        features, left_out, split, tuned, booster, scorers, calibrators, baselines.tree, known_days
    )


def checked_split(panel: pd.DataFrame, horizon_days: int, known_days: int, params: Params) -> Split:
    """The split, once each part holds enough leavers and stayers to learn from.

    Raises
    ------
    NoModelError
        If it does not.
    WhychurnError
        If a label window of a row that is learnt from reaches into the test period.
    """
    risk = params.risk
    if not panel["churned_in_horizon"].notna().any():
        raise NoModelError("no_rows", horizon=horizon_days)
    try:
        wanted = (risk.calibration_months, risk.test_months)
        split = split_forward(panel, horizon_days, known_days, *wanted, params.run.seed)
    except DataTooShortError as error:
        raise NoModelError(
            "too_short", horizon=horizon_days, months=2 * -(-horizon_days // 30) + 1
        ) from error
    learnt = [*split.months["train"], *split.months["calibration"]]
    check_split(
        max(learnt), min(split.months["test"]), known_days if split.mode == "forward" else horizon_days
    )
    y = labels(panel)
    for part in ("train", "calibration"):
        rows = split.rows(part)
        if y[rows].sum() < risk.min_events:
            raise NoModelError("too_few_leavers", found=int(y[rows].sum()), needed=risk.min_events)
        if (1 - y[rows]).sum() < risk.min_events:
            raise NoModelError("too_few_stayers", found=int((1 - y[rows]).sum()), needed=risk.min_events)
    return split


def labels(panel: pd.DataFrame) -> np.ndarray:
    """0/1 labels, NaN where they are not known yet or the member was already gone."""
    return panel["churned_in_horizon"].astype("float64").to_numpy(na_value=np.nan)


def _calibrate(raw: np.ndarray, y: np.ndarray, members: np.ndarray, params: Params) -> Calibrator:
    return fit_calibrator(
        raw,
        y,
        members,
        params.risk.bootstrap,
        params.run.confidence,
        params.run.seed,
    )
