"""Hold-out, exploration, options, channels and days: each by itself, with known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_programme import AS_OF, effects, ids, inputs, no_touches, touches

from whychurn.action.plan.belief import believed_effects, beside
from whychurn.action.plan.dual import NOTHING
from whychurn.action.plan.exploration import FLOOR, chances, explore, information, open_options
from whychurn.action.plan.gains import chance_to_decide, gain_draws, money_known, option_gains, worth_a_day
from whychurn.action.plan.holdout import held_out, lot_numbers
from whychurn.action.plan.options import Option, build_options, stated_caps
from whychurn.action.plan.playbook_table import playbook_table
from whychurn.action.plan.schedule import channels_of, days_of
from whychurn.action.plan.state import clearest_cause, decision_state, eligible, known_reach
from whychurn.action.playbook.read import load_playbook
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params

COUPON = Option("coupon", ("price",), {"app": 1.0, "sms": 2.0}, None, None)
CALL = Option("service_callback", ("product_service",), {"call": 9.0}, "call", None)


def test_hold_out_is_the_same_for_a_year_and_has_its_share() -> None:
    members = ids(20_000)
    first = held_out(members, pd.Timestamp("2026-01-01"), 0.1, 7)
    assert first.mean() == pytest.approx(0.1, abs=0.01)
    assert (first == held_out(members, pd.Timestamp("2026-11-30"), 0.1, 7)).all()
    later = held_out(members, pd.Timestamp("2027-01-01"), 0.1, 7)
    assert (first & later).mean() == pytest.approx(0.01, abs=0.004)
    assert (first <= held_out(members, pd.Timestamp("2026-01-01"), 0.2, 7)).all()


def test_lots_of_one_plan_are_not_those_of_another_purpose_or_of_who_is_held_out() -> None:
    members = ids(5000)
    one, other = (lot_numbers(members, AS_OF, 7, purpose) for purpose in ("explore", "action"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05 and one.min() >= 0 and one.max() < 1
    out = held_out(members, AS_OF, 0.3, 7)
    assert one[out].mean() == pytest.approx(0.5, abs=0.03)


def test_chances_follow_what_is_learnt_with_a_floor() -> None:
    worth = np.array([[8.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    open_ = np.array([[True, True, True], [False, False, False]])
    found = chances(worth, open_)
    assert found[0].sum() == pytest.approx(1) and found[1].sum() == 0
    assert found[0, 0] == pytest.approx(FLOOR + 0.85 * 0.8) and found[0].min() >= FLOOR


def test_what_one_contact_teaches() -> None:
    state = pd.DataFrame(
        {
            "p_leave": [0.2],
            **{
                f"p_{one}": [0.0]
                for one in ("product_service", "personalization", "engagement", "competition", "natural")
            },
            "p_price": [1.0],
        }
    )
    assert information(state, [COUPON])[0, 0] == pytest.approx(0.2**2 / (0.2 * 0.8))
    assert information(state, [Option("letter", (), {}, None, None)])[0, 0] == pytest.approx(
        (0.2 / 6) ** 2 / 0.16
    )


def test_exploration_keeps_to_its_money_and_draws_with_the_stated_chances() -> None:
    n, rng = 30_000, np.random.default_rng(2)
    open_, worth = np.ones((n, 2), dtype=bool), np.tile([3.0, 1.0], (n, 1))
    option, chance = explore(open_, worth, np.array([1.0, 1.0]), 10_000.0, rng.random(n), rng.random(n))
    chosen = option != NOTHING
    assert chosen.sum() == 10_000
    assert (option[chosen] == 0).mean() == pytest.approx(chance[option == 0][0], abs=0.02)
    nobody, _ = explore(open_ & False, worth, np.array([1.0, 1.0]), 10.0, rng.random(n), rng.random(n))
    assert (nobody == NOTHING).all()


def test_members_from_whom_more_is_learnt_come_first_more_often() -> None:
    n, rng = 4000, np.random.default_rng(4)
    worth = np.where(np.arange(n) % 2, 4.0, 1.0)[:, None]
    option, _ = explore(np.ones((n, 1), bool), worth, np.ones(1), 400.0, rng.random(n), rng.random(n))
    chosen = np.flatnonzero(option != NOTHING)
    assert (chosen % 2).mean() == pytest.approx(0.8, abs=0.06)


def test_what_is_sure_harmful_or_too_dear_is_not_explored() -> None:
    state = decision_state(inputs(), None)
    known = effects(
        {"coupon": {"price": 0.5}, "discount": {"price": 0.1}, "thank_you": {"price": 0.1}, "newsletter": {"price": 0.1}},
        {"coupon": "shown", "discount": "harmful", "thank_you": "not_shown", "newsletter": "untested"}, sd=0.1,
    )  # fmt: skip
    held = [
        Option(name, ("price",), {"sms": {"coupon": 0.0, "thank_you": 1e6}.get(name, 1.0)}, None, None)
        for name in known.actions
    ]
    found = open_options(held, known, option_gains(state, held, known, 365), np.ones(len(state), bool)).any(
        axis=0
    )
    assert found.tolist() == [False, False, False, True]


def test_options_are_what_is_on_record_with_its_costs_and_capped_channels_apart() -> None:
    base = inputs(params={"action": {"contacts": {"call": 50}}})
    found = build_options(base, load_playbook(base.params))
    assert [(one.action, one.capped, one.cost) for one in found.held] == [
        ("coupon", None, 5.0),
        ("service_callback", "call", 9.0),
    ]
    assert found.capacity == {"call": 200.0} and not found.inferred and found.costs_known and found.proven
    assert found.uses().tolist() == [[0.0], [1.0]]


def test_stated_costs_go_before_those_on_record_and_own_actions_are_added() -> None:
    own = {
        "coupon": {"channels": {"app": 1.0}, "cost": 2.0},
        "tea": {"causes": ["engagement"], "channels": {"sms": 3.0}},
    }
    base = inputs(params={"action": {"actions": own}})
    costs = {one.action: one.cost for one in build_options(base, load_playbook(base.params)).held}
    assert costs == {"coupon": 3.0, "service_callback": 9.0, "tea": 3.0}


def test_an_action_that_no_entry_names_and_touches_without_channel_or_cost() -> None:
    rows = touches(50, {"tea_party": ("", 4.0), "coupon": ("", np.nan)})
    rows["channel"] = pd.Series([None] * 50, dtype="string")
    base = inputs(tables={"touches": rows})
    found = {one.action: one for one in build_options(base, load_playbook(base.params)).held}
    assert found["tea_party"].causes == () and found["tea_party"].cost == 4.0
    assert found["coupon"].cost == pytest.approx(15.05)  # as the playbook believes


def test_without_touches_the_playbook_is_proposed_and_nothing_is_proven() -> None:
    base = inputs(tables={"touches": no_touches()})
    found = build_options(base, load_playbook(base.params))
    assert len({one.action for one in found.held}) > 15 and not found.proven
    assert not {"return_bonus", "mend_quality"} & {one.action for one in found.held}


def test_caps_are_read_from_channels_and_contacts() -> None:
    params = Params.model_validate(
        {"action": {"contacts": {"call": 9}, "channels": {"app": {"a_week": 5, "needs": "has_app"}}}}
    )
    assert stated_caps(params) == {"call": 9, "app": 5}


def test_the_cheapest_channel_by_which_a_member_is_known_to_be_reached() -> None:
    reach = np.array([[1, 1], [0, 1], [np.nan, np.nan], [0, 0], [np.nan, 1]], dtype=float)
    channel, cost, reached = channels_of(np.zeros(5, int), [COUPON], reach, ["app", "sms"])
    assert channel.tolist()[:2] == ["app", "sms"] and channel[2] is None and channel[4] == "sms"
    assert cost.tolist()[:3] == [1.0, 2.0, 1.5] and reached.tolist() == [True, True, True, False, True]


def test_who_is_known_to_have_a_channel() -> None:
    base = inputs(params={"action": {"channels": {"app": {"needs": "has_app"}}}})
    state = decision_state(base, None)
    found = known_reach(base, state, ["app", "sms"])
    has = base.tables["members"].set_index("member_id")["has_app"].reindex(state["member_id"]).to_numpy(bool)
    assert (found[:, 0] == has).all() and set(found[~np.isnan(found[:, 1]), 1]) == {1.0}


def test_weeks_of_a_capped_channel_fill_up_one_after_the_other() -> None:
    capped = np.array(["call"] * 9 + [None], dtype=object)
    assert days_of(capped, {"call": 2}).tolist() == [0, 0, 8, 8, 15, 15, 22, 22, -1, 0]


def test_a_cause_is_named_where_it_is_clear() -> None:
    mix = np.array([[0.5, 0.1, 0.1, 0.1, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2, 0.1, 0.1]])
    assert clearest_cause(mix).tolist() == ["product_service", "unknown"]


def test_rules_of_the_playbook() -> None:
    state = pd.DataFrame({"tier": ["high", "low", None], "terms": [False, True, True]})
    assert eligible(state, "tier=high").tolist() == [True, False, False]
    assert eligible(state, "terms,tier=low").tolist() == [False, True, False]
    assert eligible(state.assign(tier=None), "tier=high").all() and eligible(state, None).all()


def test_a_day_is_worth_the_margin_or_a_part_of_a_member_kept() -> None:
    state = pd.DataFrame({"margin_day": [2.0, np.nan, 4.0]})
    assert worth_a_day(state, 365).tolist() == [2.0, 3.0, 4.0] and money_known(state)
    none = state.assign(margin_day=np.nan)
    assert worth_a_day(none, 365) == pytest.approx(1 / 365) and not money_known(none)


def test_of_members_with_terms_open_decisions_and_days_after_the_term_count() -> None:
    state = decision_state(inputs(), None)
    assert (chance_to_decide(state) == state["p_leave"]).all() and "p_decide" not in state
    known = effects({"coupon": {"price": 0.4}})
    whole = option_gains(state, [COUPON], known, 365).gain[:, 0]
    decided = state.assign(p_decide=0.0, in_time=1.0)
    assert not chance_to_decide(decided).any() and not option_gains(decided, [COUPON], known, 365).gain.any()
    late = state.assign(p_decide=state["p_leave"], in_time=0.25)
    assert option_gains(late, [COUPON], known, 365).gain[:, 0] == pytest.approx(whole / 4, rel=1e-5)


def test_draws_of_gains_are_around_the_gain() -> None:
    state = decision_state(inputs(), None)
    known = effects({"coupon": {"price": 0.4}})
    gains = option_gains(state, [COUPON], known, 365)
    draws, change = gain_draws(state, np.full(len(state), "coupon", dtype=object), known, 365)
    assert draws.shape == change.shape == (40, len(state))
    assert draws.mean(axis=0) == pytest.approx(gains.gain[:, 0], rel=0.1)
    assert (gains.change <= 0).all()


def test_the_chance_to_pay_is_that_of_a_gain_above_the_cost() -> None:
    state, dear = decision_state(inputs(), None), Option("coupon", ("price",), {"call": 40.0}, "call", None)
    known = effects({"coupon": {"price": 0.4}}, sd=0.3)
    gains = option_gains(state, [COUPON, dear], known, 365)
    draws, _ = gain_draws(state, np.full(len(state), "coupon", dtype=object), known, 365)
    for at, cost in ((0, COUPON.cost), (1, 40.0)):
        assert gains.p_pays[:, at] == pytest.approx((draws > cost).mean(axis=0), abs=0.08)
    assert (gains.p_pays[:, 1] < gains.p_pays[:, 0]).mean() > 0.5
    moneyless = option_gains(state.assign(margin_day=np.nan), [COUPON, dear], known, 365)
    assert (
        moneyless.p_pays[:, 0] == moneyless.p_pays[:, 1]
    ).all()  # members kept cannot be set against a cost


def test_belief_is_what_the_playbook_says_less_duds_and_can_stand_beside_tests() -> None:
    params = inputs().params
    belief = believed_effects(load_playbook(params), ["coupon", "tea_party"], params.action, draws=40)
    assert belief.theta[0, 1] == pytest.approx(0.7 * 0.35) and (belief.theta[1] == 0).all()
    both = beside(effects({"price_match": {"competition": 0.5}}), belief)
    assert both.actions == ["price_match", "coupon", "tea_party"] and both.theta_draws.shape == (40, 3, 6)
    assert both.tested["tea_party"] == "untested"


def test_the_playbook_table_counts_members_and_hides_few() -> None:
    base = inputs()
    state, entries = decision_state(base, None), load_playbook(base.params)
    shares = pd.DataFrame(
        {
            "cause": ["price"],
            "share": [0.4],
            "avoidable_share": [0.2],
            "avoidable_low": [0.1],
            "avoidable_high": [0.3],
        }
    )
    table = playbook_table(
        entries, state, effects({"coupon": {"price": 0.4}}), shares, base.params
    ).set_index(["action", "cause"])
    assert table.loc[("coupon", "price"), ["theta", "members", "ceiling"]].tolist() == [0.4, 200.0, 0.2]
    assert table.loc[("coupon", "price"), "low"] < 0.4 < table.loc[("coupon", "price"), "high"]
    few = playbook_table(entries, state.head(6), effects({}), shares, base.params).set_index(
        ["action", "cause"]
    )
    assert np.isnan(few.loc[("coupon", "price"), "members"])
    assert table.loc[("plan_tiers", "price"), "kind"] == "programme" and np.isnan(
        table.loc[("plan_tiers", "price"), "theta"]
    )


@pytest.mark.parametrize("blocks", [2, 7])
def test_gains_are_the_same_bytes_in_any_number_of_blocks(
    blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    members = 1003
    state = pd.DataFrame(
        rng.dirichlet(np.ones(len(CAUSES)), members), columns=[f"p_{cause}" for cause in CAUSES]
    )
    state = state.assign(
        member_id=ids(members), p_leave=rng.uniform(0.01, 0.6, members), d=rng.exponential(0.3, members),
        margin_day=rng.exponential(2.0, members), tier="low", terms=True,
    )  # fmt: skip
    known = effects({"coupon": {"price": 0.4}, "service_callback": {"product_service": 0.2}})
    whole = option_gains(state, [COUPON, CALL], known, 365)
    monkeypatch.setattr("whychurn.action.plan.gains.BLOCK", -(-members // blocks))
    parts = option_gains(state, [COUPON, CALL], known, 365)
    for name in ("gain", "change", "p_pays", "hopeful", "allowed"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    assert len(np.unique(whole.gain)) > members
