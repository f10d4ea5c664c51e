"""What a notebook gets is what the stages write, value for value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import whychurn
from whychurn.api.causes import Attribution
from whychurn.api.risk import RiskModel
from whychurn.api.study.folders import TableFolder
from whychurn.api.study.opened import Study
from whychurn.contract.tables import HISTORY_TABLES
from whychurn.voice.text.corpus import fit_until

Same = Callable[[pd.DataFrame, pd.DataFrame], None]
pytestmark = pytest.mark.xdist_group("api")


def test_tables_of_frames_and_of_a_folder(study: Study, frames: Any, same: Same) -> None:
    loaded = whychurn.load(study.paths.raw)
    for name in HISTORY_TABLES:
        same(frames.world.tables[name], study.tables[name])
        same(loaded[name], study.tables[name])
    assert loaded.observed_until == study.tables.observed_until == frames.world.tables.observed_until


def test_texts_and_topics(study: Study, frames: Any, same: Same) -> None:
    file = study.results["feedback_topics"]
    same(frames.said, file.drop(columns=["topic_id", "probability"]))
    until = fit_until(study.params, study.tables.observed_until)
    found = whychurn.topics(frames.world.tables, method="kmeans", fit_until=until)
    same(found.table, study.results["topics"])
    texts = frames.world.tables["feedback"].merge(file[["feedback_id", "topic_id"]], on="feedback_id")
    assert found.of(texts)["topic_id"].tolist() == texts["topic_id"].tolist()


def test_leavings_spells_and_panel(study: Study, frames: Any, same: Same) -> None:
    processed = TableFolder(study.paths.processed)
    same(whychurn.churners(frames.world.tables), study.results["churners"])
    same(frames.spells.drop(columns=["entry", "exit", "event"]), processed["spells"])
    same(frames.panel, processed["panel"])


def test_curves(study: Study, frames: Any, same: Same) -> None:
    file = study.results["survival_curves"]
    whole = file[file["stratum_kind"] == "all"].drop(columns=["stratum_kind", "stratum"])
    same(whychurn.kaplan_meier(frames.spells), whole)
    members = frames.world.tables["members"].query("profiling_consent")[["member_id", "channel"]]
    mine = whychurn.kaplan_meier(frames.spells.merge(members), by="channel")
    other = file[file["stratum_kind"] == "channel"].drop(columns="stratum_kind")
    same(mine, other.rename(columns={"stratum": "channel"}))


def test_incidence_of_causes(study: Study, frames: Any, why: Attribution, same: Same) -> None:
    file = study.results["attributed_incidence"]
    whole = file[file["stratum_kind"] == "all"].drop(columns=["stratum_kind", "stratum"])
    same(whychurn.cumulative_incidence(frames.spells, why.members, bootstrap=20), whole)


def test_hazard_ratios(study: Study, frames: Any, same: Same) -> None:
    found = whychurn.hazard_ratios(frames.panel, frames.spells)
    same(found.table, study.results["hazard_ratios"])
    same(found.checks, study.results["proportional_hazards"])


def test_value(study: Study, frames: Any, same: Same) -> None:
    tables = frames.world.tables
    found = whychurn.lifetime_value(
        frames.panel, frames.spells, tables["orders"], settings=frames.params.survival
    )
    same(found, study.results["lifetime_value"])
    assert found.attrs["facts"] == study.facts["survival"]["lifetime"]


def test_risk(study: Study, frames: Any, model: RiskModel, same: Same, tmp_path: Path) -> None:
    same(model.scores(frames.panel), study.results["risk_scores"])
    same(model.evaluation, study.results["risk_metrics"])
    folder = model.save(tmp_path / "model")
    for file in sorted((study.paths.processed / "risk_model").iterdir()):
        assert (folder / file.name).read_bytes() == file.read_bytes(), file.name
    read = study.model("risk")
    same(read.scores(frames.panel), study.results["risk_scores"])
    pd.testing.assert_frame_equal(read.metrics, model.metrics, check_exact=True)


def test_attribution(study: Study, why: Attribution, same: Same) -> None:
    same(why.members, study.results["member_causes"])
    file = study.results["cause_shares"]
    same(why.shares, file[why.shares.columns])
    same(why.avoidable, file.loc[file["cause"] != "unknown", why.avoidable.columns])
    assert why.limitations.to_dict("records") == study.facts["causes"]["limits"]


def test_the_same_without_steps_between(study: Study, frames: Any, why: Attribution, same: Same) -> None:
    alone = whychurn.attribute(frames.world.tables, settings=frames.params.causes)
    same(alone.members, why.members)
    same(alone.shares, study.results["cause_shares"][alone.shares.columns])


def test_scores(study: Study, frames: Any, why: Attribution, same: Same) -> None:
    same(whychurn.score(why, frames.world.truth, settings=frames.params.score), study.results["cause_scores"])
