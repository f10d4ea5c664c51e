"""Stage `watch`: whether what was found still holds, and what changed since the month before."""

from __future__ import annotations

import logging

import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import HISTORY_TABLES
from whychurn.panel.feature_encoding import encode
from whychurn.risk.model.boosting import predict_contributions
from whychurn.risk.model.scorer import RiskScorer
from whychurn.risk.saved_model import read_model
from whychurn.stages.month_records import read_records, run_digests, write_record
from whychurn.survival.forecast.boosted_discrete_hazard import BoostedHazard
from whychurn.survival.forecast.forecasters import Cox
from whychurn.survival.forecast.model_files import read_model as read_survival_model
from whychurn.watch.inputs import WatchInputs
from whychurn.watch.results import watch_results

log = logging.getLogger(__name__)
RESULTS = (
    "churners", "member_causes", "cause_shares", "risk_scores", "already_gone", "lifetime_value", "not_understood",
)  # fmt: skip


def run(study: StudyPaths, params: Params) -> None:
    """Read what earlier stages found and what earlier months told; write the tables of watch."""
    tables, facts, record = watch_results(read_inputs(study, params))
    if record is not None:
        facts["months"]["record"] = write_record(study, record)
        if facts["months"]["record"] == "differs":
            log.warning(
                "%s was told before, from other rows, rules or models: that record stays",
                record.told["month"],
            )
    still = set(facts["charts"].get("open_alarms", []))
    alarms = tables["watch_alarms"]
    named = alarms[(alarms["chart"] + ":" + alarms["group"]).isin(still)].drop_duplicates(
        ["chart", "group"], keep="last"
    )
    facts["open_alarms"] = [
        {"chart": row.chart, "group": row.group, "since": f"{row.since:%Y-%m-%d}"}
        for row in named.itertuples()
    ]  # what a server says of itself
    for name, table in tables.items():
        write_table(table, study.results / f"{name}.parquet")
    write_json(facts, study.results / "watch.json")


def read_inputs(study: StudyPaths, params: Params) -> WatchInputs:
    """Inputs of a study whose stages up to action have run."""
    panel = read_table(study.processed / "panel.parquet")
    intake_facts = read_json(study.interim / "intake.json")
    observed_until = pd.Timestamp(str(intake_facts["observed_until"]))
    without_snapshots = observed_until + pd.Timedelta(days=1)
    tables = {name: read_table(study.interim / f"{name}.parquet") for name in HISTORY_TABLES}
    model = study.processed / "risk_model"
    scorer = read_model(model)[0] if (model / "metadata.json").exists() else None
    survival = read_survival_model(study.processed / "survival_model")
    return WatchInputs(
        tables=tables,
        panel=panel,
        spells=read_table(study.processed / "spells.parquet"),
        panel_facts=read_json(study.processed / "panel.json"),
        intake_facts=intake_facts,
        as_of=pd.Timestamp(panel["as_of"].max()) if len(panel) else without_snapshots,
        observed_until=observed_until,
        score=None if scorer is None else _Scores(scorer),
        probability=None if scorer is None else scorer.probability,
        hazard=None if survival is None else _Hazard(survival),
        records=read_records(study, tables["members"]["member_id"]),
        digests=run_digests(study, params),
        params=params,
        **{name: read_table(study.results / f"{name}.parquet") for name in RESULTS},
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


class _Hazard:
    """Panel rows, days -> chance to leave within so many days."""

    def __init__(self, model: BoostedHazard | Cox) -> None:
        self.model = model

    def __call__(self, rows: pd.DataFrame, days: int) -> Array:
        left: Array = 1 - self.model.curve(rows, days)[:, -1]
        return left
