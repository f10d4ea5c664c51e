"""Replies beside what returns by itself, referral, and the section as a whole."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.action.inputs import Section
from whychurn.action.plan.holdout import held_out
from whychurn.action.winback.contacts_by_lot import contacts_by_lot
from whychurn.action.winback.leavers import leavings
from whychurn.action.winback.referral import first_year_margin, referral_facts
from whychurn.action.winback.reply_rates import reply_rates
from whychurn.action.winback.section import winback_section
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table

NO_TESTS = empty_table(columns_of("action_tests"))


def test_each_reply_rate_has_the_rate_of_those_held_out_beside_it(leavers: SimpleNamespace) -> None:
    """Wave 1: 6 of 10 and 2 of 10 back; wave 2 adds 10 treated, of whom none, and 30 held out, of whom 6."""
    plan = {"w1": (10, 6, 10, 2), "w2": (10, 0, 30, 6)}
    rows, acts = [], {}
    for wave, (treated, back, held, alone) in plan.items():
        for arm, number, returned in (("comeback_coupon", treated, back), ("control", held, alone)):
            for one in range(number):
                member = f"{wave}{arm}{one}"
                rows.append((member, wave, 200, arm))
                acts[member] = [1, 250] if one < returned else [1]
    given = leavers.inputs(acts, dict.fromkeys(acts, 100), touches=leavers.touches(rows, opened=True))
    tested, _ = contacts_by_lot(given, leavings(given))
    (entry,) = reply_rates(tested, given)
    assert entry["returned"] == pytest.approx(6 / 20)
    assert entry["returned_control"] == pytest.approx((2 / 10 + 6 / 30) / 2)
    assert entry["difference"] == pytest.approx(0.1)
    assert (entry["treated"], entry["control"], entry["opened"]) == (20, 40, 1.0)
    variance = 0.3 * 0.7 / 20 + 0.25 * 0.16 / 10 + 0.25 * 0.16 / 30
    assert entry["high"] - entry["difference"] == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-4)
    few = replace(given, params=Params.model_validate({"privacy": {"min_cell": 21}}))
    (hidden,) = reply_rates(tested, few)
    assert hidden["action"] == "comeback_coupon" and all(
        hidden[name] is None for name in hidden if name != "action"
    )


def test_draws_without_full_follow_up_and_without_anybody_held_out_show_no_rate(
    leavers: SimpleNamespace,
) -> None:
    sent = leavers.touches([("a", "late", 700, "comeback_coupon"), ("b", "late", 700, "control"),
                            ("a", "alone", 200, "comeback_coupon")])  # fmt: skip
    given = leavers.inputs({"a": [1], "b": [1]}, {"a": 100, "b": 100}, touches=sent)
    assert reply_rates(contacts_by_lot(given, leavings(given))[0], given) == []


def _brought(leavers: SimpleNamespace, number: int, joined: int, **params: object):
    acts = {"host": [1]} | {f"m{one:02d}": [joined + 10, joined + 100, joined + 400] for one in range(number)}
    given = leavers.inputs(acts, {}, params=params)
    members = given.tables["members"].assign(referred_by=[None] + ["host"] * number)
    members["joined_on"] = [leavers.start] + [leavers.day(joined)] * number
    return replace(given, tables={**given.tables, "members": members})


def test_a_referred_member_is_worth_a_first_year_less_the_bonus(leavers: SimpleNamespace) -> None:
    given = _brought(leavers, 12, 300, acquisition_cost=50, actions={"friend_invite": {"cost": 2.5}})
    tested = NO_TESTS.reindex(range(1)).assign(
        action="friend_invite",
        campaign_id="t",
        outcome="referred",
        stratum="all",
        effect=0.02,
        low=0.01,
        high=0.03,
    )
    facts = referral_facts(given, tested)
    assert facts["status"] == "ok" and (facts["referred"], facts["followed"]) == (12, 12)
    assert facts["first_year_margin"] == pytest.approx(
        0.3 * 20
    )  # the order of day 400 is no longer first year
    assert facts["value"] == pytest.approx(6 - 2.5) and facts["low"] == facts["high"] == pytest.approx(6)
    pooled = pd.concat([tested, tested.assign(campaign_id="all", effect=0.01)], ignore_index=True)
    assert [one["per_1000"] for one in referral_facts(given, pooled)["brought"]] == [10]
    assert facts["acquisition_cost"] == 50  # beside it, in no gain
    assert facts["brought"] == [{
        "action": "friend_invite", "campaign_id": "t", "per_1000": 20, "low": 10, "high": 30,
        "value_a_contact": pytest.approx(0.07),
    }]  # fmt: skip
    assert first_year_margin(given, given.tables["members"].iloc[1:3]).tolist() == pytest.approx([6, 6])


def test_referral_without_a_column_or_without_a_full_year(leavers: SimpleNamespace) -> None:
    assert referral_facts(leavers.inputs({"a": [1]}, {}), NO_TESTS) == {"status": "no_column"}
    facts = referral_facts(_brought(leavers, 12, 700), NO_TESTS)
    assert facts["status"] == "too_few" and facts["followed"] == 0 and "value" not in facts


def test_the_section_lists_whom_consent_and_profile_allow(leavers: SimpleNamespace) -> None:
    acts = {name: [1] for name in ("a", "refused", "unknown_value", "stays")}
    causes = leavers.causes_of({"a": "price", "refused": "price"})
    own = {"big_offer": {"causes": ["price"], "for": "left", "channels": {"sms": 0.01}, "belief": 0.9}}
    given = leavers.inputs(
        acts,
        {"a": 650, "refused": 650, "unknown_value": 650},
        causes=causes,
        params={"actions": own, "holdout_share": 0},
    )
    given = replace(given, panel=given.panel[given.panel["member_id"] != "unknown_value"])
    given.tables["members"]["marketing_consent"] = pd.array([True, False, True, True], dtype="boolean")
    section = winback_section(given)
    table = section.tables["winback"]
    assert table["member_id"].tolist() == ["a"] and table["action"].tolist() == ["big_offer"]
    assert table["days_since"].tolist() == [(leavers.today - leavers.day(650)).days]
    counts = section.facts["counts"]
    assert (counts["gone"], counts["no_profile"], counts["no_consent"], counts["listed"]) == (3, 1, 1, 1)
    assert section.facts["tested"] == {} and section.facts["replies"] == []
    assert section.facts["referral"] == {"status": "no_column"}


def test_leavers_held_out_or_opted_out_are_not_invited(leavers: SimpleNamespace) -> None:
    acts = {f"m{number:02d}": [1] for number in range(30)}
    own = {"big_offer": {"causes": ["price"], "for": "left", "channels": {"sms": 0.01}, "belief": 0.9}}
    events = leavers.empty("events").reindex(range(1)).assign(member_id="m00", event_type="opt_out")
    given = leavers.inputs(
        acts, dict.fromkeys(acts, 650), causes=leavers.causes_of(dict.fromkeys(acts, "price")), events=events,
        params={"actions": own, "holdout_share": 0.5},
    )  # fmt: skip
    section = winback_section(given)
    out = held_out(acts, leavers.today, 0.5, given.params.action.seed)
    free = {member for member, held in zip(acts, out, strict=True) if not held} - {"m00"}
    assert set(section.tables["winback"]["member_id"]) == free
    assert section.facts["counts"]["no_consent"] == 1


def test_nobody_left_gives_empty_tables(leavers: SimpleNamespace) -> None:
    section = winback_section(leavers.inputs({"a": [1]}, {}), Section({"action_tests": NO_TESTS}))
    assert section.tables["winback"].empty and list(section.tables["winback"]) == columns_of("winback")
    assert section.facts["counts"]["gone"] == 0
