"""Methods against each other on planted rows: who ranks, who does not, and what chance alone would show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.effects.challengers.compare import choose, compare_methods
from whychurn.action.effects.challengers.held_out import HeldOut, columns_as, held_out, joined
from whychurn.action.effects.challengers.learners import matrix, t_effect, t_learner, x_effect, x_learner
from whychurn.action.effects.challengers.measures import (
    Estimate,
    auuc,
    by_fifth,
    calibration,
    null_qini,
    policy,
    policy_value,
    qini,
    rank_weights,
)
from whychurn.action.effects.challengers.predictions import METHODS, Lesson, predictions
from whychurn.action.effects.challengers.waves import forward_folds
from whychurn.action.effects.estimates.randomised_rows import randomised_rows
from whychurn.contract.results import columns_of


def _true_change(rows: Any, p: np.ndarray, q: np.ndarray, truth: Any) -> np.ndarray:
    return np.stack([-p * (q @ truth(name)) for name in rows.actions], axis=1)


@pytest.fixture(scope="module")
def tried() -> dict[str, Any]:
    return {}


@pytest.fixture
def held(planted, truth, tried) -> tuple[HeldOut, np.ndarray]:
    if not tried:
        rows, p, q, d = planted(1, members=15_000, waves=6)
        arrays = randomised_rows(rows, p, q, d)
        tried["held"] = held_out(arrays), _true_change(arrays, p, q, truth)
    return tried["held"]


def test_waves_that_teach_are_over_before_those_that_try() -> None:
    wave = pd.Series(np.repeat(np.arange(8), 2))
    sent_on = pd.Timestamp("2024-01-01") + pd.to_timedelta(28 * wave + [0, 1] * 8, unit="D")
    folds = forward_folds(pd.Series(sent_on), wave, 90)
    assert [sorted(set(wave[attempt])) for _, attempt in folds] == [[4, 5], [6, 7]]
    assert [sorted(set(wave[teach])) for teach, _ in folds] == [[0], [0, 1, 2]]
    assert forward_folds(pd.Series(sent_on)[:4], wave[:4], 90) == []


def test_scores_have_the_effect_as_their_mean(held) -> None:
    scored, true = held
    for action in range(len(scored.actions)):
        mean, se = scored.scores[:, action].mean(), scored.scores[:, action].std() / np.sqrt(len(true))
        assert abs(mean - true[:, action].mean()) < 3 * se


def test_cells_without_the_action_are_not_offered_it(planted) -> None:
    rows, p, q, d = planted(2, members=1_000, waves=2)
    keep = ~((rows["wave"] == 0) & (rows["action"] == "coupon")).to_numpy()
    scored = held_out(randomised_rows(rows[keep], p[keep], q[keep], d[keep]))
    offered = scored.offered[:, scored.actions.index("coupon")]
    assert (offered == (rows["wave"][keep] == 1).to_numpy()).all()
    both = joined([scored, scored])
    assert len(np.unique(both.cell)) == 4
    assert both.offered.sum() == 2 * scored.offered.sum()


def test_columns_are_placed_by_name() -> None:
    assert columns_as(np.array([[1.0, 2.0]]), ["b", "a"], ["a", "b", "c"]).tolist() == [[2.0, 1.0, 0.0]]


def test_a_true_ranking_beats_chance_and_noise_does_not(held) -> None:
    scored, true = held
    action = scored.actions.index("price_match")
    noise = np.random.default_rng(0).standard_normal(len(true))
    for predicted, ranks in ((true[:, action], True), (noise, False)):
        weights = np.zeros_like(true)
        weights[:, action] = rank_weights(predicted, scored.offered[:, action], scored.fold)
        mean, covariance = null_qini(scored, weights)
        z = (qini(scored, action, predicted).value - mean[action]) / np.sqrt(covariance[action, action])
        assert z > 2 if ranks else abs(z) < 2.5
    assert auuc(scored, action, true[:, action]).value > auuc(scored, action, noise).value


def test_a_ranking_of_all_alike_has_no_area() -> None:
    one = np.zeros(5, dtype=int)
    assert rank_weights(np.ones(5), np.array([True] * 4 + [False]), one).tolist() == [0.0] * 5
    assert rank_weights(np.array([-3.0, 1.0]), np.array([True, True]), one[:2]).tolist() == [0.25, -0.25]
    apart = rank_weights(np.array([-3.0, -3.0, 1.0, 1.0]), np.ones(4, dtype=bool), np.array([0, 0, 1, 1]))
    assert apart.tolist() == [0.0] * 4  # two folds, in each of which all are alike


def test_the_null_is_that_of_permuted_treatments(planted) -> None:
    rows, p, q, d = planted(1, members=800, waves=2)
    scored = held_out(randomised_rows(rows, p, q, d))
    rng = np.random.default_rng(1)
    predicted = rng.standard_normal((len(p), 2))
    weights = np.zeros_like(scored.contrast)
    for action in (0, 1):
        weights[:, action] = rank_weights(predicted[:, action], scored.offered[:, action], scored.fold)
    drawn = []
    for _ in range(2_000):
        shuffled = np.arange(len(p))
        for cell in np.unique(scored.cell):
            inside = np.flatnonzero(scored.cell == cell)
            shuffled[inside] = rng.permutation(inside)
        drawn.append(-(scored.residual[:, None] * weights * scored.contrast[shuffled]).mean(axis=0)[:2])
    mean, covariance = null_qini(scored, weights)
    spread = np.cov(np.array(drawn).T)
    assert mean[:2] == pytest.approx(np.mean(drawn, axis=0), abs=4 * np.sqrt(spread.max() / 2_000))
    assert np.diag(covariance)[:2] == pytest.approx(np.diag(spread), rel=0.12)
    assert covariance[0, 1] == pytest.approx(spread[0, 1], abs=0.1 * spread[0, 0])


def test_a_policy_contacts_whom_it_keeps_most_and_within_its_capacity(held) -> None:
    scored, true = held
    chosen = policy(scored, true)
    assert (chosen >= 0).mean() == pytest.approx(0.3, abs=0.01)
    fall = -true[np.arange(len(true)), np.maximum(chosen, 0)]
    best = -true.min(axis=1)
    assert fall[chosen >= 0].min() >= np.quantile(best, 0.65)
    assert (policy(scored, np.abs(true)) == -1).all()


def test_values_of_policies_hold_what_the_planted_effects_bring(held) -> None:
    scored, true = held
    for predicted in (true, np.tile(true.mean(axis=0), (len(true), 1))):
        chosen = policy(scored, predicted)
        brings = -np.where(chosen >= 0, true[np.arange(len(true)), np.maximum(chosen, 0)], 0).mean()
        found = policy_value(scored, chosen)
        low, high = found.bounds
        assert low - found.se < brings < high + found.se
    assert policy_value(scored, np.full(len(true), -1)).value == 0


def test_right_predictions_have_slope_one_and_twice_too_large_ones_a_half(held) -> None:
    scored, true = held
    found = calibration(scored, true)
    assert abs(found.value - 1) < 3 * found.se
    assert calibration(scored, 2 * true).value == pytest.approx(found.value / 2)
    assert np.isnan(calibration(scored, np.zeros_like(true)).value)
    fifths = by_fifth(scored, true)
    assert len(fifths) == 5
    assert fifths[0]["predicted"] < fifths[-1]["predicted"]
    assert fifths[0]["low"] < fifths[0]["predicted"] < fifths[0]["high"] + 0.02


def test_learners_find_an_effect_that_is_plain_to_see() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((6_000, 3))
    action = rng.integers(-1, 2, 6_000)
    chance = 0.3 - 0.2 * ((action == 1) & (x[:, 0] > 0))
    left = (rng.random(6_000) < chance).astype(float)
    outcomes, data = t_learner(x, left, action, 7), matrix(x)
    crossed = x_learner(x, left, action, outcomes, 7)
    for none, found in (
        [t_effect(outcomes[arm], data) for arm in (0, 1)],
        [x_effect(crossed[arm], data) for arm in (0, 1)],
    ):
        assert found[x[:, 0] > 0.2].mean() < -0.12
        assert abs(found[x[:, 0] < -0.2].mean()) < 0.06
        assert abs(none.mean()) < 0.05


def test_each_method_predicts_for_rows_that_taught_it_nothing(planted, believed) -> None:
    rows, p, q, d = planted(3, members=3_000, waves=6)
    early = (rows["wave"] < 4).to_numpy() & (rows["action"] != "coupon").to_numpy()
    teach = randomised_rows(rows[early], p[early], q[early], d[early])
    late = (rows["wave"] >= 4).to_numpy()
    attempt = randomised_rows(rows[late], p[late], q[late], d[late])
    x = np.column_stack([p, q])
    found = predictions(Lesson(teach, attempt, x[early], x[late], believed, 7))
    assert list(found) == list(METHODS)
    assert all(one.shape == (late.sum(), 6) for one in found.values())
    coupon, match = attempt.actions.index("coupon"), attempt.actions.index("price_match")
    assert (found["none"] == 0).all()
    assert np.ptp(found["average"][:, coupon]) == 0
    assert (found["t_learner"][:, coupon] == 0).all()  # never tried before
    assert np.corrcoef(found["risk"][:, match], p[late])[0, 1] ** 2 == pytest.approx(1)
    assert found["belief"][:, coupon] == pytest.approx(-p[late] * q[late][:, 1] * 0.7 * 0.35)
    assert found["cause_informed"][:, match].min() < found["belief"][:, match].min()


def test_the_table_has_each_method_beside_its_null(planted, believed) -> None:
    rows, p, q, d = planted(4, members=3_000, waves=8)
    arrays = randomised_rows(rows, p, q, d)
    table, facts = compare_methods(rows, arrays, np.column_stack([p, q, d]), believed, 90, 7)
    assert list(table.columns) == columns_of("action_methods")
    assert table.groupby("action").size().eq(len(METHODS)).all()
    whole = table[table["action"] == "all"].set_index("method")
    assert whole["chosen"].sum() == 1
    assert facts["chosen"] == whole.index[whole["chosen"]][0]
    assert whole.loc["none", "value"] == 0
    assert whole.loc[["none", "average"], "qini"].isna().all()
    assert (whole.loc["cause_informed", "null_low"] < 0) and (whole.loc["cause_informed", "null_high"] > 0)
    assert len(facts["gates"]) == 5
    only_held_out = rows["wave"].lt(4) | rows["action"].eq("control")
    _, facts = compare_methods(
        rows[only_held_out],
        arrays.select(only_held_out.to_numpy()),
        np.zeros((int(only_held_out.sum()), 1)),
        believed,
        90,
        7,
    )
    assert facts["waves_test"] < rows["wave"].nunique(), "waves that contact nobody try nothing"
    few = rows["wave"] < 2
    empty, facts = compare_methods(
        rows[few], arrays.select(few.to_numpy()), np.zeros((int(few.sum()), 1)), believed, 90, 7
    )
    assert empty.empty
    assert facts == {"waves_test": 0}


def test_a_method_must_beat_simpler_ones_by_a_standard_error() -> None:
    def estimate(value: float, noise: float) -> Estimate:
        return Estimate(value, noise * np.array([1.0, -1.0]))

    values = {name: estimate(0.0, 0.0) for name in METHODS}
    assert choose(values) == "none"
    values["cause_informed"], values["x_learner"] = estimate(0.03, 0.01), estimate(0.031, 0.02)
    assert choose(values) == "cause_informed"
