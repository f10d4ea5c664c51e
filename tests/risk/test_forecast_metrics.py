"""Measures against scikit-learn, hand counts and a known sampling distribution."""

import numpy as np
import pytest
from sklearn import metrics as sk

from whychurn.risk.evaluation.forecast_metrics import (
    Business,
    Forecast,
    bootstrap,
    bounds_of,
    measure_once,
)
from whychurn.stats.bootstrap import percentiles, weights_in_turn

FREE = Business(np.full(4000, np.nan), 0.1, 1.0, 0.05)


def _sample(seed: int, rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1, 4, rows), 2)  # rounded: many ties
    return (rng.random(rows) < p).astype(float), np.clip(p, 0.01, 0.99)


def test_measures_agree_with_scikit_learn_under_weights():
    y, p = _sample(1)
    weights = np.random.default_rng(2).integers(0, 4, len(y)).astype(float)
    got = {name: value[0] for name, value in Forecast(y, p, FREE, [0.05], 10).measure(weights[None]).items()}
    assert got["auc"] == pytest.approx(sk.roc_auc_score(y, p, sample_weight=weights))
    assert got["pr_auc"] == pytest.approx(sk.average_precision_score(y, p, sample_weight=weights))
    assert got["brier"] == pytest.approx(sk.brier_score_loss(y, p, sample_weight=weights))
    assert got["log_loss"] == pytest.approx(sk.log_loss(y, p, sample_weight=weights))


def test_lift_gain_ece_and_profit_by_hand():
    y = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0], dtype=float)
    p = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
    business = Business(np.full(10, 100.0), saved_share=0.5, contact_cost=10, capacity=0.2)
    got = measure_once(Forecast(y, p, business, [0.2], 1))
    assert got["gain_20"] == pytest.approx(2 / 3)  # two of three leavers among the first two members
    assert got["lift_20"] == pytest.approx(10 / 3)
    assert got["ece"] == pytest.approx(abs(p.mean() - 0.3))  # one bin: gap of the means
    assert got["profit"] == pytest.approx((2 * 0.5 * 100 - 2 * 10) * 100)  # per 1 000 of ten members


def test_equal_scores_are_reached_in_proportion():
    y = np.array([1.0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
    got = measure_once(Forecast(y, np.full(10, 0.2), Business(np.full(10, 1.0), 1, 0, 0.5), [0.3], 5))
    assert (got["auc"], got["gain_30"], got["lift_30"]) == pytest.approx((0.5, 0.3, 1.0))


def test_one_class_gives_no_order_but_a_brier_score():
    got = measure_once(Forecast(np.zeros(5), np.full(5, 0.1), Business(np.ones(5), 1, 0, 0.2), [0.2], 2))
    assert np.isnan(got["auc"]) and np.isnan(got["lift_20"])
    assert got["brier"] == pytest.approx(0.01)


def test_weights_are_drawn_by_member():
    members = np.repeat(["a", "b", "c"], [1, 2, 3])
    drawn = weights_in_turn(members, 50, seed=3)
    assert (drawn[:, 1] == drawn[:, 2]).all() and (drawn[:, 3] == drawn[:, 5]).all()
    assert (drawn[:, 0] + drawn[:, 1] + drawn[:, 3] == 3).all()  # as many members as there are


def test_clustered_interval_covers_where_the_plain_one_does_not():
    """Members' rows are identical copies: the truth (rate 0.3) must be covered about 95 % of the time."""
    rng = np.random.default_rng(0)
    hits = {"clustered": 0, "rows": 0}
    for trial in range(150):
        y = np.repeat((rng.random(60) < 0.3).astype(float), 8)
        forecast = Forecast(y, np.full(480, 0.3), Business(np.full(480, np.nan), 1, 0, 0.1), [], 2)
        for name, cluster in (("clustered", np.repeat(np.arange(60), 8)), ("rows", np.arange(480))):
            draws = bootstrap(forecast, weights_in_turn(cluster, 120, trial))["rate"]
            low, high = percentiles(draws, 0.95)
            hits[name] += low <= 0.3 <= high
    assert hits["clustered"] / 150 > 0.88
    assert hits["rows"] / 150 < 0.7


def test_the_interval_of_the_calibration_error_holds_it() -> None:
    rng = np.random.default_rng(3)
    p = rng.uniform(0.02, 0.3, 4000)
    one = Forecast(rng.random(4000) < p, p, Business(np.full(4000, np.nan), 0.2, 1.0, 0.05), (0.1,))
    draws = one.measure(rng.multinomial(4000, np.full(4000, 1 / 4000), 300).astype(float))["ece"]
    estimate = float(one.measure(np.ones((1, 4000)))["ece"][0])
    low, high = bounds_of("ece", estimate, draws, 0.95)
    assert 0 <= low < estimate < high and high - low < np.ptp(draws)
    assert np.mean(draws > estimate) > 0.9  # plain percentiles would lie above it
    assert bounds_of("auc", 0.6, draws, 0.95) == (np.quantile(draws, 0.025), np.quantile(draws, 0.975))
