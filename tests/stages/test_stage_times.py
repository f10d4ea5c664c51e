"""A run says what its stages cost and about how long the rest takes."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from whychurn.contract.paths import StudyPaths
from whychurn.stages.pipeline import STAGES, phases
from whychurn.stages.stage_times import FOLDER, JOBS, STARTED, TYPICAL, seconds_left, spoken, timed, times

PHASES = ((("world", "panel"),), (("survival",), ("risk", "causes")), (("report",),))


def test_each_stage_stands_once_in_the_order_of_a_run() -> None:
    for jobs in (1, 2):
        flat = [stage for chains in phases(jobs) for chain in chains for stage in chain]
        assert sorted(flat) == sorted(STAGES)
    assert set(TYPICAL) <= set(STAGES)


def test_what_is_left_counts_the_longer_of_two_chains() -> None:
    earlier = {"world": 10.0, "panel": 20.0, "survival": 100.0, "risk": 30.0, "causes": 40.0, "report": 5.0}
    assert seconds_left(PHASES, "world", {"world": 10.0}, earlier) == 20 + 100 + 5
    done = {"world": 10.0, "panel": 20.0, "survival": 100.0}
    assert seconds_left(PHASES, "survival", done, earlier) == 70 + 5
    assert seconds_left(PHASES, "report", {**earlier}, earlier) == 0


def test_a_first_run_is_judged_by_what_it_took_so_far() -> None:
    twice = {"world": 2.0 * TYPICAL["world"], "panel": 2.0 * TYPICAL["panel"]}
    expected = 2 * (max(TYPICAL["survival"], TYPICAL["risk"] + TYPICAL["causes"]) + TYPICAL["report"])
    assert seconds_left(PHASES, "panel", twice, {}) == pytest.approx(expected)


def test_a_stage_leaves_its_cost_and_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    study, started = StudyPaths(tmp_path), time.time()
    monkeypatch.setenv(STARTED, str(started - 100))
    monkeypatch.setenv(JOBS, "2")
    caplog.set_level("INFO")
    with timed(study, "world", PHASES):
        sum(range(2_000_000))
    table = times(study, started)
    assert list(table["stage"]) == ["world"]
    assert table["processor_seconds"].item() > 0
    assert 0 < table["peak_gb"].item() < 64
    said = caplog.messages[-1]
    assert said.startswith("world: ")
    assert "1 min 40 s so far" in said or "1 min 41 s so far" in said
    assert "left" in said
    assert times(study, time.time()).empty


def test_workers_that_another_process_started_count(tmp_path: Path) -> None:
    study, context = StudyPaths(tmp_path), multiprocessing.get_context("forkserver")
    with timed(study, "world", PHASES), ProcessPoolExecutor(1, context) as pool:
        spent = pool.submit(_work, 0.5).result()
    counted = times(study, 0.0)["processor_seconds"].item()
    assert spent >= 0.5 and counted >= 0.5


def _work(seconds: float) -> float:
    while time.process_time() < seconds:
        pass
    return time.process_time()


def test_a_stage_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), timed(StudyPaths(tmp_path), "world", PHASES):
        _ = 1 / 0
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (250, "4 min 10 s")]
)
def test_durations(seconds: float, said: str) -> None:
    assert spoken(seconds) == said
