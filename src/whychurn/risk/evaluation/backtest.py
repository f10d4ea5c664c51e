"""The same recipe at earlier cut-offs: is the test period's result a matter of luck?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.params import Params, RiskParams
from whychurn.panel.feature_encoding import encode
from whychurn.risk.evaluation.forecast_metrics import (
    Business,
    Forecast,
    bootstrap,
    bounds_of,
    measure_once,
)
from whychurn.risk.model.boosting import Settings, fit_booster, predict_raw, training_matrix
from whychurn.risk.model.member_sample import sample_members
from whychurn.risk.model.probability_calibration import fit_calibrator
from whychurn.risk.model.split import split_forward
from whychurn.risk.model.training import Trained, labels
from whychurn.risk.value_at_risk import margin_exposed
from whychurn.stats.bootstrap import weights_in_turn

MEASURES = ("auc", "pr_auc", "brier", "log_loss", "ece", "lift_5", "rate", "mean_p")
MAX_ROWS: Final = 40_000  # training rows at each cut-off


def backtest(panel: pd.DataFrame, trained: Trained, horizon_days: int, params: Params) -> pd.DataFrame:
    """Table risk_backtest: at each cut-off refit on what was known, calibrate, forecast the next window.

    The search is not repeated: parameters and rounds are the model's, and at most `MAX_ROWS` rows train.
    Both were chosen with a later view, so a cut-off inside the training period is a little flattered.

    Returns
    -------
    cutoff_on, metric, estimate, low, high, rows, members, events, train_rows; empty if no cut-off is
    possible.
    """
    months = cutoffs(panel, horizon_days, trained.known_days, params.risk)
    with ThreadPoolExecutor(max_workers=params.run.workers) as pool:
        tables = list(pool.map(lambda day: _at_cutoff(panel, trained, day, horizon_days, params), months))
    lines = [line for table in tables for line in table]
    columns = ["cutoff_on", "metric", "estimate", "low", "high", "rows", "members", "events", "train_rows"]
    return pd.DataFrame(lines, columns=columns)


def cutoffs(panel: pd.DataFrame, horizon_days: int, known_days: int, risk: RiskParams) -> list[pd.Timestamp]:
    """Evenly spaced snapshots with a calibration and a training snapshot before them, the last included."""
    horizon, known = pd.Timedelta(days=horizon_days), pd.Timedelta(days=known_days)
    months = sorted(
        pd.Timestamp(day) for day in panel.loc[panel["churned_in_horizon"].notna(), "as_of"].unique()
    )
    feasible = [day for day in months if months[0] + horizon <= _latest(months, day - known)]
    if not feasible:
        return []
    picks = np.linspace(0, len(feasible) - 1, min(risk.backtest_cutoffs, len(feasible)))
    return [feasible[round(pick)] for pick in picks]


def _latest(months: list[pd.Timestamp], until: pd.Timestamp) -> pd.Timestamp:
    return max((day for day in months if day <= until), default=pd.Timestamp.min)


def _at_cutoff(
    panel: pd.DataFrame, trained: Trained, day: pd.Timestamp, horizon_days: int, params: Params
) -> list[dict[str, Any]]:
    risk = params.risk
    history = panel[panel["as_of"] <= day]
    split = split_forward(
        history, horizon_days, trained.known_days, risk.calibration_months, 1, params.run.seed
    )
    train = history[split.rows("train")]
    train = train[sample_members(train["member_id"], MAX_ROWS, params.run.seed)]
    calibration, test = history[split.rows("calibration")], history[split.rows("test")]
    y = labels(train)
    if (
        min(y.sum(), (1 - y).sum(), labels(calibration).sum(), (1 - labels(calibration)).sum())
        < risk.min_events
    ):
        return []
    settings = Settings(params.run.seed, 1, risk.bins)
    matrix = training_matrix(encode(train, trained.features), y, trained.features, settings)
    booster = fit_booster(matrix, trained.tuned.chosen, trained.tuned.rounds, settings)
    calibrator = fit_calibrator(
        predict_raw(booster, encode(calibration, trained.features)),
        labels(calibration),
        calibration["member_id"].to_numpy(),
        0,
        params.run.confidence,
        params.run.seed,
    )
    p = calibrator.probability(predict_raw(booster, encode(test, trained.features)))
    return _measure(test, p, day, len(train), params)


def _measure(
    test: pd.DataFrame, p: np.ndarray, day: pd.Timestamp, train_rows: int, params: Params
) -> list[dict[str, Any]]:
    business = Business(
        margin_exposed(test, params.business),
        params.business.saved_share,
        params.business.contact_cost,
        params.business.capacity,
    )
    forecast = Forecast(labels(test), p, business, params.risk.lift_shares)
    estimates = measure_once(forecast)
    members = test["member_id"].to_numpy()
    draws = bootstrap(forecast, weights_in_turn(members, params.risk.bootstrap, params.run.seed))
    sizes = {
        "rows": len(test),
        "members": test["member_id"].nunique(),
        "events": int(labels(test).sum()),
        "train_rows": train_rows,
    }
    lines = []
    for metric in MEASURES:
        if metric in estimates:
            low, high = bounds_of(metric, estimates[metric], draws[metric], params.run.confidence)
            lines.append(
                {
                    "cutoff_on": day,
                    "metric": metric,
                    "estimate": estimates[metric],
                    "low": low,
                    "high": high,
                    **sizes,
                }
            )
    return lines
