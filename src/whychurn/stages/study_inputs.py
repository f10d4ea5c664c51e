"""What the stages before left, for the questions that read nearly all of it."""

from __future__ import annotations

import pandas as pd

from whychurn.action.inputs import StudyInputs
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import HISTORY_TABLES

RESULTS = ("churners", "member_causes", "cause_shares", "risk_scores", "already_gone", "lifetime_value")


def read_study_inputs(study: StudyPaths, params: Params) -> StudyInputs:
    """Inputs of a study whose stages up to causes have run."""
    panel = read_table(study.processed / "panel.parquet")
    intake_facts = read_json(study.interim / "intake.json")
    observed_until = pd.Timestamp(str(intake_facts["observed_until"]))
    without_snapshots = observed_until + pd.Timedelta(days=1)
    return StudyInputs(
        tables={name: read_table(study.interim / f"{name}.parquet") for name in HISTORY_TABLES},
        panel=panel,
        spells=read_table(study.processed / "spells.parquet"),
        panel_facts=read_json(study.processed / "panel.json"),
        intake_facts=intake_facts,
        as_of=pd.Timestamp(panel["as_of"].max()) if len(panel) else without_snapshots,
        observed_until=observed_until,
        params=params,
        **{name: read_table(study.results / f"{name}.parquet") for name in RESULTS},
    )
