"""What keeps members, on programmes whose future is known: python benchmarks/action.py FOLDER [--only TEXT].

Each world is simulated, read and answered by the product's own stages up to `action`; the plan file that comes out is then
played in futures of the world (`whychurn world play`), beside other plans at the same budget. Seeds are apart from those on
which numbers of the product were set (11 to 16). FOLDER keeps one study and one file of rows a world: a rerun does only
what is missing (--again plays and measures all anew, --members and --futures make it cheaper, --seeds takes others).
The rows go to benchmarks/action.csv; the table of benchmarks/README.md and what the page `keep` says of plans are written
from it (--tables does only that).
What needs no world (weekly looks, uneven arms, the choice under a budget) is measured by --parts.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from action_measures import UNTESTED, measures_of
from action_parts import parts_table
from action_tables import FILE, write_forecasts, write_tables
from side_by_side import run_side_by_side
from yardstick import read_texts

from whychurn.action.inputs import Section
from whychurn.action.plan.section import plan_section
from whychurn.action.tests_by_lot.section import tests_section
from whychurn.contract.files import read_json, read_table, write_json, write_table, write_whole
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.stages.action import read_inputs
from whychurn.stages.on_demand.playing import game_of, play_study
from whychurn.stages.running.code_digest import code_digest
from whychurn.world.build import build_world
from whychurn.world.play.play_plan import NONE
from whychurn.world.play.policies import POLICIES

PROGRAMS = ("shop", "gym", "school")
SEEDS = (31, 32, 33, 34, 35)
MEMBERS, MONTHS, FUTURES = 20_000, 24, 8
STAGES = ("panel", "survival", "risk", "causes", "action")
UPSTREAM = ("world", "intake", "voice", "panel", "survival", "risk", "causes", "contract", "stats")
CHEAPER: dict[str, Any] = {  # what actions do not depend on
    "run": {"workers": 1},
    "panel": {"audit_sample": 20},
    "survival": {"bootstrap": 20},
    "risk": {"trials": 2, "bootstrap": 20, "backtest_cutoffs": 1, "shap_rows": 200},
    "causes": {"stability_drops": [], "methods": ["survey", "additive_hazard"]},
}


@dataclass(frozen=True)
class World:
    """One programme: all actions work but the fixed dud, or two more do nothing."""

    program: str
    duds: int
    seed: int
    members: int

    @property
    def name(self) -> str:
        """Name of its study and its rows."""
        return f"{self.program}-{'duds' if self.duds else 'work'}-{self.seed}-{self.members}"

    def settings(self) -> dict[str, Any]:
        """Section ``world`` of its parameters."""
        return {
            "program": self.program, "duds": self.duds, "seed": self.seed, "members": self.members,
            "months": MONTHS,
        }  # fmt: skip


class Clock:
    """Tells what each part of a world cost, in seconds of the processor."""

    def __init__(self, world: str) -> None:
        self._world, self._last = world, time.process_time()

    def tell(self, part: str) -> None:
        """Print the cost since the part before."""
        now = time.process_time()
        print(f"{self._world}  {part}: {now - self._last:.0f} s of the processor", flush=True)
        self._last = now


def worlds(seeds: list[int], members: int) -> list[World]:
    """All worlds, seed by seed, so that a stopped run leaves both kinds of each programme."""
    return [World(program, duds, seed, members) for seed in seeds for program in PROGRAMS for duds in (0, 2)]


def run_world(world: World, folder: Path, futures: int) -> float:
    """Simulate, answer, play and measure one world; seconds. Rows are written last, whole."""
    logging.basicConfig(level=logging.WARNING)
    before = time.perf_counter()
    study, clock = StudyPaths.at(folder / "studies" / world.name), Clock(world.name)
    params = prepare(world, study, clock)
    run_stage("action", study, params)
    clock.tell("action")
    told = time.perf_counter() - before
    game = game_of(study, params, futures, (NONE, *POLICIES))
    beside = {UNTESTED: untested_plan(study, params)}
    clock.tell("the plan without tests")
    played = play_study(study, params, None, game, lambda _: None, beside)
    clock.tell("played")
    facts: dict[str, str | int] = {
        "world": world.name,
        "program": world.program,
        "duds": world.duds,
        "members": world.members,
    }
    rows = measures_of(study, params, played).assign(seconds=told, **facts)
    write_table(
        rows[[*facts, "measure", "value", "se", "seconds"]], folder / "rows" / f"{world.name}.parquet"
    )
    return time.perf_counter() - before


def untested_plan(study: StudyPaths, params: Params) -> Path:
    """The bare playbook: the plan that the product makes where no touch was drawn by lot, so that no test is read."""
    inputs = read_inputs(study, params)
    touches = inputs.tables["touches"].assign(randomized=False)
    inputs = replace(inputs, tables={**inputs.tables, "touches": touches})
    plan = plan_section(inputs, tests_section(inputs), Section({}))  # no effects: as the playbook believes
    file = study.root / "untested_plan.parquet"
    write_table(plan.tables["plan"], file)
    return file


def prepare(world: World, study: StudyPaths, clock: Clock) -> Params:
    """Everything before stage action but those parts that lie there already by the same code and parameters."""
    with write_whole(study.root / "params.yaml") as temporary:
        temporary.write_text(yaml.safe_dump({"world": world.settings(), **CHEAPER}), encoding="utf-8")
    params = load_params(study)
    made = {"world": world.settings()} | {
        part: code_digest(PROJECT / "src" / "whychurn" / part) for part in UPSTREAM
    }
    file = study.root / "prepared.json"
    if not file.exists() or (told := read_json(file))["by"] != made:
        told = {"by": made, "parts": []}
    parts = {"simulated": lambda: build_world(params.world, study.root, study.raw)}
    parts |= {
        "intake": partial(run_stage, "intake", study, params),
        "texts": partial(read_texts, study, params),
    }
    parts |= {stage: partial(run_stage, stage, study, params) for stage in STAGES[:-1]}
    for part, run in parts.items():
        if part not in told["parts"]:
            run()
            clock.tell(part)
            write_json(told := {**told, "parts": [*told["parts"], part]}, file)
    return params


def run_stage(stage: str, study: StudyPaths, params: Params) -> None:
    """One stage of the product."""
    importlib.import_module(f"whychurn.stages.{stage}").run(study, params)


def run_missing(given: argparse.Namespace, folder: Path) -> int:
    """Run the worlds that are missing, some at a time; number of those that failed."""
    chosen = [
        world
        for world in worlds(given.seeds, given.members)
        if given.only in world.name and (given.again or not done(world, folder))
    ]
    jobs = {world.name: (world, folder, given.futures) for world in chosen}
    return run_side_by_side(run_world, jobs, given.processes)


def done(world: World, folder: Path) -> bool:
    """Whether the rows of a world lie there."""
    return (folder / "rows" / f"{world.name}.parquet").exists()


def collected(given: argparse.Namespace, folder: Path) -> pd.DataFrame:
    """Rows of all worlds that were measured, in their order."""
    files = [folder / "rows" / f"{world.name}.parquet" for world in worlds(given.seeds, given.members)]
    parts = [read_table(file) for file in files if file.exists()]
    return pd.concat(parts, ignore_index=True).round(4) if parts else pd.DataFrame()


def main() -> int:
    """Run what is missing, then write what is kept."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--only", default="")
    asked.add_argument("--again", action="store_true")
    asked.add_argument("--tables", action="store_true")
    asked.add_argument("--parts", action="store_true")
    asked.add_argument("--processes", type=int, default=1)
    asked.add_argument("--members", type=int, default=MEMBERS)
    asked.add_argument("--futures", type=int, default=FUTURES)
    asked.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    given = asked.parse_args()
    folder = given.folder.resolve()
    if given.parts:
        print(parts_table().to_string(index=False))
        return 0
    failed = 0 if given.tables else run_missing(given, folder)
    rows = collected(given, folder)
    if len(rows) and not given.tables:
        with write_whole(FILE) as temporary:
            rows.to_csv(temporary, index=False)
    if FILE.exists():
        print(write_tables())
        write_forecasts()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
