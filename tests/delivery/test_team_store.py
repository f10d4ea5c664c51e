"""Runs and models of several studies in one PostgreSQL server, and behind an MLflow server that asks who calls."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import mlflow
import pandas as pd
import pytest
import sqlalchemy as sa
import yaml

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import check_params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.mlflow_store import PIPELINE, connect, find_experiment, load_version
from whychurn.delivery.registry.model_versions import CHALLENGER, CHAMPION, find_version
from whychurn.delivery.registry.promotion import promote
from whychurn.delivery.serving import server
from whychurn.delivery.serving.server import Endpoint, mlflow_ui, serving_command
from whychurn.delivery.store_place import StorePlace, reach, store_place
from whychurn.delivery.tracking.pipeline_runs import track

PASSWORD = "geheim-geheim-7Qx9"
WITH_LOGIN = importlib.util.find_spec("flask_wtf") is not None


class Team(NamedTuple):
    """A database of MLflow in PostgreSQL, and a folder for what two studies keep there."""

    address: str
    folder: Path
    make: Callable[..., StudyPaths]

    def study(self, name: str, address: str | None = None, **options: object) -> StudyPaths:
        """A study of this team, with results to track."""
        study = self.make(self.folder / name, **options)
        shutil.rmtree(study.mlflow)
        delivery = {"tracking_uri": address or self.address, "namespace": name}
        if address is None:
            delivery["artifact_folder"] = "../files of all"
        (study.root / "params.yaml").write_text(yaml.safe_dump({"delivery": delivery}), encoding="utf-8")
        return study


@pytest.fixture(scope="module")
def team(
    postgres: str, tmp_path_factory: pytest.TempPathFactory, make_study_at: Callable[..., StudyPaths]
) -> Iterator[Team]:
    engine = sa.create_engine(postgres.replace("://", "+psycopg://", 1), isolation_level="AUTOCOMMIT")
    with engine.connect() as database:
        database.execute(sa.text(f"CREATE ROLE team LOGIN PASSWORD '{PASSWORD}'"))
        database.execute(sa.text("CREATE DATABASE mlflow OWNER team"))
    engine.dispose()
    address = postgres.replace("whychurn@", "team@").removesuffix("postgres") + "mlflow"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        yield Team(address, tmp_path_factory.mktemp("team"), make_study_at)


@pytest.fixture(scope="module")
def east(team: Team) -> StudyPaths:
    """The first study of the team, tracked and promoted."""
    study = team.study("east")
    assert track(study, load_params(study))
    promote(study, load_params(study), "first")
    return study


@pytest.mark.postgres
def test_runs_models_and_artifacts_lie_where_the_team_keeps_them(east: StudyPaths, team: Team) -> None:
    params = load_params(east)
    client = connect(east)
    assert not east.mlflow.exists(), "nothing is kept below the study"
    experiment = client.get_experiment(find_experiment(client, east, PIPELINE))
    assert experiment.name == "east/pipeline"
    assert {run.info.run_name for run in client.search_runs([experiment.experiment_id])} >= {"risk", "panel"}
    assert list((team.folder / "files of all" / "east").rglob("model_card_zh.md"))
    champion = find_version(client, "east.whychurn-risk", CHAMPION)
    assert champion is not None and champion.tags["promotion_reason"] == "first"
    runs = len(client.search_runs([experiment.experiment_id]))
    track(east, params)
    assert len(client.search_runs([experiment.experiment_id])) == runs, "the same content is logged once"


@pytest.mark.postgres
def test_the_champion_is_served_from_there(east: StudyPaths) -> None:
    params = load_params(east)
    _, environment = serving_command(east, params, Endpoint())
    assert environment["MLFLOW_TRACKING_URI"].startswith("postgresql+psycopg://team@")
    model = load_version(f"models:/{params.delivery.registered_risk}@{CHAMPION}")
    rows = pd.read_parquet(east.processed / "panel.parquet").head(5)
    inputs = [column.name for column in model.metadata.signature.inputs]
    assert model.predict(rows[inputs])["p_churn"].between(0, 1).all()


@pytest.mark.postgres
def test_a_second_study_does_not_meet_the_first(east: StudyPaths, team: Team) -> None:
    west = team.study("west", seed=2, auc=0.6)
    params = load_params(west)
    track(west, params)
    client = connect(west)
    assert int(find_version(client, params.delivery.registered_risk, CHALLENGER).version) == 1
    assert find_version(client, params.delivery.registered_risk, CHAMPION) is None
    both = [find_experiment(client, study, PIPELINE) for study in (east, west)]
    assert both[0] != both[1]
    assert "version 1 is the champion now" in promote(west, params, "the first of west")
    assert find_version(client, "east.whychurn-risk", CHAMPION).tags["promotion_reason"] == "first"


@pytest.mark.postgres
def test_the_password_is_kept_nowhere(east: StudyPaths, team: Team, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="whychurn"):
        connect(east)
    assert PASSWORD not in caplog.text
    engine = sa.create_engine(store_place(east).address)
    with engine.connect() as database:
        for table in sa.inspect(engine).get_table_names():
            rows = database.execute(sa.text(f'SELECT * FROM "{table}"')).fetchall()
            assert PASSWORD not in str(rows), table
    engine.dispose()
    for path in team.folder.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path


@pytest.mark.postgres
@pytest.mark.parametrize("given", [None, "wrong-7Qx8"])
def test_without_the_password_the_database_is_out_of_reach(
    east: StudyPaths, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    if given:
        monkeypatch.setenv("PGPASSWORD", given)
    with pytest.raises(WhychurnError, match=r"cannot be reached[\s\S]*PGPASSWORD") as caught:
        connect(east)
    assert "7Qx" not in str(caught.value)


@pytest.mark.postgres
@pytest.mark.usefixtures("east")
def test_a_variable_may_hold_the_address_with_its_password(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("TEAM_STORE", team.address.replace("team@", f"team:{PASSWORD}@"))
    study = team.study("east_again", address="${TEAM_STORE}")
    assert connect(study).get_experiment_by_name("east/pipeline") is not None
    place = store_place(study)
    assert PASSWORD in place.address and PASSWORD not in place.shown + repr(place)
    started = []
    monkeypatch.setattr(server, "_run_until_stopped", lambda *given: started.append(given))
    mlflow_ui(study, 5000)
    [(command, environment)] = started
    assert PASSWORD not in " ".join(command), "whoever lists processes would read it"
    assert PASSWORD in environment["MLFLOW_BACKEND_STORE_URI"]


@pytest.fixture(scope="module")
def login(team: Team) -> Iterator[str]:
    """Address of an MLflow server before the team's database, which asks for user and password if it can."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    users = team.folder / "users.ini"
    users.write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{team.folder}/users.db\nadmin_username = admin\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--artifacts-destination", str(team.folder / "behind the server")]
    command += ["--app-name", "basic-auth"] if WITH_LOGIN else []
    given = {
        "MLFLOW_BACKEND_STORE_URI": team.address.replace("://", "+psycopg://", 1),
        "MLFLOW_AUTH_CONFIG_PATH": str(users),
        "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a key of tests",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    log = (team.folder / "server.log").open("w")
    process = subprocess.Popen(command, env={**os.environ, **given}, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/health", process)
        yield address
    finally:
        process.terminate()
        process.wait()
        log.close()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        assert process.poll() is None, "the server stopped"
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError("no answer within two minutes")


@pytest.mark.postgres
@pytest.mark.skipif(
    not WITH_LOGIN, reason="NO FLASK-WTF: MLflow's login does not run; make setup installs it"
)
def test_a_server_with_logins_refuses_who_is_not_known(
    login: str, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = team.study("north", address=login)
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME", raising=False)
    with pytest.raises(WhychurnError, match=r"401[\s\S]*MLFLOW_TRACKING_USERNAME"):
        track(study, load_params(study))
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong-7Qx8")
    with pytest.raises(WhychurnError, match="401") as caught:
        connect(study)
    assert "7Qx" not in str(caught.value)


@pytest.mark.postgres
def test_through_a_server_everything_works_as_in_a_file(
    login: str, team: Team, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    study = team.study("south", address=login)
    params = load_params(study)
    run_id = track(study, params)
    promote(study, params, "over the wire")
    client = connect(study)
    assert client.get_run(run_id).info.artifact_uri.startswith("mlflow-artifacts:")
    assert list((team.folder / "behind the server").rglob("model_card_en.md")), "the server keeps the files"
    serving_command(study, params, Endpoint())
    load_version(f"models:/{params.delivery.registered_risk}@{CHAMPION}")
    with caplog.at_level(logging.INFO, logger="whychurn"):
        mlflow_ui(study, 5000)
    experiment = find_experiment(client, study, PIPELINE)
    assert (
        f"{login}/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey=whychurn"
        in caplog.text
    )


@pytest.fixture(autouse=True)
def stores_of_the_test_alone() -> Iterator[None]:
    yield
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"tracking_uri": f"postgresql://team:{PASSWORD}@host/mlflow", "namespace": "a"}, "holds a password"),
        ({"tracking_uri": "postgresql://team@host/mlflow"}, "namespace"),
        ({"artifact_folder": "/srv/files"}, "belongs to a tracking_uri"),
        ({"tracking_uri": "https://host", "namespace": "a/b"}, "namespace"),
    ],
)
def test_a_team_s_store_is_named_whole_and_without_its_password(values: dict[str, str], says: str) -> None:
    with pytest.raises(WhychurnError, match=says) as caught:
        check_params({"delivery": values}, Path("params.yaml"))
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("address", ["mysql://host/mlflow", "sqlite:///mlflow.db", "${TEAM_STORE}"])
def test_other_addresses_are_refused(tmp_path: Path, address: str) -> None:
    (tmp_path / "params.yaml").write_text(f"delivery: {{tracking_uri: '{address}', namespace: a}}\n")
    with pytest.raises(WhychurnError, match=r"delivery\.tracking_uri"):
        store_place(StudyPaths(tmp_path))


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "postgresql+psycopg://u@127.0.0.1:1/x"])
def test_a_silent_host_is_told_at_once(address: str) -> None:
    place = StorePlace(address, True, None, "a")
    with pytest.raises(WhychurnError, match="cannot be reached"):
        reach(place)


def test_a_study_of_its_own_keeps_its_names(tmp_path: Path) -> None:
    place = store_place(StudyPaths(tmp_path))
    assert (place.shared, place.is_server, place.named(PIPELINE)) == (False, False, PIPELINE)
    params = check_params({"delivery": {"namespace": "gym"}}, tmp_path / "params.yaml").delivery
    assert (params.registered_risk, params.registered_survival) == (
        "gym.whychurn-risk",
        "gym.whychurn-survival",
    )
