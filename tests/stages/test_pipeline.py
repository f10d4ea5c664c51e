"""A study runs the project's own stages, skips what is up to date, and resumes after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from whychurn.contract.errors import WhychurnError
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.stages import pipeline
from whychurn.stages.pipeline import (
    ANALYSES,
    BEFORE,
    OUTPUTS,
    SCORING,
    STAGES,
    run_study,
    study_pipeline,
)
from whychurn.stages.running.code_digest import code_digest

# Each toy stage appends its name to ran.log, so that the log tells what DVC executed.
TOY = """
stages:
  world: {cmd: "exit 9", deps: [src/world], params: [world], outs: [data/raw]}
  intake:
    cmd: echo intake >> ran.log && mkdir -p data/interim && cat data_raw_or_raw/*.csv > data/interim/rows.csv
    deps: [src/intake, data/raw]
    params: [intake]
    outs: [data/interim]
  panel:
    cmd: echo panel >> ran.log && test ! -e slow || sleep 600; mkdir -p data/processed && wc -l < data/interim/rows.csv > data/processed/n.txt
    deps: [src/panel, data/interim]
    params: [panel]
    outs: [data/processed/n.txt]
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, StudyPaths]:
    """A toy project with two stages, and a study in a folder with a space and Chinese characters."""
    project, root = tmp_path / "project", tmp_path / "会员 研究"
    for folder in ("src/world", "src/intake", "src/panel"):
        (project / folder).mkdir(parents=True)
        (project / folder / "code.py").write_text("pass\n", encoding="utf-8")
    (project / "dvc.yaml").write_text(TOY.replace("data_raw_or_raw", "raw"), encoding="utf-8")
    (root / "raw").mkdir(parents=True)
    (root / "raw" / "orders.csv").write_text("a\nb\n", encoding="utf-8")
    monkeypatch.setattr(pipeline, "PROJECT", project)
    return project, StudyPaths(root)


def ran(study: StudyPaths) -> list[str]:
    return (study.root / "ran.log").read_text(encoding="utf-8").split()


def test_the_second_run_runs_nothing_and_changes_run_what_depends_on_them(
    toy: tuple[Path, StudyPaths],
) -> None:
    project, study = toy
    before = sorted(project.rglob("*"))
    run_study(study, until="panel")
    assert ran(study) == ["intake", "panel"]
    assert (study.root / "data/processed/n.txt").read_text(encoding="utf-8").strip() == "2"
    run_study(study, until="panel")
    assert ran(study) == ["intake", "panel"], "nothing changed, nothing ran"

    (project / "src/panel/code.py").write_text("changed = True\n", encoding="utf-8")
    run_study(study, until="panel")
    assert ran(study) == ["intake", "panel", "panel"], "changed code runs its own stage"

    (study.root / "params.yaml").write_text("intake: {max_quarantined: 0.2}\n", encoding="utf-8")
    run_study(study, until="panel")
    assert ran(study)[3:] == ["intake"], "the interim rows came out the same, so the panel stays"

    (study.root / "raw" / "orders.csv").write_text("a\nb\nc\n", encoding="utf-8")
    run_study(study, until="panel")
    assert ran(study)[4:] == ["intake", "panel"]
    assert sorted(project.rglob("*")) == before, "the project is left untouched"


def test_a_killed_run_resumes_where_it_stopped(toy: tuple[Path, StudyPaths]) -> None:
    project, study = toy
    (study.root / "slow").touch()
    script = (
        "from pathlib import Path; from whychurn.stages import pipeline; from whychurn.contract.paths import StudyPaths;"
        f"pipeline.PROJECT = Path({str(project)!r}); pipeline.run_study(StudyPaths(Path({str(study.root)!r})), until='panel')"
    )
    process = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    while not ((study.root / "ran.log").exists() and "panel" in ran(study)):
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (study.root / "data/processed/n.txt").exists()
    (study.root / "slow").unlink()
    run_study(study, until="panel")
    assert ran(study)[-1] == "panel" and (study.root / "data/processed/n.txt").exists()


def test_a_failing_stage_keeps_what_is_finished_and_says_how_to_go_on(toy: tuple[Path, StudyPaths]) -> None:
    project, study = toy
    text = (project / "dvc.yaml").read_text(encoding="utf-8")
    (project / "dvc.yaml").write_text(
        text.replace("test ! -e slow || sleep 600;", "exit 3;"), encoding="utf-8"
    )
    with pytest.raises(WhychurnError, match="the pipeline stopped"):
        run_study(study, until="panel")
    assert (study.root / "data/interim/rows.csv").exists()


def test_missing_raw_tables_are_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match=r"folder of raw tables is missing.*raw"):
        run_study(StudyPaths(tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()


def test_a_database_source_is_read_every_time() -> None:
    project = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))
    stages = study_pipeline(project, [], bool)["stages"]
    assert stages["intake"]["always_changed"] and not any(
        "postgresql" in dep for dep in stages["intake"]["deps"]
    )
    assert "world" not in stages


def test_one_row_per_customer_takes_the_short_way() -> None:
    project = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))
    short = study_pipeline(project, ["raw"], bool, one_table=True)["stages"]
    assert tuple(short) == pipeline.ONE_TABLE
    made = {
        place
        for stage in short.values()
        for place in [*stage["outs"], *stage.get("metrics", [])]
        if isinstance(place, str)
    }
    for name, stage in short.items():
        assert not [dep for dep in stage["deps"] if dep.startswith("data/") and dep not in made], name
    long = study_pipeline(project, ["raw"], bool)["stages"]
    assert "snapshot" not in long and not [
        d for stage in long.values() for d in stage["deps"] if "results/snapshot" in d
    ]


def test_a_stage_that_a_study_has_not_is_told(toy: tuple[Path, StudyPaths]) -> None:
    _, study = toy
    with pytest.raises(WhychurnError, match="no stage 'snapshot'"):
        run_study(study, until="snapshot")


def test_the_project_pipeline_has_one_stage_a_question_with_folders_as_dependencies() -> None:
    stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert tuple(stages) == STAGES
    for name, stage in stages.items():
        assert f"src/whychurn/{name}" in stage["deps"] and "src/whychurn/contract" in stage["deps"]
        if name not in ("world", "score"):
            assert not [dep for dep in stage["deps"] if "truth" in dep], (
                f"{name} must not see the planted truth"
            )
        for dep in stage["deps"]:
            assert dep.startswith(("data/", "reports/")) or (PROJECT / dep).exists(), f"{name}: {dep}"


def test_reports_depend_on_every_table_that_a_notebook_names() -> None:
    stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    read = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "notebooks").glob("*.py"))
    made = [out for stage in stages.values() for out in stage["outs"] if out.startswith("data/results/")]
    named = [out for out in made if f'"{Path(out).stem}"' in read]
    assert "data/results/topics.parquet" in named
    assert not set(named) - set(stages["report"]["deps"])


def test_the_digest_follows_bytes_and_names_but_not_caches(tmp_path: Path) -> None:
    folder = tmp_path / "panel"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "a.py").write_text("x = 1\n", encoding="utf-8")
    first = code_digest(folder)
    (folder / "__pycache__" / "a.pyc").write_bytes(b"1")
    assert code_digest(folder) == first
    (folder / "a.py").rename(folder / "b.py")
    assert code_digest(folder) != first


def test_sides_need_nothing_of_each_other() -> None:
    stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    after = STAGES[STAGES.index(BEFORE) + 1 :]
    together = [name for sides in (ANALYSES, OUTPUTS) for side in sides for name in side]
    assert sorted([*together, *SCORING]) == sorted(after)
    for side, other in (ANALYSES, ANALYSES[::-1]):
        made = {place for name in other for key in ("outs", "metrics") for place in stages[name].get(key, [])}
        assert not made & {dep for name in side for dep in stages[name]["deps"]}
