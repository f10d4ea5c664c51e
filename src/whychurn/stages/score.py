"""Stage score: how good the attributions are, where the true causes were planted; the only reader of data/truth."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd

from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.fits import write_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.score.elimination import removal_scores
from whychurn.score.fit_records import score_fits
from whychurn.score.planted import has_planted, read_planted
from whychurn.score.scorecard import Scorecard, empty_scorecard, score_causes, score_facts
from whychurn.world.truth.place import FOLDER

log = logging.getLogger(__name__)
INPUTS = ("attributions", "shares", "evidence")
REMOVALS = {"stated": "cause_removal", "attributed": "attributed_removal"}


def run(study: StudyPaths, params: Params) -> None:
    """Read attributions and the planted causes, write the scores; without planted causes, empty tables that say so."""
    card, facts = _score(study, params) if has_planted(study) else _nothing()
    write_table(card.scores, study.results / "cause_scores.parquet")
    write_table(card.calibration, study.results / "cause_calibration.parquet")
    write_table(_removal(study), study.results / "removal_scores.parquet")
    write_json(facts, study.results / "score.json")
    write_fits(study, "score", score_fits(card, params.score))


def _score(study: StudyPaths, params: Params) -> tuple[Scorecard, dict[str, Any]]:
    found = {name: read_table(study.processed / "causes" / f"{name}.parquet") for name in INPUTS}
    card = score_causes(
        **found, planted=read_planted(study, params), params=params, min_cell=params.privacy.min_cell
    )
    world = read_json(study.root / FOLDER / "world.json")["params"]
    log.info("score: %s", ", ".join(f"{name} {value:g}" for name, value in card.matching.items()))
    status = "scored" if len(card.scores) else "no attributed leaving has a planted one"
    return card, {"status": status, "world": world, **score_facts(card, params.score)}


def _removal(study: StudyPaths) -> pd.DataFrame:
    """What the removal of a cause is said to gain beside what it would gain.

    Where members have terms, leaving takes effect later than it is decided, and planted stays are not comparable.
    """
    counts = study.root / FOLDER / "stay_without.parquet"
    facts = read_json(study.root / FOLDER / "world.json") if counts.exists() else None
    said = {
        source: read_table(study.results / f"{name}.parquet")
        for source, name in REMOVALS.items()
        if (study.results / f"{name}.parquet").exists()
    }
    comparable = facts is not None and facts["programme"]["kind"] == "inactivity"
    return removal_scores(said, read_table(counts) if comparable else None)


def _nothing() -> tuple[Scorecard, dict[str, Any]]:
    log.info("score: no causes were planted in this programme, so nothing can be scored against them")
    return empty_scorecard(), {"status": "no planted causes"}
