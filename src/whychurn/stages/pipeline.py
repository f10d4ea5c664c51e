"""Run the pipeline of a study with DVC: the project's own dvc.yaml, wherever the study lies."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_whole
from whychurn.contract.params import Params, load_params, tracked_values
from whychurn.contract.params.intake import is_address
from whychurn.contract.paths import PACKAGE, PROJECT, StudyPaths
from whychurn.contract.system.memory import DUCKDB, free_gb
from whychurn.contract.tables import SNAPSHOT
from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.check.snapshot.table import snapshot_name
from whychurn.intake.read.source import open_source
from whychurn.stages.erasure.stored_copies import drop_stale_results, unused_copies
from whychurn.stages.running.code_digest import code_digest
from whychurn.stages.running.dvc_commands import run_dvc
from whychurn.stages.running.locks import only_run
from whychurn.stages.running.memory_plan import MemoryPlan
from whychurn.stages.stage_times import JOBS, STARTED, Phases

log = logging.getLogger(__name__)
STAGES: Final = (
    "world",
    "intake",
    "voice",
    "panel",
    "retention",
    "survival",
    "risk",
    "snapshot",
    "causes",
    "action",
    "watch",
    "score",
    "report",
    "delivery",
)
# Chains of stages that need nothing of each other run in parallel: two after BEFORE.
BEFORE: Final = "panel"
ANALYSES: Final = (("snapshot", "retention", "survival"), ("risk", "causes"))
SCORING: Final = ("action", "watch", "score")  # one after the other, on what both chains found
OUTPUTS: Final = (("report", "delivery"),)  # MLflow quotes the headlines
ONE_TABLE: Final = ("intake", "snapshot", "report", "delivery")  # of a study of one row per customer
STUDY_FOLDER: Final = Path(".whychurn")  # copies for a study's pipeline: its parameters, digests of the code
_OWN_FILES: Final = ("dvc.yaml", "dvc.lock", "params.yaml", "params.draft.yaml")


def run_study(
    study: StudyPaths,
    until: str | None = None,
    force: bool = False,
    jobs: int = 1,
    memory: float | None = None,
) -> None:
    """Bring `study` up to date: stages whose inputs did not change are skipped, a killed run resumes.

    Parameters
    ----------
    until
        Last stage wanted; all of them by default.
    force
        Run stages even where nothing changed.
    jobs
        With 2 and more, stages that do not need each other run in parallel, where memory suffices for them.
    memory
        Gigabytes that the run may take; what is free by default.

    Raises
    ------
    WhychurnError
        If parameters are wrong, raw tables are absent, memory will not suffice, or a stage fails.
    """
    params = load_params(study)
    if not study.is_demo:
        _check_place(study, params.intake.source)
    started = str(time.time())
    with only_run(study.root / STUDY_FOLDER) as held:
        stages = STAGES if study.is_demo else prepare_study(study, params)
        if until is not None and until not in stages:
            raise WhychurnError(
                f"this study has no stage {until!r}",
                remedy=f"choose one of {', '.join(stages)}; a table of one row per customer (snapshot) is a study of its own",
            )
        plan = MemoryPlan(study, params, free_gb() if memory is None else memory)
        plan.check(stages[: stages.index(until) + 1] if until else stages)
        try:
            for commands in _commands(stages, until, force, jobs):
                for together in plan.groups(commands):
                    beside = jobs if together == commands else 1
                    told = {STARTED: started, JOBS: str(beside), DUCKDB: plan.duckdb_limit(beside)}
                    run_dvc(study, held, *together, environment=told)
            kept_here = params.delivery.tracking_uri is None and until in (None, "delivery")
            if kept_here and not (study.mlflow / "mlflow.db").exists():  # removed by hand
                run_dvc(study, held, ["repro", "--force", "--single-item", "delivery"])
        except WhychurnError:
            _drop_old_copies(study, held)
            raise
        _drop_old_copies(study, held)


def phases(jobs: int) -> Phases:
    """All stages in the order of a run: phases one after the other, chains of a phase side by side."""
    if jobs == 1:
        return ((STAGES,),)
    return ((STAGES[: STAGES.index(BEFORE) + 1],), ANALYSES, (SCORING,), OUTPUTS)


def _commands(stages: Sequence[str], until: str | None, force: bool, jobs: int) -> list[list[list[str]]]:
    """Commands of DVC in order; those of one list run side by side."""
    how = ["repro", *(["--force"] if force else [])]
    if jobs == 1 or until not in (None, STAGES[-1]) or BEFORE not in stages:
        return [[[*how, *([until] if until else [])]]]
    single = [*how, "--single-item"]  # its dependencies are up to date
    later = [
        [[*single, *(name for name in chain if name in stages)] for chain in chains]
        for chains in phases(jobs)[1:]
    ]
    return [[[*how, BEFORE]], *later]


def _drop_old_copies(study: StudyPaths, held: int | None) -> None:
    """Nothing of a member who was taken out of the tables stays: neither in the cache nor in older results."""
    if study.is_demo:
        return
    for stage, members in drop_stale_results(study).items():
        log.warning(
            "results of stage %s told of %d members who are no longer in the tables and were removed; "
            "run the stage again",
            stage,
            members,
        )
    if unused_copies(study.root):
        try:
            run_dvc(study, held, ["gc", "--workspace", "--force", "--quiet"])
        except WhychurnError:  # the run's own outcome is the one to tell
            log.warning(
                "older versions of results could not be removed from %s", study.root / ".dvc" / "cache"
            )


def _check_place(study: StudyPaths, source: str) -> None:
    """Refuse a study without raw tables, and a folder that somebody else's pipeline lives in."""
    if not is_address(source) and not (study.root / source).is_dir():
        raise WhychurnError(
            "the folder of raw tables is missing",
            file=study.root / source,
            remedy="put members.csv, orders.csv, … there, or name another folder in params.yaml: "
            "intake.source",
        )
    file = study.root / "dvc.yaml"
    ours = (study.root / STUDY_FOLDER).exists() or not file.exists()
    if not ours and "whychurn stage" not in file.read_text(encoding="utf-8", errors="replace"):
        raise WhychurnError(
            "the folder holds a DVC pipeline of its own, which a run would write over",
            file=file,
            remedy="make a study folder beside it, with params.yaml that names intake.source",
        )


