"""Reading a request: its body within limits of size and time, and the rows or ids in it; errors repeat no value."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive, Scope

FORMS: Final = ("inputs", "dataframe_records", "dataframe_split", "instances")
IDS: Final = ("member_id", "member_ids")
# a refused body is read and dropped up to this multiple of the limit, so that its sender can read the error
_DISCARDED_MULTIPLE: Final = 8


class RequestError(Exception):
    """A request that is not answered: HTTP status and a message that repeats nothing of it."""

    def __init__(self, status: int, message: str, code: str = "BAD_REQUEST") -> None:
        self.status, self.message, self.code = status, message, code
        super().__init__(message)


class DisconnectedError(Exception):
    """The client went away; nobody waits for an answer."""


@dataclass
class HeldBytes:
    """Bytes of all bodies that a worker holds at once, and their bound."""

    bound: int
    held: int = 0

    def take(self, size: int) -> None:
        """Hold `size` more bytes.

        Raises
        ------
        RequestError
            503 beyond the bound.
        """
        if self.held + size > self.bound:
            raise busy()
        self.held += size


@dataclass
class RequestBody:
    """The body of one request as it comes in.

    Parameters
    ----------
    receive
        Of ASGI.
    length
        What its head says; None where it does not.
    max_bytes
        Largest body.
    seconds
        Until all of it must be there.
    held
        Counts its bytes from `read` to `release`.
    """

    receive: Receive
    length: int | None
    max_bytes: int
    seconds: float
    held: HeldBytes
    size: int = 0
    arrived: bool = False

    @classmethod
    def of(
        cls, scope: Scope, receive: Receive, max_bytes: int, seconds: float, held: HeldBytes
    ) -> RequestBody:
        """The body that the head of a request announces."""
        said = header(scope, b"content-length")
        length = int(said) if said.isdigit() else None
        nothing = not length and not header(scope, b"transfer-encoding")
        return cls(receive, length, max_bytes, seconds, held, arrived=nothing)

    def check_length(self) -> None:
        """Refuse by what the head says.

        Raises
        ------
        RequestError
            413.
        """
        if self.length is not None and self.length > self.max_bytes:
            raise self._too_large()

    async def read(self) -> bytes:
        """All of it.

        Raises
        ------
        RequestError
            408 where it takes too long, 413 where it is too large, 503 where too much is held already.
        DisconnectedError
            If the client went away.
        """
        body = bytearray()
        try:
            async with asyncio.timeout(self.seconds):
                while not self.arrived:
                    part = await self._part()
                    if len(body) + len(part) > self.max_bytes:
                        raise self._too_large()
                    self.held.take(len(part))
                    self.size += len(part)
                    body += part
        except TimeoutError:
            raise RequestError(408, f"the body did not arrive within {self.seconds:g} s") from None
        return bytes(body)

    def release(self) -> None:
        """The body is answered, and no longer held."""
        self.held.held -= self.size
        self.size = 0

    async def discard(self) -> None:
        """Drop what still comes, for a while."""
        size = 0
        with suppress(TimeoutError, DisconnectedError):
            async with asyncio.timeout(self.seconds):
                while not self.arrived and size <= _DISCARDED_MULTIPLE * self.max_bytes:
                    size += len(await self._part())

    async def _part(self) -> bytes:
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        self.arrived = not message.get("more_body", False)
        return message.get("body", b"")

    def _too_large(self) -> RequestError:
        return RequestError(413, f"the request is larger than {self.max_bytes:,} bytes; send fewer rows")


def busy() -> RequestError:
    """Too much waits already."""
    return RequestError(503, "too many requests wait; try again in a second", "TEMPORARILY_UNAVAILABLE")


def header(scope: Scope, name: bytes) -> bytes:
    """A header of the request; empty where absent."""
    return next((value for key, value in scope["headers"] if key == name), b"")


def check_content_type(scope: Scope) -> None:
    """JSON or nothing said.

    Raises
    ------
    RequestError
        415.
    """
    kind = header(scope, b"content-type").partition(b";")[0].strip().lower()
    if kind not in (b"application/json", b""):
        raise RequestError(415, "send JSON (content-type: application/json)")


def parse_json(body: bytes) -> dict[str, Any]:
    """The object in the body.

    Raises
    ------
    RequestError
        If it is no JSON object.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError(400, "the body is not valid JSON in UTF-8") from None
    return content if isinstance(content, dict) else {}


def read_rows(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows in any of MLflow's forms.

    Raises
    ------
    RequestError
        If there are none, or not as a table.
    """
    given = [form for form in FORMS if form in content]
    if len(given) != 1:
        raise RequestError(400, 'send {"inputs": [{feature: value, …}, …]} or one of ' + ", ".join(FORMS[1:]))
    rows = content[given[0]]
    if isinstance(rows, dict) and {"columns", "data"} <= set(rows):
        rows = _split_rows(rows["columns"], rows["data"])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RequestError(400, "expected rows as a list of records: [{feature: value, …}, …]")
    return rows


def read_ids(content: dict[str, Any], required: bool = False) -> list[str] | None:
    """Ids of members in the request; None where it has none and none are `required`.

    Raises
    ------
    RequestError
        If they are no texts.
    """
    given = [form for form in IDS if form in content]
    if not given and not required:
        return None
    ids = content.get("member_ids") if given == ["member_ids"] else [content.get("member_id")]
    if (
        len(given) != 1
        or len(content) > 1
        or not isinstance(ids, list)
        or not all(isinstance(one, str) for one in ids)
    ):
        raise RequestError(400, 'send {"member_id": "…"} or {"member_ids": ["…", …]}, ids as texts')
    return ids


def _split_rows(columns: Any, data: Any) -> list[dict[str, Any]]:
    if not isinstance(columns, list) or not isinstance(data, list):
        raise RequestError(400, "columns and data must be lists")
    if len({str(name) for name in columns}) < len(columns):
        raise RequestError(400, "a column occurs twice")
    if not all(isinstance(row, list) and len(row) == len(columns) for row in data):
        raise RequestError(400, "a row of data has not as many values as there are columns")
    return [dict(zip(map(str, columns), row, strict=True)) for row in data]
