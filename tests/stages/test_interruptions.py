"""A run that is stopped leaves nothing running; two runs of one study do not meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.system.file_lock import hold_file
from whychurn.contract.system.processes import cores
from whychurn.stages.locks import only_run

PARENT = """
import subprocess, sys
from whychurn.contract.system.processes import ended_with_us, interrupts_kept
with interrupts_kept():
    below = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    child = subprocess.Popen([sys.executable, "-c", below])
print(child.pid, flush=True)
with ended_with_us(child):
    child.wait()
"""
HOLD = """
import sys, time
from pathlib import Path
from whychurn.stages.locks import only_run
with only_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("to_group", [False, True])
def test_what_a_run_started_ends_with_it(number: signal.Signals, to_group: bool) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # as in a terminal
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    while not child.children():
        time.sleep(0.01)
    started = [child, *child.children()]
    (os.killpg if to_group else os.kill)(parent.pid, number)
    parent.communicate(timeout=60)
    assert parent.returncode in (-number, 128 + number)
    assert not [
        process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ]


def test_a_second_run_is_refused_and_the_first_one_named(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None and first.stdin is not None
    first.stdout.readline()
    with (
        pytest.raises(WhychurnError, match=rf"another run.*{first.pid}[\s\S]*wait until it ends"),
        only_run(tmp_path),
    ):
        pass
    first.kill()
    first.communicate()
    with only_run(tmp_path) as held:
        assert held is not None
    assert (tmp_path / "run.lock").read_text(encoding="ascii") == str(os.getpid())


def test_stages_that_outlived_their_run_are_waited_for(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    script = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX);"
        "file.write('4194305'); file.flush(); print(flush=True); time.sleep(1)"  # a number that no process has
    )
    orphan = subprocess.Popen([sys.executable, "-c", script, str(lock)], stdout=subprocess.PIPE, text=True)
    assert orphan.stdout is not None
    orphan.stdout.readline()
    with only_run(tmp_path):
        assert orphan.wait(timeout=10) == 0, "it ended first"


def test_a_folder_that_cannot_be_locked_keeps_nobody_out(tmp_path: Path) -> None:
    with hold_file(tmp_path / "absent" / "lock") as held:
        assert held is None


def test_there_is_a_processor() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
