"""Today's list, and what past months say of each rule."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.action.inputs import Section
from whychurn.action.plan.holdout import held_out
from whychurn.action.warnings.life_stage import stage_of_life
from whychurn.action.warnings.lists import last_contacts, raising_features, warning_list
from whychurn.action.warnings.past_months import past_rows
from whychurn.action.warnings.section import warnings_section
from whychurn.contract.params import RetentionParams
from whychurn.contract.results import columns_of, empty_table

CHANCES = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6}


def _plan(**rows: tuple[str, str]) -> Section:
    lines = [
        {
            "member_id": member,
            "action": action,
            "role": role,
            "rank": place,
            "channel": "sms",
            "gain": 5.0,
            "cost": 1.0,
        }
        for place, (member, (action, role)) in enumerate(rows.items())
    ]
    return Section({"plan": pd.DataFrame(lines, columns=columns_of("plan"))})


def _list(planted: SimpleNamespace, plan: Section, **changed: object) -> tuple[pd.DataFrame, dict]:
    given = planted.scored(
        planted.inputs(dict.fromkeys(CHANCES), params={"warnings": {"capacity_a_week": 1.0}}), CHANCES
    )
    given = replace(given, **changed)  # type: ignore[arg-type]
    rows = past_rows(given)
    alerts = (rows["as_of"] >= pd.Timestamp("2025-05-01")).to_numpy()
    triggers = pd.DataFrame({"silent_90d": rows["member_id"] == "a", "opted_out": rows["member_id"] == "a"})
    return warning_list(given, rows, alerts, triggers, plan)


def test_those_whom_something_can_keep_come_first_then_value_at_risk(planted: SimpleNamespace) -> None:
    table, counts = _list(planted, _plan(c=("coupon", "policy"), d=("call_back", "explore")))
    assert table["member_id"].tolist() == ["c", "d", "a", "b"]
    assert (
        table["action"].tolist()[:2] == ["coupon", "call_back"]
        and table["action"].isna().tolist()[2:] == [True] * 2
    )
    assert table["value_at_risk"].tolist() == pytest.approx([7, 6, 9, 8])
    assert table["first_alert_on"].unique().tolist() == [pd.Timestamp("2025-05-01")]
    assert table.set_index("member_id")["trigger"].fillna("-").to_dict() == {
        "a": "silent_90d,opted_out", "b": "-", "c": "-", "d": "-",
    }  # fmt: skip
    assert table["reasons"].tolist() == ["orders_90d"] * 4 and table["cause"].tolist() == ["price"] * 4
    assert counts == {
        "still_there": 4, "alerted": 4, "no_consent": 0, "held_out": 0, "beyond_capacity": 0, "listed": 4,
        "with_action": 2,
    }  # fmt: skip


def test_who_refused_marketing_or_opted_out_is_never_listed(planted: SimpleNamespace) -> None:
    given = planted.inputs(dict.fromkeys(CHANCES))
    consent = pd.array([True, False, None, True], dtype="boolean")
    members = given.tables["members"].assign(marketing_consent=consent)
    events = planted.empty("events").reindex(range(1)).assign(member_id="a", event_type="opt_out")
    table, counts = _list(planted, _plan(), tables={**given.tables, "members": members, "events": events})
    assert table["member_id"].tolist() == ["d"]
    assert (counts["held_out"], counts["no_consent"]) == (0, 3)


def test_who_is_held_out_is_never_listed(planted: SimpleNamespace) -> None:
    many = {f"m{number:03d}": 0.5 for number in range(40)}
    given = planted.inputs(
        dict.fromkeys(many), params={"holdout_share": 0.5, "warnings": {"capacity_a_week": 1.0}}
    )
    given = planted.scored(given, many)
    rows = past_rows(given)
    table, counts = warning_list(
        given, rows, np.ones(len(rows), bool), pd.DataFrame(index=rows.index), _plan()
    )
    out = held_out(many, planted.today, 0.5, given.params.action.seed)
    assert set(table["member_id"]) == {member for member, held in zip(many, out, strict=True) if not held}
    assert counts["held_out"] == out.sum() > 0


def test_the_cause_of_today_goes_before_the_attributed_one(planted: SimpleNamespace) -> None:
    state = pd.DataFrame({"member_id": ["a", "b"], "cause": ["competition", "unknown"]})
    table, _ = _list(planted, Section({}, extra={"state": state}))
    assert dict(zip(table["member_id"], table["cause"], strict=True)) == {
        "a": "competition", "b": "unknown", "c": "price", "d": "price",
    }  # fmt: skip


def test_the_list_is_as_long_as_staff_can_work_through(planted: SimpleNamespace) -> None:
    given = planted.scored(
        planted.inputs(dict.fromkeys(CHANCES), params={"warnings": {"capacity_a_week": 0.1}}), CHANCES
    )
    rows = past_rows(given)
    table, counts = warning_list(
        given, rows, np.ones(len(rows), bool), pd.DataFrame(index=rows.index), _plan()
    )
    assert table["member_id"].tolist() == ["a", "b"] and counts["beyond_capacity"] == 2


def test_last_contact_is_no_control_and_not_of_today(planted: SimpleNamespace) -> None:
    touches = (
        planted.empty("touches")
        .reindex(range(3))
        .assign(member_id=["a", "a", "b"], action=["coupon", "control", "control"])
    )
    touches["sent_at"] = pd.to_datetime(["2025-04-01 09:00", "2025-05-01 09:00", "2025-05-01 09:00"])
    events = (
        planted.empty("events")
        .reindex(range(3))
        .assign(member_id=["a", "a", "b"], event_type=["greeting", "push_sent", "visit"])
    )
    events["occurred_at"] = pd.to_datetime(["2025-04-03 08:00", "2025-06-01 08:00", "2025-05-03 08:00"])
    given = planted.inputs({"a": None, "b": None}, touches=touches, events=events)
    last = last_contacts(given, {"a", "b"})
    assert last.to_dict() == {"a": pd.Timestamp("2025-04-03")}


def test_only_features_that_raise_the_chance_are_reasons() -> None:
    assert raising_features(None) is None
    entries = ", ".join(f'{{"feature": "f{n}", "contribution": {0.5 - 0.2 * n}}}' for n in range(5))
    assert raising_features(f"[{entries}]") == "f0,f1,f2"
    assert raising_features('[{"feature": "x", "contribution": -1}]') is None


def test_stages_of_life(planted: SimpleNamespace) -> None:
    rows = pd.DataFrame({
        "member_id": ["a"] * 6, "spell_no": [2, 1, 1, 1, 1, 1], "as_of": planted.today,
        "days_silent": [0, 61, 0, 0, 0, 0], "orders_so_far": [9, 9, 9, 2, 1, 0], "orders_365d": [9, 9, 6, 2, 1, 0],
        "interactions_180d": [0, 0, 0, 0, 2, 0],
    })  # fmt: skip
    spells = pd.DataFrame({"member_id": ["a"] * 2, "spell_no": [1, 2]})
    spells["started_on"] = [pd.Timestamp("2023-01-01"), planted.today - pd.Timedelta(days=30)]
    assert stage_of_life(rows, spells, RetentionParams(), 90).tolist() == [
        "won_back", "at_risk", "loyal", "repeat", "nurtured", "recruited",
    ]  # fmt: skip
    terms = rows.drop(columns=["orders_so_far", "orders_365d"]).assign(
        days_silent=[0, 1, 0, 0, 0, 0], renewals_so_far=[0, 0, 1, 1, 0, 0], days_since_last_interaction=5.0,
        tenure_days=[0, 0, 365, 100, 10, 10], interactions_180d=[1, 1, 1, 1, 1, 0],
    )  # fmt: skip
    assert stage_of_life(terms, spells, RetentionParams(), 30).tolist() == [
        "won_back", "at_risk", "loyal", "repeat", "activated", "recruited",
    ]  # fmt: skip


def test_a_rule_that_past_months_speak_against_fires_no_warning(planted: SimpleNamespace) -> None:
    rng = np.random.default_rng(5)
    leaving = ["2024-08-11", "2025-01-20", None, None]
    members = {f"m{number:04d}": leaving[number % 4] for number in range(800)}
    frame = planted.panel(members)
    leaves = frame["member_id"].map({member: day is not None for member, day in members.items()})
    noise = frame["member_id"].map({member: rng.random() < 0.1 for member in members})
    frame["own_price_change_90d"] = np.where(noise, 0.06, 0.0)
    today = (frame["as_of"] == planted.today) & (frame["member_id"] == "m0002")
    frame["order_gap_ratio"] = np.where(leaves & (rng.random(len(frame)) < 0.5) | today, 4.0, 1.0)
    section = warnings_section(planted.inputs(members, frame), Section({}))
    assert section.facts["verdicts"]["price_rise_5pct"] == "no_better"
    assert section.facts["verdicts"]["silent_3x_own_gap"] == "better"
    assert section.tables["warnings"]["member_id"].tolist() == ["m0002"]
    assert section.facts["blind"]["renewal_in_30d"] == "memberships"
    quality = section.tables["warning_quality"].set_index("source")
    assert {"silence", "triggers", "silent_3x_own_gap"} <= set(quality.index)
    assert quality.loc["silent_3x_own_gap", "precision"] == 1
    # a model that knows who left in August judges from December on: one in three of those then there leaves
    assert section.facts["months"] == ["2024-12-01"]
    assert section.facts["base_rate"] == pytest.approx(1 / 3, abs=1e-6)


def test_too_short_a_history_gives_a_list_and_no_judgement(planted: SimpleNamespace) -> None:
    frame = planted.panel(dict.fromkeys(CHANCES))
    frame = frame[frame["as_of"] >= pd.Timestamp("2025-05-01")]
    given = planted.scored(planted.inputs(dict.fromkeys(CHANCES), frame), CHANCES)
    section = warnings_section(given, Section({"plan": empty_table(columns_of("plan"))}))
    assert section.tables["warning_quality"].empty and section.facts["months"] == []
    assert section.facts["base_rate"] is None and section.facts["gone_share"] is None
    assert section.tables["warnings"]["member_id"].tolist() == ["a"]  # one of four, 1 % a week
