"""Gateway in front of MLflow's scoring server: limits, all JSON forms, errors that repeat no value."""

from __future__ import annotations

import json
import os
from typing import Any, Final

from mlflow.pyfunc import scoring_server
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whychurn.delivery.mlflow_store import load_version

# environment of uvicorn's process: which model, how large a request may be
MODEL: Final = "WHYCHURN_SERVED_MODEL"
LIMIT: Final = "WHYCHURN_MAX_REQUEST_BYTES"
# a body over the limit is read and dropped up to this multiple, so that its sender can read the error
_DISCARDED_MULTIPLE: Final = 8
FORMS: Final = ("inputs", "dataframe_records", "dataframe_split", "instances")


def build_app() -> Gateway:
    """The application that uvicorn serves; model and limit come from the environment."""
    return Gateway(scoring_server.init(load_version(os.environ[MODEL])), int(os.environ[LIMIT]))


class RequestError(Exception):
    """A request that does not reach the model."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


class Gateway:
    """ASGI middleware: reads ``POST /invocations``, limits its size, and passes it on as ``{"inputs": …}``.

    Parameters
    ----------
    app
        MLflow's scoring server.
    max_bytes
        Largest request body.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] != "/invocations":
            await self.app(scope, receive, send)
            return
        try:
            body = forward_body(await self._read(receive), _header(scope, b"content-type"))
        except RequestError as error:
            answer = JSONResponse({"error_code": "BAD_REQUEST", "message": error.message}, error.status)
            await answer(scope, receive, send)
            return
        others = [pair for pair in scope["headers"] if pair[0] not in (b"content-length", b"content-type")]
        headers = [
            *others,
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await self.app({**scope, "headers": headers}, _once(body), send)

    async def _read(self, receive: Receive) -> bytes:
        body, size, more = bytearray(), 0, True
        while more and size <= _DISCARDED_MULTIPLE * self.max_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestError(400, "the request was cut off")
            part = message.get("body", b"")
            size += len(part)
            if size <= self.max_bytes:
                body += part
            more = message.get("more_body", False)
        if size > self.max_bytes:
            raise RequestError(413, f"the request is larger than {self.max_bytes:,} bytes; send fewer rows")
        return bytes(body)


def forward_body(body: bytes, content_type: str) -> bytes:
    """The request in the form that the model reads.

    Raises
    ------
    RequestError
        If it is not JSON or holds no rows; the message repeats nothing of it.
    """
    if content_type.partition(";")[0].strip().lower() not in ("application/json", ""):
        raise RequestError(415, "send JSON (content-type: application/json)")
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError(400, "the body is not valid JSON in UTF-8") from None
    given = [form for form in FORMS if isinstance(content, dict) and form in content]
    if len(given) != 1:
        raise RequestError(400, 'send {"inputs": [{feature: value, …}, …]} or one of ' + ", ".join(FORMS[1:]))
    rows = content[given[0]]
    if given[0] == "dataframe_split" and isinstance(rows, dict):
        rows = {name: rows[name] for name in ("columns", "data") if name in rows}
    return json.dumps({"inputs": rows}).encode()


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _once(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
