"""Who may ask what within which limits: an application with an invented model, over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from starlette.responses import Response

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.delivery.serving.answering import Answer, Answering, Limits, States
from whychurn.delivery.serving.app import ScoringApp
from whychurn.delivery.serving.model_in_service import ModelInService, Served
from whychurn.delivery.serving.state import LatestState
from whychurn.delivery.serving.worker import Worker

TOKEN = b"a-token-of-24-characters"
BEARER = {"Authorization": f"Bearer {TOKEN.decode()}"}
SECRET = "13800138000"
Read = Callable[[socket.socket], tuple[bytes, float]]


def double(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An invented model: twice x; it refuses rows without x, and takes its time for x = "slow"."""
    if missing := [place for place, row in enumerate(rows) if "x" not in row]:
        raise MlflowException(f"columns are missing: x, first at {missing[0]}", error_code=1000)
    if rows[0]["x"] == "slow":
        time.sleep(0.5)
    if rows[0]["x"] == "broken":
        raise ValueError(SECRET)
    return [{"y": None if row["x"] != row["x"] else row["x"] * 2} for row in rows]


class Known(States):
    def answer(self, ids: list[str]) -> list[dict[str, Any]]:
        return [{"member_id": one, "p_churn": {"m1": 0.5}[one]} for one in ids]


def make(folder: Path, token: bytes | None = TOKEN, states: Any = None, **limits: Any) -> ScoringApp:
    served = Served("风险", "3", "champion", {}, double, 1000, None)  # type: ignore[arg-type]
    service = ModelInService(None, served)  # type: ignore[arg-type]
    bounds = Limits(**{"max_bytes": 200_000, "body_seconds": 0.4, "answer_seconds": 0.3, **limits})
    alarms = [{"chart": "leavings", "since": "2026-03"}]
    platform = Response("\n", media_type="application/json")
    return ScoringApp(Answering(service, bounds, lambda: states), platform, token, folder, lambda: alarms)


