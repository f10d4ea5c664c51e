"""Processes: how many there may be, and that those we start end with us: no stage goes on behind the user's back."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import psutil

PATIENCE: Final = 5.0  # seconds until what was asked to end is ended


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def leave_interrupts() -> None:
    """In a worker: Ctrl-C is for the process that started it, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """Programs that start in the block leave Ctrl-C to us, and so print nothing about it (see `ended_with_us`)."""
    in_charge = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_charge else None
    try:
        yield
    finally:
        if in_charge:
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)


@contextmanager
def ended_with_us(*programs: subprocess.Popen[bytes]) -> Iterator[None]:
    """End `programs`, with all that they started, if the block is left by Ctrl-C, SIGTERM or an error."""
    in_charge = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _stop) if in_charge else None
    try:
        yield
    except BaseException:
        _end(programs)
        raise
    finally:
        if in_charge:
            signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _stop(_: int, __: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _end(programs: tuple[subprocess.Popen[bytes], ...]) -> None:
    below: list[psutil.Process] = []
    for program in (one for one in programs if one.poll() is None):
        try:
            process = psutil.Process(program.pid)
            below += [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    for process in below:
        _send(process, signal.SIGTERM)
    for process in psutil.wait_procs(below, timeout=PATIENCE)[1]:
        _send(process, signal.SIGKILL)
    for program in programs:
        program.wait()


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
