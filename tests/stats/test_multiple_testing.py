"""Intervals that hold together."""

import pytest
from scipy import stats

from whychurn.stats.multiple_testing import bonferroni_factor


def test_intervals_of_several_tests_are_as_wide_as_one_of_a_smaller_level() -> None:
    assert bonferroni_factor(0.05, 1) == 1
    assert 1.96 * bonferroni_factor(0.05, 6) == pytest.approx(stats.norm.ppf(1 - 0.05 / 6 / 2), abs=1e-3)
