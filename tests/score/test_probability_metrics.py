"""Each measure on frames whose score is known beforehand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.score.cause_calibration import calibration_errors, calibration_table
from whychurn.score.probability_metrics import (
    abstention,
    brier_scores,
    expected_log_losses,
    floored,
    log_losses,
    macro_f1,
    mean_log_loss,
    skill,
)
from whychurn.score.share_errors import rank_agreement, share_scores, true_avoidable_shares, true_shares
from whychurn.stats.bootstrap import member_weights, percentiles, resampled_means

SURE, EVEN = [1.0, 0, 0, 0, 0, 0], [1 / 6] * 6


def test_a_probability_of_zero_costs_what_the_floor_says_and_no_more() -> None:
    p = floored(np.array([SURE, EVEN, [np.nan] * 6, [0.0] * 6]), 0.001)
    assert np.allclose(p.sum(axis=1), 1)
    assert p[0, 1] == pytest.approx(0.001 / 1.005)
    assert np.allclose(p[1:], 1 / 6), "nothing said is uniform"
    assert log_losses(p, np.array([1, 0, 0, 0]))[0] == pytest.approx(-np.log(0.001 / 1.005))


def test_losses_of_two_leavings() -> None:
    p = np.array([[0.5, 0.5, 0, 0, 0, 0], [0.2, 0.8, 0, 0, 0, 0]])
    y = np.array([0, 0])
    assert log_losses(p, y) == pytest.approx([np.log(2), np.log(5)])
    assert brier_scores(p, y) == pytest.approx([0.25 + 0.25, 0.64 + 0.64])
    assert mean_log_loss(p, y, 1e-12) == pytest.approx((np.log(2) + np.log(5)) / 2)
    q = np.array([[0.25, 0.75, 0, 0, 0, 0]])
    even = floored(np.array([EVEN]), 0.001)
    assert expected_log_losses(even, q) == pytest.approx([np.log(6)])
    assert expected_log_losses(floored(q, 1e-9), q)[0] < expected_log_losses(even, q)[0]


def test_macro_f1_counts_causes_not_leavings() -> None:
    y, guess = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    assert macro_f1(guess, y, 6) == pytest.approx((6 / 7 + 0) / 2)
    assert macro_f1(y, y, 6) == 1


def test_abstention_that_pays_withholds_the_wrong_ones() -> None:
    y, guess = np.array([0, 1, 2, 3]), np.array([0, 1, 2, 0])
    found = abstention(guess, np.array([0, 1, -1, -1]), y)
    assert found == {
        "abstained": 0.5,
        "accuracy": 0.75,
        "accuracy_named": 1.0,
        "accuracy_withheld": 0.5,
        "abstention_gain": 0.25,
    }
    silent = abstention(guess, np.full(4, -1), y)
    assert silent["abstained"] == 1 and np.isnan(silent["accuracy_named"])


def test_skill_is_zero_at_the_prior_one_at_the_ceiling_and_undefined_without_room() -> None:
    prior, ceiling = np.array([1.8, 1.8, 1.8, 1.8]), np.array([1.4, 1.4, 1.4, 1.8])
    assert skill(np.array([1.8, 1.4, 1.0, 1.0]), prior, ceiling) == pytest.approx(
        [0, 1, 2, np.nan], nan_ok=True
    )


def test_calibration_of_a_coin() -> None:
    p = np.tile([0.5, 0.5, 0, 0, 0, 0], (100, 1))
    honest = calibration_table(p, np.repeat([0, 1], 50), 10, 0.95)
    price = honest[honest["cause"] == "price"].iloc[0]
    shown = price[["bin_low", "bin_high", "members", "frequency"]].to_list()
    assert shown == pytest.approx([0.5, 0.6, 100, 0.5])
    assert price["low"] < 0.5 < price["high"]
    assert calibration_errors(honest).to_numpy() == pytest.approx(np.zeros(6))
    wrong = calibration_errors(calibration_table(p, np.zeros(100, int), 10, 0.95))
    assert wrong[["product_service", "price", "natural"]].to_list() == pytest.approx([0.5, 0.5, 0])


def test_a_probability_of_one_falls_into_the_last_bin() -> None:
    table = calibration_table(np.array([SURE]), np.array([0]), 10, 0.95)
    assert table.loc[table["cause"] == CAUSES[0], "bin_high"].item() == 1


def test_the_bootstrap_draws_members_with_all_their_leavings() -> None:
    weights = member_weights(np.array(["a", "b", "a", "c"]), 400, 1)
    assert (weights[:, 0] == weights[:, 2]).all() and not (weights[:, 0] == weights[:, 1]).all()
    means = resampled_means(np.array([1.0, 0, 1, 0]), weights)
    low, high = percentiles(means, 0.95)
    assert low == 0 and high == 1 and means.mean() == pytest.approx(0.5, abs=0.1)
    few = np.array([np.nan, np.nan, 1.0])
    assert np.isnan(percentiles(few, 0.95, 0.5)).all() and percentiles(few, 0.95) == (1.0, 1.0)


def test_bootstrap_intervals_are_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(0).random(2000)
    low, high = percentiles(resampled_means(values, member_weights(np.arange(2000), 1000, 1)), 0.95)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(2000), rel=0.1)


def test_drawn_shares_leave_room_for_a_hidden_cause() -> None:
    shares = true_shares(pd.Series(["price", "price", "natural", "hidden"]))
    assert shares["price"] == 0.5 and shares.sum() == 0.75 and list(shares.index) == list(CAUSES)


def test_avoidable_churn_is_relative_to_all_churn_with_the_damper_in() -> None:
    table = pd.DataFrame({"p_churn": [0.8, 0.2]} | {f"p_without_{cause}": [0.8, 0.2] for cause in CAUSES})
    table["p_without_price"] = [0.5, 0.2]
    found = true_avoidable_shares(table)
    assert found["price"] == pytest.approx(0.3) and found.drop("price").abs().max() == 0


def test_share_errors_and_coverage() -> None:
    planted = pd.Series([0.3, 0.2, 0.2, 0.1, 0.1, 0.1], index=list(CAUSES))
    value = np.array([0.36, 0.2, 0.2, 0.1, 0.1, 0.04])
    found = pd.DataFrame({"cause": CAUSES, "value": value, "low": value - 0.05, "high": value + 0.05})
    found.loc[5, ["low", "high"]] = np.nan
    scores = share_scores("any", found, planted, "share").set_index(["measure", "cause"])["value"]
    assert scores["share_error", "product_service"] == pytest.approx(0.06)
    assert scores["share_error_largest", "all"] == pytest.approx(0.06)
    assert scores["share_covered", "product_service"] == 0 and scores["share_covered", "price"] == 1
    assert ("share_covered", "natural") not in scores, "no interval, no coverage"
    assert scores["share_covered", "all"] == pytest.approx(4 / 5)


def test_a_method_that_cannot_tell_has_no_avoidable_scores() -> None:
    found = pd.DataFrame({"cause": CAUSES, "value": np.nan, "low": np.nan, "high": np.nan})
    assert share_scores("any", found, pd.Series(0.1, index=list(CAUSES)), "avoidable").empty


def test_rankings() -> None:
    planted = pd.Series([6, 5, 4, 3, 2, 1.0], index=list(CAUSES))
    assert rank_agreement(planted * 2, planted) == pytest.approx(1)
    assert rank_agreement(-planted, planted) == pytest.approx(-1)
    assert np.isnan(rank_agreement(planted * 0, planted))
