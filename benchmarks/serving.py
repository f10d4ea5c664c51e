"""The champion under load: `whychurn serve` beside `mlflow models serve`, in one run on this machine.

    python benchmarks/serving.py [STUDY] [--seconds 20] [--rates 20 50 100 200 400] [--without-mlflow]
    python benchmarks/serving.py [STUDY] --soak 3600      # 50 a second, the alias moved every minute: memory, errors

Works on a copy of the study's registry. Server and load share the machine; times count from when a request was due.
The table in README.md is written by a whole run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import psutil
from serving_load import Client, Outcome, drive, slow_connections

from whychurn.contract.files import write_whole
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.mlflow_store import connect
from whychurn.delivery.registry.model_versions import CHAMPION, find_version
from whychurn.delivery.serving.server import Endpoint, example_request, serving_command

PAGE: Final = Path(__file__).with_name("README.md")
START, END = "<!-- serving: written by benchmarks/serving.py -->", "<!-- serving ends -->"
LARGE_ROWS: Final = 2000
SLOW: Final = 128
Found = TypeVar("Found")
Table = dict[str, tuple[str, str, str]]  # measure: ours, MLflow's, aim
AIMS: Final = {100: "p99 ≤ 50 ms, 0 errors", 200: "p99 ≤ 25 ms"}


@dataclass(frozen=True)
class Place:
    """What is served: a copy of the study's registry, and requests for its champion."""

    study: StudyPaths
    params: Params
    one: bytes
    many: bytes

    @property
    def name(self) -> str:
        return self.params.delivery.model_name


@dataclass(frozen=True)
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int

    def workers(self) -> list[psutil.Process]:
        """The processes that hold a model: the largest, and those above half of its memory."""
        root = psutil.Process(self.process.pid)
        all_of_it = [root, *root.children(recursive=True)]
        sizes = {one: one.memory_info().rss for one in all_of_it if one.is_running()}
        return [one for one, size in sizes.items() if size > max(sizes.values()) / 2]

    def cpu_seconds(self) -> float:
        return sum(sum(one.cpu_times()[:2]) for one in self.workers())

    def memory_mb(self) -> float:
        return max(one.memory_info().rss for one in self.workers()) / 1024**2


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("study", nargs="?")
    asked.add_argument("--seconds", type=float, default=20)
    asked.add_argument("--rates", type=int, nargs="+", default=[20, 50, 100, 200, 400])
    asked.add_argument("--without-mlflow", action="store_true")
    asked.add_argument("--soak", type=float, metavar="SECONDS")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="whychurn-serving-") as folder:
        place = copied(StudyPaths.at(given.study), Path(folder))
        if given.soak:
            with running(place, *ours(place)) as server:
                soak(place, server, given.soak)
            return
        table = measure(place, given.rates, given.seconds, not given.without_mlflow)
    text = written(table)
    print(text)
    if not given.without_mlflow and given.rates[-1] >= 400:
        write_table(text)


def copied(study: StudyPaths, folder: Path) -> Place:
    """The registry and the model's files of a study in a folder of their own."""
    place = StudyPaths(folder)
    shutil.copytree(study.mlflow, place.mlflow)
    shutil.copytree(study.processed / "risk_model", place.processed / "risk_model")
    params = load_params(study)
    one, many = (example_request(place, rows).encode() for rows in (1, LARGE_ROWS))
    return Place(place, params, one, many)


def ours(place: Place) -> tuple[list[str], dict[str, str], int]:
    port = free_port()
    return (*serving_command(place.study, place.params, Endpoint(port=port)), port)


def mlflows(place: Place) -> tuple[list[str], dict[str, str], int]:
    port, environment = free_port(), ours(place)[1]
    address = f"models:/{place.name}@{CHAMPION}"
    words = f"-m mlflow models serve -m {address} --env-manager local -p {port}".split()
    return [sys.executable, *words], environment, port


