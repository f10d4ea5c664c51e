"""Try a change of parameters on the demo's data, and put the figures of both beside each other.

An experiment is a folder with README.md (question, bet, result, decision) and params.yaml (overrides only).
Its study lives in ``work/`` (never in git) and reads the demo's raw tables, so it runs the same stages;
result.json stays.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import mlflow
import numpy as np
import pandas as pd
import yaml

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_table, write_json, write_whole
from whychurn.contract.params import Params, load_params, merge
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.yaml_files import read_yaml
from whychurn.delivery.descriptions import NOTE, describe_experiment, described
from whychurn.delivery.mlflow_store import (
    CONTENT,
    code_tags,
    connect,
    digest_files,
    find_experiment,
    find_logged,
    flatten,
    open_run,
    write_run,
)
from whychurn.delivery.registry.model_versions import model_folder
from whychurn.delivery.registry.paired_comparison import paired_differences
from whychurn.report.page.formats import format_interval
from whychurn.report.words import say

EXPERIMENTS: Final = "experiments"
SHOWN: Final = ("auc", "pr_auc", "brier", "log_loss", "ece", "lift_5", "profit", "rate")
FIXED: Final = ("study", "world", "intake", "delivery")  # an experiment runs on the demo's tables as they are


def run_experiment(
    folder: Path, pipeline: Callable[[StudyPaths], None], demo: StudyPaths | None = None
) -> pd.DataFrame:
    """Run the pipeline with the folder's overrides, record result.json and an MLflow run, and compare.

    Parameters
    ----------
    folder
        Holds params.yaml, the overrides.
    pipeline
        Brings a study up to date as far as risk.
    demo
        Study to compare with; the project's own by default.

    Returns
    -------
    metric, demo, experiment (each with its interval as text), difference, low, high (paired where both models
    forecast the same rows and the same event, else missing).

    Raises
    ------
    WhychurnError
        If there are no overrides, or they touch what an experiment must not change, or the demo has no
        model.
    """
    base = demo or StudyPaths(PROJECT)
    overrides = read_overrides(folder)
    if not (base.results / "risk_metrics.parquet").exists():
        raise WhychurnError("the demo has no results to compare with", remedy="run `whychurn run` first")
    trial = prepare_trial(folder, overrides, base)
    pipeline(trial)
    params = load_params(trial)
    result = compare(base, trial, params, overrides)
    write_json(result, folder / "result.json")
    _log_run(base, folder, params, result)
    return comparison_table(result)


def read_overrides(folder: Path) -> dict[str, Any]:
    """The folder's params.yaml.

    Raises
    ------
    WhychurnError
        If it is absent, empty, or overrides what must stay.
    """
    file = folder / "params.yaml"
    if not file.exists():
        raise WhychurnError(
            "an experiment needs its overrides",
            file=file,
            remedy="write the keys that differ from the project's",
        )
    overrides = read_yaml(file) or {}
    if not isinstance(overrides, dict) or not overrides:
        raise WhychurnError("no overrides: nothing would change", file=file, remedy="name at least one key")
    fixed = [section for section in FIXED if section in overrides]
    if fixed:
        raise WhychurnError(
            f"an experiment runs on the demo's data as they are and cannot override {', '.join(fixed)}",
            file=file,
            remedy="use a study folder: whychurn run --study DIR",
        )
    return overrides


def prepare_trial(folder: Path, overrides: dict[str, Any], demo: StudyPaths) -> StudyPaths:
    """The experiment's own study: its overrides, the demo's raw tables."""
    trial = StudyPaths((folder / "work").resolve())
    source = {"intake": {"source": str(demo.raw.resolve())}}
    text = yaml.safe_dump(merge(overrides, source), allow_unicode=True, sort_keys=False)
    with write_whole(trial.root / "params.yaml") as temporary:
        temporary.write_text(text, encoding="utf-8")
    return trial


def compare(demo: StudyPaths, trial: StudyPaths, params: Params, overrides: dict[str, Any]) -> dict[str, Any]:
    """Content of result.json: what was changed, the figures of both, and their paired difference.

    Raises
    ------
    WhychurnError
        If one of the two has no model.
    """
    figures = {name: headline(place) for name, place in (("demo", demo), ("experiment", trial))}
    targets = {name: _target(place) for name, place in (("demo", demo), ("experiment", trial))}
    comparable = targets["demo"]["definition"] == targets["experiment"]["definition"]
    comparable = comparable and targets["demo"]["horizon_days"] == targets["experiment"]["horizon_days"]
    return {
        "overrides": overrides,
        "target": targets,
        "metrics": figures,
        "paired": paired_differences(demo, trial, params) if comparable else None,
        "origin": {**code_tags(trial), "panel_sha256": digest_files([trial.processed / "panel.parquet"])},
    }


def headline(study: StudyPaths) -> dict[str, dict[str, float]]:
    """The served candidate's test figures with their intervals."""
    if read_json(study.results / "risk.json")["status"] != "ok":
        raise WhychurnError(
            "the risk stage found no model, so there is nothing to compare",
            file=study.results / "risk.json",
            remedy="read the reason there and change the overrides",
        )
    table = read_table(study.results / "risk_metrics.parquet")
    rows = table[(table["model"] == RISK_MODEL) & (table["stratum_kind"] == "all")]
    kept = rows.set_index("metric")[["estimate", "low", "high"]].round(6)
    return {str(name): {str(k): float(v) for k, v in row.items()} for name, row in kept.iterrows()}


