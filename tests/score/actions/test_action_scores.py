"""Answers on actions beside planted truth, on tables of a few rows with scores that can be reckoned by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.score.actions.action_scores import TOLD, TRUTH, action_scores

Tables = dict[str, pd.DataFrame]


@pytest.fixture
def true() -> Tables:
    state = pd.DataFrame(
        {"member_id": list("abcd"), "present": [True, True, True, False], "dog": [True, False, False, False]}
    )
    options = pd.DataFrame(
        {
            "member_id": ["a", "a", "b", "b"],
            "action": "coupon",
            "channel": ["app", "sms", "app", "sms"],
            "gain": [-3.0, -2.0, 0.0, 12.0],
        }
    )
    touches = pd.DataFrame(
        {
            "campaign_id": ["test-1", "test-1", "test-1", "coupon-1"],
            "action": ["coupon", "coupon", "letter", "coupon"],
            "treated": True,
            "p_notice": [0.5, 1.0, 1.0, 1.0],
            "p_churn_untouched": [0.2, 0.2, 0.1, 0.9],
            "p_churn_touched": [0.1, 0.1, 0.15, 0.1],
        }
    )
    efficacy = pd.DataFrame(
        {"action": ["coupon", "letter", "gift"], "cause": "price", "kind": ["works", "wakes", "dud"]}
    )
    return dict(zip(TRUTH, (state, options, touches, efficacy), strict=True))


@pytest.fixture
def told() -> Tables:
    plan = pd.DataFrame(
        {
            "member_id": ["a", "b", "d", "c"],
            "action": ["coupon", "coupon", "coupon", "none"],
            "channel": ["app", None, "sms", None],
            "role": ["policy", "policy", "explore", "hold_out"],
            "gain": [5.0, 6.0, 1.0, 0.0],
            "cost": [1.0, 1.0, 1.0, 0.0],
        }
    )
    playbook = pd.DataFrame(
        {"action": ["coupon", "letter", "gift"], "tested": ["shown", "not_shown", "shown"]}
    )
    effects = pd.DataFrame(
        {
            "action": ["coupon", "letter", "gift"],
            "cause": "all",
            "horizon_days": 90,
            "treated": [100, 100, 100],
            "effect": [-0.07, 0.01, 0.0],
            "low": [-0.09, -0.01, -0.02],
            "high": [-0.05, 0.02, 0.02],
        }
    )
    return dict(zip(TOLD, (plan, playbook, effects), strict=True))


def scores(told: Tables, true: Tables, at_once: bool = True) -> dict[str, float]:
    return action_scores(told, true, at_once).set_index("measure")["value"].to_dict()


def test_scores_by_hand(told: Tables, true: Tables) -> None:
    found = scores(told, true)
    assert found["effects_compared"] == 2  # the gift was in no test that is on record as truth
    assert found["effects_covered"] == 0.5  # coupon: -.075 is held; letter: +.05 is not
    assert found["effect_error"] == pytest.approx((0.005 + 0.04) / 2)
    assert (found["duds_called_shown"], found["works_called_shown"], found["harm_avoided"]) == (1, 1, 1)
    assert found["plan_contacts"] == 3
    assert found["plan_gain_true"] == pytest.approx(
        (-3 + 12 + 0 - 3) / 3
    )  # d is gone; b's first channel is sms
    assert found["plan_gain_told"] == pytest.approx((12 - 3) / 3)
    assert found["gone_contacted"] == pytest.approx(1 / 3)
    assert found["dogs_contacted"] == pytest.approx(0.5 / (1 / 3))


def test_with_terms_effects_are_not_compared(told: Tables, true: Tables) -> None:
    assert not {"effects_compared", "effects_covered"} & set(scores(told, true, at_once=False))


def test_an_empty_plan_and_no_tests(told: Tables, true: Tables) -> None:
    nothing = {name: table.iloc[:0] for name, table in told.items()}
    assert scores(nothing, true) == {"effects_compared": 0, "plan_contacts": 0}


def test_a_harmful_action_in_the_plan_is_not_avoided(told: Tables, true: Tables) -> None:
    plan = told["plan"].assign(action=["letter", "coupon", "coupon", "none"])
    assert scores({**told, "plan": plan}, true)["harm_avoided"] == 0
