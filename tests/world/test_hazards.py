"""The engine: hazards add up, lives follow them, and the truth is what the hazards say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.world.lives.dose_response import decayed
from whychurn.world.lives.history.counts import draw_regular_orders
from whychurn.world.lives.history.exposures import weeks_since
from whychurn.world.lives.simulated_lives import simulate_lives
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.hazard_mechanism import combine, total_without
from whychurn.world.setting.mechanism import load_mechanism
from whychurn.world.setting.programme import load_programme
from whychurn.world.setting.scenario import Scenario

PROGRAMMES = ("shop", "gym", "school", "app")


@pytest.mark.parametrize("name", PROGRAMMES)
def test_programmes_have_the_six_causes_in_order(name: str) -> None:
    programme = load_programme(name)
    assert tuple(programme.causes) == CAUSES
    assert set(programme.survey.stated) == set(programme.survey.answering) == set(CAUSES)
    for said in programme.survey.stated.values():
        assert sum(said.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_hazards_add_up_and_posteriors_sum_to_one(simulated: Callable, blocks: Callable, name: str) -> None:
    lives, _ = simulated(program=name)
    np.testing.assert_allclose(
        lives.hazards.by_cause,
        (lives.hazards.base + lives.hazards.excess) * lives.hazards.action_factors,
        rtol=1e-5,
    )
    assert (lives.hazards.excess >= 0).all() and (lives.hazards.base > 0).all()
    causes = blocks(program=name).truth["member_causes"]
    np.testing.assert_allclose(causes[[f"p_{cause}" for cause in CAUSES]].sum(axis=1), 1, atol=1e-9)
    # the posterior of a leaver is the mix of the week of the decision, computed here one by one
    for row in lives.leavers.sample(20, random_state=1).itertuples():
        mix = lives.hazards.by_cause[:, row.decided_day // 7, row.position].astype(float)
        expected = mix / mix.sum()
        np.testing.assert_allclose([getattr(row, f"p_{c}") for c in CAUSES], expected, rtol=1e-5)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_members_leave_as_often_as_the_hazards_say(blocks: Callable, name: str) -> None:
    truth = blocks(program=name, members=4000).truth
    expected = truth["churn_without"]["p_churn"].to_numpy()
    first = truth["member_causes"].query("spell == 1 and status == 'churned'")
    error = np.sqrt((expected * (1 - expected)).sum())
    assert abs(len(first) - expected.sum()) < 4 * error
    # and those expected to leave are those who leave: the chances are calibrated
    left = truth["churn_without"]["member_id"].isin(first["member_id"]).to_numpy()
    for part in np.array_split(np.argsort(expected), 5):
        spread = np.sqrt((expected[part] * (1 - expected[part])).sum())
        assert abs(left[part].sum() - expected[part].sum()) < 4 * max(spread, 1)


def test_the_drawn_cause_follows_the_posterior(blocks: Callable) -> None:
    gone = blocks(members=4000).truth["member_causes"].query("status == 'churned'")
    for cause in CAUSES:
        p = gone[f"p_{cause}"]
        assert abs((gone["cause"] == cause).sum() - p.sum()) < 4 * np.sqrt((p * (1 - p)).sum())


@pytest.mark.parametrize(
    "mechanism", ["additive", "multiplicative", "seventh_cause", "swapped_traces", "uneven_bases"]
)
def test_without_a_cause_nobody_leaves_more(blocks: Callable, mechanism: str) -> None:
    table = blocks(mechanism=mechanism).truth["churn_without"]
    removed = [column for column in table if column.startswith("p_without_")]
    for column in removed:
        assert (table[column] <= table["p_churn"] + 1e-6).all()
    saved = sum(table["p_churn"] - table[column] for column in removed)
    if mechanism != "multiplicative":  # the damper: causes removed one by one save no more than all there is
        assert table[removed].min(axis=1).min() >= 0
    assert saved.mean() > 0.05


def test_damper_of_one_member_by_hand(simulated: Callable, blocks: Callable) -> None:
    lives, scenario = simulated()
    clock = scenario.clock
    table = blocks().truth["churn_without"]
    member = int(np.flatnonzero(lives.members.entry > 70)[0])
    total = saved = 0.0
    for week in range(clock.weeks):
        first, last = 7 * week, min(7 * week + 7, clock.days)
        inside = max(0, last - max(first, lives.members.entry[member])) / (last - first)
        total += inside * sum(float(lives.hazards.by_cause[cause, week, member]) for cause in range(6))
        saved += inside * float(
            lives.hazards.excess[1, week, member] * lives.hazards.action_factors[1, week, member]
        )
    assert table["p_churn"][member] == pytest.approx(1 - np.exp(-total), rel=1e-4)
    assert table["p_without_price"][member] == pytest.approx(1 - np.exp(-(total - saved)), rel=1e-4)


def test_multiplied_hazards_agree_for_one_exposure_and_exceed_for_two() -> None:
    base = np.full((2, 1, 3), 0.01)
    excess = np.array([[[0.03, 0.0, 0.03]], [[0.0, 0.02, 0.02]]])
    total = combine(base, excess, load_mechanism("multiplicative")).sum(axis=0)[0]
    assert total == pytest.approx([0.05, 0.04, 0.02 * 2.5 * 2.0])
    assert total_without(base, excess, 0, load_mechanism("multiplicative"))[0] == pytest.approx(
        [0.02, 0.04, 0.04]
    )
    assert combine(base, excess, load_mechanism("additive")).sum(axis=0)[0] == pytest.approx(
        [0.05, 0.04, 0.07]
    )


def test_a_seventh_cause_stands_beside_the_six(blocks: Callable) -> None:
    block = blocks(mechanism="seventh_cause")
    causes = block.truth["member_causes"]
    assert 0.05 < (causes["cause"] == "hidden").sum() / causes["cause"].notna().sum() < 0.4
    assert causes.filter(like="p_").sum(axis=1).to_numpy() == pytest.approx(1)
    assert not (block.tables["surveys"]["reason"] == "hidden").any()


def test_uneven_bases_move_the_base_between_causes_and_nothing_else(simulated: Callable) -> None:
    plain, _ = simulated()
    uneven, _ = simulated(mechanism="uneven_bases")
    np.testing.assert_array_equal(uneven.hazards.excess, plain.hazards.excess)
    np.testing.assert_allclose(uneven.hazards.base.sum(axis=0), plain.hazards.base.sum(axis=0), rtol=1e-5)
    parts = uneven.hazards.base.sum(axis=(1, 2)) / uneven.hazards.base.sum()
    assert parts[CAUSES.index("engagement")] == pytest.approx(0.5) and np.delete(parts, 3) == pytest.approx(
        0.1
    )


def test_swapped_traces_change_one_region_only(simulated: Callable) -> None:
    plain, _ = simulated()
    swapped, _ = simulated(mechanism="swapped_traces")
    first_region = plain.members.region == 0
    one, other = CAUSES.index("personalization"), CAUSES.index("engagement")
    np.testing.assert_array_equal(
        swapped.hazards.excess[:, :, ~first_region], plain.hazards.excess[:, :, ~first_region]
    )
    np.testing.assert_array_equal(
        swapped.hazards.excess[one][:, first_region], plain.hazards.excess[other][:, first_region]
    )
    np.testing.assert_array_equal(
        swapped.hazards.excess[other][:, first_region], plain.hazards.excess[one][:, first_region]
    )


def test_decay_and_weeks_since_by_hand() -> None:
    count = np.array([[1], [0], [2], [0]])
    assert decayed(count, 1.0).ravel() == pytest.approx([1, 0.5, 2.25, 1.125])
    assert weeks_since(count, np.array([3.0])).ravel() == pytest.approx([0, 1, 0, 1])


def test_orders_come_at_the_members_own_rate() -> None:
    rate = np.repeat([0.1, 0.25, 0.5], 400)
    orders = draw_regular_orders(rate, np.ones((400, 1)), np.random.default_rng(3))
    for value in (0.1, 0.25, 0.5):
        assert orders[:, rate == value].mean() == pytest.approx(value, rel=0.06)


def test_clock_has_whole_months_and_a_short_last_week() -> None:
    clock = Clock.of(dt.date(2024, 1, 1), 24)
    assert clock.days == 731 and clock.weeks == 105
    assert clock.length[-1] == pytest.approx(3 / 7)
    assert str(clock.dates(np.array([clock.days - 1]))[0])[:10] == "2025-12-31"


def test_confounding_makes_heavy_users_complain_more_and_leave_less(simulated: Callable) -> None:
    slopes = {}
    for strength in (0.0, 1.0):
        lives, _ = simulated(members=3000, confounding=strength)
        complaints = lives.history.counts["defects"].sum(axis=0) + lives.history.counts["service"].sum(axis=0)
        assert np.corrcoef(lives.members.usage, complaints)[0, 1] > 0.1
        slopes[strength] = np.corrcoef(lives.members.usage, np.log(lives.hazards.frailty))[0, 1]
    assert abs(slopes[0.0]) < 0.06 and slopes[1.0] < -0.8


def test_coupons_follow_price_rises_and_change_nothing(world_params: Callable) -> None:
    """A planted trap: coupon mail goes with the price exposure, yet no hazard depends on it."""
    params = world_params(members=1500, confounding=1.0)
    programme = load_programme("shop")
    numbers = np.arange(params.members) + 1
    lives = simulate_lives(Scenario.of(params, programme), 0, numbers)
    counts, exposures = lives.history.counts, lives.history.exposures
    coupons, price = counts["coupons"].sum(axis=0), exposures["price_rise"].sum(axis=0)
    reached = lives.members.marketing
    assert np.corrcoef(coupons[reached], price[reached])[0, 1] > 0.3
    generous = programme.model_copy(update={"rates": programme.rates.model_copy(update={"coupon": 0.5})})
    more = simulate_lives(Scenario.of(params, generous), 0, numbers)
    assert more.history.counts["coupons"].sum() > 3 * coupons.sum()
    np.testing.assert_array_equal(more.hazards.base, lives.hazards.base)
    np.testing.assert_array_equal(more.hazards.excess, lives.hazards.excess)


def test_fitting_pushes_follow_rivals_only_where_confounded(simulated: Callable) -> None:
    for strength, low, high in ((0.0, -0.02, 0.02), (1.0, 0.05, 1.0)):
        lives, _ = simulated(members=3000, confounding=strength)
        who = lives.members.marketing
        sent = lives.history.counts["relevant"][:, who].ravel()
        rival = lives.history.exposures["rival_campaign"][:, who].ravel()
        assert low < np.corrcoef(sent, rival)[0, 1] < high
