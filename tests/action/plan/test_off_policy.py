"""Policies on randomised rows with planted effects: the value is found, and few matches are said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_programme import effects, ids, inputs

from whychurn.action.effects.efficacy import Effects
from whychurn.action.effects.estimates.randomised_rows import randomised_rows
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.inputs import Section
from whychurn.action.plan.dual import NOTHING
from whychurn.action.plan.gains import option_gains
from whychurn.action.plan.options import Option, Options
from whychurn.action.plan.value.later_waves import LaterWaves, later_waves
from whychurn.action.plan.value.model_value import believed_value
from whychurn.action.plan.value.off_policy import FEW, clustered, measured_values, policy_value
from whychurn.action.plan.value.policies import POLICIES, Setting, best_choice, blanket, highest_risk
from whychurn.action.playbook.read import load_playbook
from whychurn.contract.causes import CAUSES

HELD = [
    Option("coupon", ("price",), {"sms": 1.0}, None, None),
    Option("thank_you", ("engagement",), {"sms": 0.5}, None, None),
]
OPTIONS = Options(HELD, {}, True)
TRUE = {"coupon": {"price": 0.5}, "thank_you": {}}


def drawn(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of one test: a coupon that halves leavings for the price, a dud, and a control; half have the price as cause."""
    rng = np.random.default_rng(seed)
    state = pd.DataFrame(0.0, index=range(n), columns=[f"p_{cause}" for cause in CAUSES])
    state["p_price"] = rng.integers(0, 2, n)
    state["p_natural"] = 1 - state["p_price"]
    state = state.assign(member_id=ids(n), p_leave=rng.uniform(0.1, 0.5, n), d=0.0, margin_day=1.0, silence=1.0,
                         tier="low", terms=True)  # fmt: skip
    action = rng.choice(["coupon", "thank_you", "control"], n, p=[0.35, 0.35, 0.3])
    chance = state["p_leave"] * (1 - 0.5 * state["p_price"] * (action == "coupon"))
    rows = pd.DataFrame(
        {"member_id": ids(n), "action": action, "left": (rng.random(n) < chance).astype(int),
         "propensity": np.where(action == "control", 0.3, 0.35), "wave": np.arange(n) % 6}
    )  # fmt: skip
    return rows, state


@pytest.mark.parametrize("theta", [TRUE, {"coupon": {"price": 0.1}, "thank_you": {"price": 0.9}}])
def test_the_planted_value_is_within_the_interval_whatever_was_believed(
    theta: dict[str, dict[str, float]],
) -> None:
    inside = []
    for seed in range(20):
        rows, state = drawn(6000, seed)
        option = np.where(state["p_price"] == 1, 0, NOTHING)
        found = policy_value(rows, state, OPTIONS, option, effects(theta), 365, 0.95)
        truth = 1000 * (0.5 * state["p_leave"] * state["p_price"]).mean()
        inside.append(found["kept_low"] <= truth <= found["kept_high"])
        assert found["note"] is None and found["effective_n"] > 500
        assert found["contacts"] == (option == 0).sum() == found["cost"]
    assert sum(inside) >= 17


def test_nobody_contacted_is_worth_nothing_and_few_matches_are_said() -> None:
    rows, state = drawn(2000, 1)
    nothing = policy_value(rows, state, OPTIONS, np.full(2000, NOTHING), effects(TRUE), 365, 0.95)
    assert nothing["gain"] == nothing["kept_per_1000"] == 0 and nothing["note"] is None
    few = np.where(np.arange(2000) < 100, 0, NOTHING)
    found = policy_value(rows, state, OPTIONS, few, effects(TRUE), 365, 0.95)
    assert found["note"] == FEW and np.isnan(found["gain"]) and found["effective_n"] < 200


def test_rows_of_one_member_count_together() -> None:
    values = np.random.default_rng(1).normal(size=400)
    alone = clustered(values, pd.Series(range(400)), 0.95)
    twice = clustered(np.concatenate([values, values]), pd.Series([*range(400), *range(400)]), 0.95)
    assert twice == pytest.approx(alone)


