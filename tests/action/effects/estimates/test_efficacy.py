from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from whychurn.action.effects.efficacy import Effects, change_of_chance
from whychurn.action.effects.estimates.basis import Basis, Believed, build_basis
from whychurn.action.effects.estimates.fit import Fit, believed_only, fit_effects
from whychurn.action.effects.estimates.posterior import (
    Posterior,
    Prior,
    empirical_prior,
    fit_posterior,
    propagate,
)
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows, randomised_rows
from whychurn.action.effects.estimates.sums import Sums, member_counts, sufficient_sums
from whychurn.contract.causes import CAUSES

PRICE, RIVALS = CAUSES.index("price"), CAUSES.index("competition")


def _effects() -> Effects:
    theta = np.zeros((1, 6))
    theta[0, PRICE] = 0.5
    return Effects(
        actions=["coupon"],
        causes=list(CAUSES),
        theta=theta,
        theta_draws=np.stack([theta, theta * 1.2]),
        kappa=np.array([0.1]),
        kappa_draws=np.array([[0.1], [0.1]]),
        bayes_factor=np.ones(1),
        onset_weeks=np.zeros(1),
        half_life_weeks=np.array([12.0]),
        half_life_known=np.zeros(1, dtype=bool),
        tested={"coupon": "shown"},
    )


def test_a_contact_changes_the_chance_by_the_share_of_the_cause_that_it_removes() -> None:
    q = np.zeros((2, 6))
    q[0, PRICE], q[1, RIVALS] = 1.0, 1.0
    mean, draws = _effects().change(np.array([0.4, 0.4]), q, np.array([0.0, 2.0]), "coupon")
    assert mean == pytest.approx(
        [-0.2, 0.4 * 0.2]
    )  # the second dislikes contact and leaves for another cause
    assert draws.shape == (2, 2)
    assert draws[1] == pytest.approx([-0.24, 0.08])
    with pytest.raises(ValueError, match="letter"):
        _effects().change(np.ones(1), q[:1], np.zeros(1), "letter")


def test_a_chance_stays_a_chance() -> None:
    assert change_of_chance(np.array([0.9, 0.5]), np.array([-1.0, 3.0])) == pytest.approx([0.1, -0.5])


def test_planted_efficacies_and_harm_of_contact_are_found(planted, believed, truth) -> None:
    rows, p, q, d = planted(1, members=20_000, kappa=0.2)
    found = fit_effects(randomised_rows(rows, p, q, d), believed, resamples=8, seed=7)
    assert isinstance(found, Fit)
    assert found.actions == [*sorted(set(rows["action"]) - {"control"}), "call"]
    theta = dict(zip(found.actions, found.theta, strict=True))
    for action in ("coupon", "price_match", "service_callback"):
        assert theta[action] == pytest.approx(truth(action), abs=0.3)
        assert found.p_works[found.actions.index(action)] > 0.9
    for dud, cause in (("personal_picks", "personalization"), ("community_invite", "engagement")):
        at = found.actions.index(dud)
        assert np.abs(theta[dud]).max() < 0.25
        assert found.p_works[at] < 0.7
        assert found.bayes_factor[at] < 1
        assert (found.theta_draws[:, at, CAUSES.index(cause)] == 0).mean() > 0.1  # some draws: a dud
    assert theta["mass_mail"].max() < -0.1
    assert found.bayes_factor[found.actions.index("coupon")] > 20
    assert found.bayes_factor[found.actions.index("call")] == 1
    assert found.kappa[:-1] == pytest.approx(np.full(6, 0.2), abs=0.1)


