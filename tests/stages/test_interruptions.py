"""A run that is stopped leaves nothing running; two runs of one study do not meet."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system import processes
from whychurn.contract.system.file_lock import hold_file
from whychurn.contract.system.processes import cores, ended_with_us, interrupts_kept, leave_interrupts
from whychurn.stages.running.dvc_commands import run_dvc
from whychurn.stages.running.locks import only_run

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
from whychurn.stages.running.locks import only_run
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


def sleeper(before: str = "pass") -> subprocess.Popen[bytes]:
    """A program that sleeps, and has said so."""
    code = f"import signal, time; {before}; print(flush=True); time.sleep(60)"
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert program.stdout is not None
    program.stdout.readline()
    return program


def test_a_worker_leaves_ctrl_c_to_who_started_it() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, leave_interrupts) as pool:
        assert pool.submit(signal.raise_signal, signal.SIGINT).result() is None, "it goes on"
        assert pool.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_IGN


def test_programs_of_the_block_alone_do_not_heed_ctrl_c() -> None:
    code = "import signal; print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="an error"), interrupts_kept():
        assert subprocess.check_output([sys.executable, "-c", code]).strip() == b"True"
        raise ValueError("an error")
    assert signal.getsignal(signal.SIGINT) == before


def test_a_thread_that_is_not_in_charge_changes_no_signal() -> None:
    seen = []

    def work() -> None:
        with interrupts_kept(), ended_with_us():
            seen.extend([signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)])

    before = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == before


def test_an_error_ends_the_programs_and_no_error_leaves_them() -> None:
    program = sleeper()
    with ended_with_us(program):
        pass
    assert program.poll() is None
    process = psutil.Process(program.pid)
    with pytest.raises(ValueError, match="an error"), ended_with_us(program):
        raise ValueError("an error")
    assert program.poll() is not None and not process.is_running()


def test_a_program_that_will_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.1)
    program, before = (
        sleeper("signal.signal(signal.SIGTERM, signal.SIG_IGN)"),
        signal.getsignal(signal.SIGTERM),
    )
    with pytest.raises(SystemExit) as caught, ended_with_us(program):
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.code == 143 and program.returncode == -signal.SIGKILL
    assert signal.getsignal(signal.SIGTERM) == before


def test_dvc_runs_in_the_study_and_all_commands_end_before_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match=r"the pipeline stopped[\s\S]*finished stages are kept"):
        run_dvc(StudyPaths(tmp_path), None, ["no-such-command"], ["init", "--no-scm", "--quiet"])
    assert (tmp_path / ".dvc" / "config").exists(), "the other one ended well"
    command = 'echo "$SHELL $DVC_NO_ANALYTICS" > told && command -v python >> told'
    stage = f"stages: {{tell: {{cmd: '{command}', outs: [told]}}}}\n"
    (tmp_path / "dvc.yaml").write_text(stage, encoding="utf-8")
    run_dvc(StudyPaths(tmp_path), None, ["repro", "--quiet"])
    shell, python = (tmp_path / "told").read_text(encoding="utf-8").splitlines()
    assert shell == "/bin/sh 1" and Path(python).parent == Path(sys.executable).parent
