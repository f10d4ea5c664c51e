"""Attribution scored over programmes built in many ways: python benchmarks/yardstick.py FOLDER --half development|test.

Each half has mechanisms of its own (src/whychurn/world/setting/mechanisms). Each mechanism is tried on two programmes with
all tables, on one with few answers and on one with a table left out, and again with 100, 200 and 400 leavers asked by lot;
the development half also holds the programmes that are as the method assumes, at three difficulties. Numbers are set on
the half `development` alone; the half `test` is scored once a release. FOLDER keeps one study and one file of rows a world:
a rerun does only what is missing (--again scores all anew, --prepare stops before attribution, --only takes worlds whose
name holds TEXT, --set causes.name_from=0.5 tries a parameter and ships nothing). The rows go to
src/whychurn/score/yardstick.csv, the tables of README.md, README.zh-CN.md and benchmarks/README.md are written from them
(--tables does only that). --calibrate writes src/whychurn/causes/latent_cause/measured_error.yaml from the development half.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from side_by_side import run_side_by_side
from yardstick_error import measured_error, model_errors
from yardstick_interviews import thin_interviews
from yardstick_rows import Attributed, PlantedEvents, planted_events, world_rows
from yardstick_tables import write_tables

from whychurn.contract.causes import CAUSES
from whychurn.contract.files import read_json, read_table, write_json, write_table, write_whole
from whychurn.contract.params import Params, load_params, merge
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.yaml_files import read_yaml
from whychurn.score.ground_truth import read_ground_truth
from whychurn.score.method_answers import PROBABILITIES, method_answers
from whychurn.score.yardstick.measured import COLUMNS, FILE
from whychurn.stages.running.code_digest import code_digest
from whychurn.world.setting.mechanism import Half, load_mechanism, mechanism_names

MEASURED_ERROR = PROJECT / "src" / "whychurn" / "causes" / "latent_cause" / "measured_error.yaml"
PROGRAMS = ("shop", "gym", "school", "app")
OWN_FORM = "additive"  # the mechanism that the method assumes
DIFFICULTIES: dict[str, dict[str, float]] = {
    "easy": {"survey_answered": 0.40, "text_share": 0.5, "confounding": 0.2},
    "middle": {"survey_answered": 0.15, "text_share": 0.3, "confounding": 0.5},
    "hard": {"survey_answered": 0.03, "text_share": 0.1, "confounding": 0.9},
    "many": {"survey_answered": 0.30, "text_share": 0.3, "confounding": 0.5},
    "few": {"survey_answered": 0.06, "text_share": 0.3, "confounding": 0.5},
}
SEEDS = {"development": 301, "test": 201}
ASKED = {"development": (200,), "test": (100, 200, 400)}
SEED = 101  # of the programmes of the form assumed
MEMBERS, MONTHS = 5000, 24
MOST_ASKED = 400  # interviews drawn in a world; fewer are drawn from these
MISSING = {
    "shop": ("events", "market"),
    "gym": ("feedback", "market"),
    "school": ("surveys", "market"),
    "app": ("surveys", "feedback"),
}
CHEAPER: dict[str, Any] = {  # what the rows do not depend on, and a ceiling that costs little
    "run": {"workers": 1},
    "panel": {"audit_sample": 20},
    "causes": {
        "stability_drops": [],
        "methods": ["survey", "keyword", "majority_vote", "additive_hazard"],
    },
    "score": {"ceiling": {"folds": 4, "logistic_c": [0.02], "tree_depths": [3], "rounds": [60, 120]}},
}
UPSTREAM = ("world", "intake", "voice", "panel")


@dataclass(frozen=True)
class World:
    """One programme of the grid; `asked` leavers by lot of the study that all worlds of one `base` share."""

    program: str
    mechanism: str
    half: str
    difficulty: str
    seed: int
    missing: str = ""
    asked: int = 0
    askable: bool = False

    @property
    def base(self) -> str:
        """Folder of the study."""
        lacking = f"-no_{self.missing}" if self.missing else ""
        return f"{self.program}-{self.mechanism}-{self.difficulty}{lacking}-{self.seed}"

    @property
    def name(self) -> str:
        """Name of its rows."""
        return f"{self.base}-asked_{self.asked}" if self.asked else self.base

    def settings(self) -> dict[str, Any]:
        """Section ``world`` of its parameters."""
        made: dict[str, Any] = {"program": self.program, "mechanism": self.mechanism, "seed": self.seed}
        made |= {"months": MONTHS, "members": MEMBERS} | DIFFICULTIES[self.difficulty]
        made |= {"missing": [self.missing]} if self.missing else {}
        return made | {"interviews": MOST_ASKED if self.askable else 0}


def worlds(half: Half) -> list[World]:
    """All worlds of one half, mechanism by mechanism, so that a stopped run leaves whole ones."""
    found = []
    names = [name for name in mechanism_names(half) if name != OWN_FORM]
    for number, (name, told) in enumerate(zip(names, map(load_mechanism, names), strict=True)):
        first, second = PROGRAMS[number % 4], PROGRAMS[(number + 1 + number // 4) % 4]
        world = partial(World, mechanism=name, half=half, seed=SEEDS[half] + number)
        if told.totals is None and not told.bare:  # one change to the form assumed
            found += [world(program, difficulty="many") for program in (first, second)]
            continue
        counts = (0, 200) if told.bare else (0, *ASKED[half])
        found += [world(first, difficulty="many", asked=count, askable=True) for count in counts]
        if told.bare:  # nothing recorded: neither answers nor tables that could be missing
            found.append(world(second, difficulty="many"))
            continue
        found += [world(second, difficulty=level) for level in ("many", "few")]
        lacking = MISSING[first][number // 4 % 2]
        found += [
            world(first, difficulty="middle", missing=lacking, asked=count, askable=True)
            for count in (0, 200)
        ]
    return found + (own_form((SEED,)) if half == "development" else [])


def own_form(seeds: tuple[int, ...]) -> list[World]:
    """The programmes that are as the method assumes, seed by seed."""
    levels = ("easy", "middle", "hard")
    return [
        World(p, OWN_FORM, "development", level, seed)
        for seed in seeds
        for p in PROGRAMS[:3]
        for level in levels
    ]


def run_world(base: list[World], folder: Path, prepare_only: bool, other: list[str]) -> float:
    """Simulate, read, attribute, score all worlds of one study; seconds. Rows are written last, whole."""
    logging.basicConfig(level=logging.WARNING)
    before = time.perf_counter()
    study = StudyPaths.at(folder / "studies" / base[0].base)
    params = prepare(base[0], study, other)
    for world in [] if prepare_only else base:
        place = thinned(world, study, folder) if world.askable else study
        seconds = attribute(place, params)
        score(world, place, params, folder, seconds)
        if place is not study:
            shutil.rmtree(place.root)
    return time.perf_counter() - before


def attribute(study: StudyPaths, params: Params) -> float:
    """Run stage causes; its seconds."""
    from whychurn.stages import causes

    before = time.perf_counter()
    causes.run(study, params)
    return time.perf_counter() - before


def thinned(world: World, study: StudyPaths, folder: Path) -> StudyPaths:
    """A second study of the same files with so many interviews as `world` has."""
    place = StudyPaths.at(folder / "asked" / world.name)
    shutil.rmtree(place.root, ignore_errors=True)
    shutil.copytree(study.root, place.root, copy_function=os.link)
    surveys, texts = (place.interim / "surveys.parquet", place.results / "feedback_topics.parquet")
    whole = read_table(surveys)
    told = whole[(whole["kind"] == "interview") & whole["answered_at"].notna()]["survey_id"].nunique()
    kept = thin_interviews(whole, min(world.asked / max(told, 1), 1.0), world.seed)
    left_out = set(whole["survey_id"]) - set(kept["survey_id"])
    said = read_table(texts)
    write_table(kept, surveys)
    write_table(said[~said["feedback_id"].isin(left_out)].reset_index(drop=True), texts)
    return place


def score(world: World, study: StudyPaths, params: Params, folder: Path, seconds: float) -> None:
    """Put what stage causes wrote beside the truth."""
    processed, results = study.processed / "causes", study.results
    found = Attributed(
        published=read_table(results / "cause_shares.parquet"),
        members=read_table(results / "member_causes.parquet"),
        attributions=read_table(processed / "attributions.parquet"),
        shares=read_table(processed / "shares.parquet"),
        evidence=read_table(processed / "evidence.parquet"),
        checks=read_table(results / "cause_diagnostics.parquet"),
    )
    planted = planted_events(found.attributions, read_ground_truth(study, params))
    told, grounds = read_json(results / "causes.json"), read_table(results / "cause_grounds.parquet")
    facts = {
        "world": world.name,
        "program": world.program,
        "mechanism": world.mechanism,
        "half": world.half,
        "missing": world.missing,
        "interviews": world.asked,
        "members": MEMBERS,
        "leavings": len(planted.events),
        "answers": told["answered"],
        "texts": int(grounds["texts"].max()),
        "without_records": len(told["without_records"]),
    }
    rows = world_rows(facts, found, planted, params).assign(seconds=seconds)
    if not world.asked and world.half == "development":
        keep_errors(world, found, planted, params, folder, told["answered"])
    write_table(rows.reindex(columns=list(COLUMNS)), folder / "rows" / f"{world.name}.parquet")


def keep_errors(
    world: World, found: Attributed, planted: PlantedEvents, params: Params, folder: Path, answers: int
) -> None:
    """Errors of the model's own shares, and its chances beside the true ones, for --calibrate."""
    method = params.causes.method
    own = found.shares[found.shares["method"] == method]
    if own["share"].isna().any():  # told in part, or not at all
        return
    write_table(
        model_errors(own, planted, answers).assign(world=world.name),
        folder / "errors" / f"{world.name}.parquet",
    )
    p = method_answers(found.attributions, planted.events)[method].p
    names = [*PROBABILITIES, *(f"true_{cause}" for cause in CAUSES)]
    table = pd.DataFrame(np.hstack([p, planted.happened]), columns=names)
    write_table(table, folder / "posteriors" / f"{world.name}.parquet")


