"""Sentences and tables on actions against planted numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from whychurn.report.action import lists, names
from whychurn.report.action.results import ActionResults, read_action
from whychurn.report.action.sentences import (
    effects,
    fairness,
    next_tests,
    observed,
    plan,
    policies,
    situation,
    winback,
)
from whychurn.report.action.sentences import warnings as alerts
from whychurn.report.action.sentences.effects import effect_rows, unworthy
from whychurn.report.page.wording import Wording
from whychurn.report.words.readable_names import action_name

Planted = Callable[[str], ActionResults]
PAGE = Wording("en", "CNY", 10)


def test_effects_turn_into_members_kept_with_intervals_that_agree_with_the_verdict(planted: Planted) -> None:
    rows = effects.effect_rows(planted("winner")).set_index("action")
    assert rows.loc["service_callback", "value"] == pytest.approx(21)
    assert rows.index[0] == "service_callback" and rows.index[-1] == "mass_mail"
    shown = rows["verdict"] != "open"
    apart = (rows["low"] > 0) | (rows["high"] < 0)
    assert (shown == apart).all()
    # two of five are shown: their intervals are at the level 2 x 5 % / 5 (Benjamini and Yekutieli 2005)
    width = stats.norm.isf(0.05 * 2 / 5 / 2) * 4
    assert rows.loc["service_callback", "low"] == pytest.approx(21 - width, abs=0.01)


def test_the_difference_told_is_the_plain_one_that_the_verdict_stands_on(planted: Planted) -> None:
    results = planted("winner")
    tests = results["action_tests"]
    whole = (
        tests[tests["action"].eq("coupon")].tail(1).assign(campaign_id="all", treated=1300.0, effect=-0.012)
    )
    whole = whole.assign(low=-0.02315, high=-0.00085, q_value=0.058)  # z = 2.11, third of five
    told = replace(results, tables={**results.tables, "action_tests": pd.concat([tests, whole])})
    row = effects.effect_rows(told).set_index("action").loc["coupon"]
    assert row["verdict"] == "open" and row["low"] < 0 < row["high"]
    assert (row["value"], row["treated"]) == (pytest.approx(12), 1300)


def test_what_is_shown_stands_apart_from_what_is_open(planted: Planted) -> None:
    parts = effects.shown_apart(effects.effect_rows(planted("winner")))
    assert [set(part["verdict"]) for part in parts] == [{"proven", "harm"}, {"open"}]
    assert effects.weakest_rung(parts[0]["rung"]) == "caused"
    assert effects.shown_apart(effects.effect_rows(planted("no_touches"))) == []


def test_titles_for_each_case() -> None:
    def rows(*verdicts: str) -> pd.DataFrame:
        value = [5.0 if verdict != "harm" else -9.0 for verdict in verdicts]
        return pd.DataFrame(
            {"action": [f"a{n}" for n in range(len(verdicts))], "verdict": verdicts, "value": value}
        )

    assert effects.effects_title(rows("open", "open"), PAGE) == [
        "2 of 2 actions look helpful, none is proven yet."
    ]
    assert effects.effects_title(rows("open"), PAGE) == ["One action was tested and is not proven yet."]
    assert effects.effects_title(rows("proven", "open"), PAGE) == [
        "a0 keeps members.",
        "One more is not proven yet.",
    ]
    assert effects.effects_title(rows("proven", "proven"), PAGE) == ["a0 and a1 keep members."]
    assert effects.effects_title(rows("harm"), PAGE) == ["a0 drives members away."]
    assert "2 more" in effects.effects_title(rows(*["proven"] * 5), PAGE)[0]


def test_what_is_not_shown_is_not_called_useless_unless_it_cannot_pay(planted: Planted) -> None:
    lines = dict(
        zip(
            ("price", "coupon", "picks"),
            effects.unshown_lines(effects.effect_rows(planted("winner")), PAGE),
            strict=True,
        )
    )
    assert (
        "not shown. Between −3 and +27 of 1,000 is possible; this test could have found 20 or more"
        in lines["price"][1]
    )
    assert "not worth its cost" in lines["coupon"][1] and "it pays from +30" in lines["coupon"][1], (
        "at best 21"
    )
    assert "not shown" in lines["picks"][1]
    assert {rung for rung, _ in lines.values()} == {"attributed"}


def test_shown_effects_are_told_with_their_sign_in_words(planted: Planted) -> None:
    results = planted("winner")
    (_, kept), (_, harm) = effects.effect_lines(effects.effect_rows(results), results, PAGE)
    assert "**21** [12 to 30] more stay" in kept
    assert "**16** [6 to 26] more leave" in harm


@pytest.mark.parametrize("case", ["no_touches", "none_randomised", "nothing_shown", "not_run"])
def test_the_situation_is_recognised(planted: Planted, case: str) -> None:
    assert situation.situation(planted(case)) == case
    assert bool(situation.situation_line(planted(case), PAGE)) == (case in situation.WITHOUT_TEST)


@pytest.mark.parametrize("note", ["no_control", "mismatch", "waiting"])
def test_tests_that_cannot_be_read_out_are_told_by_their_reason(planted: Planted, note: str) -> None:
    results = planted("winner")
    tables = dict(results.tables) | {
        "action_effects": results["action_effects"].iloc[:0],
        "action_tests": results["action_tests"].assign(note=note),
    }
    broken = ActionResults(tables, results.facts)
    assert situation.situation(broken) == note
    assert fairness.mismatch_lines(broken, PAGE)[0].startswith("In 3 campaigns")
    tables["action_tests"] = tables["action_tests"].assign(note="few_leavings")
    assert situation.situation(ActionResults(tables, results.facts)) == "few"


def test_the_headline_of_the_plan_adds_up(planted: Planted) -> None:
    text, rung, count = plan.plan_headline(planted("winner"), PAGE)
    assert (rung, count) == ("attributed", 620)
    assert "**620 members** for ¥7,440" in text
    assert "**58** [16 to 99] more stay" in text, "14.4 of 1,000, of 4,000 members"
    assert "**¥14,400** [¥4,000 to ¥24,800]" in text


def test_a_plan_whose_gain_may_be_a_loss_is_told_as_open(planted: Planted) -> None:
    results = planted("winner")
    values = results["plan_value"].assign(low=-1.0)
    text, _, _ = plan.plan_headline(
        ActionResults(dict(results.tables) | {"plan_value": values}, currency="CNY"), PAGE
    )
    assert "is open" in text and "[−¥4,000 to ¥24,800]" in text


def test_without_a_plan_that_pays_contacts_are_drawn_or_nobody_is_contacted(planted: Planted) -> None:
    assert plan.plan_headline(planted("no_touches"), PAGE)[0].startswith("Contact **60 members** by lot")
    assert plan.plan_headline(planted("empty_plan"), PAGE)[::2] == (
        "Doing nothing is best with what is known: **0** contacts are expected to pay.", 0.0,
    )  # fmt: skip


def test_the_table_of_the_plan_takes_cost_off_and_hides_few_members(planted: Planted) -> None:
    results = planted("winner")
    table = plan.plan_table(results, PAGE)
    chosen = results["plan"].query("role != 'hold_out'")
    assert len(table) <= plan.MOST_LINES and table["action"].iloc[-1] == PAGE.say("action.plan_lot")
    assert table["gain"].sum() == pytest.approx((chosen["gain"] - chosen["cost"]).sum())
    few = ActionResults(dict(results.tables) | {"plan": results["plan"].head(12)}, currency="CNY")
    assert plan.plan_table(few, PAGE)["members"].isna().all()
    assert plan.knows_money(results) and plan.knows_costs(results)


def test_what_to_leave_alone(planted: Planted) -> None:
    results = planted("winner")
    told = plan.leave_alone_lines(results, PAGE)
    assert [rung for rung, _ in told] == ["caused", "described"] and "431 members" in told[-1][1]
    rows = effect_rows(results).to_dict("records")
    poor = next(str(row["action"]) for row in rows if row["verdict"] == "open" and unworthy(row))
    assert poor in set(plan.contacts(results, "policy")["action"]), "pays for some members, by the plan"
    without = results["plan"][results["plan"]["action"].ne(poor)]
    lines = plan.leave_alone_lines(replace(results, tables={**results.tables, "plan": without}), PAGE)
    assert [rung for rung, _ in lines] == ["caused", "attributed", "described"]
    assert action_name(poor, "en") in lines[1][1]
    assert plan.learning_line(planted("winner"), PAGE).startswith("**80** members are held out and **60**")
    assert "cannot be read out" in plan.learning_line(planted("empty_plan"), PAGE)


def test_policies_are_ranked_only_where_intervals_are_apart(planted: Planted) -> None:
    results = planted("winner")
    rows = policies.policy_rows(results)
    assert rows["policy"].iloc[0] == "plan" and "none" not in set(rows["policy"])
    assert rows["value"].iloc[0] == pytest.approx(3600)
    assert set(rows["rung"]) == {"attributed"}
    assert "cannot be told apart" in policies.policies_title(rows, PAGE)
    assert "brings more than the best" in policies.policies_title(rows.assign(low=[9e3, 0, 0, 0]), PAGE)
    assert policies.policies_title(rows.assign(high=[0.0, 9e3, 0, 0], low=[0.0, 8e3, 0, 0]), PAGE).endswith(
        "than the plan"
    )
    drawn = policies.policy_intervals(rows, results, PAGE)
    assert drawn[0].text == "+¥3,600"
    assert policies.tick_of(rows, results, PAGE)(2000.0) == "¥2,000"
    priced = ActionResults(results.tables, {"plan": {"price_of_money": 1.9}}, currency="CNY")
    assert policies.budget_line(priced, PAGE).endswith("¥1 more of budget would bring ¥1.90.")


def test_values_measured_on_tests_go_before_expected_ones_where_enough_rows_carry_them(
    planted: Planted,
) -> None:
    results = planted("winner")
    measured = results["plan_value"].assign(method="aipw", gain=9.0, low=1.0, high=17.0)
    both = pd.concat([results["plan_value"], measured])
    rows = policies.policy_rows(ActionResults(dict(results.tables) | {"plan_value": both}))
    assert set(rows["rung"]) == {"caused"} and (rows["value"] == 9000).all()
    assert policies.unmeasured_line(ActionResults(dict(results.tables) | {"plan_value": both}), PAGE) == ""
    few = pd.concat([results["plan_value"], measured.assign(effective_n=150.0)])
    told = policies.unmeasured_line(ActionResults(dict(results.tables) | {"plan_value": few}), PAGE)
    assert "cannot be compared" in told and policies.unmeasured_line(results, PAGE) == ""
    assert set(policies.policy_rows(ActionResults(dict(results.tables) | {"plan_value": few}))["rung"]) == {
        "attributed"
    }


def test_a_test_that_would_draw_members_for_years_says_that_they_are_too_few(planted: Planted) -> None:
    results = planted("winner")
    sizes = results["action_sizes"].assign(weeks=next_tests.LONGEST + 1.0)
    lines = next_tests.test_lines(ActionResults(dict(results.tables) | {"action_sizes": sizes}), PAGE)
    assert lines and all("too few members" in line and "weeks" not in line for line in lines)


def test_rules_under_which_nobody_is_contacted_are_not_compared(planted: Planted) -> None:
    results = planted("winner")
    nothing = results["plan_value"].assign(gain=0.0, low=0.0, high=0.0)
    assert policies.policy_rows(ActionResults(dict(results.tables) | {"plan_value": nothing})).empty


def test_next_tests_leave_out_what_is_settled(planted: Planted) -> None:
    lines = next_tests.test_lines(planted("winner"), PAGE)
    assert len(lines) == 1, "neither what is shown, nor the coupon, which cannot pay"
    assert "3,200 members a side, drawn within 24 weeks" in lines[0] and "from 11.0% to 9.6%" in lines[0]
    table = next_tests.size_table(planted("winner"), PAGE)
    assert table["n_arm"].is_monotonic_increasing
    assert next_tests.test_lines(planted("not_run"), PAGE) == []


def test_likely_harm_is_told_until_it_is_shown(planted: Planted) -> None:
    results = planted("winner")
    rows = [
        {"campaign_id": "all", "action": action, "outcome": outcome, "stratum": "all", "note": note}
        for action, outcome, note in (("coupon", "opted_out", "harm"), ("mass_mail", "left", "harm"), ("price_match", "left", None))
    ]  # fmt: skip
    pooled = pd.DataFrame(rows).reindex(columns=results["action_tests"].columns)
    together = ActionResults(
        dict(results.tables) | {"action_tests": pd.concat([results["action_tests"], pooled])}
    )
    assert len(fairness.campaign_tests(together)) == 15
    lines = fairness.guard_lines(together, PAGE)
    assert fairness.guard_title(together, PAGE) == ["May do harm: Coupon."]
    assert fairness.likely_harm(results).empty
    assert len(lines) == 1 and lines[0].startswith("Coupon may do harm") and "opted out" in lines[0]


@pytest.mark.parametrize("why", ["no_budget", "nobody_may_be_contacted"])
def test_an_empty_plan_says_why(planted: Planted, why: str) -> None:
    results = planted("empty_plan")
    told = ActionResults(results.tables, {"plan": {"reason": why}})
    assert plan.plan_headline(told, PAGE)[0] == PAGE.say(f"action.plan_{why}", members="0")


def test_alerts_are_told_in_natural_frequencies_beside_silence(planted: Planted) -> None:
    lines = alerts.quality_lines(planted("winner"), PAGE)
    assert "**31** [28–34] leave" in lines[0] and "**18** [15–21]" in lines[1]
    assert "opted out of messages" in lines[-1] and "better than chance" in lines[-1]
    assert not any("rival opened" in line for line in lines), "its lift is above one"
    table = alerts.quality_table(planted("winner"), PAGE)
    assert table["source"].tolist()[:2] == ["model", "longest silence"]


def test_winback_stands_beside_what_returns_by_itself(planted: Planted) -> None:
    table = winback.winback_table(planted("winner"), PAGE)
    assert table[["members", "p_return", "expected_gain"]].iloc[0].tolist() == pytest.approx([40, 0.04, 320])
    assert "¥320 [≥ ¥40] after cost" in winback.winback_lines(planted("winner"), PAGE)[0]
    assert "No leaver" in winback.winback_lines(planted("not_run"), PAGE)[0]


def test_campaigns_without_lot_are_quoted_at_moderate_selection(planted: Planted) -> None:
    table = observed.observed_table(planted("winner"), PAGE)
    assert table["compared"].tolist() == ["+30 [+20 to +40]"]
    assert table["bounds"].tolist() == ["[−20 to +80]"]
    assert "reads +24 of 1,000 off" in observed.observed_lines(planted("winner"), PAGE)[1]


def test_tables_for_those_who_check(planted: Planted) -> None:
    assert len(fairness.test_table(planted("winner"), PAGE)) == 15
    belief = fairness.belief_table(planted("winner"), PAGE)
    assert belief["between"].iloc[0] == "[10% to 50%]"
    programme = fairness.ceiling_table(planted("winner"), PAGE)
    assert programme["between"].tolist() == ["[6% to 29%]"]


def test_lists_are_disjoint_and_sorted(planted: Planted) -> None:
    results = planted("winner")
    found = lists.member_lists(results)
    ids = pd.concat([part["member_id"] for part in (found.contact, found.ask, found.winback, found.silent)])
    assert ids.is_unique
    assert len(found.contact) == 620 and len(found.ask) == 60 and len(found.silent) == 30
    contact = lists.contact_table(found.contact, results, "en")
    assert contact["evidence"].tolist()[:2] == ["proven", "not proven yet"]
    assert contact["evidence"].tolist()[-1] == "drawn by lot"
    assert plan.proofs(pd.DataFrame({"action": ["unheard"], "evidence": ["untested"]}), results) == [
        "untested"
    ]
    assert lists.list_sizes(found.contact, results)["members"].sum() == 620
    assert len(lists.ask_table(found.ask, "en")) == 60
    assert lists.winback_rows(found.winback, results, "en")["low"].iloc[0] == "≥ ¥1"
    assert lists.silent_rows(found.silent, "zh")["days_silent"].tolist() == [50] * 30


def test_names_of_codes_and_of_unknown_ones() -> None:
    assert action_name("our_own_offer", "en") == "our_own_offer"
    assert names.cause_name("price,natural", "en") == "Price, Life change"
    assert names.cause_name(None, "en") == "no cause in particular"
    assert names.code_name("channel", "wechat", "zh") == "微信"
    assert names.code_name("channel", None, "en") == "–"
    assert names.each(pd.Series(["high", pd.NA]), "tier", "en") == ["high", "–"]
    assert names.reason_words("unheard,tenure_days", "en").startswith("unheard; ")
    assert "tenure_days" not in names.reason_words("unheard,tenure_days", "zh")
    assert names.stage_name("loyal", "zh") == "忠诚"
    assert effects.weakest_rung(pd.Series(["caused", "attributed"])) == "attributed"
    assert not effects.unworthy({"pays_from": np.nan, "high": 1.0})


def test_a_study_without_the_stage_reads_as_tables_without_rows(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from whychurn.contract.params import load_params
    from whychurn.contract.paths import StudyPaths

    study = StudyPaths(tmp_path)
    results = read_action(study, load_params(study))
    assert results["plan"].empty and "member_id" in results["plan"]
    assert results.as_of is None and results.told("plan") == {}
