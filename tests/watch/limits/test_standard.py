"""Limits set by a chart's own reference months."""

import numpy as np
import pytest

from whychurn.watch.limits.cusum import run_cusum
from whychurn.watch.limits.standard import FALSE_ALARMS, Figures, judge, spread_beyond, wider

MONTHS, CHANCE = 36, 0.09
REFERENCE = np.arange(MONTHS) < 12


def _figures(seed: int, beyond: float = 0.06, change: float = 0.0) -> Figures:
    """Monthly log-ratios with chance, month-to-month noise, and a change from month 18 on."""
    rng = np.random.default_rng(seed)
    value = rng.normal(0, np.hypot(CHANCE, beyond), (MONTHS, 1)) + change * (np.arange(MONTHS) >= 18)[:, None]
    return Figures(value, value + rng.normal(0, CHANCE, (60, MONTHS, 1)), np.full(MONTHS, 125.0), 0.05)


def test_spread_is_chance_and_what_months_differ_beyond() -> None:
    rng = np.random.default_rng(1)
    value = rng.normal(0, 0.2, (4000, 2))
    beyond = spread_beyond(value, np.full((4000, 2), 0.1**2), 0.05, pooled=False)
    assert np.allclose(np.sqrt(beyond), np.sqrt(0.2**2 - 0.1**2), rtol=0.05)
    assert np.allclose(spread_beyond(value, np.full((4000, 2), 1.0), 0.05, pooled=False), 0.05**2)
    uneven = value * [0.5, 1.0]
    assert np.ptp(spread_beyond(uneven, np.zeros((4000, 2)), 0.0, pooled=True)) == 0


def test_a_short_reference_widens() -> None:
    assert (wider(12), wider(8)) == (1.0, 1.125)
    short = judge(_figures(3), np.arange(MONTHS) < 8, 0)
    assert short.spread.mean() > CHANCE * 1.125


@pytest.mark.parametrize("seed", [3, 4])
def test_a_limit_is_the_same_for_the_same_seed(seed: int) -> None:
    one, two = (judge(_figures(3), REFERENCE, seed) for _ in range(2))
    assert one.height == two.height and np.array_equal(one.z, two.z)


def test_unchanged_charts_seldom_alarm_and_changed_ones_do() -> None:
    def alarms(change: float, months: slice) -> float:
        found = []
        for seed in range(40):
            limit = judge(_figures(seed, change=change), REFERENCE, seed)
            found.append(run_cusum(limit.z[None, 12:], limit.height).alarm[0, months].any())
        return float(np.mean(found))

    assert alarms(0.0, slice(None)) <= FALSE_ALARMS + 0.12
    assert alarms(np.log(1.5), slice(6, 9)) >= 0.9


def test_the_smallest_change_seen_grows_with_the_noise() -> None:
    calm, noisy = (judge(_figures(5, beyond), REFERENCE, 0).smallest for beyond in (0.0, 0.3))
    assert 0.05 < calm < 0.4 < noisy
