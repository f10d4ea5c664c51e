"""The stage on small studies: files, invariants, awkward input."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import documented
from whychurn.panel.features.catalogue import study_catalogue
from whychurn.stages import panel as stage


def write_study(root, tables, start="2024-01-01", end="2024-12-31"):
    study = StudyPaths(root / "研究 one")
    study.interim.mkdir(parents=True)
    for name, frame in tables.items():
        frame.to_parquet(study.interim / f"{name}.parquet", index=False)
    facts = {"observed_from": start, "observed_until": end}
    (study.interim / "intake.json").write_text(json.dumps(facts), encoding="utf-8")
    return study


def order(member, day):
    return {"order_id": f"{member}{day}", "member_id": member, "ordered_at": day, "amount": 10.0}


def test_files_follow_the_contract(tmp_path, random_tables, params_with):
    tables = random_tables(5, members=30, absent=0)
    tables["members"]["shoe_size"] = [38.0 + n % 5 for n in range(30)]
    tables["members"]["town"] = pd.array(["x", "y"] * 15, dtype="string")
    study = write_study(tmp_path, tables)
    params = params_with(
        churn="inactivity", threshold_days=60, warmup_days=60, member_columns=["shoe_size", "town"]
    )
    stage.run(study, params)
    meaning = documented()["panel"]
    for name, block in meaning.items():
        assert set(pd.read_parquet(study.results / f"{name}.parquet").columns) == set(block)
    panel = read_table(study.processed / "panel.parquet")
    facts = json.loads((study.processed / "panel.json").read_text(encoding="utf-8"))
    assert facts["definition"] == "inactivity_60d" and facts["alternatives"] == [
        "inactivity_40d",
        "inactivity_90d",
    ]
    assert facts["features"] == list(study_catalogue(study)["name"])
    assert set(facts["features"]) < set(panel.columns) and {"shoe_size", "town"} <= set(facts["features"])
    for name in (
        "region",
        "channel",
        "plan",
        "gender",
        "age_band",
        "spend_tier",
        "category_main",
        "join_cohort",
    ):
        assert name in panel
    assert set(panel["town"]) == {"x", "y"}
    churners = pd.read_parquet(study.results / "churners.parquet")
    assert "3" in set(churners["member_id"])  # without consent: counted
    assert "3" not in set(panel["member_id"])  # … and never profiled


def test_rows_follow_each_other_and_end_with_the_leaving(random_tables, params_with, panel_of):
    made = panel_of(
        random_tables(3, members=40, absent=0), params_with(churn="inactivity", threshold_days=60)
    )
    panel, spells = made.panel, made.churn.spells
    assert not panel.duplicated(["member_id", "as_of"]).any()
    assert (panel["start_on"] == panel["as_of"]).all() and (panel["as_of"].dt.day == 1).all()
    assert panel["as_of"].max() == pd.Timestamp("2025-01-01")  # the day after the data: there to be scored
    assert (panel["stop_on"] >= panel["start_on"]).all()
    assert (panel["stop_on"] > panel["start_on"])[panel["as_of"] < "2025-01-01"].all()
    ordered = panel.sort_values(["member_id", "spell_no", "as_of"])
    following = ordered.groupby(["member_id", "spell_no"])["start_on"].shift(-1)
    month_later = ordered["start_on"] + pd.offsets.MonthBegin(1)
    observed = month_later.clip(upper=pd.Timestamp("2024-12-31"))  # the last observed day ends every row
    assert (ordered["stop_on"] == observed)[following.notna()].all()
    skipped = (following > month_later)[following.notna()]  # days on which the wait ran out, see `edge_sql`
    assert skipped.mean() < 0.05
    ended = spells.set_index(["member_id", "spell_no"])["ended_on"]
    assert ordered.groupby(["member_id", "spell_no"])["event"].sum().max() == 1
    last = (
        ordered[ordered["as_of"] < "2025-01-01"]
        .drop_duplicates(["member_id", "spell_no"], keep="last")
        .set_index(["member_id", "spell_no"])
    )
    assert (last["event"] == ended.reindex(last.index).notna()).all()
    assert (last.loc[last["event"], "stop_on"] == ended.reindex(last.index[last["event"]])).all()
    known = panel["as_of"] <= "2024-08-03"  # 90 days of window and 60 of silence before the data end
    assert (panel["churned_in_horizon"].notna() == (known & panel["still_there"])).all()


MONTHS = [f"2024-{month:02d}-15" for month in range(1, 13)]
VISIT = [{"member_id": "a", "occurred_at": day, "event_type": "visit"} for day in MONTHS]
TERM = [
    {"membership_id": "1", "member_id": "a", "plan": "p", "starts_on": "2024-01-01", "ends_on": "2024-08-31"}
]
CASES = {
    "nobody left": ({"orders": [order("a", day) for day in MONTHS]}, "orders", 0),
    "everybody left": ({"orders": [order("a", MONTHS[1]), order("b", MONTHS[1])]}, "orders", 2),
    "events only": ({"events": VISIT}, "events", 0),
    "terms only": ({"memberships": TERM}, "memberships", 1),
    "a member without activity": ({"orders": [order("a", day) for day in MONTHS]}, "orders", 0),
}


@pytest.mark.parametrize("case", CASES)
def test_awkward_programmes_get_a_panel(tmp_path, tables_of, params_with, case):
    rows, activity, left = CASES[case]
    names = ["a"] + (["b"] if case in ("everybody left", "a member without activity") else [])
    tables = tables_of(members=[{"member_id": n, "joined_on": "2024-01-10"} for n in names], **rows)
    study = write_study(tmp_path, tables)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stage.run(study, params_with(threshold_days=60))
    facts = json.loads((study.processed / "panel.json").read_text(encoding="utf-8"))
    churners = pd.read_parquet(study.results / "churners.parquet")
    panel = read_table(study.processed / "panel.parquet")
    assert facts["activity"] == activity
    assert churners["is_main"].sum() == left + (case == "a member without activity")
    assert "a" in set(panel["member_id"])
    assert str(panel["churned_in_horizon"].dtype) == "boolean" and panel["event"].dtype == bool
    if case == "a member without activity":
        b = churners[churners["is_main"] & (churners["member_id"] == "b")].iloc[0]
        assert (b["last_active_on"], b["left_on"]) == (pd.Timestamp("2024-01-10"), pd.Timestamp("2024-03-10"))
    if activity != "orders":
        assert panel["orders_90d"].isna().all() and "orders_90d" in facts["features_without_data"]


def test_data_too_short_for_a_snapshot_give_an_empty_panel(tmp_path, tables_of, params_with):
    tables = tables_of(
        members=[{"member_id": "a", "joined_on": "2024-01-01"}], orders=[order("a", "2024-01-20")]
    )
    study = write_study(tmp_path, tables, end="2024-02-10")
    stage.run(study, params_with(threshold_days=10))
    panel = read_table(study.processed / "panel.parquet")
    assert panel.empty and {"as_of", "event", "orders_90d", "join_cohort"} <= set(panel.columns)
    assert len(pd.read_parquet(study.results / "churners.parquet")) > 0


def test_an_unknown_member_column_is_named(tmp_path, tables_of, params_with):
    tables = tables_of(
        members=[{"member_id": "a", "joined_on": "2024-01-01"}], orders=[order("a", "2024-01-20")]
    )
    study = write_study(tmp_path, tables)
    with pytest.raises(WhychurnError, match="shoe_size"):
        stage.run(study, params_with(member_columns=["shoe_size"]))
    with pytest.raises(WhychurnError, match="already"):
        stage.run(study, params_with(member_columns=["gender"]))
