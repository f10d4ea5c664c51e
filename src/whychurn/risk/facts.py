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
from whychurn.stats.high_risk import high_risk_from


def model_facts(trained: Trained, facts: dict[str, Any], risk: RiskParams) -> dict[str, Any]:
    """How the model was made: definition, parts, search, features, notes."""
    tuned = trained.tuned
    months = {part: [f"{day:%Y-%m-%d}" for day in trained.split.months[part]] for part in PARTS}
    return {
        "definition": facts["definition"],
        "horizon_days": facts["horizon_days"],
        "known_days": trained.known_days,
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
    model: dict[str, Any], metrics: pd.DataFrame, scores: pd.DataFrame, gone: pd.DataFrame, params: Params
) -> dict[str, Any]:
    """Content of risk.json for a study with a model.

    Parameters
    ----------
    scores, gone
        risk_scores and already_gone: together the members of the latest snapshot.
    """
    days = pd.concat([scores["as_of"], gone["as_of"]])
    chances = scores["p_churn"].to_numpy("float64")
    threshold = high_risk_from(chances, params.business.high_risk)
    high = scores["p_churn"] >= threshold
    return {
        "status": "ok",
        "reason": None,
        **model,
        "beats_baseline": beats_baselines(metrics),
        "headline": headline(metrics),
        "seen_again": headline(metrics, "seen"),
        "gone_listed": gone_listed(metrics),
        "scored_on": f"{days.max():%Y-%m-%d}",
        "scored": len(scores),
        "already_gone": gone_counts(gone),
        "expected_leavers": float(scores["p_churn"].sum()),
        "high_risk_from": threshold,
        "high_risk": int(high.sum()),
        "value_at_risk": float(scores["value_at_risk"].sum())
        if scores["value_at_risk"].notna().any()
        else None,
        "value_at_risk_high": float(scores.loc[high, "value_at_risk"].sum()) if high.any() else 0.0,
    }


def gone_counts(gone: pd.DataFrame) -> dict[str, int]:
    """Members of already_gone: all, and by why."""
    return {"all": len(gone), **{str(why): int(count) for why, count in gone["why"].value_counts().items()}}


def gone_listed(metrics: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    """Stratum -> metric -> interval: who of the listed, and of those who stand apart, had already gone."""
    rows = metrics[metrics["stratum_kind"].isin(["listed", "apart"])]
    return {str(stratum): _figures(part) for stratum, part in rows.groupby("stratum")}


def headline(metrics: pd.DataFrame, kind: str = "all") -> dict[str, dict[str, float]]:
    """The model's figures with their intervals: overall, or on rows of a ``stratum_kind`` with one stratum."""
    return _figures(metrics[(metrics["model"] == RISK_MODEL) & (metrics["stratum_kind"] == kind)])


def _figures(overall: pd.DataFrame) -> dict[str, dict[str, float]]:
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


def without_model(error: NoModelError, gone: pd.DataFrame) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """risk.json, and all tables: risk_metrics with the reason in place of figures, who is already gone, the
    others empty.
    """
    texts = error.texts()
    tables = {name: pd.DataFrame(columns=list(columns)) for name, columns in documented()["risk"].items()}
    row = dict.fromkeys(tables["risk_metrics"]) | {"model": "none", "part": "none", "note": texts["en"]}
    numbers = ["estimate", "low", "high", "rows", "members", "events"]
    metrics = pd.DataFrame([row]).astype(dict.fromkeys(numbers, "float64"))
    tables |= {"risk_metrics": metrics, "risk_scores": no_scores(), "already_gone": gone}
    facts = {"status": "no_model", "reason": texts, "cause": error.reason, "already_gone": gone_counts(gone)}
    return facts, tables
