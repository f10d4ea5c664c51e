"""Programmes built otherwise go the whole way from their tables to the scores of their causes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.stages import causes, intake, panel, score
from whychurn.voice.causes.lexicon_classifier import cause_probabilities
from whychurn.world.build import build_world

SAID = ["feedback_id", "member_id", "known_on", "source", *(f"p_{cause}" for cause in (*CAUSES, "none"))]


@pytest.mark.parametrize(
    ("program", "mechanism", "missing"),
    [
        ("app", "foreign_event_names", ["market"]),
        ("gym", "inert_price", ["events"]),
        ("app", "orders_only", []),
    ],
)
def test_a_programme_goes_from_tables_to_scores(
    tmp_path: Path, program: str, mechanism: str, missing: list[str]
) -> None:
    over = {
        "world": {
            "program": program,
            "mechanism": mechanism,
            "missing": missing,
            "members": 400,
            "months": 14,
        },
        "causes": {"resamples": 2, "max_steps": 30},
        "panel": {"audit_sample": 10},
    }
    study = StudyPaths.at(tmp_path)
    params = load_params(study, over)
    build_world(params.world, study.root, study.raw)
    intake.run(study, params)
    texts = read_table(study.interim / "feedback.parquet").dropna(subset=["text"])
    said = texts.assign(known_on=texts["created_at"].dt.normalize())
    said = said.join(cause_probabilities(texts["text"]))[SAID].reset_index(drop=True)
    study.results.mkdir(parents=True, exist_ok=True)
    said.assign(sentiment=0.0).to_parquet(study.results / "feedback_topics.parquet")
    for stage in (panel, causes, score):
        stage.run(study, params)
    shares = read_table(study.results / "cause_shares.parquet").set_index("cause")["share"]
    assert shares.dropna().between(0, 1).all()
    posteriors = read_table(study.results / "member_causes.parquet")[[f"p_{cause}" for cause in CAUSES]]
    assert posteriors.dropna().sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-6)
    left = read_table(study.results / "churners.parquet").query("is_main")
    true = read_table(study.root / "data" / "truth" / "member_causes.parquet").query("status == 'churned'")
    assert np.log(len(left) / len(true)) == pytest.approx(0, abs=0.5), "the definition finds those who left"
    assert read_json(study.results / "causes.json")["churn_events"] > 50
