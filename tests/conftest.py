"""What tests of several folders share: one small study, a PostgreSQL server, and costs that are compared, never timed against a clock."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# a loaded machine is no counter-example
settings.register_profile("whychurn", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("whychurn")

SETTINGS = "risk: {trials: 3, bootstrap: 50}\n"


def run_small_study(root: Path) -> Path:
    """Simulate 1 500 members into `root` and run every stage but reports and tracking."""

    def whychurn(*words: str) -> None:
        command = [Path(sys.executable).with_name("whychurn"), *words]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    whychurn("world", "--program", "shop", "--members", "1500", "--out", str(root))
    (root / "params.yaml").write_text(SETTINGS, encoding="utf-8")
    for last in ("retention", "score"):
        whychurn("run", "--study", str(root), "--until", last)
    return root


@pytest.fixture(scope="session")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the study, run once a worker: who reads it belongs to the xdist group ``small_study``, and changes nothing."""
    return run_small_study(tmp_path_factory.mktemp("small") / "study")


@pytest.fixture(scope="session")
def spark() -> Callable[..., Iterator[Any]]:
    """`spark_map` on this machine; skips where the extra or Java is absent."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("the extra spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("there is no Java")
    from whychurn.stages.running.spark import spark_map

    return spark_map


def _server_programs() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path and shutil.which("pg_ctl"):
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a fresh PostgreSQL cluster on a loopback port; skips, loudly, where no server is installed.

    Everybody comes in but the user `team`, who needs a password.
    """
    programs = _server_programs()
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if programs is None or (os.geteuid() == 0 and not _exists(user)):
        message = "NO POSTGRESQL SERVER: the PostgreSQL tests do not run; install the package 'postgresql'"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    with tempfile.TemporaryDirectory(prefix="whychurn-pg-") as folder:
        data = Path(folder) / "data"
        if os.geteuid() == 0:
            shutil.chown(folder, user)

        def call(program: str, *arguments: str) -> None:
            command = [str(programs / program), *arguments]
            if os.geteuid() == 0:  # a server refuses to run as root
                command = ["runuser", "-u", user, "--", *command]
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=120)

        port = _free_port()
        made_with = "-A trust -U whychurn -E UTF8 --no-sync --locale=C"
        call("initdb", "-D", str(data), *made_with.split())
        with (data / "pg_hba.conf").open("r+", encoding="utf-8") as rules:  # the first rule that fits holds
            others = rules.read()
            rules.seek(0)
            rules.write(f"host all team 127.0.0.1/32 scram-sha-256\n{others}")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        call("pg_ctl", "-D", str(data), "-l", f"{folder}/log", "-w", "-o", options, "start")
        try:
            yield f"postgresql://whychurn@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


@pytest.fixture
def growth() -> Callable[[Callable[[int], object], int], float]:
    """How many times more of the processor a work takes on four times as much: 4 if linear, 16 if quadratic."""

    def ratio(work: Callable[[int], object], size: int) -> float:
        work(size)  # what is loaded once
        return _least(work, 4 * size) / _least(work, size)

    return ratio


def _least(work: Callable[[int], object], size: int) -> float:
    """Least of three times of this thread alone, which other processes do not lengthen."""
    times = []
    for _ in range(3):
        start = time.thread_time()
        work(size)
        times.append(time.thread_time() - start)
    return max(min(times), 1e-3)
