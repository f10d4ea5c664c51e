"""The small parts below the front door: frames as a source, features of one's own, tables to look at, shared inputs."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import whychurn
from whychurn.api.causes import Attribution
from whychurn.api.features import own_columns, panel_catalogue, require_columns
from whychurn.api.html import html_table
from whychurn.api.members import find_leavings, with_clock
from whychurn.api.risk import RiskModel
from whychurn.api.simulated import Truth
from whychurn.api.study.opened import Study
from whychurn.api.survival import CoxResult
from whychurn.api.tables import FrameSource, checked_tables
from whychurn.causes.evidence.risk_score_contributions import contributions_by_cause, family_contributions
from whychurn.causes.evidence.spell_evidence import gather_evidence
from whychurn.causes.results import member_table, method_inputs
from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.risk.model.scorer import RiskScorer
from whychurn.risk.saved_model import read_model
from whychurn.world.truth.folder import FOLDER

pytestmark = pytest.mark.xdist_group("api")
MEMBERS = pd.DataFrame({"member_id": ["a", "b"], "joined_on": ["2024-01-01", "2024-02-01"]})
ORDERS = pd.DataFrame(
    {
        "order_id": [1, 2, 3, 4],
        "member_id": ["a", "a", "b", "z"],
        "ordered_at": ["2024-01-02", "2024-03-01", "2024-02-03 10:00", "2024-03-04"],
        "amount": [1.0, "2,5 oz", 3, 4],
    }
)


def test_bad_rows_are_set_aside_with_a_reason() -> None:
    tables = whychurn.load({"members": MEMBERS, "orders": ORDERS}, max_quarantined=0.5)
    found = tables.quarantine.set_index("row_number")["reason"].to_dict()
    assert found == {2: "wrong_type", 4: "unknown_member"}
    assert tables["orders"]["order_id"].tolist() == ["1", "3"]
    assert tables.overview().set_index("table").loc["orders", ["rows", "quarantined"]].tolist() == [2, 2]
    with pytest.raises(WhychurnError, match="2 of 4 rows are bad"):
        whychurn.load({"members": MEMBERS, "orders": ORDERS})
    with pytest.raises(WhychurnError, match="needs the table 'surveys'"):
        tables.require("surveys", why="this")


def test_the_last_day_may_be_given() -> None:
    sound = ORDERS.iloc[[0, 2]]
    tables = whychurn.load({"members": MEMBERS, "orders": sound}, observed_until=dt.date(2024, 1, 31))
    assert f"{tables.observed_until:%Y-%m-%d}" == "2024-01-31"
    assert tables["orders"]["member_id"].tolist() == ["a"]
    assert set(tables.quarantine["reason"]) == {"after_window"}


def test_ids_become_pseudonyms_on_demand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    frames = {"members": MEMBERS, "orders": ORDERS.iloc[[0, 2]]}
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WHYCHURN_KEY", raising=False)
    with pytest.raises(WhychurnError, match="key that stays with you"):
        whychurn.load(frames, pseudonymize=True)
    monkeypatch.setenv("WHYCHURN_KEY", "a key of tests, kept apart")
    tables = whychurn.load(frames, pseudonymize=True)
    assert not {"a", "b"} & set(tables["members"]["member_id"])
    assert set(tables["orders"]["member_id"]) == set(tables["members"]["member_id"])


def test_frames_are_a_source(frames: Any) -> None:
    source = FrameSource({"members": MEMBERS.assign(code=["1", 2])})
    assert source.names() == ["members"] and source.find("orders", None) == []
    assert source.read("members").frame["code"].tolist() == ["1", "2"], "mixed objects become text"
    again = checked_tables(FrameSource(dict(frames.world.tables)), frames.params, None, dt.date(2200, 1, 1))
    for name, table in frames.world.tables.items():
        pd.testing.assert_frame_equal(again[name], table)


def test_columns_that_the_catalogue_does_not_know_are_own_features(frames: Any) -> None:
    assert own_columns(frames.panel) == []
    told = panel_catalogue(frames.panel.assign(mood=1.0)).set_index("name").loc["mood"]
    assert told["kind"] == "number" and told["family"] == "profile"
    with pytest.raises(WhychurnError, match="lacks columns"):
        require_columns(frames.panel, ("mood",), "the panel", "add it")


def test_spells_have_the_clock_beside_them(frames: Any) -> None:
    found = find_leavings(frames.world.tables, frames.params)
    timed = with_clock(found.spells, frames.world.tables, found.main.name)
    assert len(timed) == len(found.spells)
    known = timed.dropna(subset=["entry"])
    gone = known[known["event"]]
    assert ((gone["last_active_on"] - gone["started_on"]).dt.days + 1 == gone["exit"]).all()
    assert timed.attrs["observed_until"] == f"{frames.world.tables.observed_until:%Y-%m-%d}"


def test_curves_of_groups_are_those_of_the_groups_alone(frames: Any) -> None:
    rows = frames.spells.merge(frames.world.tables["members"][["member_id", "channel", "gender"]])
    both = whychurn.kaplan_meier(rows, by=["channel", "gender"])
    assert both.columns[:3].tolist() == ["channel", "gender", "day"] and len(both)
    for (channel, gender), curve in both.groupby(["channel", "gender"]):
        alone = whychurn.kaplan_meier(rows[(rows["channel"] == channel) & (rows["gender"] == gender)])
        assert np.array_equal(curve["estimate"].to_numpy(), alone["estimate"].to_numpy())


def test_a_model_read_from_its_files_is_the_same_model(frames: Any, model: RiskModel, tmp_path: Path) -> None:
    scorer, kept = read_model(model.save(tmp_path))
    assert isinstance(scorer, RiskScorer) and kept["horizon_days"] == 90
    assert np.array_equal(scorer.probability(frames.panel), model.scorer_.probability(frames.panel))
    ours = contributions_by_cause(scorer.booster, scorer.features, frames.panel)
    assert ours.shape == (len(frames.panel), len(CAUSES))
    assert np.array_equal(ours, family_contributions(tmp_path, frames.panel))


def test_shap_families_speak_where_a_model_is_given(frames: Any, model: RiskModel) -> None:
    found = whychurn.attribute(
        frames.world.tables,
        panel=frames.panel,
        texts=frames.said,
        method="shap_family",
        model=model,
        settings=frames.params.causes,
    )
    assert isinstance(found, Attribution) and found.shares["share"].sum() == pytest.approx(1)


def test_methods_are_given_numbers_words_and_contributions(frames: Any) -> None:
    tables, causes = frames.world.tables, frames.params.causes
    found = find_leavings(tables, frames.params)
    known = {"kind": found.main.kind, "threshold_days": found.main.days}
    evidence = gather_evidence(
        {**tables, "panel": frames.panel},
        found.spells,
        frames.said,
        known,
        tables.observed_until,
        frames.params,
    )
    inputs = method_inputs(evidence, panel_catalogue(frames.panel), tables["feedback"], None)
    assert inputs.contributions is None and inputs.keyword_weights.shape == (
        len(evidence.index_dates),
        len(CAUSES),
    )
    assert "x_tenure_days" in inputs.table and "x_gender" not in inputs.table
    sure = np.eye(len(CAUSES))[np.arange(len(evidence.index_dates)) % len(CAUSES)]
    members = member_table(evidence, sure, causes)
    assert (members["primary_cause"] == [CAUSES[n % len(CAUSES)] for n in range(len(members))]).all()
    told = members["evidence"].map(json.loads)
    assert all(
        {one["cause"] for one in row} <= {cause}
        for row, cause in zip(told, members["primary_cause"], strict=True)
    )


def test_covariates_may_be_chosen(frames: Any) -> None:
    found = whychurn.hazard_ratios(frames.panel, frames.spells, {"coupons_used_90d": 1.0})
    assert isinstance(found, CoxResult) and set(found.table["feature"]) == {"coupons_used_90d"}
    assert "<table" in found._repr_html_()


def test_stated_reasons_teach_words() -> None:
    texts = pd.Series(
        [f"the blue sofa number {n}" for n in range(150)] + [f"a green lamp {n}" for n in range(150)]
    )
    stated = pd.Series(["price"] * 150 + ["engagement"] * 150)
    taught = whychurn.read_texts(texts, stated=stated)
    alone = whychurn.read_texts(texts)
    assert taught["p_price"].iloc[0] > alone["p_price"].iloc[0]
    assert taught["p_engagement"].iloc[-1] > taught["p_price"].iloc[-1]


def test_truth_adds_up_and_is_that_of_the_files(frames: Any, study: Study, same: Any) -> None:
    truth = frames.world.truth
    for name in (
        "member_causes",
        "churn_without",
        "stay_without",
        "touch_effects",
        "action_efficacy",
        "decision_state",
        "option_gains",
        "returns",
    ):
        mine, file = getattr(truth, name), pd.read_parquet(study.paths.root / FOLDER / f"{name}.parquet")
        same(mine, file.astype(mine.dtypes.to_dict()))
    assert isinstance(truth, Truth) and truth.shares["share"].sum() == pytest.approx(1)
    assert truth.shares["churn_events"].sum() == truth.member_causes["status"].eq("churned").sum()


def test_a_long_table_is_cut() -> None:
    shown = html_table("<b>", pd.DataFrame({"x": range(30)}))
    assert "&lt;b&gt;" in shown and "10 more rows" in shown and shown.count("<tr") == 21
