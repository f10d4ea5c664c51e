"""Value at risk against sums by hand."""

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import BusinessParams
from whychurn.risk.value_at_risk import margin_exposed, value_at_risk


def test_stake_uses_the_members_own_time():
    rows = pd.DataFrame(
        {"spend_365d": [3650.0, 100.0, 50.0, np.nan], "tenure_days": [800.0, 100.0, 1.0, 500.0]}
    )
    expected = [0.3 * 10 * 365, 0.3 * 1 * 365, 0.3 * 50 / 90 * 365]
    got = margin_exposed(rows, BusinessParams(margin_rate=0.3, value_days=365))
    assert got[:3] == pytest.approx(expected)
    assert np.isnan(got[3])


def test_value_at_risk_is_the_integral_of_leaving():
    p, stake, horizon, days = 0.4, 1000.0, 90, 365
    grid = np.linspace(0, days, 200_001)
    stays = (1 - p) ** (grid / horizon)
    by_hand = stake * (1 - stays.mean())
    assert value_at_risk(np.array([p]), np.array([stake]), horizon, days)[0] == pytest.approx(
        by_hand, rel=1e-4
    )


def test_value_at_risk_at_the_ends():
    lost = value_at_risk(np.array([0.0, 1.0, 0.2, 0.3]), np.full(4, 100.0), 90, 365)
    assert lost[0] == 0
    assert lost[1] > 94  # gone almost at once
    assert lost[2] < lost[3]
    assert np.isnan(value_at_risk(np.array([0.3]), np.array([np.nan]), 90, 365))[0]
