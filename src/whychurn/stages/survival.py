"""Stage survival: how long members stay, what shortens the stay, from which cause they leave, what a stay is worth."""

from __future__ import annotations

import logging

import pandas as pd

from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.fits import write_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.features.catalogue import study_catalogue
from whychurn.survival.forecast.artifacts import write_model
from whychurn.survival.forecast.model_comparison import challenge_answers
from whychurn.survival.hazard_ratios.topic_hazard import said_fits, said_hazard_ratios
from whychurn.survival.lifetime.value import lifetime_answers
from whychurn.survival.results import survival_answers
from whychurn.survival.spells import Window, stay_rows

log = logging.getLogger(__name__)
INTERIM = ("members", "surveys", "orders", "memberships")


def run(study: StudyPaths, params: Params) -> None:
    """Read intake's tables and the panel, write the survival answers, the chosen model and the fits."""
    interim = {name: read_table(study.interim / f"{name}.parquet") for name in INTERIM}
    panel = read_table(study.processed / "panel.parquet")
    spells = read_table(study.processed / "spells.parquet")
    churners = read_table(study.results / "churners.parquet")
    known, seen = read_json(study.processed / "panel.json"), read_json(study.interim / "intake.json")
    catalogue = study_catalogue(study)
    found = survival_answers(
        interim["members"], interim["surveys"], spells, churners, panel, catalogue, known, seen, params
    )
    until = pd.Timestamp(str(seen["observed_until"]))
    challenge = challenge_answers(panel, spells, catalogue, until, params)
    worth = lifetime_answers(
        panel, spells, challenge, interim["orders"], interim["memberships"], known["kind"], params
    )
    told = read_table(study.results / "feedback_topics.parquet")
    stays = stay_rows(spells, Window.of(known, seen))
    said = said_hazard_ratios(found.study, stays, told, catalogue, params, params.privacy.min_cell)
    write_model(study.processed / "survival_model", challenge, known["definition"], params)
    for name, frame in {**found.tables, **challenge.tables, **worth.tables, "topic_hazard": said}.items():
        write_table(frame, study.results / f"{name}.parquet")
        log.info("%s: %d rows", name, len(frame))
    facts = {**found.facts, "challenge": challenge.facts, "lifetime": worth.facts}
    write_json(facts, study.results / "survival.json")
    write_fits(study, "survival", [*found.fits, *challenge.fits, *worth.fits, *said_fits(said, params)])
