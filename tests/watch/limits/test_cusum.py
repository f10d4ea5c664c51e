"""CUSUM: sums, alarms, the month named, and a fresh start."""

import numpy as np

from whychurn.watch.limits.cusum import SLACK, began, run_cusum


def _one(values: list[float]) -> np.ndarray:
    return np.array(values)[None, :, None]


def test_sums_grow_by_what_exceeds_the_slack_and_begin_again_after_an_alarm() -> None:
    run = run_cusum(_one([0.0, 1.75, 2.75, 0.5, 1.75]), limit=2.5)
    assert np.allclose(run.up[0, :, 0], [0, 1, 3, 0, 1.75 - SLACK])
    assert run.alarm[0].tolist() == [False, False, True, False, False]
    assert began(run.up[0, :, 0], run.alarm[0], 2) == 1


def test_less_counts_unless_one_sided() -> None:
    values = _one([-2.0, -2.0, -2.0])
    assert run_cusum(values, limit=3.0).alarm[0].tolist() == [False, False, True]
    assert not run_cusum(values, limit=3.0, two_sided=False).alarm.any()


def test_a_month_without_a_figure_lets_the_sums_stand() -> None:
    run = run_cusum(_one([2.0, np.nan, 2.0]), limit=2.0)
    assert np.allclose(run.up[0, :, 0], [1.25, 1.25, 2.5])
    assert run.alarm[0].tolist() == [False, False, True]


def test_series_alarm_together_and_all_begin_again() -> None:
    z = np.zeros((1, 2, 2))
    z[0, 0] = [1.5, 4.0]
    run = run_cusum(z, limit=3.0)
    assert run.alarm[0, 0]
    assert np.allclose(run.up[0, 1], 0)
    assert began(run.up[0, :, 1], run.alarm[0], 0) == 0
