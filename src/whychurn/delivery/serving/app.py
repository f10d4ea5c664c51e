"""The application of a worker: who may ask what, within which limits, and what is counted."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whychurn.delivery.serving.answering import Answer, Answering
from whychurn.delivery.serving.counts import RequestCounts, leave, metrics_text
from whychurn.delivery.serving.requests import (
    DisconnectedError,
    HeldBytes,
    RequestBody,
    RequestError,
    check_content_type,
    header,
)
from whychurn.delivery.serving.settings import is_authorized

log = logging.getLogger(__name__)
METHODS: Final = {"/invocations": "POST", "/members": "POST", "/metrics": "GET", "/health": "GET"}
OPEN: Final = ("/ping", "/health")  # without a token
PLATFORM: Final = ("/ping", "/version")  # answered by MLflow's own application
_FURTHER_HEADERS: Final = {503: ((b"retry-after", b"1"),), 401: ((b"www-authenticate", b"Bearer"),)}
_CLIENT_GONE: Final = 499  # as nginx counts it


class ScoringApp:
    """ASGI application of one worker.

    Parameters
    ----------
    answering
        Computes the answers.
    platform
        MLflow's scoring server, for what it answers itself.
    token
        What callers must send; None: nothing.
    counts_folder
        Where the workers' counts lie.
    alarms
        Open alarms of watch.
    """

    def __init__(
        self,
        answering: Answering,
        platform: ASGIApp,
        token: bytes | None,
        counts_folder: Path,
        alarms: Callable[[], list[dict[str, Any]]] = list,
    ) -> None:
        self.answering, self.platform, self.token, self.alarms = answering, platform, token, alarms
        self.counts, self.counts_folder = RequestCounts(), counts_folder
        self.held = HeldBytes(answering.limits.held_bodies * answering.limits.max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and count it."""
        started, status = time.perf_counter(), 500

        async def counted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._answer(scope, receive, counted)
        except DisconnectedError:
            status = _CLIENT_GONE
        finally:
            self.counts.add(status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        limits = self.answering.limits
        body = RequestBody.of(scope, receive, limits.max_bytes, limits.body_seconds, self.held)
        try:
            self._admit(scope)
            if scope["path"] in PLATFORM:
                await self.platform(scope, receive, send)
                return
            body.check_length()
            answer = await self._answer_path(scope["path"], body)
        except DisconnectedError:
            raise
        except Exception as raised:
            error = (
                raised
                if isinstance(raised, RequestError)
                else RequestError(500, "the model failed", "INTERNAL_ERROR")
            )
            if error is not raised:
                log.exception("a request failed")
            text = json.dumps({"error_code": error.code, "message": error.message}, ensure_ascii=False)
            answer = Answer(error.status, text.encode(), _FURTHER_HEADERS.get(error.status, ()))
        finally:
            body.release()
        self.counts.rows += answer.rows
        await _send(send, answer, body)

    def _admit(self, scope: Scope) -> None:
        """Token, path, method and content type, before any byte of the body is read."""
        path, method = scope["path"], scope["method"]
        asked = self.token is not None and path not in OPEN
        if asked and not is_authorized(header(scope, b"authorization"), self.token or b""):
            raise RequestError(401, "send the token: Authorization: Bearer …", "UNAUTHENTICATED")
        if path in PLATFORM:
            return
        if path not in METHODS:
            raise RequestError(404, "no such address", "ENDPOINT_NOT_FOUND")
        if method != METHODS[path]:
            raise RequestError(405, f"send {METHODS[path]}", "ENDPOINT_NOT_FOUND")
        if method == "POST":
            check_content_type(scope)

    async def _answer_path(self, path: str, body: RequestBody) -> Answer:
        if path == "/health":
            return Answer(200, json.dumps(await asyncio.to_thread(self.health), ensure_ascii=False).encode())
        if path == "/metrics":
            self.leave_counts()
            text = await asyncio.to_thread(metrics_text, self.counts_folder)
            return Answer(200, text.encode(), kind=b"text/plain; version=0.0.4")
        return await self.answering.answer(await body.read(), by_id=path == "/members")

    def health(self) -> dict[str, Any]:
        """The version in service, what keeps it from following its alias, and open alarms of watch."""
        service = self.answering.service
        return {
            "status": "degraded" if service.problem else "ok",
            "model": service.current.described(),
            "problem": service.problem or None,
            "open_alarms": self.alarms(),
        }

    def leave_counts(self) -> None:
        """Put this worker's counts where the others read them."""
        leave(self.counts_folder, self.counts.totals(self.answering.service.current.version))


async def _send(send: Send, answer: Answer, body: RequestBody) -> None:
    """Answer; what has not arrived of a body is dropped unread, and its connection closed."""
    length = str(len(answer.body)).encode()
    headers = [(b"content-type", answer.kind), (b"content-length", length), *answer.headers]
    if not body.arrived:  # the rest of it would be read as the next request
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": not body.arrived})
    if not body.arrived:
        await body.discard()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
