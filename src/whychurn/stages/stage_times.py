"""What each stage of a run costs, and about how long the rest will take."""

from __future__ import annotations

import logging
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pandas as pd
import psutil

from whychurn.contract.files import read_json, write_json
from whychurn.contract.paths import StudyPaths

log = logging.getLogger(__name__)
FOLDER: Final = Path(".whychurn") / "times"
STARTED: Final = "WHYCHURN_RUN_STARTED"  # environment of a run's stages: when it began, seconds since 1970
JOBS: Final = "WHYCHURN_RUN_JOBS"  # and how many stages stand side by side
# Seconds of each stage on the demo, two cores: until a study has times of its own they say what stages cost beside
# one another.
TYPICAL: Final = {
    "world": 20, "intake": 16, "voice": 40, "panel": 14, "retention": 18, "survival": 60, "risk": 60,
    "snapshot": 2, "causes": 60, "action": 80, "watch": 20, "score": 25, "report": 45, "delivery": 30,
}  # fmt: skip
Phases = Sequence[
    Sequence[Sequence[str]]
]  # one after the other; chains of stages side by side; stages in order


@contextmanager
def timed(study: StudyPaths, stage: str, phases: Phases) -> Iterator[None]:
    """Keep seconds, processor seconds and peak memory of a stage that ends well, and say them with what is left.

    Parameters
    ----------
    phases
        All stages of the run, as they follow each other and stand side by side.
    """
    begun, before = time.time(), _processor_seconds()
    earlier = _recorded(study)
    yield
    cost = {
        "ended": time.time(),
        "seconds": time.time() - begun,
        "processor_seconds": _processor_seconds() - before,
        "peak_gb": _peak_gb(),
    }
    write_json(cost, study.root / FOLDER / f"{stage}.json")
    told = f"{stage}: {spoken(cost['seconds'])}, {cost['peak_gb']:.1f} GB"
    if STARTED in os.environ:
        started = float(os.environ[STARTED])
        done = {name: one for name, one in _recorded(study).items() if one["ended"] >= started}
        left = seconds_left(phases, stage, {name: one["seconds"] for name, one in done.items()},
                            {name: one["seconds"] for name, one in earlier.items()})  # fmt: skip
        told += f"; {spoken(time.time() - started)} so far" + (f", about {spoken(left)} left" if left else "")
    log.info("%s", told)


def seconds_left(phases: Phases, ended: str, done: dict[str, float], earlier: dict[str, float]) -> float:
    """Seconds until a run ends, when the stage `ended` has just ended.

    Parameters
    ----------
    done
        Seconds of the stages that ended in this run.
    earlier
        Seconds of stages in runs before. A stage without them costs what is typical, by the scale of those done.
    """
    scale = sum(done.values()) / sum(TYPICAL.get(name, 0) for name in done)
    cost = {name: scale * typical for name, typical in TYPICAL.items()} | earlier
    here = next(n for n, chains in enumerate(phases) if any(ended in chain for chain in chains))
    total = 0.0
    for chains in phases[here:]:
        waits = []
        for chain in chains:
            rest = chain[chain.index(ended) + 1 :] if ended in chain else chain
            waits.append(sum(cost.get(name, 0.0) for name in rest if name not in done))
        total += max(waits, default=0.0)
    return total


def times(study: StudyPaths, started: float) -> pd.DataFrame:
    """Stages that ended since `started`: stage, seconds, processor_seconds, peak_gb, in the order of their ends."""
    rows = [{"stage": name, **one} for name, one in _recorded(study).items() if one["ended"] >= started]
    table = pd.DataFrame(rows, columns=["stage", "ended", "seconds", "processor_seconds", "peak_gb"])
    return table.sort_values("ended", ignore_index=True).drop(columns="ended")


def spoken(seconds: float) -> str:
    """A duration as it is said: 8 s, 4 min 10 s."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def _recorded(study: StudyPaths) -> dict[str, dict[str, float]]:
    return {path.stem: read_json(path) for path in sorted((study.root / FOLDER).glob("*.json"))}


def _processor_seconds() -> float:
    """Of this process, of those that it started, and of those that a living one started and outlived (workers)."""
    total = sum(os.times()[:4])
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])
    return total


def _peak_gb() -> float:
    """The most that this process held at once, or the largest of its children; kilobytes, on a Mac bytes."""
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return most / (1e9 if sys.platform == "darwin" else 1e6)
