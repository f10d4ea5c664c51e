"""Serve the champion over HTTP, show MLflow's pages, and make an example request.

``mlflow models serve -m models:/NAME@champion --env-manager local`` serves the same model without the
limits, token, workers, and following of the alias, and takes only the form ``{"inputs": [{…}, …]}``.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NoReturn

from mlflow.exceptions import MlflowException
from mlflow.models import get_model_info

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system.processes import cores
from whychurn.delivery.mlflow_store import KIND, PIPELINE, QUIET, VIEW, connect, find_experiment
from whychurn.delivery.registry.model_versions import (
    CHAMPION,
    find_version,
    invent_rows,
    model_folder,
    read_features,
)
from whychurn.delivery.registry.survival_model import survival_folder
from whychurn.delivery.serving.settings import ServeSettings
from whychurn.delivery.serving.supervisor import listen
from whychurn.delivery.store_file import store_errors
from whychurn.delivery.store_place import store_place

log = logging.getLogger(__name__)
RISK, SURVIVAL = "risk", "survival"
_RUNS_PAGE: Final = "#/experiments/{}/runs?workflowType=machine_learning&viewStateShareKey={}"  # MLflow's start page is one of prompts
_MOST_WORKERS: Final = 4
# threads of a library spin where cores are busy: one row then costs several times as much
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Endpoint:
    """Where a model is served, and what guards it: see `ServeSettings`."""

    host: str = "127.0.0.1"
    port: int = 5001
    token_file: str | None = None
    certfile: str | None = None
    keyfile: str | None = None


def serve(study: StudyPaths, params: Params, endpoint: Endpoint, model: str = RISK) -> NoReturn:
    """Become the server: it answers until it is told to stop, and a signal reaches it and nobody in between.

    Raises
    ------
    WhychurnError
        If there is no champion, the port is taken, or `endpoint` would serve others without a token.
    """
    command, environment = serving_command(study, params, endpoint, model)
    try:
        listen(endpoint.host, endpoint.port).close()
    except (OSError, OverflowError) as error:
        raise WhychurnError(
            f"cannot listen on {endpoint.host}:{endpoint.port} ({error})", remedy="choose another: --port"
        ) from error
    scheme = "https" if endpoint.certfile else "http"
    log.info("serving on %s://%s:%d/invocations (stop with Ctrl-C)", scheme, endpoint.host, endpoint.port)
    sys.stdout.flush()
    os.execve(command[0], command, environment)


def serving_command(
    study: StudyPaths, params: Params, endpoint: Endpoint, model: str = RISK
) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the server.

    Raises
    ------
    WhychurnError
        If there is no such model, or no champion of it, or `endpoint` would serve others without a token.
    """
    names = {RISK: params.delivery.registered_risk, SURVIVAL: params.delivery.registered_survival}
    if model not in names:
        raise WhychurnError(f"no model {model!r} to serve", remedy=f"choose one of {', '.join(names)}")
    name = names[model]
    with store_errors(study):
        if find_version(connect(study), name, CHAMPION) is None:
            raise WhychurnError(
                f"no champion of {name!r} to serve",
                remedy=f'run `whychurn run`, then `whychurn experiment promote --model {model} --reason "…"`',
            )
    try:
        get_model_info(f"models:/{name}@{CHAMPION}")
    except (MlflowException, OSError) as error:
        raise WhychurnError(
            f"the files of the champion of {name!r} are missing or damaged",
            file=store_place(study).artifacts,
            remedy="put the artifacts back from a backup, or promote another version",
        ) from error
    settings = _settings(study, params, endpoint, name)
    settings.check()
    command = [sys.executable, "-m", "whychurn.delivery.serving.supervisor"]
    return command, {**_environment(study), **_ONE_THREAD, **settings.environment()}


def _settings(study: StudyPaths, params: Params, endpoint: Endpoint, name: str) -> ServeSettings:
    given = params.delivery
    workers = min(cores(), _MOST_WORKERS) if given.serve_workers == "auto" else given.serve_workers
    return ServeSettings(
        study=str(study.root),
        name=name,
        alias=CHAMPION,
        workers=workers,
        waiting=given.serve_waiting,
        max_bytes=given.max_request_mb * 1024**2,
        **asdict(endpoint),
    )


def mlflow_ui(study: StudyPaths, port: int) -> None:
    """Show the runs and models of `study` in MLflow's pages until interrupted; a server of the team shows its own."""
    with store_errors(study):
        client = connect(study)
        experiment = find_experiment(client, study, PIPELINE)
        for key, value in KIND.items():  # an older store has no view yet
            client.set_experiment_tag(experiment, key, value)
    page = _RUNS_PAGE.format(experiment, VIEW)
    place = store_place(study)
    if place.is_server:
        log.info("MLflow's runs of this study: %s/%s", place.shown, page)
        return
    log.info("MLflow's runs of this study: http://127.0.0.1:%d/%s (stop with Ctrl-C)", port, page)
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # by the environment: whoever lists processes sees the arguments
    given = {"MLFLOW_BACKEND_STORE_URI": place.address}
    _run_until_stopped([sys.executable, "-m", "mlflow", "ui", *where], {**_environment(study), **given})


def example_request(study: StudyPaths, rows: int, model: str = RISK) -> str:
    """A request of `rows` invented rows, as ``POST /invocations`` takes it."""
    folder = {RISK: model_folder, SURVIVAL: survival_folder}[model](study)
    return json.dumps({"inputs": invent_rows(read_features(study, folder), rows)}, ensure_ascii=False)


def _environment(study: StudyPaths) -> dict[str, str]:
    # MLflow starts further programs by name, and must find those beside this interpreter.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    address = store_place(study).address
    switches = {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_SCHEMA_DETAILS": "true",
        **QUIET,
    }
    return {
        **os.environ,
        **switches,
        "PATH": path,
        "MLFLOW_TRACKING_URI": address,
        "MLFLOW_REGISTRY_URI": address,
    }


def _run_until_stopped(command: list[str], environment: dict[str, str]) -> None:
    try:
        code = subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return
    if code not in (0, 130, -2, -15):
        raise WhychurnError(
            f"the server stopped with code {code}",
            remedy="read the message above; perhaps the port is taken: --port",
        )
