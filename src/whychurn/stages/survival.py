"""Stage survival: how long members stay, what shortens the stay, from which cause they leave."""

from __future__ import annotations

import logging

from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.fits import write_fits
from whychurn.contract.paths import Study
from whychurn.contract.sections import Params
from whychurn.survival.answers import survival_answers
from whychurn.survival.facts import stay_fits

log = logging.getLogger(__name__)


def run(study: Study, params: Params) -> None:
    """Read intake's tables and the panel, write the survival answers to data/results."""
    tables, facts = survival_answers(
        members=read_table(study.interim / "members.parquet"),
        surveys=read_table(study.interim / "surveys.parquet"),
        spells=read_table(study.processed / "spells.parquet"),
        churners=read_table(study.results / "churners.parquet"),
        panel=read_table(study.processed / "panel.parquet"),
        panel_facts=read_json(study.processed / "panel.json"),
        intake_facts=read_json(study.interim / "intake.json"),
        params=params,
    )
    for name, frame in tables.items():
        write_table(frame, study.results / f"{name}.parquet")
        log.info("%s: %d rows", name, len(frame))
    write_json(facts, study.results / "survival.json")
    write_fits(study, "survival", stay_fits(facts))
