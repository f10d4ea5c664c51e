"""Resamples of members depend on the member alone."""

import numpy as np

from whychurn.watch.limits.member_draws import drawn_sums, member_draws, member_uniforms

IDS = np.array([f"m{one:05d}" for one in range(4000)], dtype=object)


def test_a_members_draws_do_not_depend_on_the_others() -> None:
    together = member_draws(IDS, 20, 7)
    apart = np.concatenate([member_draws(IDS[3000:], 20, 7), member_draws(IDS[:3000], 20, 7)])
    assert np.array_equal(together, np.concatenate([apart[1000:], apart[:1000]]))
    assert not np.array_equal(together, member_draws(IDS, 20, 8))


def test_draws_are_poisson_of_mean_one_and_independent() -> None:
    drawn = member_draws(IDS, 50, 7)
    assert (drawn[:, 0] == 1).all()
    counts = drawn[:, 1:]
    assert abs(counts.mean() - 1) < 0.01
    assert abs((counts == 0).mean() - np.exp(-1)) < 0.01
    assert abs(counts.var() - 1) < 0.03
    assert abs(np.corrcoef(counts[:, 0], counts[:, 1])[0, 1]) < 0.06


def test_uniforms_fill_the_unit_interval() -> None:
    values = member_uniforms(IDS, np.arange(10), 0)
    assert values.min() >= 0 and values.max() < 1
    assert np.allclose(np.quantile(values, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.02)


def test_sums_by_cell_weigh_each_member() -> None:
    drawn = np.array([[1, 2], [1, 0], [1, 3]])
    sums = drawn_sums(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 2]), np.array([5, 1, 1, 10]), drawn, 3)
    assert sums.tolist() == [[5, 12, 0], [10, 32, 0]]
