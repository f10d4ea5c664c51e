"""What members of worlds built otherwise say, and what of them is on record."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whychurn.world.build import planted_facts, write_world
from whychurn.world.lives.calibration import plan_scenario
from whychurn.world.recording import recorded
from whychurn.world.setting.mechanism import (
    ActivityDrop,
    Asking,
    Texts,
    load_mechanism,
    mechanism_names,
)
from whychurn.world.setting.programme import load_programme
from whychurn.world.simulate import simulate
from whychurn.world.tables.counts_to_rows import find_presence, with_activity_drops
from whychurn.world.tables.texts import NEUTRAL, PRAISE, random_topics

PROGRAMMES = ("shop", "gym", "school", "app")
SMALL = {"members": 600, "months": 18}


def test_leavers_are_asked_while_their_term_still_runs(blocks: Callable) -> None:
    block = blocks(program="gym", mechanism="slowly_fading", **SMALL)
    gone = block.truth["member_causes"].query("status == 'churned'")
    exits = block.tables["surveys"].query("kind == 'exit'").merge(gone, on="member_id")
    asked = exits["sent_at"].dt.normalize()
    matched = exits[(asked >= exits["decided_on"]) & (asked <= exits["left_on"])]
    assert matched["member_id"].nunique() == exits["member_id"].nunique() > 50
    assert ((matched["left_on"] - matched["sent_at"].dt.normalize()).dt.days > 14).mean() > 0.4


def test_the_polite_answer_is_said_too_often(blocks: Callable, simulated: Callable) -> None:
    """And as often as tau and the common habit say: P(s | k) = tau_k [s = k] + (1 - tau_k) o_s."""
    _, scenario = simulated(mechanism="saturating_sums", **SMALL)
    programme = scenario.programme
    stated, asking = programme.survey.stated, load_mechanism("saturating_sums").asking
    assert isinstance(asking, Asking) and programme.survey.delay_days == (10, 40)
    for cause, row in stated.items():
        assert sum(row.values()) == pytest.approx(1)
        tau = 1 - row["no time"] / 0.6
        assert asking.truthful[0] <= tau <= asking.truthful[1]
        assert row[cause] == pytest.approx(tau + (1 - tau) * asking.instead.get(cause, 0))
    said = (
        blocks(mechanism="saturating_sums", survey_answered=1.0, **SMALL).tables["surveys"]["reason"].dropna()
    )
    assert (said == "no time").mean() > 0.18


def test_texts_are_off_topic_as_often_as_planted(blocks: Callable) -> None:
    assert load_mechanism("foreign_event_names").texts == Texts(unrelated=0.35, mixed=0.4) != Texts()
    plain = blocks(mechanism="slowly_fading", **SMALL).tables["feedback"]
    mixed = blocks(mechanism="foreign_event_names", **SMALL).tables["feedback"]
    mechanism, programme = load_mechanism("foreign_event_names"), load_programme("shop")
    drawn = random_topics(programme, 2000, np.random.default_rng(2))
    assert set(drawn) == {one for cause in programme.causes.values() for one in cause.excess} | {
        PRAISE,
        NEUTRAL,
    }
    assert mechanism.texts.unrelated > Texts().unrelated
    length = [frame.query("source == 'complaint'")["text"].str.len().mean() for frame in (plain, mixed)]
    assert length[1] > 1.03 * length[0], "more texts speak of a second thing"


def test_what_is_not_recorded_is_not_there(blocks: Callable) -> None:
    events = blocks(mechanism="early_silence", **SMALL).tables["events"]
    assert "greeting" not in set(events["event_type"]) and "points_spent" in set(events["event_type"])
    tables = blocks(mechanism="steep_doses", **SMALL).tables
    assert "campaign_id" not in tables["events"] and "address_changed" not in set(
        tables["events"]["event_type"]
    )
    names = set(blocks(mechanism="off_topic_texts", **SMALL).tables["events"]["event_type"].astype(str))
    assert {"visit", "sms_batch", "x17"} <= names and not {"push_sent", "points_earned", "greeting"} & names


def test_tables_that_are_missing_are_missing_and_all_else_is_the_same(
    world_params: Callable, tmp_path: Path
) -> None:
    params = world_params(members=150, months=8)
    write_world(params, tmp_path / "raw", tmp_path / "truth")
    whole = {path.stem: path.read_bytes() for path in (tmp_path / "raw").glob("*.parquet")}
    fewer = params.model_copy(update={"missing": ["market", "surveys"]})
    write_world(fewer, tmp_path / "raw", tmp_path / "truth")
    kept = {path.stem: path.read_bytes() for path in (tmp_path / "raw").glob("*.parquet")}
    assert kept == {name: data for name, data in whole.items() if name not in ("market", "surveys")}
    facts = json.loads((tmp_path / "truth" / "world.json").read_text(encoding="utf-8"))
    assert facts["params"]["missing"] == ["market", "surveys"]
    assert facts["planted"][0] == facts["mechanism"]["about"] == load_mechanism("additive").about


def test_bare_records_hold_ids_days_and_amounts_and_what_was_asked_by_lot(blocks: Callable) -> None:
    assert {name: set(table) for name, table in blocks(mechanism="orders_only", **SMALL).tables.items()} == {
        "members": {"member_id", "joined_on"},
        "orders": {"order_id", "member_id", "ordered_at", "amount"},
    }
    app = blocks(program="app", mechanism="orders_only", **SMALL).tables
    assert set(app) == {"members", "events"} and set(app["events"]["event_type"]) == {"visit"}
    gym = blocks(program="gym", mechanism="nothing_recorded", **SMALL).tables
    assert set(gym) == {"members", "orders", "memberships"} and "cancelled_on" not in gym["memberships"]
    plain = recorded(blocks(**SMALL).tables, load_mechanism("additive"), ["surveys"], "visit")
    assert set(plain) == set(blocks(**SMALL).tables) - {"surveys"}
    asked = blocks(mechanism="orders_only", interviews=40, **SMALL).tables["surveys"]
    assert set(asked["kind"]) == {"interview"} and asked["answered_at"].notna().sum() > 15


def test_troubled_members_are_away_for_a_while(simulated: Callable) -> None:
    lives, scenario = simulated()
    presence = find_presence(scenario, lives.members, lives.exits)
    incidents = np.zeros_like(presence.active_share)
    incidents[10] = 1
    away = with_activity_drops(presence, incidents, ActivityDrop(part=0.5, weeks=4)).active_share
    assert (away[:11] == presence.active_share[:11]).all(), "not before the week after"
    some = presence.active_share[11] > 0
    assert away[11][some] == pytest.approx(0.5 * presence.active_share[11][some])
    ratio = (
        away[15][some & (presence.active_share[15] > 0)]
        / presence.active_share[15][some & (presence.active_share[15] > 0)]
    )
    assert ratio == pytest.approx(1 - 0.5 * np.exp(-1))


@pytest.mark.parametrize(("program", "name"), list(itertools.product(PROGRAMMES, mechanism_names())))
def test_every_programme_runs_under_every_mechanism(world_params: Callable, program: str, name: str) -> None:
    params = world_params(program=program, mechanism=name, members=300, months=12)
    scenario = plan_scenario(params, load_programme(program))
    block = next(simulate(scenario))
    gone = block.truth["member_causes"].query("status == 'churned'")
    assert len(gone) > 25
    assert len(block.tables["members"]) == 300
    facts = planted_facts(scenario)
    assert isinstance(facts["mechanism"], dict) and facts["mechanism"]["half"] in ("development", "test")
    effects = block.truth["touch_effects"]
    assert np.isfinite(effects[["p_churn_touched", "effect"]]).all(axis=None)


def test_who_answers_differs_from_mechanism_to_mechanism(simulated: Callable) -> None:
    rates = []
    for name in ("slowly_fading", "saturating_sums", "interacting_causes"):
        programme = simulated(mechanism=name, **SMALL)[1].programme
        rates.append([*programme.survey.answering.values(), *programme.interview.answering.values()])
    rates = np.array(rates)
    assert ((rates[:, :6] >= 0.5) & (rates[:, :6] <= 1.5)).all()
    assert ((rates[:, 6:] >= 0.5) & (rates[:, 6:] <= 0.75)).all() and (np.ptp(rates, axis=0) > 0).all()


def test_a_cause_outside_the_six_is_named_by_nobody(blocks: Callable) -> None:
    surveys = blocks(mechanism="seventh_cause", interviews=60, **SMALL).tables["surveys"]
    asked = surveys.query("kind == 'interview'")
    assert asked["asked_probability"].between(0, 1).all() and "hidden" not in set(surveys["reason"])
    assert (asked["reason"] == "other").any()
