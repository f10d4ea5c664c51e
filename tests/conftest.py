"""What tests of several folders share: one small study, and costs that are compared, never timed against a clock."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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
