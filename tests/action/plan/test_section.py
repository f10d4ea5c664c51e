"""The plan as a whole: who is in it, who never is, and what is said where little is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_programme import AS_OF, effects, ids, inputs, no_touches, price_or_service, requests, touches

from whychurn.action.inputs import Section
from whychurn.action.plan.section import default_budget, plan_section
from whychurn.action.plan.value.read_back import as_touches
from whychurn.contract.results import columns_of

WORKS = {"coupon": {"price": 0.5}, "service_callback": {"product_service": 0.5}}


def planned(theta: Any = WORKS, tested: Any = None, sd: float = 0.05, **changes: Any) -> Section:
    known = effects(theta, tested, sd)
    return plan_section(inputs(**changes), Section({}), Section({}, extra={"effects": known}))


def contacts(section: Section) -> pd.DataFrame:
    plan = section.tables["plan"]
    return plan[plan["role"].isin(["policy", "explore"])]


def policy(section: Section) -> pd.DataFrame:
    plan = section.tables["plan"]
    return plan[plan["role"] == "policy"]


def test_each_cause_gets_the_action_that_acts_on_it_within_the_budget() -> None:
    section = planned()
    rows = policy(section)
    even = rows["member_id"].str[-1].astype(int) % 2 == 0
    assert len(rows) > 20 and set(rows.loc[even & (rows["gain"] > 20), "action"]) == {"coupon"}
    assert set(rows.loc[~even & (rows["gain"] > 20), "action"]) == {"service_callback"}
    assert contacts(section)["cost"].sum() <= 300
    assert list(section.tables["plan"].columns) == columns_of("plan")
    assert (rows["gain"] > rows["cost"]).all() and (rows["gain_low"] <= rows["gain"]).all()


def test_the_first_four_columns_are_the_interface_and_days_lie_in_the_plan() -> None:
    plan = planned().tables["plan"]
    assert list(plan.columns[:4]) == ["member_id", "action", "channel", "send_on"]
    sent = plan.loc[plan["role"] != "hold_out", "send_on"]
    assert sent.between(AS_OF, AS_OF + pd.Timedelta(days=84)).all()
    assert (plan["rank"] == np.arange(1, len(plan) + 1)).all()


def test_held_out_members_have_one_row_without_action_and_what_they_would_have_got() -> None:
    plan = planned(n=2000, params={"action": {"budget": 5000.0}}).tables["plan"]
    out = plan[plan["role"] == "hold_out"]
    assert 0.05 < len(out) / plan["member_id"].nunique() < 0.15
    assert (out["action"] == "none").all() and out["channel"].isna().all() and out["send_on"].isna().all()
    assert set(out["would_be"]) <= {"coupon", "service_callback"} and (out["propensity"] == 0.1).all()
    assert not set(out["member_id"]) & set(plan.loc[plan["role"] != "hold_out", "member_id"])


def test_no_cap_is_passed() -> None:
    section = planned(
        n=2000, params={"action": {"budget": 1e6, "contacts": {"member_4_weeks": 1, "call": 30}}}
    )
    rows = contacts(section)
    assert rows["member_id"].is_unique
    calls = rows[rows["channel"] == "call"]
    assert 100 < len(calls) <= 120 and (calls.groupby("send_on").size() <= 30).all()
    assert section.facts["prices_of_channels"]["call"] > 0


def test_a_second_contact_comes_later_and_never_more_than_the_cap() -> None:
    both = {
        "coupon": {"price": 0.5, "product_service": 0.3},
        "service_callback": {"product_service": 0.6, "price": 0.3},
    }
    rows = contacts(planned(both, params={"action": {"budget": 1e6, "contacts": {"call": 1000}}}))
    counts = rows.groupby("member_id").size()
    assert counts.max() == 2
    twice = rows[rows["member_id"].isin(counts.index[counts == 2])].sort_values(["member_id", "rank"])
    gap = twice.groupby("member_id")["send_on"].agg(["first", "last"])
    assert ((gap["last"] - gap["first"]).dt.days.abs() >= 7).all() and twice.groupby("member_id")[
        "action"
    ].nunique().eq(2).all()


def test_contacts_of_the_last_weeks_count_towards_the_cap() -> None:
    lately = pd.concat([touches(400, {"coupon": ("sms", 5.0)}, days_ago=age) for age in (5, 12)])
    section = planned(tables={"touches": lately})
    recent = set(lately.loc[lately["action"] != "control", "member_id"])
    assert not recent & set(section.tables["plan"]["member_id"]) and section.facts["contacted_lately"] == len(
        recent
    )


def test_who_refused_marketing_is_in_no_row() -> None:
    base = inputs()
    members = base.tables["members"].assign(
        marketing_consent=pd.array([False, True, pd.NA, True] * 100, dtype="boolean")
    )
    panel = base.panel.assign(opted_out=pd.array([False, True] + [False] * 398, dtype="boolean"))
    plan = planned(tables={"members": members}, panel=panel).tables["plan"]
    assert set(plan["member_id"]) <= set(ids(400)[[at for at in range(400) if at % 2 and at != 1]])


def test_an_open_request_is_answered_before_anything_is_offered() -> None:
    """Nobody who waits is contacted, or compared; the money goes to others, and the plan says what may come afterwards."""
    params = {"action": {"budget": 2000.0}}
    free = planned(n=1000, params=params)
    first, held = (
        contacts(free).iloc[:3]["member_id"],
        free.tables["plan"].query("role == 'hold_out'")["member_id"].iloc[:2],
    )
    asked = pd.concat([requests(*first, *held), requests("m000999", days_ago=31)])
    section = planned(n=1000, params=params, tables={"feedback": asked})
    plan, waits = section.tables["plan"], section.tables["plan"].query("role == 'waits'")
    assert set(waits["member_id"]) == {*first, *held} and section.facts["waiting"] == 5
    assert waits[["channel", "send_on", "propensity"]].isna().all(axis=None) and set(waits["action"]) == {
        "none"
    }
    assert (
        (waits["cost"] == 0).all()
        and set(waits["reason"]) == {"open_request"}
        and waits["would_be"].notna().all()
    )
    assert not set(waits["member_id"]) & set(plan.loc[plan["role"] != "waits", "member_id"])
    assert plan["role"].iloc[-5:].eq("waits").all()
    spent = [contacts(one)["cost"].sum() for one in (free, section)]
    assert spent[1] <= 2000 and spent[1] > 0.97 * spent[0]
    assert not set(as_touches(plan)["member_id"]) & set(waits["member_id"])
    value = [
        one.tables["plan_value"].query("policy == 'plan' and method == 'model'") for one in (free, section)
    ]
    assert value[1]["gain"].iloc[0] < value[0]["gain"].iloc[0]


@pytest.mark.parametrize(("missing", "anybody"), [("auto", True), ("allow", True), ("deny", False)])
def test_without_a_column_of_consent_the_parameter_decides(missing: str, anybody: bool) -> None:
    members = inputs().tables["members"].drop(columns="marketing_consent")
    section = planned(tables={"members": members}, params={"privacy": {"missing_consent": missing}})
    assert bool(len(section.tables["plan"])) is anybody
    assert section.facts["reason"] == (None if anybody else "nobody_may_be_contacted")


def test_whom_a_channel_does_not_reach_is_not_written_to_there() -> None:
    needs = {"action": {"channels": {"sms": {"needs": "has_app"}}, "budget": 1e6}}
    section = planned(params=needs)
    has = set(inputs().tables["members"].query("has_app")["member_id"])
    assert set(policy(section).query("action == 'coupon'")["member_id"]) <= has


def test_duds_harm_and_actions_without_a_cause_are_left_out() -> None:
    theta = WORKS | {
        "thank_you": {},
        "member_letter": dict.fromkeys(("price", "product_service"), 0.3),
        "discount": {"price": -0.4},
    }
    tested = {
        "coupon": "shown",
        "service_callback": "shown",
        "thank_you": "not_shown",
        "member_letter": "not_shown",
        "discount": "harmful",
    }
    ways = {
        "coupon": ("sms", 5.0),
        "thank_you": ("sms", 0.1),
        "member_letter": ("email", 0.1),
        "discount": ("sms", 0.1),
    }
    some = {"touches": touches(400, ways)}
    rows = policy(planned(theta, tested, tables=some, params={"action": {"budget": 1e6}}))
    assert set(rows["action"]) == {"coupon"}
    shown = planned(
        theta, tested | {"member_letter": "shown"}, tables=some, params={"action": {"budget": 1e6}}
    )
    assert "member_letter" in set(policy(shown)["action"])


def test_belief_chooses_unless_evidence_is_needed() -> None:
    untested = dict.fromkeys(WORKS, "untested")
    rows = contacts(planned(WORKS, untested))
    assert set(rows["evidence"]) == {"untested"} and (rows["role"] == "policy").any()
    needed = contacts(planned(WORKS, untested, sd=0.4, params={"action": {"evidence_needed": "tested"}}))
    assert len(needed) and set(needed["role"]) == {"explore"}


def test_explored_rows_state_the_chance_with_which_they_were_drawn() -> None:
    theta = {
        "coupon": {"price": 0.3},
        "discount": {"price": 0.25},
        "service_callback": {"product_service": 0.2},
    }
    some = {
        "touches": touches(
            900, {"coupon": ("sms", 5.0), "discount": ("sms", 6.0), "service_callback": ("app", 4.0)}
        )
    }
    section = plan_section(
        inputs(n=900, tables=some, params={"action": {"explore_share": 0.5}}),
        Section({}),
        Section({}, extra={"effects": effects(theta, dict.fromkeys(theta, "untested"), sd=0.3)}),
    )
    rows = section.tables["plan"].query("role == 'explore'")
    assert len(rows) > 10 and rows["propensity"].between(0.05 * 0.9 - 1e-6, 0.9).all()
    assert rows["propensity"].nunique() > 1 and set(rows["reason"]) == {"explored"}


def test_no_touches_give_a_first_test_of_the_playbook() -> None:
    section = plan_section(inputs(tables={"touches": no_touches()}), Section({}), Section({}))
    rows = contacts(section)
    assert len(rows) and set(rows["evidence"]) == {"untested"} and set(rows["role"]) == {"explore"}
    assert rows["cost"].sum() <= 300 and rows["action"].nunique() > 3


def test_without_a_risk_model_the_programme_s_rate_stands_in() -> None:
    base = inputs()
    panel = base.panel.assign(churned_in_horizon=pd.array([True, False, False, False] * 100, dtype="boolean"))
    plan = planned(panel=panel, risk_scores=base.risk_scores.iloc[:0]).tables["plan"]
    assert len(plan) and (plan["p_leave"] == 0.25).all()


def test_without_money_the_gain_is_in_members_kept() -> None:
    value = inputs().lifetime_value.assign(daily_spend=np.nan)
    section = planned(lifetime_value=value)
    rows = policy(section)
    assert not section.facts["money_known"] and len(rows) and rows["gain"].between(0, 1).all()
    assert contacts(section)["cost"].sum() <= 300


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"params": {"action": {"budget": 0.0}}}, "no_budget"),
        ({"theta": {"coupon": {}, "service_callback": {}}}, "nothing_pays"),
    ],
)
def test_an_empty_plan_says_why(changes: dict[str, Any], reason: str) -> None:
    section = planned(**changes)
    assert contacts(section).empty and section.facts["reason"] == reason
    assert list(section.tables["plan"].columns) == columns_of("plan")


def test_nobody_there_gives_empty_tables_with_types() -> None:
    base = inputs()
    section = planned(panel=base.panel.assign(still_there=False))
    assert section.facts["reason"] == "nobody_there"
    assert all(list(table.columns) == columns_of(name) for name, table in section.tables.items())


def test_the_budget_is_a_share_of_the_margin_where_none_is_given() -> None:
    free = inputs(params={"action": {"budget": None}})
    state = pd.DataFrame({"margin_day": [1.0, 2.0, np.nan]})
    assert default_budget(free, state) == pytest.approx(0.01 * 28 * 3)
    assert default_budget(free, state * np.nan) == pytest.approx(0.05 * 3 * 5)


def test_the_same_twice() -> None:
    first, second = planned().tables, planned().tables
    for name in first:
        pd.testing.assert_frame_equal(first[name], second[name])


def test_policies_have_the_same_budget_and_the_plan_brings_most() -> None:
    dud = {"coupon": {"price": 0.02}, "service_callback": {"product_service": 0.5}}
    table = planned(dud, n=2000, params={"action": {"budget": 2000.0}}).tables["plan_value"]
    model = table[table["method"] == "model"].set_index("policy")
    assert set(model.index) == {"plan", "none", "blanket", "random", "rule", "highest_risk", "playbook"}
    assert (model["cost"] <= 2000).all() and model.loc["none", "gain"] == 0
    assert model["gain"].idxmax() == "plan"
    assert (model["low"] <= model["gain"]).all() and (model["gain"] <= model["high"]).all()


def test_without_a_mix_of_causes_nobody_is_chosen_by_cause() -> None:
    shares = pd.DataFrame(
        {"cause": ["price", "product_service"], "share": [0.6, 0.4], "low": 0.3, "high": 0.7}
    )
    section = planned(mix_at=None, cause_shares=shares)
    assert len(policy(section)) and section.tables["plan"]["cause"].nunique() <= 2
    assert price_or_service(ids(2), pd.Series([AS_OF] * 2)).sum(axis=1).eq(1).all()