def prepare_study(study: StudyPaths, params: Params) -> tuple[str, ...]:
    """Write the study's DVC files: the project's stages, its code by digest, the merged parameters.

    Returns
    -------
    Names of the stages that the study has.
    """
    source = params.intake.source
    one_table = snapshot_name(open_source(study, params.intake), params.intake) is not None
    pipeline = study_pipeline(
        _project(), _raw_files(study, source), lambda place: (study.root / place).exists(), one_table
    )
    _write_if_changed(study.root / "dvc.yaml", _as_yaml(pipeline))
    _write_if_changed(study.root / STUDY_FOLDER / "params.yaml", _as_yaml(tracked_values(study)))
    _write_if_changed(study.root / ".dvc" / "config", "[core]\n    analytics = false\n    no_scm = true\n")
    _write_if_changed(study.root / ".dvcignore", "/data/mlflow/\n")
    for place in {dep for stage in _project_stages().values() for dep in stage["deps"] if _is_code(dep)}:
        _write_if_changed(study.root / _digest_file(place), code_digest(_code_place(place)) + "\n")
    return tuple(pipeline["stages"])


def _raw_files(study: StudyPaths, source: str) -> list[str]:
    """What intake depends on: nothing for a database, single files where they lie beside params.yaml."""
    if is_address(source):
        return []
    if (study.root / source).resolve() != study.root.resolve():
        return [source]
    return sorted(
        p.name for p in study.root.iterdir() if p.is_file() and p.name not in _OWN_FILES and p.name[0] != "."
    )


def study_pipeline(
    project: dict[str, Any], raw: list[str], has: Callable[[str], bool], one_table: bool = False
) -> dict[str, Any]:
    """The project's dvc.yaml for a study that brings its own raw tables.

    Parameters
    ----------
    raw
        Files and folders of raw tables; none where they lie in a database.
    has
        Whether the study holds a path: what only a simulation writes is a dependency where it exists.
    one_table
        A study of one row per customer has the stages `ONE_TABLE`; any other has all but snapshot.
    """
    pipeline = {**project, "stages": {}}
    without = set(STAGES) - set(ONE_TABLE) if one_table else {"world", SNAPSHOT}
    made = {name: _outputs(stage) for name, stage in project["stages"].items() if name in without}
    simulated = [place for place in made.pop("world", []) if place != "data/raw"]
    absent = {place for place in simulated if not has(place)}
    absent |= {place for places in made.values() for place in places}
    for name, stage in project["stages"].items():
        if name in without:
            continue
        needed = [dep for dep in stage["deps"] if dep not in absent]
        deps = [one for dep in needed for one in (raw if dep == "data/raw" else [_study_dep(dep)])]
        adapted = {**stage, "deps": deps, "params": [{str(STUDY_FOLDER / "params.yaml"): stage["params"]}]}
        if not raw and name == "intake":
            adapted["always_changed"] = True  # DVC cannot see into a database
        pipeline["stages"][name] = adapted
    return pipeline


def _outputs(stage: dict[str, Any]) -> list[str]:
    """Files and folders that a stage writes."""
    return [*stage.get("outs", []), *stage.get("metrics", [])]


def _project() -> dict[str, Any]:
    return read_yaml(PROJECT / "dvc.yaml")


def _project_stages() -> dict[str, Any]:
    return _project()["stages"]


def _is_code(dep: str) -> bool:
    return not dep.startswith("data/")


def _code_place(dep: str) -> Path:
    """Where the code of a dependency lies: below a checkout's root, or below the installed package."""
    inside = dep.removeprefix("src/whychurn/")
    return PACKAGE / inside if inside != dep else PROJECT / dep


def _digest_file(dep: str) -> Path:
    return STUDY_FOLDER / "code" / f"{dep.replace('/', '.')}.sha256"


def _study_dep(dep: str) -> str:
    return str(_digest_file(dep)) if _is_code(dep) else dep


def _as_yaml(content: Any) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def _write_if_changed(path: Path, text: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    with write_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
