"""MLflow runs of the pipeline: one run a section, the risk model's candidates nested below theirs."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.files import read_json, read_table
from whychurn.contract.fit_records import fits_file, read_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.suppression import suppress_small_cells
from whychurn.delivery.descriptions import NOTE, describe_runs, described, page_of, told
from whychurn.delivery.mlflow_store import (
    CONTENT,
    PIPELINE,
    code_tags,
    connect,
    digest_files,
    find_experiment,
    find_logged,
    flatten,
    open_run,
    write_run,
    write_series,
)
from whychurn.delivery.registry.model_versions import (
    CHALLENGER,
    actions_file,
    causes_file,
    find_content,
    model_folder,
    register_challenger,
)
from whychurn.delivery.registry.served_file import source_digest
from whychurn.delivery.registry.survival_model import track_survival_model
from whychurn.delivery.tracking.fit_runs import SECTIONS, track_fits
from whychurn.delivery.tracking.model_card import write_model_card
from whychurn.delivery.tracking.model_charts import model_figures
from whychurn.report.words import LANGUAGES

log = logging.getLogger(__name__)
FACTS: Final = {
    "intake": ("interim", "intake"),
    "panel": ("processed", "panel"),
    "retention": ("results", "retention"),
}
_DIGEST_CHARS: Final = 36  # MLflow's bound
_VALUES: Final = ("estimate", "low", "high", "p_mean", "rate", "rows", "events")


def track(study: StudyPaths, params: Params) -> str | None:
    """Log the results that lie in `study`; what is logged already is not logged again.

    Returns
    -------
    Id of the risk run, None where the risk stage has not run.
    """
    client = connect(study)
    experiment = find_experiment(client, study, PIPELINE)
    origin = {**code_tags(study), "panel_sha256": digest_files([study.processed / "panel.parquet"])}
    contents = run_contents(study, params)
    for sections, track_section in ((FACTS, _track_section), (SECTIONS, track_fits)):
        for section in (name for name in sections if name in contents):
            tags = {**origin, CONTENT: contents[section]}
            track_section(client, experiment, study, params, section, tags)
    track_survival_model(client, experiment, study, params, origin)
    risk = "risk" in contents
    run_id = _track_risk(client, experiment, study, params, origin) if risk else None
    describe_runs(client, experiment, study, params, contents, _leading_figures(study, contents))
    return run_id


def run_contents(study: StudyPaths, params: Params) -> dict[str, str]:
    """Section -> digest that marks its run (tag ``whychurn.content``); only of stages that have run."""
    facts = {section: getattr(study, folder) / f"{name}.json" for section, (folder, name) in FACTS.items()}
    files = facts | {section: fits_file(study, section) for section in SECTIONS}
    contents = {
        section: content_digest(section, params, [file]) for section, file in files.items() if file.exists()
    }
    if (study.results / "risk.json").exists():
        contents["risk"] = risk_content(study, params)
    return contents


def _leading_figures(study: StudyPaths, contents: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Section -> figures that tell its run where its page has no headline."""
    fits = {section: read_fits(study, section) for section in SECTIONS if section in contents}
    figures = {section: found[0].metrics for section, found in fits.items() if found}
    if "panel" in contents:
        figures["panel"] = _panel_figures(study)
    if "risk" in contents and (study.results / "risk_metrics.parquet").exists():
        table = read_table(study.results / "risk_metrics.parquet")
        figures["risk"] = {key.removeprefix("risk."): value for key, value in risk_metrics(table).items()}
    return figures


def logged_params(params: Params) -> dict[str, Any]:
    """Every parameter that results depend on, as ``section.key``."""
    return flatten(params.model_dump(mode="json", exclude={"study", "report", "delivery"}))


def content_digest(section: str, params: Params, files: list[Path]) -> str:
    """Digest of a run's files and the parameters behind them: equal digests are the same run."""
    settings = json.dumps([section, logged_params(params)], sort_keys=True, default=str)
    return hashlib.sha256((settings + digest_files(files)).encode()).hexdigest()


def risk_content(study: StudyPaths, params: Params) -> str:
    """Digest of the risk model with the results and limits that belong to it."""
    results = [study.results / f"{name}.parquet" for name in ("risk_metrics", "risk_backtest")]
    given = params.delivery
    served = json.dumps([given.max_request_rows, given.registered_risk, source_digest("risk")])
    files = [*model_folder(study).glob("*"), causes_file(study), actions_file(study), *results]
    files.append(study.processed / "panel.json")
    return content_digest(f"risk {served}", params, files)


def risk_metrics(table: pd.DataFrame, model: str = RISK_MODEL) -> dict[str, float]:
    """The test figures of one candidate: ``risk.auc`` with ``risk.auc_low`` and ``risk.auc_high``."""
    rows = table[(table["model"] == model) & (table["stratum_kind"] == "all")]
    figures: dict[str, float] = {}
    for column, suffix in (("estimate", ""), ("low", "_low"), ("high", "_high")):
        names = "risk." + rows["metric"] + suffix
        figures |= dict(zip(names, rows[column].astype(float), strict=True))
    return figures


