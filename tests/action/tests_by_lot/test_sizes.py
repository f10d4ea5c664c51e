"""Sizes of tests: the published table, shared controls, and designs that aim."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from whychurn.action.tests_by_lot.sizes import DESIGNS, POWER, members_an_arm, rescaled, size_table
from whychurn.contract.results import columns_of

NEEDED = {
    0.05: [116_470, 28_405, 12_306, 6_742, 2_835],
    0.10: [55_248, 13_492, 5_853, 3_210, 1_353],
    0.20: [24_638, 6_036, 2_626, 1_444, 611],
    0.30: [14_434, 3_550, 1_550, 856, 364],
}
EFFECTS = [0.05, 0.10, 0.15, 0.20, 0.30]


@pytest.mark.parametrize("p0", list(NEEDED))
def test_members_an_arm_are_those_of_the_table(p0: float) -> None:
    assert [round(members_an_arm(p0, one)) for one in EFFECTS] == pytest.approx(NEEDED[p0], abs=1)


def test_the_size_has_the_power_that_it_promises() -> None:
    """Simulated tests of the size found for one half held out find the effect four times in five."""
    p0, relative, ratio = 0.15, 0.2, 0.5
    n = round(members_an_arm(p0, relative, ratio=ratio))
    rng = np.random.default_rng(2)
    one, other = (
        rng.binomial(n, p0 * (1 - relative), 4000) / n,
        rng.binomial(int(ratio * n), p0, 4000) / (ratio * n),
    )
    error = np.sqrt(one * (1 - one) / n + other * (1 - other) / (ratio * n))
    assert np.mean(np.abs(one - other) / error > stats.norm.ppf(0.975)) == pytest.approx(POWER, abs=0.025)


def test_another_power_rescales_and_nothing_to_find_needs_no_end() -> None:
    assert rescaled(members_an_arm(0.1, 0.1), 0.9) == pytest.approx(members_an_arm(0.1, 0.1, 0.9))
    assert members_an_arm(0.1, 0.0) == np.inf and members_an_arm(0.0, 0.1) == np.inf
    assert members_an_arm(0.5, -0.2) < np.inf and members_an_arm(0.9, -0.2) == np.inf


def planned() -> tuple[np.ndarray, np.ndarray]:
    """Chances, and a cause that few members have."""
    rng = np.random.default_rng(4)
    return rng.beta(2, 12, 8000), rng.beta(0.3, 1.2, 8000)


def test_designs_that_aim_need_fewer() -> None:
    p, q = planned()
    table = size_table(p, {"coupon": q}, {"coupon": 0.5}, 4, 0.05).set_index("design")
    assert list(table.index) == list(DESIGNS)
    n = table["n_arm"]
    assert n["cause_informed"] < n["adjusted"] < n["plain"] and n["enriched"] < 0.5 * n["plain"]
    assert n["adjusted"] == pytest.approx(0.95 * n["plain"], abs=1)
    assert (table["n_control"] / n).to_numpy() == pytest.approx(0.3 / 0.7 * 4, rel=1e-2)
    assert table.loc["plain", "p0"] == pytest.approx(p.mean())
    assert table.loc["plain", "relative"] == pytest.approx(0.5 * (p * q).mean() / p.mean())


def test_weighting_by_the_true_effect_saves_what_the_size_says() -> None:
    """Simulated: with the weights p q / variance the test of that size finds the effect four times in five."""
    p, q = planned()
    row = size_table(p, {"a": q}, {"a": 0.3}, 1, 0.0).set_index("design").loc["cause_informed"]
    n1, n0 = int(row["n_arm"]), int(row["n_control"])
    rng, found = np.random.default_rng(8), []
    for _ in range(400):
        who = rng.integers(0, len(p), n1 + n0)
        treated = np.arange(n1 + n0) < n1
        left = rng.random(n1 + n0) < p[who] * np.where(treated, 1 - 0.3 * q[who], 1)
        weight = q[who] / (1 - p[who])
        score = weight * (left - p[who])
        gap = score[treated].mean() - score[~treated].mean()
        found.append(abs(gap) / np.sqrt(score[treated].var() / n1 + score[~treated].var() / n0) > 1.96)
    assert np.mean(found) == pytest.approx(POWER, abs=0.06)


def test_without_a_mix_only_designs_that_need_none() -> None:
    table = size_table(np.full(1000, 0.1), {}, {"letter": 0.1}, 2, 0.0)
    assert list(table["design"]) == ["plain", "adjusted"] and set(table["relative"].round(6)) == {0.1}
    assert table["weeks"].iloc[0] % 4 == 0 and table["weeks"].iloc[0] > 4
    empty = size_table(np.zeros(0), {}, {}, 2, 0.0)
    assert len(empty) == 0 and list(empty.columns) == columns_of("action_sizes")
