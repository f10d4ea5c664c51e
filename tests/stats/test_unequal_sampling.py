"""Chances that sum to the budget, and draws that keep them."""

from __future__ import annotations

import numpy as np
import pytest

from whychurn.stats.unequal_sampling import inclusion_probabilities, systematic_sample

SIZE = np.array([1.0, 1, 2, 2, 4, 4, 8, 50])


def test_chances_are_proportional_and_sum_to_the_budget() -> None:
    chances = inclusion_probabilities(SIZE, 3)
    assert chances.sum() == pytest.approx(3) and chances[-1] == 1
    assert chances[:7] == pytest.approx(2 * SIZE[:7] / SIZE[:7].sum())


def test_who_would_exceed_one_is_sure_and_so_may_be_the_next() -> None:
    """8 of the budget of 6: 50 is sure; then 8 of 22 for 5 exceeds one as well."""
    chances = inclusion_probabilities(SIZE, 6)
    assert chances[-2:].tolist() == [1, 1] and chances.max() == 1
    assert chances.sum() == pytest.approx(6)


def test_a_budget_for_all_draws_all() -> None:
    assert inclusion_probabilities(SIZE, 20).tolist() == [1] * 8
    assert len(inclusion_probabilities(np.array([]), 3)) == 0
    with pytest.raises(ValueError, match="positive"):
        inclusion_probabilities(np.array([1.0, 0]), 1)


@pytest.mark.parametrize("budget", [1, 3, 5])
def test_draws_have_the_size_and_each_unit_its_chance(budget: int) -> None:
    """20 000 draws: the standard error of a frequency is at most .0036."""
    chances, rng = inclusion_probabilities(SIZE, budget), np.random.default_rng(3)
    draws = np.array([systematic_sample(chances, rng) for _ in range(20_000)])
    assert (draws.sum(axis=1) == budget).all()
    assert draws.mean(axis=0) == pytest.approx(chances, abs=0.016)


def test_a_sum_between_two_whole_numbers_draws_one_of_them() -> None:
    chances, rng = np.full(7, 0.35), np.random.default_rng(3)  # 2.45
    sizes = [systematic_sample(chances, rng).sum() for _ in range(4000)]
    assert set(sizes) == {2, 3} and np.mean(sizes) == pytest.approx(2.45, abs=0.04)


def test_rounding_takes_no_unit_away() -> None:
    rng = np.random.default_rng(0)
    chances = inclusion_probabilities(rng.random(999) + 0.1, 333)
    assert {int(systematic_sample(chances, rng).sum()) for _ in range(200)} == {333}
    assert not systematic_sample(np.array([]), rng).any()
