"""Servers in this process, without MLflow: an application, limits short enough to wait for, plain sockets, certificates."""

from __future__ import annotations

import datetime as dt
import http.client
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
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


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    """Two certificates of 127.0.0.1, signed by themselves, with their keys: (certificate, key) of each."""
    x509 = pytest.importorskip("cryptography.x509", reason="no `cryptography` to make a certificate with")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder, made = tmp_path_factory.mktemp("tls"), []
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "whychurn test")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = dt.datetime.now(dt.UTC)
    for number in range(2):
        key = ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(number + 1).add_extension(address, critical=False)
        builder = builder.not_valid_before(now - dt.timedelta(days=1))
        certificate = builder.not_valid_after(now + dt.timedelta(days=1)).sign(key, hashes.SHA256())
        files = folder / f"{number}.pem", folder / f"{number}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
        made.append(files)
    return made
