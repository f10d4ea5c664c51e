"""Attribution scored on planted programmes: python benchmarks/yardstick.py FOLDER [--only TEXT] [--again] [--prepare] [--seeds ...] [--sizes ...] [--set KEY=VALUE ...].

3 programmes x 5 seeds x 3 difficulties, and 4 worlds that break the method's assumptions x 3 seeds, of 5 000 members; the
sound ones x 2 seeds again with 20 000; 24 months each, two worlds at a time. Seeds 101 to 105 serve nothing but this; the
demo's 7 and 1 to 20 are for development. FOLDER keeps one study and one scores file a world: a rerun does only what is
missing (--again scores all anew, --prepare stops before attribution, --only takes worlds whose name holds TEXT). The
summary goes to src/whychurn/score/benchmark.csv; with other --seeds or --sizes, or with another value of a parameter
(--set causes.exposures.quiet_weeks=10), it is printed instead, and FOLDER should be another one.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from whychurn.contract.files import read_json, read_table, write_json, write_table, write_whole
from whychurn.contract.params import Params, load_params, merge
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.score.benchmark import CHECKS_FILE, FILE, WORLD, summarise, summarise_checks, world_rows
from whychurn.stages.pipeline import code_digest

DIFFICULTIES: dict[str, dict[str, float]] = {
    "easy": {"survey_answered": 0.40, "text_share": 0.5, "confounding": 0.2},
    "middle": {"survey_answered": 0.15, "text_share": 0.3, "confounding": 0.5},
    "hard": {"survey_answered": 0.03, "text_share": 0.1, "confounding": 0.9},
}
PROGRAMS = ("shop", "gym", "school")
SEEDS = (101, 102, 103, 104, 105)
# of the shop, middle difficulty
BROKEN = ("multiplicative", "seventh_cause", "swapped_traces", "uneven_bases")
MEMBERS, MONTHS = 5000, 24
LARGE = 20_000  # what more members do
SIZES = {MEMBERS: (5, 3), LARGE: (2, 0)}  # so many of the first seeds: sound worlds, broken ones
CHEAPER: dict[str, Any] = {  # what the scores do not depend on, and fewer candidates for the ceiling
    "run": {"workers": 1},
    "panel": {"audit_sample": 20},
    "causes": {"stability_drops": []},
    "score": {
        "bootstrap": 100,
        "ceiling": {
            "eta": 0.06,
            "logistic_c": [0.01, 0.03],
            "tree_depths": [2, 3],
            "rounds": [60, 120, 180],
        },
    },
}
SHOWN = (
    "program", "difficulty", "mechanism", "members", "worlds", "skill", "share_error_largest", "share_covered",
    "avoidable_error_largest", "avoidable_covered", "accuracy_named", "check", "value", "flagged",
)  # fmt: skip
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")  # two worlds at a time: one thread each
UPSTREAM = ("world", "intake", "voice", "panel")


@dataclass(frozen=True)
class World:
    """One programme of the grid."""

    program: str
    difficulty: str
    mechanism: str
    seed: int
    members: int = MEMBERS

    @property
    def name(self) -> str:
        """Folder and file of the world."""
        size = "" if self.members == MEMBERS else f"-{self.members}"
        return f"{self.program}-{self.difficulty}-{self.mechanism}-{self.seed}{size}"

    def facts(self) -> dict[str, Any]:
        """What the summary tells of it."""
        known = asdict(self) | DIFFICULTIES[self.difficulty]
        return {name: known[name] for name in (*WORLD, "seed")}


def worlds(seeds: tuple[int, ...], sizes: tuple[int, ...]) -> list[World]:
    """The whole grid, seed by seed, so that a stopped run leaves whole seeds."""
    found = []
    for members in sizes:
        sound, broken = SIZES[members]
        for seed in seeds[:sound]:
            found += [World(p, d, "additive", seed, members) for p in PROGRAMS for d in DIFFICULTIES]
            if seed in seeds[:broken]:
                found += [World("shop", "middle", name, seed, members) for name in BROKEN]
    return found


def run_world(world: World, folder: Path, prepare_only: bool, other: list[str]) -> float:
    """Simulate, read, attribute, score; seconds. The scores file is written last, whole."""
    logging.basicConfig(level=logging.WARNING)
    before = time.perf_counter()
    study = StudyPaths.at(folder / "studies" / world.name)
    params = prepare(world, study, other)
    if prepare_only:
        return time.perf_counter() - before
    from whychurn.stages import causes, score

    causes.run(study, params)
    score.run(study, params)
    facts, checks = world.facts(), study.results / "cause_diagnostics.parquet"
    if checks.exists():
        write_table(read_table(checks).assign(**facts), folder / "checks" / f"{world.name}.parquet")
    told = read_json(study.results / "causes.json")
    counts = {"churn_events": told["churn_events"], "answers": told["answered"]}
    rows = world_rows(read_table(study.results / "cause_scores.parquet"), facts, counts)
    write_table(rows, folder / "scores" / f"{world.name}.parquet")
    return time.perf_counter() - before


def prepare(world: World, study: StudyPaths, other: list[str]) -> Params:
    """Everything before attribution, unless it lies there already by the same code and parameters."""
    from whychurn.stages import intake, panel
    from whychurn.world.build import build_world

    mine = {
        "program": world.program,
        "mechanism": world.mechanism,
        "seed": world.seed,
        "members": world.members,
    }
    own = {"world": mine | {"months": MONTHS} | DIFFICULTIES[world.difficulty], **CHEAPER}
    for key, value in (change.split("=", 1) for change in other):
        changed = yaml.safe_load(value)
        for step in reversed(key.split(".")):
            changed = {step: changed}
        own = merge(own, changed)
    with write_whole(study.root / "params.yaml") as temporary:
        temporary.write_text(yaml.safe_dump(own), encoding="utf-8")
    params = load_params(study)
    used = params.model_dump(mode="json", include={"run", "world", "intake", "privacy", "voice", "panel"})
    made = used | {part: code_digest(PROJECT / "src" / "whychurn" / part) for part in UPSTREAM}
    done = study.root / "prepared.json"
    if done.exists() and read_json(done) == made:
        return params
    build_world(params.world, study.root, study.raw)
    intake.run(study, params)
    read_texts(study, params)
    panel.run(study, params)
    write_json(made, done)
    return params


def read_texts(study: StudyPaths, params: Params) -> None:
    """What the texts say, as the stage `voice` writes it, without looking for topics."""
    from whychurn.voice.text.corpus import build_corpus, fit_until, gather_texts
    from whychurn.voice.text_scores import score_texts, text_scores_table

    tables = {
        name: read_table(study.interim / f"{name}.parquet") for name in ("members", "feedback", "surveys")
    }
    corpus = build_corpus(gather_texts(tables["feedback"], tables["surveys"]), params.voice)
    until = fit_until(params, pd.Timestamp(read_json(study.interim / "intake.json")["observed_until"]))
    reading = score_texts(corpus, until, params)
    said = text_scores_table(corpus, reading.scores, tables["members"])
    write_table(said, study.results / "feedback_topics.parquet")


def write_summary(folder: Path, ships: bool) -> None:
    """Put all worlds together, into the files that ship with the package or onto the screen."""
    for source, file, summary in (("scores", FILE, summarise), ("checks", CHECKS_FILE, summarise_checks)):
        parts = [read_table(path) for path in sorted((folder / source).glob("*.parquet"))]
        if not parts:
            continue
        table = summary(pd.concat(parts, ignore_index=True)).round(4)
        if ships:
            with write_whole(file) as temporary:
                table.to_csv(temporary, index=False)
            print(f"{file}: {len(parts)} worlds")
        else:
            own = table["method"].eq("additive_hazard") if "method" in table else table["program"].eq("all")
            print(table.loc[own, [name for name in table if name in SHOWN]].to_string(index=False))


def main() -> int:
    """Run what is missing, then the summary."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--only", default="")
    asked.add_argument("--again", action="store_true")
    asked.add_argument("--prepare", action="store_true")
    asked.add_argument("--processes", type=int, default=2)
    asked.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    asked.add_argument("--sizes", type=int, nargs="+", choices=SIZES, default=tuple(SIZES))
    asked.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE")
    given = asked.parse_args()
    folder = given.folder.resolve()
    open_worlds = [
        world
        for world in worlds(tuple(given.seeds), tuple(given.sizes))
        if given.only in world.name
        and (given.again or not (folder / "scores" / f"{world.name}.parquet").exists())
    ]
    failed, started = 0, time.perf_counter()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(given.processes, mp_context=context) as pool:
        jobs = {
            pool.submit(run_world, world, folder, given.prepare, given.set): world for world in open_worlds
        }
        for number, job in enumerate(as_completed(jobs), start=1):
            error = job.exception()
            failed += error is not None
            told = f"failed: {error!r}" if error else f"{job.result():.0f} s"
            minutes = (time.perf_counter() - started) / 60
            print(f"{minutes:5.1f} min  {number}/{len(jobs)}  {jobs[job].name}  {told}", flush=True)
    if not given.prepare:
        whole = tuple(given.seeds) == SEEDS and set(given.sizes) == set(SIZES)
        write_summary(folder, ships=whole and not given.set)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
