"""From which chance on a member is at high risk."""

from __future__ import annotations

import numpy as np
import pytest

from whychurn.stats.high_risk import high_risk_from


def test_twice_the_mean_chance_and_never_more_than_one_half() -> None:
    assert high_risk_from(np.array([0.05, 0.05, 0.2]), "auto") == pytest.approx(0.2)
    assert high_risk_from(np.array([0.3, 0.5]), "auto") == 0.5
    assert high_risk_from(np.zeros(0), "auto") == 0.5


def test_a_threshold_that_is_set_stands() -> None:
    assert high_risk_from(np.array([0.05, 0.05]), 0.3) == 0.3
