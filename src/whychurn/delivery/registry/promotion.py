"""Promotion of the risk model: the champion changes here alone, with a reason, after gates, and on record."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_labelled
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.mlflow_store import connect, digest_files, load_version
from whychurn.delivery.registry.model_versions import CHALLENGER, CHAMPION, crown, find_version
from whychurn.risk.evaluation.forecast_metrics import Business, Forecast, measure_once

log = logging.getLogger(__name__)
SAME_ROWS = ("definition", "horizon_days", "test_months", "panel_sha256")  # figures compare where these agree
BASELINES = ("recency", "prior")


@dataclass(frozen=True)
class Gate:
    """One condition of a promotion.

    Parameters
    ----------
    passed
        Whether it holds.
    finding
        What was compared, with the figures.
    """

    name: str
    passed: bool
    finding: str


def promote(study: StudyPaths, params: Params, reason: str, if_none: bool = False) -> str:
    """Make the challenger of `study` the champion.

    Parameters
    ----------
    reason
        Why; kept with the version.
    if_none
        Do nothing where a champion exists.

    Returns
    -------
    What happened, in a sentence.

    Raises
    ------
    WhychurnError
        If the reason is empty or leaves an open alarm unnamed, there is no challenger, or a gate refuses (which one, and by how much).
    """
    if not reason.strip():
        raise WhychurnError("a promotion needs a reason", remedy='say why: --reason "…"')
    client, name = connect(study), params.delivery.registered_risk
    champion, challenger = (find_version(client, name, alias) for alias in (CHAMPION, CHALLENGER))
    if champion is not None and if_none:
        return f"{name} version {champion.version} is champion already; nothing changed"
    if challenger is None:
        raise WhychurnError(
            f"no model {name!r} waits as challenger", remedy="run `whychurn run` for this study first"
        )
    if champion is not None and champion.version == challenger.version:
        return f"{name} version {champion.version} is champion already; no other model waits"
    unnamed = [alarm for alarm in open_alarms(study) if alarm not in reason] if champion is not None else []
    if unnamed:
        raise WhychurnError(
            f"alarms are open that the reason does not name: {', '.join(unnamed)}",
            remedy="look at reports/70_watch, then name each in --reason, and why this model is right all the same",
        )
    gates = check_gates(client, study, params, challenger, champion)
    refused = [gate for gate in gates if not gate.passed]
    if refused:
        raise WhychurnError(
            f"{name} version {challenger.version} was not promoted: "
            + "; ".join(f"{gate.name}: {gate.finding}" for gate in refused),
            remedy="improve the model, or change the gates in params.yaml: delivery, and say why",
        )
    _record(client, challenger, champion, reason.strip(), gates)
    crown(client, params, challenger, reason.strip())
    findings = "; ".join(gate.finding for gate in gates)
    said = f"{name} version {challenger.version} is the champion now ({findings})"
    month = new_reference(study) if champion is not None else None
    if month is None:
        return said
    client.set_model_version_tag(name, challenger.version, "reference_from", month)
    return (
        f"{said}. Alarms are still raised against the months before: to compare later months with those from "
        f"{month} on, write `watch: {{reference_from: {month}}}` into params.yaml"
    )


def open_alarms(study: StudyPaths) -> list[str]:
    """Charts whose alarm is open (``leavings:all``); none where stage watch has not run."""
    return [f"{alarm['chart']}:{alarm['group']}" for alarm in _alarms(study)]


def new_reference(study: StudyPaths) -> str | None:
    """Month from which later ones compare with how members leave now: that in which the last open alarm began."""
    return max((str(alarm["since"])[:7] for alarm in _alarms(study)), default=None)


def _alarms(study: StudyPaths) -> list[dict[str, Any]]:
    file = study.results / "watch.json"
    found: list[dict[str, Any]] = read_json(file).get("open_alarms", []) if file.exists() else []
    return found


def check_gates(
    client: MlflowClient,
    study: StudyPaths,
    params: Params,
    challenger: ModelVersion,
    champion: ModelVersion | None,
) -> list[Gate]:
    """All gates of this promotion, passed or not; figures are compared for equal target and columns alone."""
    figures = _figures(client, challenger)
    if champion is None:
        return first_gates(figures, _candidates(client, challenger))
    gates = [target_gate(challenger.tags, champion.tags), schema_gate(_schema(challenger), _schema(champion))]
    if not all(gate.passed for gate in gates):
        return gates
    if all(challenger.tags.get(key) == champion.tags.get(key) for key in SAME_ROWS):
        before = _figures(client, champion)
    else:
        before = measure_again(study, params, challenger, champion)
    return gates + figure_gates(figures, before, params)


def first_gates(figures: dict[str, float], candidates: dict[str, dict[str, float]]) -> list[Gate]:
    """Without a champion: better than the recency or the base rate alone."""
    gates = []
    for name in (name for name in BASELINES if name in candidates):
        other = candidates[name]
        for key, better in (("auc", 1), ("log_loss", -1)):
            figure, baseline = figures[f"risk.{key}"], other[f"risk.{key}"]
            finding = f"{key} {figure:.4f}, {name} {baseline:.4f}"
            gates.append(Gate(f"{key} against {name}", better * (figure - baseline) > 0, finding))
    return gates


def target_gate(challenger: dict[str, str], champion: dict[str, str]) -> Gate:
    """Both forecast the same thing."""
    new, current = (
        f"{tags['definition']} within {tags['horizon_days']} days" for tags in (challenger, champion)
    )
    if new == current:
        return Gate("target", True, f"forecasts {new}")
    return Gate("target", False, f"forecasts {new}, the champion {current}")


def schema_gate(challenger: dict[str, str], champion: dict[str, str]) -> Gate:
    """The champion's callers can call the challenger: the same columns of the same types, in and out."""
    changed = [f"{name} missing" for name in champion if name not in challenger]
    changed += [f"{name} new" for name in challenger if name not in champion]
    changed += [
        f"{name} {champion[name]} → {kind}"
        for name, kind in challenger.items()
        if champion.get(name, kind) != kind
    ]
    if not changed:
        return Gate("schema", True, f"same {len(champion)} columns")
    remedy = "callers must change; register under another delivery.model_name"
    return Gate("schema", False, f"{len(changed)} columns differ ({', '.join(changed[:8])}): {remedy}")


