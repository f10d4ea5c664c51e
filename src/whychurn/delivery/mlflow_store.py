"""MLflow's client for the store of a study, and writing a run."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import re
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.pyfunc import PyFuncModel

from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.delivery.store_file import prepare_store, store_errors
from whychurn.delivery.store_place import reach, store_place

log = logging.getLogger(__name__)
PIPELINE: Final = "pipeline"  # experiment of the runs of the pipeline itself
CONTENT: Final = "whychurn.content"  # digest of what a run logs: the same content is not logged twice
QUIET: Final = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
VIEW: Final = "whychurn"  # runs with their descriptions, a column that MLflow's pages hide at first
_COLUMNS: Final = [f"attributes.`{name}`" for name in ("Description", "Models")]
KIND: Final = {
    "mlflow.experimentKind": "custom_model_development",  # pages of runs, not of prompts and traces
    f"mlflow.sharedViewState.{VIEW}": json.dumps({"selectedColumns": _COLUMNS}),
}
_WRITTEN_BY_RUNS: Final = (":!dvc.lock", ":!reports")
_CHUNK: Final = 100  # MLflow's bound on parameters and tags a call


def connect(study: StudyPaths) -> MlflowClient:
    """Client of the study's store, made if absent; MLflow's own functions use it from here on.

    Raises
    ------
    WhychurnError
        If the store is damaged, cannot be reached, or cannot be made or written.
    """
    for switch, value in QUIET.items():
        os.environ.setdefault(switch, value)
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    place = store_place(study)
    if place.shared:
        reach(place)
    else:
        prepare_store(study)
    mlflow.set_tracking_uri(place.address)
    mlflow.set_registry_uri(place.address)
    with store_errors(study):
        client = MlflowClient()
        if place.shared:  # MLflow makes the tables, and a server says whom it knows
            client.search_experiments(max_results=1)
        return client


def find_experiment(client: MlflowClient, study: StudyPaths, name: str) -> str:
    """Id of the experiment `name`, made if absent, and restored if somebody deleted it on MLflow's pages."""
    place = store_place(study)
    name = place.named(name)
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        folder = place.artifacts + urllib.parse.quote(name) if place.artifacts else None
        return client.create_experiment(name, artifact_location=folder, tags=KIND)
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
        log.info("MLflow's experiment %r had been deleted: it was restored, for runs are kept there", name)
    return experiment.experiment_id


def load_version(address: str) -> PyFuncModel:
    """The model at ``models:/…``, read from a copy: MLflow would take ``%41`` in a folder's name for a letter."""
    with tempfile.TemporaryDirectory(prefix="whychurn-model-") as copy:
        return mlflow.pyfunc.load_model(address, dst_path=copy)


def find_logged(client: MlflowClient, experiment_id: str, content: str) -> str | None:
    """Id of the finished run that logged `content` already."""
    query = f"tags.`{CONTENT}` = '{content}' and attributes.status = 'FINISHED'"
    runs = client.search_runs([experiment_id], query, max_results=1)
    return runs[0].info.run_id if runs else None


@contextmanager
def open_run(
    client: MlflowClient, experiment_id: str, name: str, tags: Mapping[str, str], nested: bool = False
) -> Iterator[str]:
    """Start a run for the duration of a block and yield its id; an error marks it as failed."""
    with mlflow.start_run(experiment_id=experiment_id, run_name=name, nested=nested) as run:
        write_run(client, run.info.run_id, tags=tags)
        yield run.info.run_id


def write_run(
    client: MlflowClient,
    run_id: str,
    metrics: Mapping[str, float] | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Log numbers, parameters and tags in a few calls; numbers that are not finite are left out."""
    now = int(time.time() * 1000)
    numbers = [
        Metric(_clean(key), float(value), now, 0)
        for key, value in (metrics or {}).items()
        if value is not None and math.isfinite(value)
    ]
    settings = [Param(_clean(key), str(value)) for key, value in (params or {}).items()]
    run_tags = [RunTag(key, str(value)) for key, value in (tags or {}).items()]
    for start in range(0, max(len(numbers), len(settings), len(run_tags)), _CHUNK):
        part = slice(start, start + _CHUNK)
        client.log_batch(run_id, numbers[part], settings[part], run_tags[part])


def write_series(client: MlflowClient, run_id: str, key: str, points: Mapping[int, float]) -> None:
    """Log one number at several steps (such as months)."""
    now = int(time.time() * 1000)
    series = [Metric(_clean(key), float(v), now, step) for step, v in points.items() if math.isfinite(v)]
    client.log_batch(run_id, series)


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as ``section.key`` -> value."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, name)
        else:
            flat[name] = value
    return flat


def digest_files(files: list[Path]) -> str:
    """SHA-256 over names and bytes of the files that exist."""
    digest = hashlib.sha256()
    for file in sorted(files):
        if file.exists():
            digest.update(file.name.encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def code_tags(study: StudyPaths) -> dict[str, str]:
    """Git commit of the project (with a flag for uncommitted changes) and digest of the study's dvc.lock.

    What the run itself rewrites (dvc.lock, the summary) is no uncommitted change.
    """
    commit = _git("rev-parse", "HEAD")
    tags = {"git_commit": commit or "none"}
    if commit:
        status = ("status", "--porcelain", "--untracked-files=no", "--", ".", *_WRITTEN_BY_RUNS)
        tags["git_dirty"] = str(bool(_git(*status))).lower()
    lock = study.root / "dvc.lock"
    tags["dvc_lock_sha256"] = hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else "none"
    return tags


def _git(*arguments: str) -> str:
    if not (PROJECT / ".git").exists():
        return ""
    try:
        done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git on this machine
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _clean(key: str) -> str:
    return re.sub(r"[^\w.\-/ ]", "_", key)
