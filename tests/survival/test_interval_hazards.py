"""From snapshots to interval rows to curves, on three members with hazards that can be added up by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.feature_encoding import Feature
from whychurn.survival.competing_risks.cumulative_incidence import member_order
from whychurn.survival.competing_risks.stated_causes import response_probability
from whychurn.survival.cox.schoenfeld import weighted_quantiles
from whychurn.survival.cox.time_varying_effects import TenureClock
from whychurn.survival.forecast.boosted_discrete_hazard import (
    advance,
    curve_from_hazards,
    interval_rows,
    scale_hazard,
)
from whychurn.survival.forecast.boosted_hazard_tuning import INTERVAL_DAYS, TunedHazard, variant_bounds
from whychurn.survival.forecast.landmark_rows import LandmarkRows, tenure_rows
from whychurn.survival.forecast.model_comparison_tables import empty_comparison_tables
from whychurn.survival.forecast.rolling_origin import ForwardTest
from whychurn.survival.lifetime.member_value import value_columns
from whychurn.survival.lifetime.spend_holdout import holdout_groups, holdout_scores
from whychurn.survival.nonparametric.kaplan_meier import stay_columns
from whychurn.survival.results import hide_small
from whychurn.survival.spell_strata import join_cohort

DAY = pd.Timestamp("2024-01-01")


@pytest.fixture(scope="module")
def params() -> Params:
    return load_params(StudyPaths.at())


def followed() -> LandmarkRows:
    """Three snapshots, watched for 100 days: one left after 20 days, one after 60, one is still there."""
    rows = pd.DataFrame(
        {
            "as_of": [DAY] * 3,
            "start_on": [DAY] * 3,
            "stop_on": [DAY + pd.Timedelta(days=30)] * 3,
            "tenure_days": [10, None, 40],
        }
    )
    return LandmarkRows(
        rows, DAY + pd.Timedelta(days=100), np.array([20, 60, 100]), np.array([True, True, False])
    )


def test_intervals_end_with_the_one_in_which_a_member_left() -> None:
    """Intervals up to day 30, 90 and 120: the last one is not wholly observed."""
    rows = interval_rows(followed(), np.array([30, 90, 120]))
    found = list(zip(rows.snapshot.tolist(), rows.interval.tolist(), rows.left.tolist(), strict=True))
    assert found == [(0, 0, True), (1, 0, False), (1, 1, True), (2, 0, False), (2, 1, False)]


def test_rows_on_the_clock_of_tenure() -> None:
    """The second has no known tenure; the first left within the row of 30 days, the third did not."""
    kept, entry, stop, event = tenure_rows(followed())
    assert kept.tolist() == [0, 2] and entry.tolist() == [10, 40]
    assert stop.tolist() == [40, 70] and event.tolist() == [True, False]


def test_a_hazard_of_twice_the_width() -> None:
    assert scale_hazard(np.array([0.5]), np.array([30]), np.array([60])) == pytest.approx([0.75])
    assert scale_hazard(np.array([0.19]), np.array([2]), np.array([1])) == pytest.approx([0.1])


def test_a_curve_falls_at_one_rate_within_an_interval_and_goes_on_after_the_last() -> None:
    curve = curve_from_hazards(np.array([[0.75, 0.5]]), np.array([2, 3]), 5)[0]
    assert curve == pytest.approx([1, 0.5, 0.25, 0.125, 0.0625, 0.03125])


def test_only_the_landmark_variant_learns_from_all_intervals() -> None:
    assert variant_bounds("landmark").tolist() == list(INTERVAL_DAYS)
    assert variant_bounds("frozen").tolist() == [INTERVAL_DAYS[0]]
    recipe = TunedHazard("landmark", 40, (0.0, 1.0), {"landmark": 0.1})
    assert recipe.as_json()["calibrated"] is False and recipe.as_json()["trees"] == 40


def test_quantiles_by_weight() -> None:
    values = np.array([3.0, 1, 2])
    assert weighted_quantiles(values, np.ones(3), (0.3, 0.9)) == (1, 3)
    assert weighted_quantiles(values, np.array([0.1, 0.1, 0.8]), (0.3, 0.9)) == (2, 2)


def test_the_tenure_clock_changes_after_each_bound() -> None:
    clock = TenureClock(np.array([30.0, 90]), np.array([-1.0, 0, 2]))
    assert clock.at(np.array([1, 30, 31, 90, 91])).tolist() == [-1, -1, 0, 0, 2]


def test_members_of_all_strata_once() -> None:
    strata = {
        "one": pd.DataFrame({"member_id": ["b", "a", "b"]}),
        "two": pd.DataFrame({"member_id": ["c", "a"]}),
    }
    assert member_order(strata).tolist() == ["a", "b", "c"]


def test_forecast_and_spend_by_group() -> None:
    """Groups by rank of the forecast, the lower half first."""
    table = holdout_groups({"panel": np.array([4.0, 1, 3, 2])}, np.array([40.0, 10, 30, 20]), groups=2)
    assert table["expected"].tolist() == [1.5, 3.5] and table["actual"].tolist() == [15, 35]
    assert table["members"].tolist() == [2, 2]


def test_scores_of_a_forecast_that_is_right_and_of_one_that_doubles(params: Params) -> None:
    actual = np.arange(1.0, 41)
    table = holdout_scores({"panel": actual.copy(), "double": 2 * actual}, actual, params)
    found = table.set_index(["method", "metric"])["estimate"]
    assert found["panel", "mae"] == pytest.approx(0) and found["panel", "ratio"] == pytest.approx(1)
    assert found["double", "ratio"] == pytest.approx(2, rel=1e-5) and found["double", "mae"] == pytest.approx(
        20.5, rel=1e-5
    )
    assert found["double", "mae_difference"] == pytest.approx(20.5, rel=1e-5)
    assert found["double", "rank_correlation"] == pytest.approx(1, abs=1e-5)


def test_columns_follow_the_horizons(params: Params) -> None:
    survival = params.survival
    columns = value_columns(survival)
    assert [f"p_stay_{horizon}d" for horizon in sorted(survival.challenge.horizons)] == [
        name for name in columns if name.startswith("p_stay_")
    ]
    first = survival.stay_days[0]
    assert stay_columns(survival)[:3] == [f"stay_{first}d", f"stay_{first}d_low", f"stay_{first}d_high"]
    assert all(table.empty for table in empty_comparison_tables().values())


def test_figures_of_few_members_are_blank() -> None:
    table = pd.DataFrame({"members": [9.0, 50], "churn_events": [9.0, 20], "share": [0.5, 0.4]})
    hidden = hide_small(table, 10)
    assert hidden["share"].isna().tolist() == [True, False] and hidden["share"][1] == 0.4


def test_cohorts_are_named_by_their_months() -> None:
    class Window:
        first = pd.Timestamp("2024-01-15")

    members = pd.DataFrame(
        {
            "member_id": ["a", "b", "c"],
            "joined_on": pd.to_datetime(["2024-02-01", "2024-07-31", "2023-05-01"]),
        }
    )
    stays = pd.DataFrame(
        {
            "member_id": ["a", "b", "c", "d"],
            "started_on": pd.to_datetime(["2024-02-01", "2024-07-31", "2023-05-01", "2024-12-31"]),
        }
    )
    found = join_cohort(stays, members, Window(), cohort_months=6)  # type: ignore[arg-type]
    assert found.tolist()[:2] == ["2024-01..2024-06", "2024-07..2024-12"]
    assert found.tolist()[2:] == ["earlier", "2024-07..2024-12"]


def test_tenure_and_calendar_move_on_and_all_else_is_constant() -> None:
    names = ("tenure_days", "month_of_year", "orders_90d")
    features = [Feature(name, "number", "activity", None, "", 0, name, name) for name in names]
    later = advance(np.array([[10.0, 11, 3]]), features, 60)
    assert later.tolist() == [[70, 1, 3]], "two months after November is January"


def test_a_test_looks_no_further_than_its_history() -> None:
    test = ForwardTest(DAY, [30, 365], learning_days=200, main=True)
    assert test.extrapolates(365) and not test.extrapolates(30)
    assert test.columns == {"landmark_on": DAY, "main": True}


def test_everybody_answered_or_nothing_is_known() -> None:
    answered = np.array([True, True, False, False])
    assert response_probability(pd.DataFrame(index=range(4)), answered).tolist() == [0.5] * 4
    assert response_probability(pd.DataFrame({"x": [1.0, 2, 3, 4]}), np.ones(4, bool)).tolist() == [1] * 4
    by_x = response_probability(pd.DataFrame({"x": [4.0, 3, 2, 1]}), answered)
    assert (np.diff(by_x) < 0).all()