def prepare(world: World, study: StudyPaths, other: list[str]) -> Params:
    """Everything before attribution, unless it lies there already by the same code and parameters."""
    from whychurn.stages import intake, panel
    from whychurn.world.build import build_world

    own = {"world": world.settings(), **CHEAPER}
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


def collected(folder: Path, half: Half) -> pd.DataFrame:
    """Rows of all worlds of one half that were scored."""
    parts = [
        read_table(folder / "rows" / f"{world.name}.parquet") for world in worlds(half) if done(world, folder)
    ]
    return pd.concat(parts, ignore_index=True).round(4) if parts else pd.DataFrame(columns=list(COLUMNS))


def done(world: World, folder: Path) -> bool:
    """Whether the rows of a world lie there."""
    return (folder / "rows" / f"{world.name}.parquet").exists()


def write_rows(folder: Path, half: Half) -> None:
    """Put the rows of one half into the file that ships; the other half stays as it was."""
    found = collected(folder, half)
    if FILE.exists():
        shipped = pd.read_csv(FILE)
        found = pd.concat([shipped[shipped["half"] != half], found], ignore_index=True)
    found = found.sort_values(["half", "world"], kind="stable", ignore_index=True)
    with write_whole(FILE) as temporary:
        found.to_csv(temporary, index=False)
    print(f"{FILE}: {found['world'].nunique()} worlds")


