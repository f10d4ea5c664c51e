"""Servers in this process, without MLflow: an application, limits short enough to wait for, and plain sockets."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from whychurn.delivery.serving.protocol import PatientProtocol


class QuickProtocol(PatientProtocol):
    """The protocol with short limits."""

    head_seconds = 0.4
    taking_seconds = 0.4
    stop_seconds = 0.8
    max_connections = 6


@dataclass
class Running:
    """A server that runs in a thread."""

    server: uvicorn.Server
    port: int

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return connection

    def ask(
        self, path: str, content: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, body (JSON where it is) and headers of one request."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        body = content if isinstance(content, bytes | None) else json.dumps(content).encode()
        client.request("GET" if content is None else "POST", path, body, headers or {})
        answer = client.getresponse()
        text = answer.read().decode()
        told = {key.lower(): value for key, value in answer.getheaders()}
        client.close()
        is_json = told.get("content-type") == "application/json" and text.strip()
        return answer.status, json.loads(text) if is_json else text, told


def read_all(connection: socket.socket) -> tuple[bytes, float]:
    """What comes until the other side closes, and after how many seconds it does."""
    started, content = time.monotonic(), b""
    try:
        while part := connection.recv(65536):
            content += part
    except ConnectionResetError:
        pass
    return content, time.monotonic() - started


@pytest.fixture(name="read_all")
def _read_all() -> Callable[[socket.socket], tuple[bytes, float]]:
    return read_all


@pytest.fixture
def run_here() -> Iterator[Callable[..., Running]]:
    """Start servers; they end with the test."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Any, **options: Any) -> Running:
        options = {
            "lifespan": "off",
            "http": QuickProtocol,
            "timeout_keep_alive": 1,
            "timeout_graceful_shutdown": 2,
            **options,
        }
        config = uvicorn.Config(app, log_config=None, ws="none", server_header=False, **options)
        server, listening = uvicorn.Server(config), socket.socket()
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return Running(server, listening.getsockname()[1])

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(timeout=10)
