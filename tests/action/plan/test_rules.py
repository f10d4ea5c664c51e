"""Rules that no gain overrides: harm, doubt, actions without a cause, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_programme import effects, inputs

from whychurn.action.plan.dual import NOTHING, Candidates, Caps, Choice, choose
from whychurn.action.plan.gains import (
    OptionGains,
    decay_of,
    is_barred,
    may_be_chosen,
    net_where_chosen,
    option_gains,
    second_gain,
)
from whychurn.action.plan.options import Option
from whychurn.action.plan.state import decision_state, eligible_today, may_be_contacted
from whychurn.action.playbook.read import load_playbook

COUPON = Option("coupon", ("price",), {"sms": 1.0}, None, None)
LETTER = Option("member_letter", (), {"sms": 1.0}, None, None)


@pytest.mark.parametrize(
    ("option", "tested", "needed", "barred"),
    [
        (COUPON, "shown", "any", False), (COUPON, "not_shown", "any", False), (COUPON, "harmful", "any", True),
        (COUPON, "untested", "any", False), (COUPON, "untested", "tested", True), (LETTER, "shown", "any", False),
        (LETTER, "not_shown", "any", True), (LETTER, "untested", "any", True),
    ],
)  # fmt: skip
def test_who_is_barred(option: Option, tested: str, needed: str, barred: bool) -> None:
    known = effects({option.action: {"price": 0.3}}, {option.action: tested})
    assert is_barred(option, known, needed) is barred


@pytest.mark.parametrize(
    ("factor", "tested", "barred"),
    [(0.2, "not_shown", True), (0.9, "not_shown", False), (0.2, "shown", False)],
)
def test_a_test_that_speaks_against_an_action_bars_it(factor: float, tested: str, barred: bool) -> None:
    known = replace(effects({"coupon": {"price": 0.3}}, {"coupon": tested}), bayes_factor=np.array([factor]))
    assert is_barred(COUPON, known, "any") is barred


def test_doubt_harm_and_rules_keep_members_out() -> None:
    gains = OptionGains(
        gain=np.ones((4, 1)), change=np.array([[-0.1], [-0.1], [0.1], [-0.1]]),
        p_pays=np.array([[0.6], [0.4], [0.6], [0.6]]), hopeful=np.ones((4, 1)),
        allowed=np.array([[True], [True], [True], [False]]), money=True,
    )  # fmt: skip
    known = effects({"coupon": {"price": 0.3}})
    assert may_be_chosen(COUPON, known, gains, 0, "any").tolist() == [True, False, False, False]
    assert gains.net(0, 0.25).tolist() == [0.75] * 4
    net = net_where_chosen([COUPON], known, gains, "any", np.array([True, True, True, False]))
    assert np.isnan(net[1:, 0]).all() and net[0, 0] == gains.net(0, COUPON.cost)[0]


def test_a_second_contact_on_the_same_cause_adds_less_than_it_would_alone() -> None:
    state = decision_state(inputs(), None)
    known = effects({"coupon": {"price": 0.5}, "discount": {"price": 0.5}})
    alone = option_gains(state, [COUPON], known, 365).gain[:, 0]
    first = np.full(len(state), "coupon", dtype=object)
    added = second_gain(state, first, "discount", known, 14, 365)
    assert (added > 0).all() and (added < alone).all()
    assert decay_of(known, "coupon").half_life_weeks == 16


def test_who_is_eligible_today_has_the_cause_and_consents() -> None:
    base = inputs()
    state = decision_state(base, None)
    coupon = next(one for one in load_playbook(base.params) if one.action == "coupon")
    assert (eligible_today(state, coupon) == state["cause"].eq("price").to_numpy()).all()
    assert not eligible_today(state.assign(consent=False), coupon).any()


def test_refusing_marketing_or_opting_out_is_no() -> None:
    base = inputs(n=3)
    members = base.tables["members"].assign(marketing_consent=pd.array([True, False, True], dtype="boolean"))
    panel = base.panel.assign(opted_out=pd.array([False, False, True], dtype="boolean"))
    assert may_be_contacted(inputs(n=3, tables={"members": members}), panel).tolist() == [True, False, False]


def test_a_choice_of_nothing_has_no_price() -> None:
    found = choose(
        Candidates.of(np.full((3, 1), np.nan), np.ones((3, 1)), np.zeros((1, 0))), Caps(1.0, np.zeros(0))
    )
    assert isinstance(found, Choice) and (found.option == NOTHING).all() and found.money == 0