@pytest.fixture
def ask(run_here: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    server = run_here(make(tmp_path, states=Known()))

    def call(path: str, content: Any = None, headers: dict[str, str] = BEARER) -> Any:
        return server.ask(path, content, headers)

    return call


def test_an_answer_names_its_version_in_body_and_headers(ask: Callable[..., Any]) -> None:
    status, content, headers = ask("/invocations", {"inputs": [{"x": 2}, {"x": 3}]})
    assert (status, content["predictions"]) == (200, [{"y": 4}, {"y": 6}])
    assert content["model"] == {"name": "风险", "version": "3", "alias": "champion"}
    assert headers["x-model-version"] == "3" and headers["x-model-alias"] == "champion"
    assert headers["x-model-name"] == "%E9%A3%8E%E9%99%A9"
    assert "connection" not in headers


@pytest.mark.parametrize("rows", [1, 16, 17, 500])
def test_large_and_small_requests_in_every_form_are_answered_alike(
    ask: Callable[..., Any], rows: int
) -> None:
    records = [{"x": place} for place in range(rows)]
    split = {"columns": ["x"], "data": [[place] for place in range(rows)], "index": list(range(rows))}
    forms = {"inputs": records, "dataframe_records": records, "instances": records, "dataframe_split": split}
    for form, content in forms.items():
        status, answer, _ = ask("/invocations", {form: content})
        assert (status, answer["predictions"]) == (200, [{"y": 2 * place} for place in range(rows)])


@pytest.mark.parametrize("rows", [3, 200])
def test_a_refusal_of_the_model_counts_positions_from_the_first_row(
    ask: Callable[..., Any], rows: int
) -> None:
    status, content, _ = ask("/invocations", {"inputs": [{"x": 1}] * (rows - 1) + [{"z": SECRET}]})
    assert (status, content["message"]) == (400, f"columns are missing: x, first at {rows - 1}")
    assert content["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("path", "content", "headers", "status"),
    [
        ("/invocations", {"inputs": [{"x": 1}]}, {}, 401),
        ("/invocations", {"inputs": [{"x": 1}]}, {"Authorization": f"Bearer {SECRET}"}, 401),
        ("/invocations", {"inputs": [{"x": 1}]}, {"Authorization": f"Basic {TOKEN.decode()}"}, 401),
        ("/metrics", None, {}, 401),
        ("/anything", None, {}, 401),
        (f"/{SECRET}", None, BEARER, 404),
        ("/invocations", None, BEARER, 405),
        ("/health", {"a": 1}, BEARER, 405),
        ("/invocations", f"a\n{SECRET}".encode(), {**BEARER, "Content-Type": "text/csv"}, 415),
        ("/invocations", f'{{"inputs": [{SECRET}'.encode(), BEARER, 400),
        ("/invocations", ("[" * 100_000).encode(), BEARER, 400),
        ("/invocations", [SECRET], BEARER, 400),
        ("/invocations", {"rows": [SECRET]}, BEARER, 400),
        ("/invocations", {"inputs": [SECRET]}, BEARER, 400),
        ("/invocations", {"inputs": [{"x": 1}], "instances": [{"x": 1}]}, BEARER, 400),
        ("/invocations", {"dataframe_split": {"columns": ["a", "a"], "data": [[1, SECRET]]}}, BEARER, 400),
        ("/invocations", {"dataframe_split": {"columns": ["a"], "data": [[1, SECRET]]}}, BEARER, 400),
        ("/invocations", {"inputs": [{"x": 1}] * 1001}, BEARER, 400),
        ("/invocations", b" " * 200_001, BEARER, 413),
        ("/members", {"member_id": SECRET}, BEARER, 404),
        ("/members", {"member_id": 13800138000}, BEARER, 400),
        ("/members", {"inputs": [{"x": SECRET}]}, BEARER, 400),
        ("/invocations", {"inputs": [{"x": "broken"}]}, BEARER, 500),
    ],
)
def test_what_is_refused_and_that_nothing_is_repeated(
    ask: Callable[..., Any], path: str, content: Any, headers: dict[str, str], status: int
) -> None:
    got, answer, _ = ask(path, content, headers)
    assert got == status and SECRET not in json.dumps(answer)


def test_ping_and_health_are_open_and_health_tells_alarms(ask: Callable[..., Any]) -> None:
    assert ask("/ping", None, {})[0] == 200
    status, content, _ = ask("/health", None, {})
    assert (status, content["status"], content["model"]["version"]) == (200, "ok", "3")
    assert content["open_alarms"] == [{"chart": "leavings", "since": "2026-03"}]
    assert ask("/version", None, {})[0] == 401


def test_members_are_answered_by_id_at_either_address(ask: Callable[..., Any]) -> None:
    known = [{"member_id": "m1", "p_churn": 0.5}]
    assert ask("/members", {"member_id": "m1"})[:2] == (200, {"predictions": known})
    assert ask("/invocations", {"member_ids": ["m1", "m1"]})[:2] == (200, {"predictions": known * 2})
    assert ask("/members", {"member_ids": ["m1", "m2"]})[0] == 404


def test_without_scored_members_ids_are_not_found(run_here: Callable[..., Any], tmp_path: Path) -> None:
    assert run_here(make(tmp_path, token=None)).ask("/members", {"member_id": "m1"})[0] == 404


def test_nan_is_read_and_never_written(ask: Callable[..., Any]) -> None:
    status, content, _ = ask("/invocations", b'{"inputs": [{"x": NaN}]}')
    assert (status, content["predictions"]) == (200, [{"y": None}])


def test_a_body_that_drips_gets_408_and_one_without_length_is_counted(
    run_here: Callable[..., Any], tmp_path: Path, read_all: Read
) -> None:
    server = run_here(make(tmp_path, token=None))
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\n"
    slow = server.connect()
    slow.sendall(head + b'Content-Length: 50\r\n\r\n{"inputs"')
    assert read_all(slow)[0].startswith(b"HTTP/1.1 408")
    chunked = server.connect()
    chunked.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(3):
        chunked.sendall(b"186a0\r\n" + b" " * 100_000 + b"\r\n")
    chunked.sendall(b"0\r\n\r\n")
    assert read_all(chunked)[0].startswith(b"HTTP/1.1 413")


def test_the_rest_of_a_refused_body_is_no_further_request(
    run_here: Callable[..., Any], tmp_path: Path, read_all: Read
) -> None:
    connection = run_here(make(tmp_path)).connect()
    inner = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (len(inner) + 300_000)
    connection.sendall(head + b" " * 300_000 + inner)
    content, _ = read_all(connection)
    assert content.startswith(b"HTTP/1.1 401") and content.count(b"HTTP/1.1") == 1


def test_a_late_answer_is_504_and_small_requests_pass_a_large_one(
    run_here: Callable[..., Any], tmp_path: Path
) -> None:
    server = run_here(make(tmp_path, token=None))
    found: list[int] = []
    slow = {"inputs": [{"x": "slow"}] * 17}
    large = threading.Thread(target=lambda: found.append(server.ask("/invocations", slow)[0]))
    large.start()
    time.sleep(0.1)
    started = time.monotonic()
    assert server.ask("/invocations", {"inputs": [{"x": 1}]})[0] == 200
    assert time.monotonic() - started < 0.3
    large.join()
    assert found == [504]


def test_too_many_waiting_get_503_with_retry_after(run_here: Callable[..., Any], tmp_path: Path) -> None:
    server = run_here(make(tmp_path, token=None, waiting=1, answer_seconds=5.0))
    found: list[int] = []
    slow = {"inputs": [{"x": "slow"}] * 17}
    large = threading.Thread(target=lambda: found.append(server.ask("/invocations", slow)[0]))
    large.start()
    time.sleep(0.2)
    status, _, headers = server.ask("/invocations", {"inputs": [{"x": 1}]})
    large.join()
    assert (status, headers["retry-after"], found) == (503, "1", [200])
    assert server.ask("/invocations", {"inputs": [{"x": 1}]})[0] == 200  # afterwards there is room


def test_bodies_held_at_once_are_bounded(
    run_here: Callable[..., Any], tmp_path: Path, read_all: Read
) -> None:
    app = make(tmp_path, token=None, held_bodies=1, body_seconds=2.0)
    server = run_here(app)
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n\r\n"
    first, second = server.connect(), server.connect()
    first.sendall(head + b" " * 149_000)
    time.sleep(0.2)
    second.sendall(head + b" " * 150_000)
    assert read_all(second)[0].startswith(b"HTTP/1.1 503")
    first.sendall(b" " * 1000)
    assert first.recv(1000).startswith(b"HTTP/1.1 400")
    assert app.held.held == 0


def test_metrics_count_statuses_and_rows_of_all_workers(ask: Callable[..., Any], tmp_path: Path) -> None:
    ask("/invocations", {"inputs": [{"x": 1}, {"x": 2}]})
    ask("/invocations", {"rows": SECRET})
    other = {"status": {"200": 7}, "rows": 9, "seconds": None, "version": "3"}
    (tmp_path / "1.json").write_text(json.dumps(other), encoding="utf-8")
    status, text, _ = ask("/metrics")
    assert status == 200 and SECRET not in text
    assert 'whychurn_requests_total{worker="1",status="200"} 7' in text
    lines = [line for line in text.splitlines() if not line.startswith("#") and 'worker="1"' not in line]
    assert sum('status="200"} 1' in line or 'status="400"} 1' in line for line in lines) == 2
    assert sum(line.startswith("whychurn_rows_total") and line.endswith(" 2") for line in lines) == 1


def test_without_a_server_the_same_is_answered(tmp_path: Path) -> None:
    answering = make(tmp_path, states=Known()).answering
    answer = asyncio.run(answering.answer(b'{"member_id": "m1"}', by_id=True))
    assert answer == Answer(200, b'{"predictions": [{"member_id": "m1", "p_churn": 0.5}]}', rows=1)


def test_a_worker_tells_its_counts_from_the_start_and_logs_them_at_the_end(
    run_here: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "whychurn"):
        server = run_here(
            Worker(
                make(tmp_path, token=None),
                LatestState(StudyPaths(tmp_path), load_params(StudyPaths(PROJECT))),
            ),
            lifespan="on",
        )
        assert [file.suffix for file in tmp_path.iterdir()] == [".json"]
        assert server.ask("/invocations", {"inputs": [{"x": 1}]})[0] == 200
        server.server.should_exit = True
        until = time.monotonic() + 10
        while caplog.records[-1].fields["event"] != "requests" and time.monotonic() < until:
            time.sleep(0.05)
    events = [record.fields for record in caplog.records]
    assert [one["event"] for one in events] == ["ready", "requests"] and events[1]["status"] == {"200": 1}
