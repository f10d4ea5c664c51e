"""Stage `watch`: whether what was found still holds, and what changed since the month before."""

from __future__ import annotations

import logging

import pandas as pd

from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import HISTORY_TABLES
from whychurn.panel.feature_encoding import encode
from whychurn.risk.model.boosting import predict_contributions
from whychurn.risk.model.scorer import RiskScorer
from whychurn.risk.saved_model import read_model
from whychurn.stages.month_records import read_records, run_digests, write_record
from whychurn.stages.running.blocks import engine
from whychurn.stats.parallel import FEW
from whychurn.watch.inputs import WatchInputs
from whychurn.watch.leavings import P
from whychurn.watch.results import watch_results

CAUSES_TOLD = ["member_id", "spell_no", "status", *P]
log = logging.getLogger(__name__)


def run(study: StudyPaths, params: Params) -> None:
    """Read what earlier stages found and what earlier months told; write the tables of watch."""
    tables, facts, record = watch_results(read_inputs(study, params))
    if record is not None:
        state, month = write_record(study, record), record.told["month"]
        if state == "differs":
            log.warning("%s was told before, from other rows, rules or models: that record stays", month)
        else:
            log.info("the record of %s is %s", month, state)
    for name, table in tables.items():
        write_table(table, study.results / f"{name}.parquet")
    write_json(facts, study.results / "watch.json")


def read_inputs(study: StudyPaths, params: Params) -> WatchInputs:
    """Inputs of a study whose stages up to action have run."""
    tables = {name: study.interim / f"{name}.parquet" for name in HISTORY_TABLES}
    intake_facts = read_json(study.interim / "intake.json")
    model = study.processed / "risk_model"
    scorer = read_model(model)[0] if (model / "metadata.json").exists() else None
    return WatchInputs(
        tables=tables,
        panel=study.processed / "panel.parquet",
        spells=read_table(study.processed / "spells.parquet"),
        churners=read_table(study.results / "churners.parquet"),
        member_causes=read_table(study.results / "member_causes.parquet", CAUSES_TOLD),
        cause_shares=read_table(study.results / "cause_shares.parquet"),
        lifetime_value=read_table(study.results / "lifetime_value.parquet"),
        panel_facts=read_json(study.processed / "panel.json"),
        intake_facts=intake_facts,
        observed_until=pd.Timestamp(str(intake_facts["observed_until"])),
        params=params,
        not_understood=read_table(study.results / "not_understood.parquet"),
        score=None if scorer is None else _Scores(scorer),
        probability=None if scorer is None else scorer.probability,
        records=read_records(study, read_table(tables["members"], ["member_id"])["member_id"]),
        digests=run_digests(study, params),
        spread=engine(FEW),
    )


class _Scores:
    """Panel rows -> chance to leave, and contributions of the inputs in log-odds."""

    def __init__(self, scorer: RiskScorer) -> None:
        self.scorer = scorer

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        features = self.scorer.features
        parts = predict_contributions(self.scorer.booster, encode(rows, features))[:, :-1]
        columns = [f"c_{feature.name}" for feature in features]
        frame = pd.DataFrame(parts, index=rows.index, columns=columns)
        frame.insert(0, "p_churn", self.scorer.probability(rows))
        return frame
