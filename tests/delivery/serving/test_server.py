"""One real server with two workers: a moved alias, a killed worker, a stop with a request in work, and its log."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_json
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.mlflow_store import connect
from whychurn.delivery.registry.promotion import promote
from whychurn.delivery.serving.model_in_service import load_served
from whychurn.delivery.serving.server import Endpoint, example_request, serve, serving_command
from whychurn.delivery.serving.supervisor import Supervisor, listen
from whychurn.delivery.serving.worker import open_alarms
from whychurn.delivery.tracking.pipeline_runs import track

Make = Callable[..., StudyPaths]
TOKEN = "a-token-of-24-characters"
WORKERS = 2


@dataclass
class Serving:
    """A server that was started as a user starts it."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    tls: ssl.SSLContext | None = None
    versions: list[str] = field(default_factory=list)

    def ask(self, path: str, body: str | None = None) -> tuple[int, str, Any]:
        kind = http.client.HTTPSConnection if self.tls else http.client.HTTPConnection
        client = kind("127.0.0.1", self.port, timeout=60, **({"context": self.tls} if self.tls else {}))
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        client.request("GET" if body is None else "POST", path, body and body.encode(), headers)
        answer = client.getresponse()
        content = answer.read().decode()
        client.close()
        return answer.status, content, answer.headers

    def workers(self) -> set[int]:
        """Processes that answer, as the counts tell."""
        told = {part.split('"')[1] for part in self.ask("/metrics")[1].splitlines() if part.startswith("whychurn_model_version")}  # fmt: skip
        below = {child.pid for child in psutil.Process(self.process.pid).children()}
        return {int(worker) for worker in told} & below

    def wait_for(self, holds: Callable[[], bool], seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            try:
                if holds():
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(self.log.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, make_study_at: Make, params: Params) -> StudyPaths:
    place = make_study_at(tmp_path_factory.mktemp("served") / "会员 study")
    track(place, params)
    promote(place, params, "the first", if_none=True)
    track(make_study_at(place.root, seed=2, rounds=25), params)
    return place


@contextmanager
def started(study: StudyPaths, place: Path, workers: int, *more: object, tls: ssl.SSLContext | None = None) -> Iterator[Serving]:  # fmt: skip
    """A server, as `whychurn serve` with further words starts it, until all its workers answer."""
    (place / "token").write_text(TOKEN, encoding="utf-8")
    (study.root / "params.yaml").write_text(f"delivery: {{serve_workers: {workers}}}\n", encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["serve", "--study", study.root, "--port", str(port), "--token-file", place / "token", *more]
    command = [Path(sys.executable).with_name("whychurn"), *words]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True)
    server = Serving(process, port, place / "log", tls)
    try:
        server.wait_for(lambda: len(server.workers()) == workers, 300)
        yield server
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def serving(study: StudyPaths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with started(study, tmp_path_factory.mktemp("server"), WORKERS) as server:
        yield server


@pytest.mark.slow
def test_over_tls_the_model_answers_with_its_certificate_and_plain_requests_are_not_answered(
    study: StudyPaths, tmp_path: Path, certificates: list[tuple[Path, Path]]
) -> None:
    (file, key), (other, _) = certificates
    trusting = ssl.create_default_context(cafile=file)
    with started(study, tmp_path, 1, "--certfile", file, "--keyfile", key, tls=trusting) as server:
        status, _, headers = server.ask("/invocations", example_request(study, 1))
        assert (status, headers["x-model-alias"]) == (200, "champion")
        with pytest.raises(ssl.SSLCertVerificationError):
            replace(server, tls=ssl.create_default_context(cafile=other)).ask("/ping")
        with pytest.raises((http.client.HTTPException, OSError)):
            replace(server, tls=None).ask("/ping")
        assert server.ask("/ping")[0] == 200, "and goes on"


@pytest.mark.slow
def test_a_served_model_follows_its_alias_outlives_a_worker_and_ends_when_told(
    study: StudyPaths, params: Params, serving: Serving
) -> None:
    one, many = example_request(study, 1), example_request(study, 1400)
    status, _, headers = serving.ask("/invocations", one)
    assert (status, headers["x-model-version"]) == (200, "1")
    check_moved_alias(study, params, serving, one)
    check_killed_worker(serving, one)
    check_stop(serving, many)
    check_log(serving)


def check_moved_alias(study: StudyPaths, params: Params, serving: Serving, body: str) -> None:
    answers: list[tuple[int, str]] = []
    done = threading.Event()

    def load() -> None:
        while not done.wait(0.05):
            status, _, headers = serving.ask("/invocations", body)
            answers.append((status, headers["x-model-version"]))

    client = threading.Thread(target=load)
    client.start()
    connect(study).set_registered_model_alias(params.delivery.model_name, "champion", "2")
    serving.wait_for(lambda: len(answers) > 10 and {version for _, version in answers[-10:]} == {"2"}, 60)
    done.set()
    client.join()
    assert {status for status, _ in answers} == {200}
    told = json.loads(serving.ask("/health")[1])
    assert (told["status"], told["model"]["version"]) == ("ok", "2")


def check_killed_worker(serving: Serving, body: str) -> None:
    before = serving.workers()
    os.kill(min(before), signal.SIGKILL)
    time.sleep(0.2)
    assert serving.ask("/invocations", body)[0] == 200  # the other answers
    serving.wait_for(lambda: len(serving.workers() - before) == 1)
    assert serving.ask("/invocations", body)[2]["x-model-version"] == "2"


def check_stop(serving: Serving, body: str) -> None:
    below = psutil.Process(serving.process.pid).children(recursive=True)
    connection = socket.create_connection(("127.0.0.1", serving.port), timeout=30)
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(body.encode())}\r\n\r\n"
    connection.sendall(head.encode() + body.encode())
    time.sleep(0.05)
    os.kill(serving.process.pid, signal.SIGTERM)
    content = b""
    while part := connection.recv(1_000_000):
        content += part
    answered, _, text = content.partition(b"\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 200") and len(json.loads(text)["predictions"]) == 1400
    assert serving.process.wait(timeout=30) == 0
    assert not psutil.wait_procs(below, timeout=5)[1]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", serving.port))


def check_log(serving: Serving) -> None:
    text = serving.log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    events = [line["event"] for line in lines if "event" in line]
    assert events.count("ready") == WORKERS + 1 and events.count("exchanged") == WORKERS
    assert sum(line["rows"] for line in lines if line.get("event") == "requests") > 1400
    assert TOKEN not in text and "text_en" not in text


def test_nothing_is_served_to_others_without_a_token_or_on_a_taken_port(
    study: StudyPaths, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WHYCHURN_SERVE_TOKEN", raising=False)
    with pytest.raises(WhychurnError, match="without a token"):
        serving_command(study, params, Endpoint(host="0.0.0.0"))
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(WhychurnError, match=r"(?s)cannot listen.*--port"):
            serve(study, params, Endpoint(port=taken.getsockname()[1]))


def test_open_alarms_of_watch_are_told_without_sizes(tmp_path: Path) -> None:
    study = StudyPaths(tmp_path)
    assert open_alarms(study) == []
    study.results.mkdir(parents=True)
    alarm = {"chart": "leavings", "group": "all", "since": "2026-03", "size": 1.4, "cost": 12000}
    write_json({"open_alarms": [alarm]}, study.results / "watch.json")
    assert open_alarms(study) == [{"chart": "leavings", "group": "all", "since": "2026-03"}]
    (study.results / "watch.json").write_text("{", encoding="utf-8")
    assert open_alarms(study) == []


def test_a_version_is_loaded_with_the_columns_of_its_signature(study: StudyPaths, params: Params) -> None:
    connect(study)
    served = load_served(params.delivery.model_name, "1", "champion")
    assert served.columns["region"] == "string" and served.columns["answer p_churn"] == "double"
    rows = json.loads(example_request(study, 2))["inputs"]
    assert [set(row) >= {"p_churn", "reasons"} for row in served.answer(rows)] == [True, True]
    assert served.max_rows == params.delivery.max_request_rows


def test_a_worker_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whychurn.delivery.serving.supervisor._END_SECONDS", 0.01)
    stuck = SimpleNamespace(killed=False, join=lambda *_: None)
    stuck.is_alive = lambda: not stuck.killed
    stuck.kill = lambda: setattr(stuck, "killed", True)
    supervisor = object.__new__(Supervisor)
    supervisor.processes = [SimpleNamespace(process=stuck)]
    supervisor.join_all()
    assert stuck.killed