@contextmanager
def running(place: Place, command: list[str], environment: dict[str, str], port: int) -> Iterator[Server]:
    """A server until the end of the block; every worker answers before it begins."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        server, started = Server(process, port), time.perf_counter()
        try:
            wait_until(lambda: ping(port), 300)
            asyncio.run(drive(port, place.one, 5, 5))
            time.sleep(5)  # the other workers
            print(f"{' '.join(command[1:4])}: ready after {time.perf_counter() - started:.0f} s", flush=True)
            yield server
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def measure(place: Place, rates: list[int], seconds: float, with_mlflow: bool) -> Table:
    """Both servers one after the other; the bad manners only ours, which alone answers for them."""
    before = os.getloadavg()[0]
    with running(place, *ours(place)) as server:
        own = {rate: at_rate(server, place.one, rate, seconds) for rate in rates}
        table = stress(place, server)
    others: dict[int, tuple[str, str]] = {}
    if with_mlflow:
        with running(place, *mlflows(place)) as server:
            for rate in rates:
                others[rate] = at_rate(server, place.one, rate, seconds)
                if "(given up)" in others[rate][0]:
                    break
            table["memory of a worker"] = (
                table["memory of a worker"][0],
                f"{server.memory_mb():.0f} MB",
                "≤ 350 MB",
            )
    rows: Table = {f"{rate} requests a second": (own[rate][0], others.get(rate, ("–",))[0], AIMS.get(rate, "")) for rate in rates}  # fmt: skip
    for rate in rates:
        theirs = others.get(rate, ("", "–"))[1]
        rows[f"processor a request at {rate} a second"] = (own[rate][1], theirs, "≤ 2.0 ms")
    rows["load of the machine before and after"] = (f"{before:.1f}, {os.getloadavg()[0]:.1f}", "", "idle")
    return rows | table


def at_rate(server: Server, body: bytes, rate: int, seconds: float) -> tuple[str, str]:
    """Times and errors, and processor time a request."""
    spent = server.cpu_seconds()
    outcome = asyncio.run(drive(server.port, body, rate, seconds))
    spent = server.cpu_seconds() - spent
    given_up = " (given up)" if outcome.errors > outcome.requests / 2 else ""
    told = f"{times(outcome)}{given_up}"
    print(f"{rate:>5}/s  {told}  load {os.getloadavg()[0]:.1f}", flush=True)
    return told, f"{1000 * spent / max(outcome.requests, 1):.2f} ms"


def times(outcome: Outcome) -> str:
    errors = f"{outcome.errors} of {outcome.requests} failed" if outcome.errors else "0 errors"
    return f"p50 {outcome.percentile(50):.1f}, p99 {outcome.percentile(99):.1f} ms, {errors}"


def stress(place: Place, server: Server) -> Table:
    """What else a bad day brings, beside 50 requests a second."""
    table: Table = {}
    aim = "p99 ≤ 100 ms, 0 errors"

    async def beside(work: Callable[[], Awaitable[Found]], seconds: float) -> tuple[str, Outcome, Found]:
        load = asyncio.create_task(drive(server.port, place.one, 50, seconds))
        await asyncio.sleep(1)
        found = await work()
        outcome = await load
        return times(outcome), outcome, found

    told, _, (closed, last) = asyncio.run(beside(lambda: slow_connections(server.port, SLOW, 45), 20))
    told += f"; {closed} closed, the last after {last:.0f} s"
    table[f"beside {SLOW} connections that drip"] = (told, "", f"{aim}, all closed within 40 s")
    told, _, (status, last) = asyncio.run(beside(lambda: large(server.port, place.many), 10))
    told += f"; answered {status} after {last:.1f} s"
    table[f"beside a request of {LARGE_ROWS:,} rows"] = (told, "", aim)
    told, outcome, _ = asyncio.run(beside(lambda: asyncio.to_thread(move_alias, place), 20))
    told += f"; {', '.join(f'version {key}: {n}' for key, n in outcome.versions.items())}"
    table["beside an alias that moves"] = (told, "", "served ≤ 15 s later, 0 errors")
    table["memory of a worker"] = (f"{server.memory_mb():.0f} MB", "", "≤ 350 MB")
    table["a worker killed (kill -9)"] = (killed(place, server), "", "back in ≤ 15 s, the other answers")
    table[f"SIGTERM with {LARGE_ROWS:,} rows in work"] = (stopped(place, server), "", "≤ 5 s, answered, nothing left")  # fmt: skip
    for name, (told, *_) in table.items():
        print(f"{name}: {told}", flush=True)
    return table


async def large(port: int, body: bytes) -> tuple[int, float]:
    started = time.perf_counter()
    status, _ = await Client(port).post(body)
    return status, time.perf_counter() - started


def move_alias(place: Place) -> None:
    """A further version of the same model becomes the champion."""
    client = connect(place.study)
    now = find_version(client, place.name, CHAMPION)
    assert now is not None
    new = client.copy_model_version(f"models:/{place.name}/{now.version}", place.name)
    client.set_registered_model_alias(place.name, CHAMPION, new.version)


def killed(place: Place, server: Server) -> str:
    before = told_workers(server.port)
    os.kill(min(one.pid for one in server.workers()), signal.SIGKILL)
    started = time.perf_counter()
    time.sleep(0.1)
    outcome = asyncio.run(drive(server.port, place.one, 20, 3))
    wait_until(lambda: told_workers(server.port) != before, 120)
    return f"{times(outcome)} meanwhile, back after {time.perf_counter() - started:.1f} s"


def stopped(place: Place, server: Server) -> str:
    below = psutil.Process(server.process.pid).children(recursive=True)

    async def asked() -> tuple[int, float]:
        answer = asyncio.create_task(large(server.port, place.many))
        await asyncio.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        return await answer

    started = time.perf_counter()
    status, _ = asyncio.run(asked())
    server.process.wait(timeout=60)
    seconds = time.perf_counter() - started - 0.2
    left = len(psutil.wait_procs(below, timeout=max(0.1, 5 - seconds))[1])
    return f"ended after {seconds:.1f} s, answered {status}, {left} processes left"


def soak(place: Place, server: Server, seconds: float) -> None:
    """A long time at 50 a second, the alias moved every minute."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        outcome = asyncio.run(drive(server.port, place.one, 50, min(60, left)))
        print(f"{times(outcome)}, {server.memory_mb():.0f} MB, load {os.getloadavg()[0]:.1f}", flush=True)
        move_alias(place)


def written(table: Table) -> str:
    lines = ["| measure | `whychurn serve` | `mlflow models serve` | aim |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {name} | {' | '.join(cells)} |" for name, cells in table.items()])


def write_table(text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(START)
    _, tail = rest.split(END)
    with write_whole(PAGE) as temporary:
        temporary.write_text(f"{head}{START}\n\n{text}\n\n{END}{tail}", encoding="utf-8")


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise SystemExit(f"waited {seconds:.0f} s in vain")
        time.sleep(0.2)


def told_workers(port: int) -> set[str]:
    """Workers that ever answered, as the counts tell."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {line.split('"')[1] for line in lines if line.startswith("whychurn_model_version")}


def ping(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
