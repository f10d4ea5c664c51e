"""How fast the champion answers over HTTP: one row and a thousand rows, p50 and p99.

    python benchmarks/serving.py [STUDY]

Starts `whychurn serve` on a free port of this machine, sends invented rows one request after another, and stops it.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.serving.server import Endpoint, example_request, serving_command

PLAN = {1: 300, 1000: 30}  # rows: requests


def main() -> None:
    study = StudyPaths.at(sys.argv[1] if len(sys.argv) > 1 else None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command, environment = serving_command(study, load_params(study), Endpoint(port=port))
    started = time.perf_counter()
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        wait_for(port, server)
        print(f"ready after {time.perf_counter() - started:.1f} s, {memory_mb(server.pid):.0f} MB")
        for rows, requests in PLAN.items():
            times = measure(port, example_request(study, rows).encode(), requests)
            print(
                f"{rows:>5} rows: p50 {percentile(times, 50):7.1f} ms, p99 {percentile(times, 99):7.1f} ms, {requests} requests"
            )
        print(f"afterwards {memory_mb(server.pid):.0f} MB")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=20)


def wait_for(port: int, server: subprocess.Popen) -> None:
    while True:
        if server.poll() is not None:
            raise SystemExit("the server did not start")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)


def measure(port: int, body: bytes, requests: int) -> list[float]:
    """Milliseconds of each request, over one connection that stays open; the first three are not counted."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    times = []
    for _ in range(requests + 3):
        started = time.perf_counter()
        connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        times.append((time.perf_counter() - started) * 1000)
        if answer.status != 200:
            raise SystemExit(content.decode())
    return times[3:]


def percentile(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    main()
