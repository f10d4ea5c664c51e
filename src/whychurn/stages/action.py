"""Stage `action`: what would keep members, as far as tests by lot can tell."""

from __future__ import annotations

import logging

from whychurn.action.inputs import ActionInputs, MixAt, StudyInputs
from whychurn.action.results import action_sections, gathered
from whychurn.causes.mix.mix_at import CauseMix
from whychurn.contract.files import read_json, write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.stages.study_inputs import read_study_inputs

log = logging.getLogger(__name__)
OF_MIX = ("members", "orders", "events", "memberships", "feedback", "market")


def run(study: StudyPaths, params: Params) -> None:
    """Read what earlier stages found, write tables on tests, effects, plan, warnings and win-back, and
    what the served model needs of them."""
    done = action_sections(read_inputs(study, params))
    tables, facts = gathered(done)
    for name, table in tables.items():
        write_table(table, study.results / f"{name}.parquet")
    write_json(facts, study.results / "action.json")
    write_json(done["state"].extra["actions"], study.processed / "action" / "actions.json")


def _mix_at(study: StudyPaths, found: StudyInputs) -> MixAt | None:
    """Reader of cause mixes; None where causes could not be told."""
    saved = read_json(study.processed / "causes" / "mix.json")
    if not saved["told"]:
        log.info("action: no mix of causes (%s); effects are averages", saved["why"])
        return None
    tables = {name: study.interim / f"{name}.parquet" for name in OF_MIX}
    return CauseMix(saved, tables, found.observed_until, found.params)


def read_inputs(study: StudyPaths, params: Params) -> ActionInputs:
    """Inputs of a study whose stages up to causes have run."""
    found = read_study_inputs(study, params)
    return ActionInputs(**vars(found), mix_at=_mix_at(study, found))
