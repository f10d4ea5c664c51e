"""Worlds of a benchmark run side by side, each told when it is done."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, Final

THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")  # two worlds at a time: one thread each


def run_side_by_side(run: Callable[..., float], jobs: Mapping[str, tuple[Any, ...]], processes: int) -> int:
    """Call `run` with the arguments of each job, by name; it gives the seconds that it took. How many failed."""
    failed, started = 0, time.perf_counter()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        running = {pool.submit(run, *given): name for name, given in jobs.items()}
        for number, job in enumerate(as_completed(running), start=1):
            error = job.exception()
            failed += error is not None
            told = f"failed: {error!r}" if error else f"{job.result():.0f} s"
            minutes = (time.perf_counter() - started) / 60
            print(f"{minutes:5.1f} min  {number}/{len(running)}  {running[job]}  {told}", flush=True)
    return failed
