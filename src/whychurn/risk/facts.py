"""The few figures of risk.json, the model's metadata, notes in both languages."""

from __future__ import annotations

from typing import Any

import pandas as pd

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.params import Params, RiskParams
from whychurn.contract.results import documented
from whychurn.labels import LANGUAGES, join, say
from whychurn.panel.feature_encoding import SEASON_DAYS
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.risk.evaluation.holdout import beats_baselines
from whychurn.risk.member_scores import no_scores
from whychurn.risk.model.split import PARTS
from whychurn.risk.model.training import NoModelError, Trained


def model_facts(trained: Trained, facts: dict[str, Any], risk: RiskParams) -> dict[str, Any]:
    """How the model was made: definition, parts, search, features, notes."""
    tuned = trained.tuned
    months = {part: [f"{day:%Y-%m-%d}" for day in trained.split.months[part]] for part in PARTS}
    return {
        "definition": facts["definition"],
        "horizon_days": facts["horizon_days"],
        "split": trained.split.mode,
        "as_of": months,
        "calibrator": trained.calibrators[RISK_MODEL].kind,
        "search": {
            "chosen": tuned.chosen,
            "rounds": tuned.rounds,
            "log_loss": tuned.log_loss,
            "trials": tuned.trials,
            "pruned": tuned.pruned,
            "guard_fired": tuned.guard_fired,
            "monotone": tuned.monotone,
            "folds": tuned.folds,
        },
        "features": len(trained.features),
        "left_out": trained.left_out,
        "notes": {lang: _notes(trained, risk, lang) for lang in LANGUAGES},
    }


def _notes(trained: Trained, risk: RiskParams, lang: str) -> list[str]:
    months = {part: len(days) for part, days in trained.split.months.items()}
    notes = []
    if trained.split.mode == "members":
        notes.append(say("risk.note_members", lang))
    elif months["calibration"] < risk.calibration_months or months["test"] < risk.test_months:
        notes.append(say("risk.note_fewer_months", lang, **months))
    if trained.tuned.guard_fired:
        notes.append(say("risk.note_guard", lang, trials=trained.tuned.trials, wanted=risk.trials))
    calendar = [name for name, reason in trained.left_out.items() if reason == "calendar"]
    if calendar:
        labels = (
            load_catalogue().set_index("name")[lang].reindex(calendar).fillna(pd.Series(calendar, calendar))
        )
        features = join(labels, lang)
        notes.append(say("risk.note_calendar", lang, days=SEASON_DAYS, features=features))
    return notes


def run_facts(
    model: dict[str, Any], metrics: pd.DataFrame, scores: pd.DataFrame, params: Params
) -> dict[str, Any]:
    """Content of risk.json for a study with a model."""
    high = scores["p_churn"] >= params.business.high_risk
    return {
        "status": "ok",
        "reason": None,
        **model,
        "beats_baseline": beats_baselines(metrics),
        "headline": headline(metrics),
        "scored_on": f"{scores['as_of'].max():%Y-%m-%d}",
        "scored": len(scores),
        "expected_leavers": float(scores["p_churn"].sum()),
        "high_risk_from": params.business.high_risk,
        "high_risk": int(high.sum()),
        "value_at_risk": float(scores["value_at_risk"].sum())
        if scores["value_at_risk"].notna().any()
        else None,
        "value_at_risk_high": float(scores.loc[high, "value_at_risk"].sum()) if high.any() else 0.0,
    }


def headline(metrics: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The model's overall figures with their intervals."""
    overall = metrics[(metrics["model"] == RISK_MODEL) & (metrics["stratum_kind"] == "all")]
    columns = [overall[name].tolist() for name in ("metric", "estimate", "low", "high")]
    return {
        name: {"estimate": e, "low": low, "high": high} for name, e, low, high in zip(*columns, strict=True)
    }


def metadata(
    model: dict[str, Any], metrics: pd.DataFrame, panel: dict[str, Any], params: Params
) -> dict[str, Any]:
    """Content of the model's metadata.json.

    Parameters
    ----------
    panel
        `artifacts.panel_size`.
    """
    return {
        **model,
        "metrics": headline(metrics),
        "panel": panel,
        "params": params.model_dump(mode="json", include={"run", "business", "risk"}),
    }


def without_model(error: NoModelError) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """risk.json, and all tables: risk_metrics with the reason in place of figures, the others empty."""
    texts = error.texts()
    tables = {name: pd.DataFrame(columns=list(columns)) for name, columns in documented()["risk"].items()}
    row = dict.fromkeys(tables["risk_metrics"]) | {"model": "none", "part": "none", "note": texts["en"]}
    numbers = ["estimate", "low", "high", "rows", "members", "events"]
    metrics = pd.DataFrame([row]).astype(dict.fromkeys(numbers, "float64"))
    tables |= {"risk_metrics": metrics, "risk_scores": no_scores()}
    return {"status": "no_model", "reason": texts, "cause": error.reason}, tables