def calibrate(folder: Path) -> None:
    """Write measured_error.yaml from the errors of the development half, scored with the file as it is now."""
    others = [world.name for world in worlds("development") if world.mechanism != OWN_FORM]
    files = [file for name in others if (file := folder / "errors" / f"{name}.parquet").exists()]
    errors = pd.concat([read_table(file) for file in files], ignore_index=True)
    tables = [read_table(folder / "posteriors" / file.name).to_numpy("float64") for file in files]
    pairs = [(table[:, : len(CAUSES)], table[:, len(CAUSES) :]) for table in tables]
    found = measured_error(errors, pairs, float(read_yaml(MEASURED_ERROR)["temperature"]))
    head = [line for line in MEASURED_ERROR.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    text = "\n".join([*head, yaml.safe_dump(found, sort_keys=False, default_flow_style=None)])
    with write_whole(MEASURED_ERROR) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(text)


def run_missing(given: argparse.Namespace, folder: Path) -> int:
    """Run the worlds that are missing, two studies at a time; number of those that failed."""
    chosen = [
        world
        for world in worlds(given.half)
        if given.only in world.name and (given.again or given.prepare or not done(world, folder))
    ]
    bases: dict[str, list[World]] = {}
    for world in chosen:
        bases.setdefault(world.base, []).append(world)
    jobs = {name: (base, folder, given.prepare, given.set) for name, base in bases.items()}
    return run_side_by_side(run_world, jobs, given.processes)


def main() -> int:
    """Run what is missing, then write what ships."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--half", choices=tuple(SEEDS), default="development")
    asked.add_argument("--only", default="")
    asked.add_argument("--again", action="store_true")
    asked.add_argument("--prepare", action="store_true")
    asked.add_argument("--calibrate", action="store_true")
    asked.add_argument("--tables", action="store_true")
    asked.add_argument("--processes", type=int, default=2)
    asked.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE")
    given = asked.parse_args()
    folder = given.folder.resolve()
    if given.calibrate or given.tables:
        calibrate(folder) if given.calibrate else write_tables()
        return 0
    failed = run_missing(given, folder)
    if given.set:
        print(collected(folder, given.half).to_string(index=False))
    elif not given.prepare and not given.only and not failed:
        write_rows(folder, given.half)
        write_tables()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