def test_intervals_hold_the_truth_and_draws_spread_as_wide(planted, believed, truth) -> None:
    inside, spread, width = [], [], []
    for seed in range(6):
        rows, p, q, d = planted(seed, members=6_000)
        found = fit_effects(randomised_rows(rows, p, q, d), believed, resamples=24, seed=7)
        for number, action in enumerate(found.actions[:-1]):
            within = (found.theta_low[number] <= truth(action)) & (truth(action) <= found.theta_high[number])
            inside.append(within.mean())
        at = found.actions.index("service_callback"), CAUSES.index("product_service")
        spread.append(found.theta_draws[:, *at].std())
        width.append((found.theta_high[at] - found.theta_low[at]) / 3.92)
    assert np.mean(inside) > 0.9
    assert np.mean(spread) == pytest.approx(np.mean(width), rel=0.3)


def test_without_a_mix_of_causes_nobody_is_chosen_by_cause(planted, believed) -> None:
    rows, p, q, d = planted(2, flat=True)
    found = fit_effects(randomised_rows(rows, p, q, d), believed, resamples=4, seed=7)
    removed = q @ found.theta[found.actions.index("coupon")]
    assert np.ptp(removed) < 1e-12
    assert removed[0] == pytest.approx((0.5 + 0.15) / 6, abs=0.06)


def test_wrong_chances_do_not_make_an_action_look_good(planted, believed) -> None:
    rows, p, q, d = planted(3, members=20_000, duds_only=True)
    found = fit_effects(randomised_rows(rows, np.clip(2 * p, 0, 0.95), q, d), believed, resamples=4, seed=7)
    assert (
        np.abs((found.theta[:-1] * q.mean(axis=0)).sum(axis=1)).max() < 0.12
    )  # taken at its word, twice the chance would be an effect of -0.5


def test_untested_actions_keep_their_belief(believed) -> None:
    found = believed_only(believed, resamples=400, seed=7)
    coupon, mail = (found.actions.index(name) for name in ("coupon", "mass_mail"))
    assert found.theta[coupon, PRICE] == pytest.approx(0.7 * 0.35)
    assert found.theta[coupon, RIVALS] == 0
    assert found.p_works[coupon] == pytest.approx(
        0.7 * 0.919, abs=1e-3
    )  # N(.35, .25²) is above zero with .919
    assert (found.bayes_factor == 1).all()
    assert found.theta_draws[:, coupon, PRICE].mean() == pytest.approx(0.7 * 0.35, abs=0.05)
    assert (found.theta_draws[:, coupon, PRICE] == 0).mean() == pytest.approx(0.3, abs=0.08)
    assert found.theta_low[mail, 0] == pytest.approx(-1.96 * 0.15)


def test_much_tested_causes_get_numbers_of_their_own(planted, believed) -> None:
    rows, p, q, d = planted(4, members=2_000)
    arrays = randomised_rows(rows, p, q, d)
    assert "own" not in set(build_basis(arrays, believed).kind)
    many = replace(arrays, weight=arrays.weight * 100)
    basis = build_basis(many, believed)
    coupon = basis.of(arrays.actions.index("coupon"))
    assert list(basis.kind[coupon]) == ["matched", "other", *["own"] * 5, "kappa"]


def test_a_number_that_rows_do_not_tell_keeps_its_prior() -> None:
    basis = Basis(
        np.zeros(2, dtype=int),
        np.stack([np.ones(6), np.zeros(6)]),
        np.array(["matched", "kappa"]),
        np.array([0.35, 0.0]),
    )
    found = propagate(np.zeros((2, 2)), np.zeros(2), basis, Prior())
    assert isinstance(found, Posterior)
    assert found.mean == pytest.approx([0.7 * 0.35, 0], abs=1e-3)
    assert found.works[0] == pytest.approx(0.7, abs=1e-3)
    sure = fit_posterior(np.diag([1e6, 0]), np.array([0.5e6, 0]), basis)
    assert sure.mean[0] == pytest.approx(0.5, abs=1e-3)
    assert sure.quantile(0, 0.5) == pytest.approx(0.5, abs=1e-3)
    none = fit_posterior(np.diag([1e4, 0]), np.zeros(2), basis)
    assert none.works[0] < 0.2
    assert none.quantile(0, 0.5) == 0.0