def comparison_table(result: dict[str, Any]) -> pd.DataFrame:
    """What the command line prints, from result.json."""
    lines = []
    for metric in SHOWN:
        sides = [result["metrics"][side].get(metric) for side in ("demo", "experiment")]
        if None in sides:
            continue
        change = (result["paired"] or {}).get("metrics", {}).get(metric)
        lines.append(
            {
                "metric": metric,
                **dict(zip(("demo", "experiment"), map(_interval, sides), strict=True)),
                "difference (paired)": _interval(change, signed=True)
                if change
                else "not the same rows or target",
            }
        )
    return pd.DataFrame(lines)


def _interval(figure: dict[str, float], signed: bool = False) -> str:
    numbers = [figure[key] for key in ("estimate", "low", "high")]
    digits = 0 if np.nanmax(np.abs(numbers)) >= 100 else 4
    pattern = f"{{:{'+' if signed else ''}.{digits}f}}"
    return format_interval(figure, pattern.format)


def _changed(result: dict[str, Any], lang: str) -> str:
    change = ((result["paired"] or {}).get("metrics") or {}).get("auc")
    if change:
        return say("mlflow.trial", lang, difference=_interval(change, signed=True))
    return say("mlflow.trial_unpaired", lang, auc=_interval(result["metrics"]["experiment"]["auc"]))


def _target(study: StudyPaths) -> dict[str, Any]:
    metadata = read_json(model_folder(study) / "metadata.json")
    return {
        "definition": metadata["definition"],
        "horizon_days": metadata["horizon_days"],
        "test_months": metadata["as_of"]["test"],
        "train_months": len(metadata["as_of"]["train"]),
    }


def _log_run(demo: StudyPaths, folder: Path, params: Params, result: dict[str, Any]) -> None:
    client = connect(demo)
    experiment = find_experiment(client, demo, EXPERIMENTS)
    content = digest_files([folder / "result.json"])
    if find_logged(client, experiment, content):
        return
    shown = f"{EXPERIMENTS}/{folder.name}/README.md"
    note = described(params, shown, lambda lang: _changed(result, lang))
    describe_experiment(
        client, experiment, described(params, EXPERIMENTS, lambda lang: say("mlflow.experiments", lang))
    )
    tags = {
        CONTENT: content,
        NOTE: note,
        "folder": folder.name,
        **{k: str(v) for k, v in result["origin"].items()},
    }
    settings = flatten(params.model_dump(mode="json", exclude={"study", "world", "report", "delivery"}))
    with open_run(client, experiment, folder.name, tags) as run_id:
        for side in ("demo", "experiment"):
            prefix = "risk" if side == "experiment" else "demo.risk"
            figures = {
                f"{prefix}.{name}": figure["estimate"] for name, figure in result["metrics"][side].items()
            }
            write_run(client, run_id, figures)
        write_run(client, run_id, params=settings)
        for name in ("README.md", "params.yaml", "result.json"):
            if (folder / name).exists():
                mlflow.log_artifact(str(folder / name))
