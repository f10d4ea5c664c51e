"""Futures: drawn whatever is planned; stays, second lives and contacts carried as chances, by hand where it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from whychurn.world.futures.contacts_ahead import Carried, carried_out, with_notice
from whychurn.world.futures.future import Future, continue_history, draw_future
from whychurn.world.futures.later_market import later_scenario
from whychurn.world.futures.margin import weekly_margin
from whychurn.world.futures.option_gains import (
    NoticedGains,
    action_gains,
    believed_factors,
    noticed_gains,
)
from whychurn.world.futures.second_lives import (
    return_chances,
    returned_by,
    second_life_values,
    value_after_leaving,
)
from whychurn.world.futures.standing import Standing, standing_of
from whychurn.world.futures.stays import Terms, chance_to_leave, share_present, terms_of
from whychurn.world.futures.values import Prospects, prospects
from whychurn.world.lives.action_effects import reach_chance
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.clock import NEVER
from whychurn.world.setting.scenario import Scenario
from whychurn.world.truth.option_gains import FUTURES, truth_of_decision_day

Ahead = tuple[SimulatedLives, Scenario, Standing, Future, Prospects]
AT_ONCE = Terms(None, np.array([NEVER]), 0)


@pytest.fixture(scope="module")
def ahead(simulated: Callable) -> Callable[..., Ahead]:
    """Everything about one future of a small world, by programme."""

    def of(program: str = "shop", number: int = 0) -> Ahead:
        lives, scenario = simulated(members=800, program=program)
        standing = standing_of(scenario, lives)
        future = draw_future(scenario, lives, standing, 0, number)
        return lives, scenario, standing, future, prospects(future, lives.members, standing)

    return of


def contacts(*rows: tuple[int, str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["position", "action", "channel", "week"])


def test_a_window_runs_on_as_it_was(simulated: Callable) -> None:
    """Prices and exposures of the window stay as they were; only weeks after it are new."""
    lives, scenario = simulated(members=800)
    later, seen = later_scenario(scenario, 0, 20), scenario.clock.weeks
    assert later.clock.weeks == seen + 20
    assert np.array_equal(later.market.own[:seen], scenario.market.own)
    rng = np.random.default_rng(0)
    exposures, levels = continue_history(later, lives.members, lives.history, rng)
    for name, dose in lives.history.exposures.items():
        assert np.allclose(exposures[name][: seen - 1], dose[: seen - 1], atol=1e-5), name
        assert len(exposures[name]) == seen + 20
    step = levels["own_price"][seen] / levels["own_price"][seen - 1]
    assert np.all(step < 1.2) and np.all(step > 0.99)


def test_futures_differ_by_number_and_are_the_same_each_time(ahead: Callable) -> None:
    one, again, other = ahead()[3], ahead()[3], ahead(number=1)[3]
    assert np.array_equal(one.excess, again.excess) and np.array_equal(one.margin, again.margin)
    assert not np.array_equal(one.excess, other.excess)
    assert np.array_equal(one.base, other.base)  # nothing of it is drawn in the future


def test_who_stays_is_the_hazard_summed() -> None:
    hazard = np.array([[0.1], [0.2], [0.0]])
    share = share_present(hazard, AT_ONCE)
    assert share.ravel() == pytest.approx(np.exp([-0.05, -0.2, -0.3]))
    assert chance_to_leave(hazard, AT_ONCE, 14) == pytest.approx(1 - np.exp(-0.3))
    assert chance_to_leave(hazard, AT_ONCE, 10) == pytest.approx(1 - np.exp(-0.1 - 0.2 * 3 / 7))
    with pytest.raises(ValueError, match="22 days"):
        chance_to_leave(hazard, AT_ONCE, 22)


def test_with_terms_leaving_takes_effect_at_their_end() -> None:
    hazard, effective = np.array([[0.1], [0.2], [0.3]]), np.array([[0], [0], [2]])
    terms = Terms(effective, np.array([NEVER]), 0)
    assert share_present(hazard, terms).ravel() == pytest.approx([1, 1, np.exp(-0.3)])
    leaving = Terms(effective, np.array([9]), 0)  # decided before: off the books after day 9
    assert share_present(hazard, leaving).ravel().tolist() == [1, 0, 0]
    assert leaving.of(np.array([0])).leaving_on.tolist() == [9]


@pytest.mark.parametrize("program", ["gym", "school"])
def test_decisions_take_effect_no_earlier_than_taken(ahead: Callable, program: str) -> None:
    lives, _, standing, future, _ = ahead(program)
    effective = terms_of(future, lives.members, standing).effective
    assert effective is not None
    assert np.all(np.diff(effective, axis=0) >= 0)
    assert np.all(effective <= np.arange(1, future.weeks + 1)[:, None])
    assert effective[-1].max() > 0


def test_a_kept_member_by_hand(ahead: Callable) -> None:
    """Two weeks, hazard .5 each, margin 10 a week, nobody returns: 10 e^-.25 + 10 e^-.75; without the second hazard more."""
    _, scenario, standing, future, known = ahead()
    quiet = replace(scenario, programme=scenario.programme.model_copy(update={"returning": 0.0}))
    small = Future(
        scenario=quiet,
        first=future.first,
        base=np.full((6, 2, 1), 0.5 / 6, "float32"),
        excess=np.zeros((6, 2, 1), "float32"),
        margin=np.full((2, 1), 10, "float32"),
    )
    terms = Terms(None, np.array([NEVER]), future.first)
    case = replace(
        known,
        future=small,
        terms=terms,
        by_cause=small.base,
        untouched=small.base.sum(axis=0),
        worth=small.margin,
        at_once=np.zeros(1),
        standing=replace(standing, tempo=np.ones(1)),
    )
    who = np.array([0])
    by_hand = 10 * np.exp(-0.25) + 10 * np.exp(-0.75)
    assert case.value(case.untouched, who) == pytest.approx(by_hand)
    halved = case.hazard(who, np.full((6, 2, 1), 0.5))
    assert case.value(halved, who) == pytest.approx(10 * np.exp(-0.125) + 10 * np.exp(-0.375))
    assert case.stay(halved, who) == pytest.approx(np.exp(-0.375))
    only_one_cause = np.ones((6, 2, 1))
    only_one_cause[0] = 0  # a sixth of the hazard
    assert case.hazard(who, only_one_cause).ravel() == pytest.approx([0.5 * 5 / 6] * 2)


def test_second_lives_by_hand(ahead: Callable) -> None:
    lives, scenario, _, future, _ = ahead()
    n = lives.members.size
    hazard = np.full((future.weeks, n), 0.1)
    flat = replace(future, margin=np.full((future.weeks, n), 10.0, "float32"))
    values = second_life_values(flat, lives.members, hazard, 1.5)
    assert values[-1].max() == 0
    assert values[-2] == pytest.approx(10 * np.exp(-0.075), rel=1e-5)
    assert values[-3] == pytest.approx(10 * np.exp(-0.075) + 10 * np.exp(-0.15 - 0.075), rel=1e-5)
    programme = scenario.programme
    assert returned_by(programme, np.array([programme.return_weeks])) == pytest.approx(
        programme.returning / 2
    )
    chance = return_chances(programme, np.array([0.0]), 500)
    assert chance.sum() == pytest.approx(programme.returning, rel=1e-3)
    after = value_after_leaving(programme, values)
    by_hand = sum(
        (returned_by(programme, np.array(week + 1.0)) - returned_by(programme, np.array(float(week))))
        * values[week, 0]
        for week in range(future.weeks)
    )
    assert after[0, 0] == pytest.approx(float(by_hand), rel=1e-4)
    assert after[-1].max() == 0


def test_margin_is_what_members_spend_or_pay(ahead: Callable) -> None:
    """Expected margin of a week over all members is near the margin on orders and fees of the window."""
    for program in ("shop", "gym"):
        lives, scenario, _, future, _ = ahead(program)
        window = weekly_margin(scenario, lives.members, lives.history.levels["discount"], 0)
        assert window.shape == lives.history.levels["discount"].shape
        assert future.margin.mean() == pytest.approx(window.mean(), rel=0.3)
        assert np.all(future.margin >= 0)


def test_nothing_planned_changes_nothing_and_more_notice_changes_more(ahead: Callable) -> None:
    lives, scenario, standing, _, known = ahead()
    members, programme = lives.members, scenario.programme
    action = next(name for name in programme.actions_for("present") if programme.actions[name].causes)
    channel = programme.actions[action].channels[0]
    there = np.flatnonzero(standing.present & ~members.dog & members.has_channel.all(axis=0))[:50]
    plan = with_notice(
        scenario, members, standing.contacted, contacts(*((one, action, channel, 0) for one in there))
    )
    done = carried_out(scenario, members, known, plan)
    assert isinstance(done, Carried)
    gains = action_gains(scenario, members, known, there)
    number = programme.actions_for("present").index(action)
    notice = reach_chance(scenario, members, there, channel, standing.contacted[there])
    assert done.gain == pytest.approx(notice * gains.gain[number], rel=1e-6)
    assert np.all(done.gain >= 0) and done.gain.sum() > 0
    unseen = carried_out(scenario, members, known, plan.assign(p_notice=0.0))
    assert np.all(unseen.gain == 0) and np.all(unseen.stay == 0)
    seen = carried_out(scenario, members, known, plan.assign(p_notice=1.0))
    assert seen.gain == pytest.approx(gains.gain[number], rel=1e-6)


def test_two_contacts_are_weighed_by_the_four_cases(ahead: Callable) -> None:
    lives, scenario, standing, _, known = ahead()
    members = lives.members
    one = int(np.flatnonzero(standing.present & members.has_channel.all(axis=0))[0])
    plan = with_notice(
        scenario,
        members,
        standing.contacted,
        contacts((one, "coupon", "sms", 0), (one, "personal_picks", "app", 3)),
    )
    assert plan["turn"].tolist() == [0, 1]
    assert plan["recent"].tolist() == pytest.approx(
        [standing.contacted[one], 0.5 * 1 + standing.contacted[one] * 0.5]
    )
    whole = carried_out(scenario, members, known, plan).gain[0]
    p = plan["p_notice"].to_numpy()
    cases = {}
    for first in (0.0, 1.0):
        for second in (0.0, 1.0):
            cases[first, second] = carried_out(
                scenario, members, known, plan.assign(p_notice=[first, second])
            ).gain[0]
    weighed = sum(
        (p[0] if a else 1 - p[0]) * (p[1] if b else 1 - p[1]) * gain for (a, b), gain in cases.items()
    )
    assert whole == pytest.approx(weighed, rel=1e-9)


def test_leavers_come_back_only_for_what_answers_their_cause(ahead: Callable) -> None:
    lives, scenario, standing, _, known = ahead()
    members, causes = lives.members, list(scenario.programme.causes)
    gone = np.flatnonzero(~standing.present & (standing.left_from >= 0) & ~standing.second)
    plan = contacts(*((one, "service_recovery", "wechat", 0) for one in gone))
    done = carried_out(scenario, members, known, with_notice(scenario, members, standing.contacted, plan))
    gain = pd.Series(done.gain, index=done.who)
    service = standing.left_from[done.who] == causes.index("product_service")
    assert service.any() and (gain[service] >= 0).all() and gain[service].sum() > 0
    assert np.abs(gain[~service]).max() < 1e-9
    chances = known.return_by_week(gone)
    assert np.all(chances >= 0) and np.all(chances.sum(axis=0) <= scenario.programme.returning)
    assert known.value_of_returns(gone).sum() > 0


def test_an_action_that_removes_a_whole_cause_gains_most_where_that_cause_hurts(ahead: Callable) -> None:
    _, scenario, standing, _, known = ahead()
    there = np.flatnonzero(standing.present)
    factors = [believed_factors(scenario, cause, 0.9, 1e6) for cause in range(6)]
    gains = noticed_gains(known, there, factors)
    assert isinstance(gains, NoticedGains) and gains.gain.shape == (6, len(there))
    assert np.all(gains.gain > 0) and np.all(gains.change < 0)
    mix = known.by_cause[:, :13, there].sum(axis=1)
    for cause in range(6):
        share = mix[cause] / mix.sum(axis=0)
        few, many = share < np.quantile(share, 0.2), share > np.quantile(share, 0.8)
        assert gains.change[cause][many].mean() < 3 * gains.change[cause][few].mean()


@pytest.mark.parametrize("program", ["shop", "school"])
def test_truth_of_the_decision_day_agrees_with_the_futures(ahead: Callable, program: str) -> None:
    lives, scenario, standing, _, _ = ahead(program)
    tables = truth_of_decision_day(scenario, lives, 0)
    state, options, returns = tables["decision_state"], tables["option_gains"], tables["returns"]
    there = state["present"].to_numpy()
    assert np.array_equal(there, standing.present) and FUTURES > 1
    assert state["p_leave_90d"].notna().equals(state["present"])
    assert (state.loc[there, "p_leave_365d"] >= state.loc[there, "p_leave_90d"] - 1e-12).all()
    mix = state.loc[there, [f"p_{cause}" for cause in scenario.programme.causes]]
    assert mix.sum(axis=1).to_numpy() == pytest.approx(1)
    assert state["cause"].notna().sum() == (standing.left_from >= 0).sum()
    assert set(options["member_id"]) == set(state.loc[there, "member_id"])
    assert not options.duplicated(["member_id", "action", "channel"]).any()
    annoyed = set(state.loc[state["dog"] | (standing.contacted > 0), "member_id"])
    duds = [
        name
        for name, action in scenario.programme.actions.items()
        if action.dud and name != scenario.programme.referral.by
    ]
    idle = options[options["action"].isin(duds)]
    assert (idle["gain"] <= 1e-6).all()  # all that a dud can do is annoy
    assert idle.loc[~idle["member_id"].isin(annoyed), "gain"].abs().max() < 1e-6
    assert (returns["p_return_touched"] >= returns["p_return_untouched"] - 1e-12).all()
    assert set(returns["member_id"]) == set(state.loc[~there, "member_id"])
