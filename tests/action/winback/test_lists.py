"""Who is invited back, with what, and what it is expected to bring."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.inputs import ActionInputs
from whychurn.action.winback.lists import Valued, winback_list
from whychurn.action.winback.options import Option, reachable, winback_beliefs, winback_options
from whychurn.action.winback.return_model import ReturnModel, Term
from whychurn.action.winback.second_life import SecondLife
from whychurn.contract.params import Params

LIFE = SecondLife(0.5, {}, 0, 0)
COUPON, LETTER = Option("coupon_back", "sms", None, 2.0), Option("letter", "email", None, 0.1)


def _model() -> ReturnModel:
    """A chance of 1 - exp(-.1) in 180 days; the coupon doubles the hazard of price leavers at first, the letter does nothing."""
    terms = [Term("level"), Term("arm", "coupon_back", "price")]
    mean = np.array([np.log(0.1 / 180), np.log(2)])
    return ReturnModel(terms, mean, np.diag([0.0, 0.04]))


def _faded(log_ratio: float) -> float:
    """Mean ratio over 60 days at full strength and 120 at half."""
    return float((60 * np.exp(log_ratio) + 120 * np.exp(log_ratio / 2)) / 180)


def _leavers(leavers: SimpleNamespace, margin: list[float], causes: list[str]) -> pd.DataFrame:
    rows = pd.concat([leavers.mix(cause, 1) for cause in causes], ignore_index=True)
    return rows.assign(
        member_id=[f"m{number}" for number in range(len(rows))], cause=causes, daily_margin=margin, days_since=50,
        left_on=leavers.day(600),
    )  # fmt: skip


def _given(leavers: SimpleNamespace, **params: Any) -> ActionInputs:
    return leavers.inputs({"m0": [1], "m1": [1], "m2": [1]}, {}, params=params)


def test_gain_is_the_rise_times_the_second_life_less_the_cost(leavers: SimpleNamespace) -> None:
    valued = Valued(_model(), LIFE, [COUPON, LETTER], frozenset({"coupon_back"}))
    rows = _leavers(leavers, [1.0, 2.0, 1.0], ["price", "price", "natural"])
    table = winback_list(rows, valued, _given(leavers))
    assert table["member_id"].tolist() == ["m1", "m0"]  # natural: nothing brings more than it costs
    # half a life, of the 275 days that are left when somebody returns after 90 of 365
    rise = np.exp(-0.1) - np.exp(-0.1 * _faded(np.log(2)))
    assert table["expected_gain"].tolist() == pytest.approx([rise * 275 - 2, rise * 137.5 - 2])
    assert table["p_return"].tolist() == pytest.approx([1 - np.exp(-0.1)] * 2)
    assert table["p_return_touched"].tolist() == pytest.approx([1 - np.exp(-0.1 * _faded(np.log(2)))] * 2)
    weakest = np.exp(-0.1) - np.exp(-0.1 * _faded(np.log(2) - 1.959964 * 0.2))
    assert table["low"].tolist() == pytest.approx([weakest * 275 - 2, weakest * 137.5 - 2], rel=1e-5)
    assert table["action"].tolist() == ["coupon_back"] * 2 and table["evidence"].tolist() == ["tested"] * 2
    assert table["reasons"].tolist() == ["cause_known,left_lately,high_margin", "cause_known,left_lately"]


def test_what_costs_more_than_it_brings_is_not_listed(leavers: SimpleNamespace) -> None:
    dear = Valued(_model(), LIFE, [Option("coupon_back", "sms", None, 50.0)], frozenset())
    assert winback_list(_leavers(leavers, [1.0], ["price"]), dear, _given(leavers)).empty
    nobody = _leavers(leavers, [1.0], ["price"]).head(0)
    assert winback_list(nobody, dear, _given(leavers)).empty


def test_only_tested_offers_where_evidence_is_needed(leavers: SimpleNamespace) -> None:
    rows = _leavers(leavers, [1.0], ["price"])
    untested = Valued(_model(), LIFE, [COUPON], frozenset())
    assert winback_list(rows, untested, _given(leavers))["evidence"].tolist() == ["untested"]
    assert winback_list(rows, untested, _given(leavers, evidence_needed="tested")).empty


def test_without_money_the_rise_of_the_chance_orders_the_list(leavers: SimpleNamespace) -> None:
    valued = Valued(_model(), LIFE, [COUPON], frozenset())
    table = winback_list(_leavers(leavers, [np.nan, np.nan], ["price", "natural"]), valued, _given(leavers))
    assert table["member_id"].tolist() == ["m0"]
    assert (
        table[["expected_gain", "second_life_value", "low"]].isna().all(axis=None)
        and table["tier"].isna().all()
    )


def test_nobody_is_reached_through_a_channel_that_he_lacks(leavers: SimpleNamespace) -> None:
    given = _given(leavers, channels={"sms": {"needs": "has_sms"}})
    flags = given.tables["members"].assign(has_sms=pd.array([True, False, None], dtype="boolean"))
    given.tables["members"] = flags  # type: ignore[index]
    assert reachable(given, flags["member_id"], "sms").tolist() == [True, False, False]
    assert reachable(given, flags["member_id"], "email").all()
    valued = Valued(_model(), LIFE, [COUPON], frozenset())
    rows = _leavers(leavers, [1.0, 1.0], ["price", "price"])
    assert winback_list(rows, valued, given)["member_id"].tolist() == ["m0"]


def test_beliefs_and_options_come_from_the_playbook_and_recorded_costs_go_before(
    leavers: SimpleNamespace,
) -> None:
    own = {
        "letter_back": {
            "causes": ["price"],
            "for": "left",
            "channels": {"post": 4.0},
            "cost": 1.0,
            "belief": 0.5,
        }
    }
    given = _given(leavers, actions=own)
    assert winback_beliefs(given.params)["letter_back"] == {"price": pytest.approx(np.log(2))}
    assert "coupon" not in winback_beliefs(Params())
    drawn = leavers.touches(
        [("a", "w", 1, "letter_back"), ("b", "w", 1, "gift"), ("c", "w", 1, "gift"), ("d", "w", 1, "control")],
        channel=["post", "call", "call", None], cost=[9.0, 3.0, 5.0, 0.0], offer=[None, "big", "small", None],
    )  # fmt: skip
    options = {(one.action, one.channel, one.offer): one.cost for one in winback_options(given, drawn)}
    assert options["letter_back", "post", None] == 9.0
    assert options["gift", "call", "big"] == 3.0 and options["gift", "call", "small"] == 5.0
    assert not any(action == "control" for action, _, _ in options)
    plain = {(one.action, one.channel): one.cost for one in winback_options(given, drawn.head(0))}
    assert plain["letter_back", "post"] == 5.0
