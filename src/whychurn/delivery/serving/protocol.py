"""HTTP connections with limits of time and number, which uvicorn's own protocol lacks."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, ClassVar

from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """Closes connections that send no request, or take no answer; asks nobody to hurry while a request is in work.

    The head of a request must be there `head_seconds` after the connection or after its first byte on a kept
    connection; uvicorn's keep-alive limit holds between requests. Beyond `max_connections` the one that has been
    silent longest is closed, never a new one. A stop gives kept connections `stop_seconds` for a last request.
    """

    head_seconds: ClassVar[float] = 10.0
    taking_seconds: ClassVar[float] = 30.0  # for a client that does not read its answer
    stop_seconds: ClassVar[float] = 0.5
    max_connections: ClassVar[int] = 512

    _head_timer: asyncio.TimerHandle | None = None
    _taking_timer: asyncio.TimerHandle | None = None
    _stopping = False
    heard_at = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        # uvicorn's listening socket has protocol 0, for which asyncio leaves Nagle's algorithm on: 40 ms an answer
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard_at = self.loop.time()
        self._wait_for_head()
        if len(self.connections) > self.max_connections:
            others: list[Any] = [one for one in self.connections if one is not self]
            min(others, key=lambda one: (one.is_answering(), one.heard_at)).drop()

    def data_received(self, data: bytes) -> None:
        """Read what came; the first byte of a head starts its time."""
        self.heard_at = self.loop.time()
        if self._head_timer is None and not self._in_work():
            self._wait_for_head()
        super().data_received(data)
        if self._in_work():
            self._stop_head_timer()
            if self._stopping:
                self._answer_last()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._stop_head_timer()
        self._stop_taking_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; within an answer, only closing is left."""
        if self._in_work():
            self.transport.abort()
        else:
            super().send_400_response(msg)

    def shutdown(self) -> None:
        """Finish the request in work, or one that comes within a moment, then close."""
        self._stopping = True
        if self._in_work():
            self._answer_last()
        else:
            self.loop.call_later(self.stop_seconds, self._drop_if_idle)

    def pause_writing(self) -> None:
        """The client reads too slowly: it gets `taking_seconds`."""
        super().pause_writing()
        self._stop_taking_timer()
        self._taking_timer = self.loop.call_later(self.taking_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        self._stop_taking_timer()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came for too long after an answer."""
        self.drop()

    def drop(self) -> None:
        """Close the connection, at once if the client does not read."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def is_answering(self) -> bool:
        """Whether a whole request has arrived and is not answered yet."""
        return self._in_work() and not self.cycle.more_body

    def _in_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self.drop)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_taking_timer(self) -> None:
        if self._taking_timer is not None:
            self._taking_timer.cancel()
            self._taking_timer = None

    def _drop_if_idle(self) -> None:
        if not self._in_work():
            self.drop()

    def _answer_last(self) -> None:
        self.cycle.keep_alive = False
        if CLOSE_HEADER not in self.cycle.scope["headers"]:  # uvicorn then says so in the answer
            self.cycle.scope["headers"] = [*self.cycle.scope["headers"], CLOSE_HEADER]
