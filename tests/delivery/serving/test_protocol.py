"""Connections that send or take nothing are closed, the longest silent first; those that ask are answered."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

from whychurn.delivery.serving.protocol import PatientProtocol

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
Read = Callable[[socket.socket], tuple[bytes, float]]


async def small(scope: Any, receive: Any, send: Any) -> None:
    """Answers after reading the body; /slow takes a second, /much answers 8 MB."""
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.disconnect":
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    size = 8_000_000 if scope["path"] == "/much" else 2
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
    await send({"type": "http.response.body", "body": b"k" * size})


def answer_of(connection: socket.socket) -> bytes:
    """One short answer, head and body."""
    content = b""
    while not content.endswith(b"kk") and (part := connection.recv(1000)):
        content += part
    return content


def test_a_head_that_drips_or_never_comes_is_cut_off(run_here: Callable[..., Any], read_all: Read) -> None:
    server = run_here(small)
    silent, drips = server.connect(), server.connect()
    for sign in HEAD[:20]:
        try:
            drips.send(bytes([sign]))
        except OSError:
            break
        time.sleep(0.05)
    for connection in (silent, drips):
        content, seconds = read_all(connection)
        assert content == b"" and seconds < 1


def test_the_second_head_of_a_kept_connection_has_the_same_limit(
    run_here: Callable[..., Any], read_all: Read
) -> None:
    connection = run_here(small, timeout_keep_alive=30).connect()
    connection.sendall(HEAD + b"\r\n")
    assert answer_of(connection).startswith(b"HTTP/1.1 200")
    time.sleep(0.6)  # idle between requests is no slow head
    connection.sendall(HEAD)
    content, seconds = read_all(connection)
    assert content == b"" and 0.3 < seconds < 2


def test_a_request_in_work_is_not_hurried(run_here: Callable[..., Any]) -> None:
    status, text, _ = run_here(small).ask("/slow")
    assert (status, text) == (200, "kk")  # a second, with heads limited to 0.4


def test_the_longest_silent_connection_makes_room_and_never_the_new_one(
    run_here: Callable[..., Any], read_all: Read
) -> None:
    server = run_here(small, timeout_keep_alive=30)
    asking = server.connect()
    asking.sendall(HEAD.replace(b" / ", b" /slow ") + b"\r\n")
    time.sleep(0.05)
    silent = [server.connect() for _ in range(5)]  # six connections: the bound
    time.sleep(0.05)
    status, text, _ = server.ask("/")
    assert (status, text) == (200, "kk")
    started = time.monotonic()
    content, _ = read_all(silent[0])
    assert content == b"" and time.monotonic() - started < 0.2  # before its own time was over
    assert answer_of(asking).startswith(b"HTTP/1.1 200")  # it was silent longer, but waits for its answer


def test_a_client_that_does_not_read_its_answer_is_cut_off(run_here: Callable[..., Any]) -> None:
    server = run_here(small)
    connection = server.connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(HEAD.replace(b" / ", b" /much ") + b"\r\n")
    until = time.monotonic() + 5
    time.sleep(0.3)
    while server.server.server_state.connections and time.monotonic() < until:
        time.sleep(0.05)
    assert not server.server.server_state.connections


def test_a_stop_finishes_what_is_in_work_and_a_last_request_of_a_kept_connection(
    run_here: Callable[..., Any],
) -> None:
    server = run_here(small, timeout_keep_alive=30)
    kept, slow = server.connect(), server.connect()
    kept.sendall(HEAD + b"\r\n")
    assert answer_of(kept).startswith(b"HTTP/1.1 200")
    slow.sendall(HEAD.replace(b" / ", b" /slow ") + b"\r\n")
    time.sleep(0.1)
    server.server.should_exit = True
    time.sleep(0.3)  # the server looks ten times a second whether it shall stop
    kept.sendall(HEAD + b"\r\n")
    for connection in (kept, slow):
        answer = answer_of(connection).lower()
        assert answer.startswith(b"http/1.1 200") and b"connection: close" in answer


def test_what_is_no_http_is_answered_400(run_here: Callable[..., Any], read_all: Read) -> None:
    connection = run_here(small).connect()
    connection.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
    assert read_all(connection)[0].startswith(b"HTTP/1.1 400")


def test_limits_of_the_design() -> None:
    limits = (PatientProtocol.head_seconds, PatientProtocol.max_connections)
    assert limits == (10.0, 512)
