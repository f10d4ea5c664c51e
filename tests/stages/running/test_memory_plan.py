"""A run takes side by side what fits, leaves DuckDB its share, and refuses what cannot fit before the work."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.cli.pipeline import stage
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system.memory import DUCKDB, duckdb_share
from whychurn.panel.duckdb_tables import attached
from whychurn.stages import pipeline
from whychurn.stages.pipeline import ANALYSES, STAGES, run_study
from whychurn.stages.running.memory_plan import DEMO, NEEDS, MemoryPlan, Size, needed_gb, study_size
from whychurn.stages.stage_times import FOLDER, JOBS

MILLION = 1_000_000
COMMANDS = [["repro", "--single-item", *chain] for chain in ANALYSES]


def params() -> Params:
    return Params.model_validate({"intake": {"source": "raw"}})


def study_of(root: Path, rows: int, panel_rows: int = 0) -> StudyPaths:
    study = StudyPaths(root)
    for file, count in (
        (study.interim / "orders.parquet", rows),
        (study.processed / "panel.parquet", panel_rows),
    ):
        if count:
            file.parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame({"x": np.zeros(count, "int8")}).to_parquet(file)
    return study


def test_every_stage_has_a_need_that_grows_with_its_rows() -> None:
    assert set(NEEDS) == set(STAGES)
    larger = Size(10 * DEMO.input_rows, 10 * DEMO.panel_rows)
    for name in STAGES:
        assert 0 < needed_gb(name, DEMO, MILLION) < 3, "the demo runs on a laptop"
        sizes = (Size(0, 0), DEMO, larger)
        needs = [needed_gb(name, size, MILLION) for size in sizes]
        assert needs == sorted(needs)


def test_fits_need_no_more_than_their_sample_does() -> None:
    small, large = (needed_gb("survival", Size(0, rows), MILLION) for rows in (MILLION, 2 * MILLION))
    assert large - small == pytest.approx(NEEDS["survival"].panel_row * MILLION / 1e9)


def test_the_size_is_read_from_the_tables_or_about_from_raw_files(tmp_path: Path) -> None:
    assert study_size(study_of(tmp_path / "a", 4000, 500), params()) == Size(4000, 500)
    raw = tmp_path / "b" / "raw"
    raw.mkdir(parents=True)
    (raw / "orders.csv").write_text("o1,m1,2024-03-01 12:00:00,100.00,20.00,1,food,app,false\n" * 5000)
    (raw / "notes.pdf").write_bytes(b"x" * 10_000_000)
    size = study_size(StudyPaths(tmp_path / "b"), params())
    assert size is not None and 2500 < size.input_rows < 10_000 and size.panel_rows > 0
    assert (
        study_size(StudyPaths(tmp_path / "c"), Params.model_validate({"intake": {"source": "duckdb:///x"}}))
        is None
    )


def test_chains_stand_side_by_side_only_where_both_fit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    study = study_of(tmp_path, 5000, 1000)
    largest = [max(needed_gb(name, Size(5000, 1000), MILLION) for name in chain) for chain in ANALYSES]
    assert MemoryPlan(study, params(), sum(largest) + 0.01).groups(COMMANDS) == [COMMANDS]
    assert MemoryPlan(study, params(), sum(largest) - 0.01).groups(COMMANDS) == [[one] for one in COMMANDS]
    assert "one after the other" in caplog.text
    assert MemoryPlan(study, params(), 0.0).groups(COMMANDS[:1]) == [COMMANDS[:1]]


def test_duckdb_gets_its_share_and_never_more_than_the_parameter() -> None:
    study = StudyPaths(Path("nowhere"))
    assert MemoryPlan(study, params(), 64.0).duckdb_limit(2) == "4GB"
    assert MemoryPlan(study, params(), 8.0).duckdb_limit(2) == "1000MB"
    assert MemoryPlan(study, params(), 8.0).duckdb_limit(1) == "2000MB"
    assert MemoryPlan(study, params(), 0.3).duckdb_limit(2) == "500MB"
    assert duckdb_share("1.5 GB") == "1.5 GB", "nothing is said outside a run"


def test_a_stage_of_a_run_keeps_to_the_share_that_it_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, str]] = []

    def run(_: StudyPaths, params: Params) -> None:
        with attached({}, params.run.memory_limit) as connection:
            told = connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
        given.append((told, params.run.memory_limit))

    monkeypatch.setattr("whychurn.stages.world.run", run)
    for told in ("750MB", "9GB", None):
        monkeypatch.delenv(DUCKDB, raising=False)
        if told:
            monkeypatch.setenv(DUCKDB, told)
        stage("world", tmp_path)
    assert [duckdb for duckdb, _ in given] == ["715.2 MiB", "3.7 GiB", "3.7 GiB"]
    assert {kept for _, kept in given} == {"4GB"}, (
        "what a machine has free stands in no parameter, and so in no result"
    )


def test_chains_that_do_not_fit_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_of(tmp_path, 20_000, 3000)
    (tmp_path / "raw").mkdir()
    ran: list[tuple[int, str, str]] = []
    monkeypatch.setattr(
        pipeline, "prepare_study", lambda *_: tuple(name for name in STAGES if name != "world")
    )
    monkeypatch.setattr(
        pipeline,
        "run_dvc",
        lambda *given, environment=None: (
            ran.append((len(given) - 2, environment[JOBS], environment[DUCKDB])) if environment else None
        ),
    )
    monkeypatch.setattr(pipeline, "unused_copies", lambda _: False)
    run_study(study, jobs=2, memory=16.0)
    assert (2, "2", "2000MB") in ran and max(count for count, *_ in ran) == 2
    ran.clear()
    run_study(study, jobs=2, memory=0.8)
    assert {count for count, *_ in ran} == {1} and (1, "1", "500MB") in ran


def test_too_little_memory_is_one_sentence_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_of(tmp_path, 20_000)
    (tmp_path / "raw").mkdir()
    worked: list[object] = []
    monkeypatch.setattr(pipeline, "prepare_study", lambda *_: STAGES[1:])
    monkeypatch.setattr(pipeline, "run_dvc", lambda *given, **_: worked.append(given))
    monkeypatch.setattr(pipeline, "unused_copies", lambda _: False)
    with pytest.raises(
        WhychurnError, match=r"(?s)stage \w+ needs about \d\.\d GB .*0\.2 GB are free.*--memory \d"
    ) as refused:
        run_study(study, memory=0.2)
    assert "\n" not in refused.value.message and not worked
    run_study(study, until="panel", memory=8.0)
    assert worked


def test_a_stage_that_ended_here_before_is_not_refused(tmp_path: Path) -> None:
    study = study_of(tmp_path, 20_000)
    plan = MemoryPlan(study, params(), 0.1)
    with pytest.raises(WhychurnError):
        plan.check(["panel"])
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "panel.json").write_text("{}", encoding="utf-8")
    plan.check(["panel"])
