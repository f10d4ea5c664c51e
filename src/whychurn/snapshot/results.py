"""All results of a snapshot: what its columns are, risk of customers held out, what the model looks at, tenure, reasons."""

import logging
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table
from whychurn.labels import both
from whychurn.panel.feature_encoding import Feature, encode
from whychurn.risk.evaluation.cross_validation import duplicate_groups
from whychurn.risk.evaluation.holdout import measure_overall, reliability
from whychurn.risk.explanation.shap_values import (
    beeswarm_points,
    explain_sample,
    feature_importance,
    group_importance,
)
from whychurn.snapshot.columns import choose_columns, features_of
from whychurn.snapshot.cross_validation import MODELS, CrossValidated, cross_validate, fit_all
from whychurn.snapshot.tenure_and_reasons import stated_reasons, tenure_curve, unit_of
from whychurn.stats.high_risk import high_risk_from
from whychurn.stats.intervals import wilson

log = logging.getLogger(__name__)
TABLES: Final = (
    "snapshot_columns", "snapshot_metrics", "snapshot_calibration", "snapshot_scores", "snapshot_features",
    "snapshot_groups", "snapshot_points", "snapshot_tenure", "snapshot_reasons",
)  # fmt: skip
TOLD: Final = ("auc", "pr_auc", "brier", "log_loss", "ece", "lift_10")


@dataclass(frozen=True)
class SnapshotResults:
    """Results tables by file name, the facts of snapshot.json, records of fits for the tracker."""

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    fits: list[FitRecord] = field(default_factory=list)


def no_snapshot() -> SnapshotResults:
    """Results of a study that has a history: there is no such table."""
    return SnapshotResults({name: empty_table(columns_of(name)) for name in TABLES}, {"status": "absent"})


def snapshot_results(frame: pd.DataFrame, tenure_source: str | None, params: Params) -> SnapshotResults:
    """Results of a table of one row per customer.

    Parameters
    ----------
    frame
        The table as intake writes it: member_id, left, tenure, reason, profiling_consent, further columns.
    tenure_source
        Name of the column that holds the tenure, which may tell its unit.
    """
    tables = dict(no_snapshot().tables)
    facts = _counts(frame, params)
    tables["snapshot_tenure"], facts["tenure"] = tenure_curve(frame, unit_of(tenure_source, params), params)
    tables["snapshot_reasons"] = stated_reasons(frame, params)
    facts["has_tenure"] = bool(frame["tenure"].notna().any())
    facts["stated"] = int(frame.loc[frame["left"].astype(bool), "reason"].notna().sum())
    rows = frame[frame["profiling_consent"].astype(bool)].reset_index(drop=True)
    inputs, tables["snapshot_columns"] = choose_columns(rows, params)
    facts |= {"columns": len(tables["snapshot_columns"]), "inputs": inputs.shape[1]}
    reason = _why_no_model(rows, inputs, params)
    if reason:
        log.warning("no model: %s", reason["en"])
        return SnapshotResults(tables, facts | {"status": "no_model", "reason": reason})
    features = features_of(inputs)
    X, y = encode(inputs, features), rows["left"].to_numpy(dtype="float64")
    groups = duplicate_groups(inputs)
    found = cross_validate(X, y, groups, features, params)
    tables |= _forecast_tables(found, rows, params)
    tables |= _explanation(X, y, features, found.rounds, params)
    facts |= {"status": "ok", "copies": int(len(rows) - len(np.unique(groups))), **_headline(tables, params)}
    return SnapshotResults(tables, facts, _fits(tables["snapshot_metrics"], found.rounds, params))


def _counts(frame: pd.DataFrame, params: Params) -> dict[str, Any]:
    customers, left = len(frame), int(frame["left"].sum())
    low, high = wilson(np.array([left]), np.array([customers]), params.run.confidence)
    return {
        "customers": customers,
        "left": left,
        "rate": {"estimate": left / max(customers, 1), "low": float(low[0]), "high": float(high[0])},
        "without_consent": int((~frame["profiling_consent"].astype(bool)).sum()),
    }


