"""Answers of the version in service: small requests at once, large ones in turn and in parts, members by their id."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mlflow.exceptions import MlflowException

from whychurn.delivery.serving.model_in_service import ModelInService, Served
from whychurn.delivery.serving.requests import RequestError, busy, parse_json, read_ids, read_rows

Headers = tuple[tuple[bytes, bytes], ...]
_JSON: Final = b"application/json"


class States(Protocol):
    """Members as they were last scored."""

    def answer(self, ids: list[str]) -> list[dict[str, Any]]:
        """One answer an id; a `LookupError` where one is not known."""
        ...


@dataclass(frozen=True)
class Limits:
    """What one worker takes on.

    Parameters
    ----------
    max_bytes, waiting
        Largest body; requests whose body has arrived and that wait for their answer.
    body_seconds, answer_seconds
        Until a body must be there; until the answer of a large request.
    small_bytes, small_rows
        Answered at once; what is larger goes one after the other, `part_rows` at a time, beside the small ones.
    held_bodies
        Bodies of the largest size that may be held at once.
    """

    max_bytes: int
    waiting: int = 128
    body_seconds: float = 10.0
    answer_seconds: float = 30.0
    small_bytes: int = 65_536
    small_rows: int = 16
    part_rows: int = 64
    held_bodies: int = 8


@dataclass(frozen=True)
class Answer:
    """Status, body and headers of one answer, and of how many rows."""

    status: int
    body: bytes
    headers: Headers = ()
    kind: bytes = _JSON
    rows: int = 0


class Answering:
    """Answers bodies of requests, for one worker.

    Parameters
    ----------
    service
        The version in service.
    limits
        Bounds.
    states
        Members as last scored; None where there are none.
    """

    def __init__(
        self, service: ModelInService, limits: Limits, states: Callable[[], States | None] = lambda: None
    ) -> None:
        self.service, self.limits, self.states = service, limits, states
        self.waiting, self._large = 0, asyncio.Semaphore(1)

    async def answer(self, body: bytes, by_id: bool = False) -> Answer:
        """Answer a body that has arrived; `by_id`: only ids of members are taken.

        Raises
        ------
        RequestError
            503 where too many wait already, 504 where it takes too long, 400 and 404 for what it asks.
        """
        if self.waiting >= self.limits.waiting:
            raise busy()
        self.waiting += 1
        try:
            await asyncio.sleep(0)  # whose bodies are there as well are counted before anything is computed
            return await self._answer(body, by_id)
        except MlflowException as error:  # of the model: names columns and positions only
            content = {"error_code": error.error_code, "message": error.message}
            return Answer(error.get_http_status_code(), _dumps(content))
        finally:
            self.waiting -= 1

    async def _answer(self, body: bytes, by_id: bool) -> Answer:
        served, limits = self.service.current, self.limits
        if len(body) <= limits.small_bytes:
            content = parse_json(body)
            if (ids := read_ids(content, by_id)) is not None:
                return self._members(ids, served.max_rows)
            if len(rows := read_rows(content)) <= limits.small_rows:
                return _joined(served, [_dumps(served.answer(rows))], len(rows))
        try:
            async with asyncio.timeout(limits.answer_seconds), self._large:
                return await self._answer_large(body, by_id, served)
        except TimeoutError:
            message = f"no answer within {limits.answer_seconds:g} s; send fewer rows"
            raise RequestError(504, message, "DEADLINE_EXCEEDED") from None

    async def _answer_large(self, body: bytes, by_id: bool, served: Served) -> Answer:
        content = await asyncio.to_thread(parse_json, body)
        if (ids := read_ids(content, by_id)) is not None:
            return await asyncio.to_thread(self._members, ids, served.max_rows)
        rows, texts = read_rows(content), []
        if len(rows) > served.max_rows:
            raise RequestError(
                400, f"{len(rows)} rows are too many for one request; send at most {served.max_rows}"
            )
        for start in range(0, len(rows), self.limits.part_rows):
            part = rows[start : start + self.limits.part_rows]
            try:
                texts.append(await asyncio.to_thread(_answer_part, served, part))
            except MlflowException:  # judged by all rows: positions count from the first, columns are theirs
                texts = [await asyncio.to_thread(_answer_part, served, rows)]
                break
        return _joined(served, texts, len(rows))

    def _members(self, ids: list[str], max_rows: int) -> Answer:
        states = self.states()
        if len(ids) > max_rows:
            raise RequestError(400, f"{len(ids)} ids are too many for one request; send at most {max_rows}")
        if states is None:
            raise RequestError(404, "no members were scored in this study", "RESOURCE_DOES_NOT_EXIST")
        try:
            answers = states.answer(ids)
        except LookupError:
            raise RequestError(404, "a member is not known here", "RESOURCE_DOES_NOT_EXIST") from None
        return Answer(200, _dumps({"predictions": answers}), rows=len(ids))


def _answer_part(served: Served, rows: list[dict[str, Any]]) -> bytes:
    return _dumps(served.answer(rows))


def _joined(served: Served, lists: list[bytes], rows: int) -> Answer:
    """Predictions of several JSON lists one after the other, and the version that gave them."""
    predictions = b", ".join(text[1:-1] for text in lists)
    body = b'{"predictions": [' + predictions + b'], "model": ' + _dumps(served.described()) + b"}"
    return Answer(200, body, served.headers(), rows=rows)


def _dumps(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