def figure_gates(new: dict[str, float], current: dict[str, float], params: Params) -> list[Gate]:
    """Forward AUC not lower and calibration error not higher than the champion's, within the tolerances."""
    drop = current["risk.auc"] - new["risk.auc"]
    rise = new["risk.ece"] - current["risk.ece"]
    return [
        _bounded("auc", new["risk.auc"], current["risk.auc"], drop, params.delivery.max_auc_decrease),
        _bounded("ece", new["risk.ece"], current["risk.ece"], rise, params.delivery.max_ece_increase),
    ]


def _bounded(name: str, new: float, current: float, worse: float, allowed: float) -> Gate:
    finding = f"{name} {new:.4f}, champion {current:.4f}"
    if worse > allowed or np.isnan(worse):
        return Gate(name, False, f"{finding}: worse by {worse:.4f}, allowed {allowed:.4f}")
    return Gate(name, True, finding)


def measure_again(
    study: StudyPaths, params: Params, challenger: ModelVersion, champion: ModelVersion
) -> dict[str, float]:
    """Champion's figures on the challenger's test rows, by the metrics of the risk stage.

    Raises
    ------
    WhychurnError
        If the panel is no longer the one that the challenger was measured on.
    """
    path = study.processed / "panel.parquet"
    if digest_files([path]) != challenger.tags["panel_sha256"]:
        raise WhychurnError(
            "the panel has changed since the challenger was measured",
            file=path,
            remedy="run `whychurn run` again",
        )
    rows = read_labelled(path, pd.to_datetime(challenger.tags["test_months"].split()))
    model: Any = load_version(f"models:/{champion.name}/{champion.version}").unwrap_python_model()
    y = rows["churned_in_horizon"].astype("float64").to_numpy()
    log.info("measuring the champion again on %d test rows", len(rows))
    return {f"risk.{key}": value for key, value in measure(y, model.probability(rows), params).items()}


def measure(y: np.ndarray, p: np.ndarray, params: Params) -> dict[str, float]:
    """Test metrics of probabilities `p` for labels `y`, as the risk stage computes them."""
    unknown = Business(
        np.full(len(y), np.nan),
        params.business.saved_share,
        params.business.contact_cost,
        params.business.capacity,
    )
    forecast = Forecast(y, p, unknown, params.risk.lift_shares)
    return measure_once(forecast)


def _figures(client: MlflowClient, version: ModelVersion) -> dict[str, float]:
    return client.get_run(str(version.run_id)).data.metrics


def _candidates(client: MlflowClient, version: ModelVersion) -> dict[str, dict[str, float]]:
    run = client.get_run(str(version.run_id))
    nested = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    return {child.data.tags["candidate"]: child.data.metrics for child in nested}


def _schema(version: ModelVersion) -> dict[str, str]:
    """Every column, in and out, with its type."""
    signature = mlflow.models.get_model_info(f"models:/{version.name}/{version.version}").signature
    inputs = {column.name: column.type.name for column in signature.inputs}
    return inputs | {f"answer {column.name}": column.type.name for column in signature.outputs}


def _record(
    client: MlflowClient,
    challenger: ModelVersion,
    champion: ModelVersion | None,
    reason: str,
    gates: list[Gate],
) -> None:
    tags = {
        "promoted_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "promotion_reason": reason,
        "previous_champion": champion.version if champion else "none",
        **{f"gate.{gate.name.replace(' ', '_')}": gate.finding for gate in gates},
    }
    for key, value in tags.items():
        client.set_model_version_tag(challenger.name, challenger.version, key, str(value))
