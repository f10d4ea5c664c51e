"""Intervals of rates and differences, against values worked out by hand or by another formula."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from whychurn.stats.bootstrap import (
    member_weights,
    percentiles,
    resample,
    resampled_means,
    weights_in_parts,
    weights_in_turn,
)
from whychurn.stats.intervals import (
    add_wilson,
    clustered_number,
    difference_from_rest,
    effective_number,
    poisson_interval,
    rate_ratio,
    wilson,
)
from whychurn.stats.multiple_testing import benjamini_hochberg
from whychurn.stats.parallel import parallel_map


def test_wilson_by_its_formula() -> None:
    """Half of 10: centre one half, half width z sqrt(n / 4 + z² / 4) / (n + z²)."""
    z = stats.norm.ppf(0.975)
    low, high = wilson(np.array([5, 0, 0]), np.array([10, 10, 0]), 0.95)
    half = z * np.sqrt(10 / 4 + z**2 / 4) / (10 + z**2)
    assert [low[0], high[0]] == pytest.approx([0.5 - half, 0.5 + half])
    assert low[1] == pytest.approx(0) and high[1] == pytest.approx(z**2 / (10 + z**2))
    assert np.isnan([low[2], high[2]]).all()


def test_rates_join_their_table() -> None:
    table = add_wilson(pd.DataFrame({"left": [1, 0], "there": [4, 0]}), "left", "there", 0.95)
    assert table["rate"].iloc[0] == 0.25 and table["low"].iloc[0] < 0.25 < table["high"].iloc[0]
    assert table[["rate", "low", "high"]].iloc[1].isna().all()


def test_poisson_interval_is_exact() -> None:
    """Garwood: the bounds are the rates at which so many events or more, or fewer, have the chance alpha / 2."""
    low, high = poisson_interval(np.array([0, 4, 4]), np.array([2.0, 2.0, 0.0]), 0.95)
    assert low[0] == 0 and high[0] == pytest.approx(-np.log(0.025) / 2)
    assert stats.poisson.sf(3, 2 * low[1]) == pytest.approx(0.025)
    assert stats.poisson.cdf(4, 2 * high[1]) == pytest.approx(0.025)
    assert np.isnan([low[2], high[2]]).all()


def test_rate_ratio_of_equal_rates_is_one() -> None:
    events, exposure = np.array([10, 20, 3]), np.array([100, 100, 0])
    found = rate_ratio(events, exposure, np.array([20, 5, 1]), np.array([200, 100, 9]), 0.95)
    assert found["ratio"].tolist()[:2] == pytest.approx([1, 4])
    assert found["p_value"].iloc[0] > 0.9 and found["p_value"].iloc[1] < 0.01
    assert found["ratio_low"].iloc[0] < 1 < found["ratio_high"].iloc[0] and found["ratio_low"].iloc[1] > 1
    assert found.iloc[2].isna().all()


def test_each_group_is_set_against_all_others() -> None:
    """Groups of 10 with 5, 1 and 0 leavers: the first against the 1 of 20 others; a group that is all has no others."""
    difference, p = difference_from_rest(np.array([5, 1, 0]), np.array([10, 10, 10]), 6, 30)
    assert difference == pytest.approx([5 / 10 - 1 / 20, 1 / 10 - 5 / 20, 0 - 6 / 20])
    z = difference[0] / np.sqrt(0.2 * 0.8 * (1 / 10 + 1 / 20))
    assert p[0] == pytest.approx(2 * stats.norm.sf(z))
    alone = difference_from_rest(np.array([6]), np.array([30]), 6, 30)
    assert np.isnan(alone).all()


def test_adjusted_p_values_leave_out_what_is_missing() -> None:
    assert benjamini_hochberg(np.array([0.01, np.nan, 0.04, 0.03])) == pytest.approx(
        [0.03, np.nan, 0.04, 0.04], nan_ok=True
    )
    assert np.isnan(benjamini_hochberg(np.array([np.nan]))).all()


def test_effective_numbers() -> None:
    assert effective_number(np.ones(7)) == 7 and effective_number(np.array([1.0, 0, 0])) == 1
    assert effective_number(np.zeros(3)) == 0
    once = np.array([1.0, 0, 1, 0])
    assert clustered_number(once, np.ones(4)) == pytest.approx(4)
    assert clustered_number(3 * once, 3 * np.ones(4)) == pytest.approx(4), "three alike trials count once"


def test_rows_of_a_member_are_drawn_together() -> None:
    weights = member_weights(np.array(["a", "b", "a", "c"]), draws=50, seed=1)
    assert weights.shape == (50, 4) and (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all() and weights.std() > 0
    parts = list(weights_in_parts(np.array(["a", "b", "a", "c"]), draws=150, seed=1))
    assert [len(part) for part in parts] == [64, 64, 22] and np.array_equal(parts[0][:50], weights)
    means = resampled_means(np.array([1.0, 2, 1, 4]), np.array([[1, 1, 1, 1], [0, 2, 0, 0]]))
    assert means.tolist() == [2, 2]


def test_percentiles_need_half_of_the_draws() -> None:
    assert percentiles(np.arange(101.0), 0.9) == pytest.approx((5, 95))
    assert np.isnan(percentiles(np.array([1.0, np.nan, np.nan]), 0.9, 0.5)).all()


@pytest.mark.parametrize("jobs", [3, 12])
def test_results_come_in_the_order_of_the_jobs(jobs: int) -> None:
    assert list(parallel_map(divmod, ((number, 3) for number in range(jobs)), workers=1)) == [
        divmod(number, 3) for number in range(jobs)
    ]


def test_a_resample_draws_as_many_members_as_there_are() -> None:
    counts = resample(50, np.random.default_rng(1))
    assert counts.shape == (50,) and counts.sum() == 50 and counts.max() > 1 and counts.min() == 0


def test_weights_in_turn_keep_the_rows_of_a_member_together() -> None:
    weights = weights_in_turn(np.array(["b", "a", "b", "c"]), 5, 3, whole_first=True)
    assert weights.shape == (6, 4) and (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 2]).all() and (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert np.array_equal(weights[1:], weights_in_turn(np.array(["b", "a", "b", "c"]), 5, 3))