def test_what_is_believed_least_is_believed_with_least_spread() -> None:
    assert Prior().slab(np.array([0.35, 0.175, 0.0])) == pytest.approx([0.25, 0.125, 0.0714], abs=1e-3)
    basis = Basis(np.arange(2), np.ones((2, 6)), np.array(["matched"] * 2), np.array([0.35, 0.1]))
    noisy = propagate(
        np.eye(2) * 9, np.full(2, 0.8 * 9), basis, Prior()
    )  # both said to be .8, give or take a third
    assert noisy.slab_mean[0] - 0.35 > 4 * (noisy.slab_mean[1] - 0.1) > 0


def test_spreads_follow_the_actions_where_enough_were_tested() -> None:
    size = 8
    kind = np.array(["matched"] * size)
    causes = np.ones((size, 6))

    def prior_of(values: np.ndarray) -> Prior:
        basis = Basis(np.arange(size), causes, kind, np.full(size, 0.35))
        found = propagate(np.eye(size) * 1e4, values * 1e4, basis, Prior())
        return empirical_prior(found, basis)

    alike, apart = np.full(size, 0.35), np.linspace(-0.5, 1.2, size)
    assert prior_of(alike).slab_sd < Prior().slab_sd < prior_of(apart).slab_sd
    few = Basis(np.arange(2), causes[:2], kind[:2], np.full(2, 0.35))
    found = propagate(np.eye(2) * 1e4, np.full(2, 3500.0), few, Prior())
    assert empirical_prior(found, few) == Prior()


def test_sums_are_those_of_weighted_least_squares(planted, believed) -> None:
    rows, p, q, d = planted(5, members=500, waves=2)
    arrays = randomised_rows(rows, p, q, d)
    assert isinstance(arrays, RandomisedRows)
    basis = build_basis(arrays, believed)
    counts = member_counts(int(arrays.member.max()) + 1, 2, seed=7)
    sums = sufficient_sums(arrays, basis, counts, arrays.variance)
    assert isinstance(sums, Sums)
    x = np.zeros((len(p), basis.size))
    for action in range(len(arrays.actions)):
        mine = arrays.action == action
        x[np.ix_(mine, basis.of(action))] = basis.features(action, arrays.select(mine))
    for number in range(3):
        root = np.sqrt(counts[number][arrays.member] * arrays.weight / arrays.variance)
        nuisance = np.eye(2)[arrays.cell]
        nuisance = np.hstack([nuisance, nuisance * p[:, None]]) * root[:, None]
        design = np.column_stack([x, p - arrays.left]) * root[:, None]
        design -= nuisance @ np.linalg.lstsq(nuisance, design, rcond=None)[0]
        expected = design.T @ design
        assert sums.precision[number] == pytest.approx(expected[:-1, :-1], rel=1e-4, abs=1e-4)
        assert sums.shift[number] == pytest.approx(expected[:-1, -1], rel=1e-4, abs=1e-3)


def test_resamples_are_of_members_and_the_same_for_the_same_seed() -> None:
    counts = member_counts(1000, 3, seed=7)
    assert (counts[0] == 1).all()
    assert counts[1:].mean() == pytest.approx(1, abs=0.05)
    assert (counts == member_counts(1000, 3, seed=7)).all()
    assert not (counts[1] == counts[2]).all()


def test_rows_drawn_with_unequal_chances_weigh_inversely(planted) -> None:
    rows, p, q, d = planted(6, members=500, waves=1)
    rows.loc[0, "propensity"] /= 2
    weight = randomised_rows(rows, p, q, d).weight
    same = rows["action"] == rows["action"][0]
    assert weight[0] == pytest.approx(2 * weight[1:][same[1:]].mean(), rel=1e-6)


def test_belief_of_no_cause_is_a_line_without_flags() -> None:
    assert not Believed().flags.any()
    assert Believed(("price",)).flags @ np.eye(6)[PRICE] == 1
