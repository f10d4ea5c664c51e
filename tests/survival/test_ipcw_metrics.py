"""Measures of survival forecasts: against brute force, scikit-learn, lifelines and known truths."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from sklearn.metrics import brier_score_loss, roc_auc_score

from whychurn.stats.bootstrap import weights_in_turn
from whychurn.survival.forecast.ipcw_metrics import (
    FollowUp,
    brier_terms,
    concordance,
    distribution_calibration,
    dynamic_auc,
    integrated_brier,
    kaplan_meier_at,
    share_churned_by,
)


def followed(n: int, seed: int, censored: bool = True) -> tuple[np.ndarray, FollowUp, np.ndarray]:
    """Rates, what was seen of members who leave at them, and their true leaving days."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.normal(-5, 0.8, n))
    leave = np.ceil(rng.exponential(1 / rate))
    stop = np.ceil(rng.uniform(30, 400, n)) if censored else np.full(n, 1e9)
    return rate, FollowUp(np.minimum(leave, stop), leave <= stop), leave


ONE = np.ones((1, 1))


def test_censoring_curve_is_lifelines_own() -> None:
    _, follow, _ = followed(400, 0)
    # lifelines lets leavings and censorings of one day count alike; a leaving half a day earlier is the rule here
    theirs = KaplanMeierFitter().fit(follow.time - 0.5 * follow.event, ~follow.event)
    days = np.array([20.0, 60, 150, 300])
    mine = follow.uncensored_until(days, before=False)
    assert mine == pytest.approx(theirs.survival_function_at_times(days).to_numpy(), abs=1e-9)


def test_without_censoring_brier_and_auc_are_scikit_learns() -> None:
    rate, follow, leave = followed(500, 1, censored=False)
    day, curve = 120.0, np.exp(-rate * 120)[:, None]
    gone = leave <= day
    assert brier_terms(curve, follow, np.array([day])).mean() == pytest.approx(
        brier_score_loss(gone, 1 - curve[:, 0])
    )
    weights = np.ones((1, 500))
    assert dynamic_auc(rate, follow, day, weights)[0] == pytest.approx(roc_auc_score(gone, rate))
    assert share_churned_by(follow, day, weights)[0] == pytest.approx(gone.mean())
    tied = np.round(rate, 2)
    assert dynamic_auc(tied, follow, day, weights)[0] == pytest.approx(roc_auc_score(gone, tied))


def test_under_censoring_the_measures_stay_where_they_were() -> None:
    rate, seen, leave = followed(20_000, 2)
    whole = FollowUp(leave, np.ones(len(leave), bool))
    day, weights = 180.0, np.ones((1, len(leave)))
    curve = np.exp(-rate * day)[:, None]
    days = np.array([day])
    assert brier_terms(curve, seen, days).mean() == pytest.approx(
        brier_terms(curve, whole, days).mean(), abs=0.006
    )
    assert dynamic_auc(rate, seen, day, weights) == pytest.approx(
        dynamic_auc(rate, whole, day, weights), abs=0.01
    )
    some = slice(0, 3000)
    few = [FollowUp(f.time[some], f.event[some]) for f in (seen, whole)]
    mine, truth = (concordance(rate[some], f, day, np.ones((1, 3000)))[0] for f in few)
    assert mine == pytest.approx(truth, abs=0.02)


def test_uno_by_brute_force_with_ties_and_weights() -> None:
    rate, follow, _ = followed(120, 3)
    risk = np.round(rate, 3)
    weights = np.random.default_rng(0).integers(0, 3, (2, 120)).astype(float)
    G = follow.uncensored_until(follow.time, before=True)
    for row in weights:
        won = pairs = 0.0
        for i in range(120):
            if not follow.event[i] or follow.time[i] > 150:
                continue
            for j in range(120):
                stayed = follow.time[j] > follow.time[i] or (
                    follow.time[j] == follow.time[i] and not follow.event[j]
                )
                if stayed and i != j:
                    part = row[i] * row[j] / G[i] ** 2
                    pairs += part
                    won += part * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
        assert concordance(risk, follow, 150, row[None])[0] == pytest.approx(won / pairs, abs=1e-5)


def test_integrated_brier_by_hand() -> None:
    terms = np.array([[0.0, 0.2, 0.4]])
    # trapezes from 0: (0 + 0)/2 * 10, (0 + 0.2)/2 * 10, (0.2 + 0.4)/2 * 20, over 40 days
    assert integrated_brier(terms, np.array([10.0, 20.0, 40.0]))[0] == pytest.approx((0 + 1 + 6) / 40)


class TestDCalibration:
    def test_the_true_curve_is_rejected_at_its_level_and_a_wrong_one_always(self) -> None:
        rejected = wrong = 0
        for seed in range(100):
            rng = np.random.default_rng(seed)
            rate = np.exp(rng.normal(-5, 0.5, 400))
            leave, stop = rng.exponential(1 / rate), rng.uniform(20, 300, 400)
            time, event = np.minimum(leave, stop), leave <= stop
            rejected += distribution_calibration(np.exp(-rate * time), event, 10).p < 0.05
            wrong += distribution_calibration(np.exp(-2.5 * rate * time), event, 10).p < 0.05
        assert rejected <= 11 and wrong == 100

    def test_the_censored_are_spread_below_their_own_chance(self) -> None:
        found = distribution_calibration(np.array([0.25, 0.95]), np.array([False, True]), 2)
        assert found.share == pytest.approx([0.5, 0.5])
        found = distribution_calibration(np.array([0.75]), np.array([False]), 2)
        assert found.share == pytest.approx([0.5 / 0.75, 0.25 / 0.75])


def test_kaplan_meier_with_its_interval_is_lifelines_own() -> None:
    _, follow, _ = followed(300, 4)
    theirs = KaplanMeierFitter().fit(follow.time, follow.event)
    bounds = theirs.confidence_interval_survival_function_
    estimate, low, high = kaplan_meier_at(follow, 120, 0.95)
    at = bounds[bounds.index <= 120].iloc[-1]
    assert estimate == pytest.approx(theirs.predict(120), abs=1e-9)
    assert sorted([low, high]) == pytest.approx(sorted(at), abs=1e-6)


def test_first_drawing_is_everybody_once() -> None:
    drawn = weights_in_turn(np.arange(50), 20, 1, whole_first=True)
    assert (drawn[0] == 1).all() and (drawn.sum(axis=1) == 50).all() and drawn.shape == (21, 50)