def setting(known: Effects, belief: Effects, budget: float = 300.0) -> Setting:
    _, state = drawn(2000, 3)
    rng = np.random.default_rng(9)
    return Setting(
        state=state, options=OPTIONS, effects=known, gains=option_gains(state, HELD, known, 365),
        believed=(belief, option_gains(state, HELD, belief, 365)), may=state["p_leave"].to_numpy() > 0.12, budget=budget,
        evidence_needed="any", lot=(rng.random(2000), rng.random(2000)),
    )  # fmt: skip


@pytest.mark.parametrize("name", list(POLICIES))
def test_every_policy_keeps_to_budget_and_consent(name: str) -> None:
    at = setting(effects(TRUE), effects({"coupon": {}, "thank_you": {"natural": 0.3}}))
    option = POLICIES[name](at)
    costs = np.array([1.0, 0.5, 0.0])[option]
    assert costs.sum() <= 300 and at.may[option != NOTHING].all()
    assert (option != NOTHING).any() == (name != "none")


def test_policies_choose_as_they_are_called() -> None:
    at = setting(effects(TRUE), effects({"coupon": {}, "thank_you": {"natural": 0.3}}))
    risk = highest_risk(at)
    assert at.state["p_leave"][risk != NOTHING].min() >= at.state["p_leave"][at.may & (risk == NOTHING)].max()
    assert set(POLICIES["rule"](at)) == {0, NOTHING} and set(blanket(at)) == {0, NOTHING}
    assert set(POLICIES["random"](at)) == {0, 1, NOTHING} and set(POLICIES["playbook"](at)) == {1, NOTHING}
    chosen = best_choice(at, at.effects, at.gains)
    assert (chosen == POLICIES["plan"](at)).all() and (at.state["p_price"][chosen == 0] == 1).all()


def test_the_model_s_value_is_gains_less_cost() -> None:
    at = setting(effects(TRUE), effects(TRUE))
    option = POLICIES["plan"](at)
    none = np.full(2000, NOTHING), np.full(2000, np.nan)
    found = believed_value(at, option, none, 365, 0.95)
    chosen = option != NOTHING
    expected = (at.gains.gain[chosen, option[chosen]].sum() - chosen.sum()) / 2000
    assert found["gain"] == pytest.approx(expected, rel=1e-4) and found["low"] < found["gain"] < found["high"]


def test_without_tests_nothing_is_measured() -> None:
    base = inputs()
    entries = load_playbook(base.params)
    assert later_waves(base, entries, OPTIONS, Section({})) is None
    assert measured_values(base, entries, OPTIONS, Section({}), 1.0).empty


def test_earlier_waves_teach_and_later_ones_are_the_test() -> None:
    rows, state = drawn(9000, 5)
    wave = np.arange(9000) % 9
    sent = pd.Timestamp("2025-01-01") + pd.to_timedelta(28 * wave, unit="D")
    rows = rows.assign(
        wave=wave, sent_on=sent, snapshot_on=sent, campaign_id=[f"test-{one}" for one in wave], stratum="all"
    )
    rows = rows.sort_values(["wave", "member_id"])
    state = state.loc[rows.index]
    arrays = randomised_rows(
        rows, state["p_leave"].to_numpy(), state[Q_COLUMNS].to_numpy("float64"), np.zeros(len(rows))
    )
    known = Section({}, extra={"usable": rows.reset_index(drop=True), "arrays": arrays})
    base = inputs(n=9000)
    panel = base.panel.assign(spend_365d=100.0, tenure_days=365.0)
    base = inputs(n=9000, panel=panel)
    entries = load_playbook(base.params)
    later = later_waves(base, entries, OPTIONS, known)
    assert isinstance(later, LaterWaves) and sorted(later.rows["wave"].unique()) == [4, 5, 6, 7, 8]
    assert later.effects.theta[0, CAUSES.index("price")] == pytest.approx(0.5, abs=0.25)
    table = measured_values(base, entries, OPTIONS, known, 0.4).set_index("policy")
    assert set(table.index) == set(POLICIES) and (table["method"] == "aipw").all()
    assert table.loc["none", "gain"] == 0 and table.loc["plan", "kept_per_1000"] > 0