def _why_no_model(rows: pd.DataFrame, inputs: pd.DataFrame, params: Params) -> dict[str, str] | None:
    left = int(rows["left"].sum())
    stayed, least = len(rows) - left, params.snapshot.min_leavers
    if min(left, stayed) < least:
        which = "few_leavers" if left < stayed else "few_stayers"
        if min(left, stayed) == 0:
            which = "no_stayers" if left else "no_leavers"
        return both(f"snapshot.{which}", least=least)
    return both("snapshot.no_inputs") if inputs.empty else None


def _forecast_tables(found: CrossValidated, rows: pd.DataFrame, params: Params) -> dict[str, pd.DataFrame]:
    test = found.rows.rename(columns={"group": "member_id"}).assign(stake=np.nan)
    metrics = measure_overall(test, params, MODELS)
    mean = found.rows.groupby("row")[[f"p_{RISK_MODEL}", "p_low", "p_high"]].mean()
    scores = mean.set_axis(["p_left", "p_low", "p_high"], axis=1).reset_index()
    scores.insert(0, "member_id", rows["member_id"].to_numpy()[scores.pop("row").to_numpy()])
    stayed = scores[~rows["left"].to_numpy(dtype=bool)]
    return {
        "snapshot_metrics": metrics[columns_of("snapshot_metrics")],
        "snapshot_calibration": reliability(test, params, MODELS)[columns_of("snapshot_calibration")],
        "snapshot_scores": stayed.sort_values(
            ["p_left", "member_id"], ascending=[False, True], ignore_index=True
        ),
    }


def _explanation(
    X: np.ndarray, y: np.ndarray, features: list[Feature], rounds: int, params: Params
) -> dict[str, pd.DataFrame]:
    booster = fit_all(X, y, features, rounds, params)
    explained = explain_sample(booster, X, features, params.risk.shap_rows, params.run.seed)
    importance = feature_importance(explained)
    groups = group_importance(explained).query("grouping == 'family'")
    return {
        "snapshot_features": importance[columns_of("snapshot_features")],
        "snapshot_groups": groups[columns_of("snapshot_groups")].reset_index(drop=True),
        "snapshot_points": beeswarm_points(explained, importance, params),
    }


def _headline(tables: dict[str, pd.DataFrame], params: Params) -> dict[str, Any]:
    metrics = tables["snapshot_metrics"]
    overall = metrics[(metrics["stratum_kind"] == "all") & metrics["metric"].isin(TOLD)]
    named = {
        model: {
            row["metric"]: {k: row[k] for k in ("estimate", "low", "high")} for row in rows.to_dict("records")
        }
        for model, rows in overall.groupby("model")
    }
    loss = metrics[(metrics["stratum_kind"] == "difference") & (metrics["metric"] == "log_loss")]
    beats = {
        f"beats_{name}": bool(high < 0) for name, high in zip(loss["stratum"], loss["high"], strict=True)
    }
    chances = tables["snapshot_scores"]["p_left"].to_numpy("float64")
    high_risk = high_risk_from(chances, params.business.high_risk)
    return {
        "headline": named[RISK_MODEL],
        "logistic": named["logistic"],
        **beats,
        "high_risk_from": high_risk,
        "high_risk": int((chances >= high_risk).sum()),
        "scored": len(tables["snapshot_scores"]),
    }


def _fits(metrics: pd.DataFrame, rounds: int, params: Params) -> list[FitRecord]:
    names = [
        "snapshot_columns",
        "snapshot_metrics",
        "snapshot_calibration",
        "snapshot_features",
        "snapshot_groups",
    ]
    overall = metrics[metrics["stratum_kind"] == "all"]
    records = []
    for model in MODELS:
        rows = overall[(overall["model"] == model) & overall["metric"].isin(TOLD)]
        figures = {
            f"{metric}{suffix}": float(value)
            for column, suffix in (("estimate", ""), ("low", "_low"), ("high", "_high"))
            for metric, value in zip(rows["metric"], rows[column], strict=True)
            if np.isfinite(value)
        }
        settings: dict[str, Any] = {"model": model, "folds": params.snapshot.folds, "rounds": rounds}
        records.append(FitRecord(model, settings, figures, names if model == RISK_MODEL else []))
    return records