def _track_section(
    client: MlflowClient,
    experiment: str,
    study: StudyPaths,
    params: Params,
    section: str,
    tags: dict[str, str],
) -> None:
    if find_logged(client, experiment, tags[CONTENT]):
        return
    folder, name = FACTS[section]
    facts = read_json(getattr(study, folder) / f"{name}.json")
    numbers, words = split_facts({**facts, **(_panel_figures(study) if section == "panel" else {})}, section)
    with open_run(client, experiment, section, {"section": section, **tags}) as run_id:
        write_run(client, run_id, numbers, logged_params(params), words)
        mlflow.log_dict(dict(facts), f"{name}.json")


def split_facts(facts: Mapping[str, Any], section: str) -> tuple[dict[str, float], dict[str, str]]:
    """Numbers of a facts file as metrics and short words as tags, under the section's prefix."""
    flat = flatten(facts, section)
    numbers = {key: float(value) for key, value in flat.items() if isinstance(value, bool | int | float)}
    words = {key: value for key, value in flat.items() if isinstance(value, str) and len(value) < 250}
    return numbers, words


def _panel_figures(study: StudyPaths) -> dict[str, float]:
    panel = read_table(study.processed / "panel.parquet", ["member_id", "churned_in_horizon"])
    labels = panel["churned_in_horizon"].astype("float64")
    return {"rows": len(panel), "members": panel["member_id"].nunique(), "churn_rate": labels.mean()}


def _track_risk(
    client: MlflowClient, experiment: str, study: StudyPaths, params: Params, origin: dict[str, str]
) -> str:
    status = read_json(study.results / "risk.json")
    content = risk_content(study, params)
    tags = {"section": "risk", "status": status["status"], CONTENT: content, **origin}
    earlier = find_content(client, params.delivery.registered_risk, content)
    logged = find_logged(client, experiment, content)
    if logged and (earlier is not None or status["status"] != "ok"):
        if earlier is not None:  # the same model as an earlier version: that is the challenger again
            client.set_registered_model_alias(earlier.name, CHALLENGER, earlier.version)
        return logged
    with open_run(client, experiment, "risk", tags) as run_id:
        write_run(client, run_id, params=logged_params(params))
        mlflow.log_dict(status, "risk.json")
        mlflow.log_input(_panel_dataset(study, origin["panel_sha256"]), context="training")
        if status["status"] == "ok":
            _log_results(client, experiment, study, params, run_id)
            gates = {**tags, **target_tags(study)}
            version = register_challenger(client, study, params, gates)
            log.info("registered %s version %s as challenger", version.name, version.version)
        else:
            log.info("no model to register: %s", status["reason"]["en"])
    return run_id


def target_tags(study: StudyPaths) -> dict[str, str]:
    """What a model of this study forecasts, and the rows on which its figures were measured."""
    metadata = read_json(model_folder(study) / "metadata.json")
    target = {name: str(metadata[name]) for name in ("definition", "horizon_days")}
    return {**target, "test_months": " ".join(metadata["as_of"]["test"])}


def _log_results(
    client: MlflowClient, experiment: str, study: StudyPaths, params: Params, run_id: str
) -> None:
    table = read_table(study.results / "risk_metrics.parquet")
    write_run(client, run_id, risk_metrics(table))
    for metric in ("auc", "ece"):
        write_series(client, run_id, f"risk.{metric}_by_month", _by_month(table, metric))
    for model in table.loc[table["stratum_kind"] == "all", "model"].unique():
        figures = risk_metrics(table, model)
        plain = {key.removeprefix("risk."): value for key, value in figures.items()}
        tags = {
            "section": "risk",
            "candidate": model,
            NOTE: described(params, page_of("risk"), partial(told, plain)),
        }
        with open_run(client, experiment, f"risk/{model}", tags, nested=True) as child:
            write_run(client, child, figures, {"model": model})
    for name, text in _tables(study, params.privacy.min_cell):
        mlflow.log_text(text, f"tables/{name}.csv")
    for name, figure in model_figures(study, params):
        mlflow.log_figure(figure, f"figures/{name}.svg")
    for lang in LANGUAGES:
        mlflow.log_text(write_model_card(study, params, lang), f"model_card_{lang}.md")


def _by_month(table: pd.DataFrame, metric: str) -> dict[int, float]:
    """Step = month as 202501."""
    rows = table[
        (table["model"] == RISK_MODEL) & (table["stratum_kind"] == "month") & (table["metric"] == metric)
    ]
    steps = rows["stratum"].str.replace("-", "").astype(int)
    return dict(zip(steps, rows["estimate"], strict=True))


def _tables(study: StudyPaths, min_cell: int) -> Iterator[tuple[str, str]]:
    """The aggregated results behind the card; none holds a member."""
    for name in ("risk_metrics", "risk_calibration", "risk_lift", "risk_backtest", "risk_shap_features"):
        path = study.results / f"{name}.parquet"
        if path.exists():
            table = read_table(path)
            if "members" in table:
                values = [name for name in _VALUES if name in table]
                table = suppress_small_cells(table, "members", values, min_cell)
            yield name, table.to_csv(index=False)


def _panel_dataset(study: StudyPaths, digest: str) -> MetaDataset:
    with warnings.catch_warnings():  # MLflow lists its local source twice and warns of it
        warnings.simplefilter("ignore", UserWarning)
        source = resolve_dataset_source(str(study.processed / "panel.parquet"))
    return MetaDataset(source, name="panel", digest=digest[:_DIGEST_CHARS])  # type: ignore[abstract]
