"""Stage score: how good attributions and answers on actions are where the truth was planted; the only reader of data/truth."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from whychurn.contract.files import read_json, read_rows, read_table, write_json, write_table
from whychurn.contract.fit_records import write_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, empty_table
from whychurn.score.actions.action_scores import TOLD, TRUTH, action_scores
from whychurn.score.actions.list_scores import FUTURES, LISTS, list_scores
from whychurn.score.cause_elimination import elimination_scores
from whychurn.score.facts import score_facts, score_fits
from whychurn.score.ground_truth import has_ground_truth, planted_table, read_ground_truth
from whychurn.score.method_answers import CHURNED
from whychurn.score.results import Scorecard, empty_scorecard, score_causes
from whychurn.score.watch.plain_checks import WATCHED, score_watch
from whychurn.world.truth.folder import FOLDER

log = logging.getLogger(__name__)
ELIMINATIONS = {"stated": "cause_elimination", "attributed": "attributed_elimination"}

# what is read of planted tables that grow with members and contacts; of lists, the rows of members on them
SCORED = {
    "decision_state": ["member_id", "present", "dog", "p_leave_90d"],
    "option_gains": ["member_id", "action", "channel", "gain"],
    "touch_effects": ["campaign_id", "action", "treated", "p_notice", "p_churn_untouched", "p_churn_touched"],
}
OF_LIST = {"option_gains": "plan", "returns": "winback"}


def run(study: StudyPaths, params: Params) -> None:
    """Read attributions and the planted causes, write the scores; without planted causes, empty tables."""
    card, facts = _score(study, params) if has_ground_truth(study) else _nothing()
    write_table(card.scores, study.results / "cause_scores.parquet")
    write_table(card.calibration, study.results / "cause_calibration.parquet")
    write_table(_elimination(study), study.results / "elimination_scores.parquet")
    write_table(_actions(study, params), study.results / "action_scores.parquet")
    write_table(_watch(study), study.results / "watch_scores.parquet")
    write_json(facts, study.results / "score.json")
    write_fits(study, "score", score_fits(card, params.score))


def _score(study: StudyPaths, params: Params) -> tuple[Scorecard, dict[str, Any]]:
    folder = study.processed / "causes"
    card = score_causes(
        read_table(folder / "attributions.parquet", texts_as_categories=True).astype({"member_id": "string"}),
        read_table(folder / "shares.parquet"),
        _of_leavings(folder / "evidence.parquet"),
        truth=read_ground_truth(study, params),
        params=params,
    )
    world = read_json(study.root / FOLDER / "world.json")["params"]
    log.info("score: %s", ", ".join(f"{name} {value:g}" for name, value in card.matching.items()))
    status = "scored" if len(card.scores) else "no attributed leaving has a planted one"
    return card, {"status": status, "world": world, **score_facts(card, params.score)}


def _of_leavings(file: Path) -> pd.DataFrame:
    status = read_table(file, ["status"], texts_as_categories=True)["status"]
    return read_rows(file, (status == CHURNED).to_numpy(bool))


def _elimination(study: StudyPaths) -> pd.DataFrame:
    """What the elimination of a cause is estimated to gain beside what it would gain.

    Where members have terms, exits take effect later than decided, and planted spells are not comparable.
    """
    counts = study.root / FOLDER / "stay_without.parquet"
    facts = read_json(study.root / FOLDER / "world.json") if counts.exists() else None
    estimates = {
        source: read_table(study.results / f"{name}.parquet")
        for source, name in ELIMINATIONS.items()
        if (study.results / f"{name}.parquet").exists()
    }
    comparable = facts is not None and facts["programme"]["kind"] == "inactivity"
    return elimination_scores(estimates, read_table(counts) if comparable else None)


def _actions(study: StudyPaths, params: Params) -> pd.DataFrame:
    """Answers on actions beside what was planted; no rows where nothing was, or no future was simulated."""
    planted, results = (*TRUTH, *FUTURES[1:]), (*TOLD, *LISTS)
    files = [study.root / FOLDER / f"{name}.parquet" for name in planted]
    files += [study.results / f"{name}.parquet" for name in results]
    if not all(file.is_file() for file in files):
        return empty_table(columns_of("action_scores"))
    facts = read_json(study.root / FOLDER / "world.json")
    told = {name: read_table(study.results / f"{name}.parquet") for name in results}
    listed = {name: set(told[name]["member_id"]) for name in ("plan", "winback")}
    true = {
        name: planted_table(study, params, name, SCORED.get(name), listed.get(OF_LIST.get(name, "")))
        for name in planted
    }
    scores = pd.concat([
        action_scores(told, true, facts["programme"]["kind"] == "inactivity"),
        list_scores(*(told[name] for name in LISTS), *(true[name] for name in FUTURES)),
    ], ignore_index=True)  # fmt: skip
    world = f"{facts['params']['program']} {facts['params']['mechanism']}"
    return scores.assign(world=world, seed=facts["params"]["seed"])[columns_of("action_scores")]


def _watch(study: StudyPaths) -> pd.DataFrame:
    """Alarms beside the changes that were planted; no rows where nothing was, or no month was judged."""
    world = study.root / FOLDER / "world.json"
    files = [study.results / f"{name}.parquet" for name in WATCHED]
    if not all(file.is_file() for file in (world, *files)):
        return empty_table(columns_of("watch_scores"))
    told = dict(zip(WATCHED, map(read_table, files), strict=True))
    return score_watch(read_json(world)["params"].get("changes", []), told, study.processed / "panel.parquet")


def _nothing() -> tuple[Scorecard, dict[str, Any]]:
    log.info("score: no causes were planted in this programme, so nothing can be scored against them")
    return empty_scorecard(), {"status": "no planted causes"}
