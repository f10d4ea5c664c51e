"""Forecasts of the stay: Kaplan-Meier against lifelines with late entry, a planted effect, a daily hazard by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.feature_encoding import Feature
from whychurn.survival.forecast.baseline_hazard import Extrapolation, daily_hazard
from whychurn.survival.forecast.forecasters import fit_cox_forecast, fit_kaplan_meier
from whychurn.survival.forecast.landmark_rows import LandmarkRows

PARAMS = load_params(StudyPaths(PROJECT))


def snapshots(n: int, seed: int, effect: float = 0.0) -> LandmarkRows:
    """One snapshot a member, 100 days into the stay or at its start; leaving at a rate that x raises."""
    rng = np.random.default_rng(seed)
    x, tenure = rng.normal(size=n), rng.choice([0, 100], n)
    leave = np.ceil(rng.exponential(1 / (0.004 * np.exp(effect * x))))
    as_of, until = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-09-01")
    reach = (until - as_of).days
    event, time = leave <= reach, np.minimum(leave, reach).astype(int)
    rows = pd.DataFrame(
        {
            "member_id": range(n),
            "spell_no": 1,
            "as_of": as_of,
            "x": x,
            "tenure_days": tenure,
            "start_on": as_of,
        }
    )
    rows["stop_on"] = as_of + pd.to_timedelta(time, unit="D")
    return LandmarkRows(rows, until, time, event)


def test_kaplan_meier_forecast_is_lifelines_own_with_late_entry() -> None:
    landmarks = snapshots(800, 1)
    mine = fit_kaplan_meier(landmarks, PARAMS.survival).curve(pd.DataFrame({"tenure_days": [0, 100]}), 120)
    tenure = landmarks.rows["tenure_days"]
    theirs = KaplanMeierFitter().fit(tenure + landmarks.time, landmarks.event, entry=tenure)
    at = theirs.survival_function_at_times([50, 120, 100, 150, 220]).to_numpy()
    assert mine[0, [50, 120]] == pytest.approx(at[:2], abs=1e-9)
    assert mine[1, [50, 120]] == pytest.approx(at[3:] / at[2], abs=1e-9)


@pytest.mark.parametrize("name", ["cox", "cox_landmark"])
def test_forecast_of_a_planted_effect(name: str) -> None:
    landmarks = snapshots(6000, 2, 0.7)
    feature = Feature("x", "number", "activity", None, "", 0, "x", "x")
    model = fit_cox_forecast(name, landmarks, [feature], PARAMS)
    rows = pd.DataFrame({"x": [-1.0, 0.0, 1.0], "tenure_days": 0})
    truth = np.exp(-0.004 * np.exp(0.7 * rows["x"].to_numpy())[:, None] * np.array([30, 90, 180]))
    assert model.curve(rows, 180)[:, [30, 90, 180]] == pytest.approx(truth, abs=0.03)


def test_daily_hazard_by_hand() -> None:
    entry, stop = np.array([0, 0, 1, 0]), np.array([2, 3, 3, 1])
    event = np.array([True, True, False, False])
    found = daily_hazard(entry, stop, event, Extrapolation(min_at_risk=1, tail_days=2), np.ones(4))
    # day 1: three at risk, nobody leaves; day 2: three at risk, one leaves; day 3: two at risk, one leaves
    assert found.cumulative[:4] == pytest.approx([0, 0, 1 / 3, 1 / 3 + 1 / 2])
    carried = (1 / 3 + 1 / 2) / 2
    assert found.between(np.array([3]), 2)[0] == pytest.approx([0, carried, 2 * carried])
