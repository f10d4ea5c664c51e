"""A lock goes when its run was killed, and stays while its run lives."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from whychurn.stages.running.locks import release_dead_locks

WAIT = "import sys; print(flush=True); sys.stdin.read()"


@pytest.fixture
def running() -> Iterator[subprocess.Popen[str]]:
    """A process whose command line looks like DVC's."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAIT, "dvc", "repro"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdin is not None
    process.stdout.readline()
    yield process
    process.stdin.close()
    process.wait()
    process.stdout.close()


def lock_file(root: Path, content: object) -> Path:
    path = root / ".dvc" / "tmp" / "rwlock"
    path.parent.mkdir(parents=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def held_by(pid: int) -> dict[str, object]:
    info = {"pid": pid, "cmd": "dvc repro"}
    return {"write": {"/a": info}, "read": {"/b": [info]}}


def test_a_living_run_keeps_its_locks(tmp_path: Path, running: subprocess.Popen[str]) -> None:
    path = lock_file(tmp_path, held_by(running.pid))
    assert release_dead_locks(tmp_path) == 0
    assert json.loads(path.read_text(encoding="utf-8")) == held_by(running.pid)


def test_a_killed_run_that_nobody_collected_loses_them(
    tmp_path: Path, running: subprocess.Popen[str]
) -> None:
    path = lock_file(tmp_path, held_by(running.pid))
    running.kill()
    while psutil.Process(running.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert psutil.pid_exists(running.pid), "DVC's own test would keep the lock"
    assert release_dead_locks(tmp_path) == 2
    assert json.loads(path.read_text(encoding="utf-8")) == {"write": {}, "read": {}}


def test_a_number_that_another_program_got_does_not_hold_a_lock(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        lock_file(tmp_path, held_by(process.pid))
        assert release_dead_locks(tmp_path) == 2
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("content", ["", '{"write": {"/a', "[]", '{"write": {"/a": 3}}'])
def test_a_lock_file_that_a_kill_cut_is_removed(tmp_path: Path, content: str) -> None:
    path = lock_file(tmp_path, content)
    assert release_dead_locks(tmp_path) == 1
    assert not path.exists()


def test_without_locks_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert release_dead_locks(tmp_path) == 0
