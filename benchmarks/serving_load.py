"""Requests against a server of this machine at a steady rate, and clients that behave badly."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Final

PATIENCE: Final = 10.0  # seconds until a request without an answer counts as an error


@dataclass
class Outcome:
    """Answers to requests: how many of each status (0: none), their milliseconds, and the versions that answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    versions: Counter[str] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return self.statuses.total()

    @property
    def errors(self) -> int:
        return self.requests - self.statuses[200]

    def percentile(self, percent: int) -> float:
        return (
            quantiles(self.milliseconds, n=100, method="inclusive")[percent - 1]
            if len(self.milliseconds) > 1
            else float("nan")
        )


@dataclass
class Client:
    """Keeps connections to one server; a request takes one that is free, or a new one."""

    port: int
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def post(self, body: bytes) -> tuple[int, str]:
        """Status and version of one answer; a kept connection that was closed meanwhile is replaced."""
        kept = bool(self.free)
        pair = self.free.pop() if kept else await asyncio.open_connection("127.0.0.1", self.port)
        try:
            status, version, stays = await _exchange(*pair, body)
        except (asyncio.IncompleteReadError, OSError):
            pair[1].close()
            if not kept:
                raise
            return await self.post(body)
        except BaseException:
            pair[1].close()
            raise
        if stays:
            self.free.append(pair)
        else:
            pair[1].close()
        return status, version

    def close(self) -> None:
        for _, writer in self.free:
            writer.close()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes
) -> tuple[int, str, bool]:
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in told[1:] if ": " in line)
    await reader.readexactly(int(headers.get("content-length", 0)))
    stays = headers.get("connection") != "close"
    return int(told[0].split()[1]), headers.get("x-model-version", ""), stays


async def drive(port: int, body: bytes, rate: float, seconds: float) -> Outcome:
    """Send `rate` requests a second, whether or not answers come; times count from when each was due."""
    client, outcome = Client(port), Outcome()
    start = time.perf_counter()

    async def one(due: float) -> None:
        try:
            status, version = await asyncio.wait_for(client.post(body), PATIENCE)
        except (OSError, EOFError, TimeoutError):
            status, version = 0, ""
        outcome.statuses[status] += 1
        outcome.versions[version] += 1
        if status == 200:
            outcome.milliseconds.append((time.perf_counter() - due) * 1000)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(one(due))
    client.close()
    return outcome


async def slow_connections(port: int, count: int, most_seconds: float) -> tuple[int, float]:
    """Open connections that send a byte of a head a second: how many were closed on them, and after how long the last."""
    start = time.perf_counter()

    async def drip() -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        closed = asyncio.create_task(reader.read())
        for sign in (b"POST /invocations HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 1000)[: int(most_seconds)]:
            try:
                writer.write(bytes([sign]))
                await writer.drain()
            except OSError:
                pass
            if (await asyncio.wait([closed], timeout=1))[0]:
                break
        done = closed.done()
        closed.cancel()
        writer.close()
        return time.perf_counter() - start if done else float("inf")

    ends = await asyncio.gather(*(drip() for _ in range(count)), return_exceptions=True)
    seconds = [one for one in ends if isinstance(one, float) and one < float("inf")]
    return len(seconds), max(seconds, default=float("nan"))
