"""Weeks of members, worked out by hand: what happened in them, when a decision may have fallen, who counts
how much.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.exposures.activity_rate import mean_activity_rate
from whychurn.causes.exposures.exposure_history import draw_training_members
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.member_weeks import decision_windows
from whychurn.causes.member_weeks.activity_tables import open_activity_tables
from whychurn.causes.member_weeks.decision_windows import Spells, read_spells
from whychurn.causes.member_weeks.market_levels import read_market_levels
from whychurn.causes.member_weeks.panel_at_index_date import panel_at_index_date
from whychurn.causes.member_weeks.week_calendar import Calendar, observed_calendar
from whychurn.causes.member_weeks.weekly_counts import (
    count_by_week,
    count_events,
    count_rows,
    decay,
    decayed,
    discount_shares,
    expand_weeks,
    grid_shape,
    joining_weeks,
    lag,
    orders_with_category,
    term_values,
    weeks_since,
)
from whychurn.causes.member_weeks.weekly_records import RecordsReader, WeeklyRecords
from whychurn.causes.member_weeks.weeks_at_risk import (
    PersonWeeks,
    event_time_weights,
    last_observed_weeks,
    weeks_at_risk,
    weighted_sums,
)
from whychurn.contract.params import CausesParams, load_params
from whychurn.contract.paths import StudyPaths

FIRST = pd.Timestamp("2024-01-01")
CALENDAR = Calendar(FIRST, 70)  # ten weeks


@pytest.fixture(scope="module")
def params() -> CausesParams:
    return load_params(StudyPaths.at()).causes


def on(*days: int | None) -> pd.Series:
    """Dates of days counted from the first one."""
    return pd.Series([pd.NaT if day is None else FIRST + pd.Timedelta(days=day) for day in days])


@pytest.fixture
def stays() -> Spells:
    """Member a stayed for weeks 0 to 9; b's decision fell in weeks 2 to 4, the later the less likely by half."""
    table = pd.DataFrame({"member_id": ["a", "b"], "churned": [False, True]})
    rate = np.array([0.0, np.log(2)])
    return Spells(table, np.array([0, 1]), np.array([9, 2]), np.array([-1, 2]), np.array([-1, 4]), rate)


def test_the_chance_of_a_decision_falls_week_by_week(stays: Spells) -> None:
    stay, week, weight = event_time_weights(stays, np.arange(2))
    assert stay.tolist() == [1, 1, 1] and week.tolist() == [2, 3, 4]
    assert weight == pytest.approx(np.array([4, 2, 1]) / 7)


def test_a_leaver_is_at_risk_as_far_as_the_decision_may_not_have_fallen(stays: Spells) -> None:
    stay, week, weight = weeks_at_risk(stays, np.arange(2))
    mine = stay == 1
    assert week[mine].tolist() == [1, 2, 3, 4]
    assert weight[mine] == pytest.approx([1, 1 - 2 / 7, 1 - 4 / 7 - 1 / 7, 1 - 6 / 7 - 1 / 14])
    assert week[~mine].tolist() == list(range(10)) and (weight[~mine] == 1).all()
    there, last, weight = last_observed_weeks(stays, np.arange(2))
    assert there.tolist() == [0] and last.tolist() == [-1] and weight.tolist() == [1]


def test_sums_by_cell() -> None:
    rows = PersonWeeks(
        np.zeros(3), np.zeros(3), np.array([1.0, 0.5, 2]), np.array([[1.0, 0], [2, 4], [0, 1]]), np.zeros(3)
    )
    assert weighted_sums(rows, np.array([0, 0, 1]), 2).tolist() == [[2, 2], [0, 2]]


def test_decisions_of_a_programme_without_terms(
    params: CausesParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    """a was last there on day 30 and has left; b goes on, and its leaving would be seen until 14 days before
    the end.
    """
    spells = pd.DataFrame(
        {
            "member_id": ["b", "a"], "spell_no": [1, 1], "entered_on": on(0, 7).to_numpy(),
            "last_active_on": on(65, 30).to_numpy(), "churned": [False, True],
        }
    )  # fmt: skip
    acts = pd.Series({"a": 10, "b": 5})
    monkeypatch.setattr(decision_windows, "DECISION_WEEKS", 3)
    own = params.model_copy(update={"quiet_share": 0.5})
    found = read_spells(spells, acts, None, 14, CALENDAR, own)
    assert found.table["member_id"].tolist() == ["a", "b"] and found.table["until"].tolist() == [55, 55]
    assert found.first_week.tolist() == [1, 0] and found.last_week.tolist() == [4, 7]
    assert found.event_left.tolist() == [4, -1] and found.event_right.tolist() == [7, -1]
    assert found.rate[0] == pytest.approx(10 / 4 * 0.5)  # no fewer than four weeks count


def test_matrices() -> None:
    happened = count_by_week(np.array([0, 0, 2, 9]), np.array([0, 0, 1, 1]), (3, 2))
    assert happened.tolist() == [[2, 0], [0, 0], [0, 1]], "week 9 lies outside"
    assert decay(happened, half_life=1.0).tolist() == [[2, 0], [1, 0], [0.5, 1]]
    assert weeks_since(happened, np.array([0, 0])).tolist() == [[0, 0], [1, 1], [2, 0]]
    row, week = expand_weeks(np.array([3, 5, 1]), np.array([4, 4, 1]))
    assert row.tolist() == [0, 0, 2] and week.tolist() == [3, 4, 1]


def test_a_later_term_wins() -> None:
    grid = term_values(np.array([-1, 1]), np.array([1, 5]), np.array([0, 0]), (3, 2), np.array([10.0, 20]))
    assert grid[:, 0].tolist() == [10, 20, 20] and np.isnan(grid[:, 1]).all()


def test_what_never_happened_is_no_exposure() -> None:
    assert list(decayed("price", "rise", np.zeros((3, 1)))) == []
    found = list(decayed("price", "rise", np.array([[1.0], [0], [0]]), (1.0, 4.0)))
    assert [(cause, name) for cause, name, _ in found] == [("price", "rise@1"), ("price", "rise@4")]
    assert found[0][2].ravel().tolist() == [1, 0.5, 0.25]


def test_orders_of_some_members() -> None:
    orders = pd.DataFrame(
        {"m": [0, 0, 1], "day": [1, 8, 9], "category": ["tea", None, "toys"], "amount": [90.0, 50, 0], "discount": [10.0, None, 0]}
    )  # fmt: skip
    members = pd.DataFrame({"member_id": ["a", "b"], "joined_on": on(-30, 15)})
    records = WeeklyRecords(members, {"orders": orders}, None, CALENDAR)
    assert joining_weeks(records).tolist() == [0, 2]
    assert orders_with_category(records)["category"].tolist() == ["tea", "toys"]
    assert discount_shares(records) == pytest.approx([0.1, np.nan, np.nan], nan_ok=True)
    nothing = WeeklyRecords(members, {}, None, CALENDAR)
    assert orders_with_category(nothing).empty and len(discount_shares(nothing)) == 0


def test_a_market_as_matrices() -> None:
    """Two regions; the second is not told in the first week and takes the next one's level."""
    market = pd.DataFrame(
        {
            "week_start": on(0, 7, 7), "region": ["n", "n", "s"], "category": [None] * 3, "own_price_index": [100.0, 110, 90],
            "competitor_price_index": [100.0] * 3, "competitor_activity": [0.1, 0.2, 0.3],
        }
    )  # fmt: skip
    found = read_market_levels(market, CALENDAR)
    assert found is not None and found.own_price.shape == (10, 3, 1)
    levels = {float(value) for value in found.own_price[:2, :2, 0].ravel()}
    assert levels == {100, 110, 90} and (found.own_price[-1, :2, 0] == found.own_price[1, :2, 0]).all()
    assert read_market_levels(market.iloc[:0], CALENDAR) is None


def test_the_last_panel_row_before_each_anchor() -> None:
    panel = pd.DataFrame(
        {
            "member_id": ["a", "a", "a", "b"], "spell_no": [1, 1, 2, 1], "as_of": on(0, 30, 60, 30), "x": [1.0, 2, 3, 4],
            "event": [True] * 4,
        }
    )  # fmt: skip
    anchors = pd.DataFrame({"member_id": ["a", "a", "b"], "spell_no": [1, 2, 1], "anchor_on": on(30, 69, 29)})
    found = panel_at_index_date(anchors, panel, "100MB")
    assert found["x"].tolist()[:2] == [2, 3] and pd.isna(found["x"][2]), "b has no row so early"
    assert "event" not in found, "what the panel knows of the time after"


def test_those_that_teach_are_drawn_by_member() -> None:
    ids = [f"m{number}" for number in range(50)] * 2
    stays = Spells(pd.DataFrame({"member_id": ids}), *[np.zeros(100)] * 5)
    some, all_of_them = (load_params(StudyPaths.at(), {"causes": {"fit_members": most}}) for most in (20, 50))
    few = draw_training_members(stays, some)
    assert few.sum() == 40 and (few[:50] == few[50:]).all()
    assert draw_training_members(stays, all_of_them).all()


def test_small_ones() -> None:
    assert (
        mean_activity_rate(np.array([4.0, 6]), np.array([10, 10])) == 0.5
        and mean_activity_rate(np.zeros(0), np.zeros(0)) == 0
    )
    assert is_excess(["base", "newcomer", "rise@4"]).tolist() == [False, False, True]


def test_rows_and_events_by_week() -> None:
    events = pd.DataFrame(
        {"m": [0, 0, 1], "day": [0, 8, 9], "event_type": ["greeting", "app_fault", "greeting"]}
    )
    records = WeeklyRecords(pd.DataFrame({"member_id": ["a", "b"]}), {"events": events}, None, CALENDAR)
    assert grid_shape(records) == (10, 2)
    greetings = count_events(records, "greeting")
    assert greetings[:2].tolist() == [[1, 0], [0, 1]] and greetings.sum() == 2
    assert count_rows(records, "events", lambda rows: rows["day"] > 0)[:2].tolist() == [[0, 0], [1, 1]]
    assert not count_rows(records, "orders").any() and not count_events(records, "community").any()
    assert lag(greetings, 1)[:3].tolist() == [[0, 0], [1, 0], [0, 1]]


def test_members_are_read_by_number_from_the_activity_tables() -> None:
    """Three members order; the second and third are read, in weeks from the first order of anybody."""
    orders = pd.DataFrame(
        {
            "member_id": pd.array(["c", "a", "b", "c"], dtype="string"), "ordered_at": on(1, 7, 8, 30),
            "amount": [5.0, 1.0, 2.0, 3.0],
        }
    )  # fmt: skip
    members = pd.DataFrame({"member_id": pd.array(["a", "b", "c"], dtype="string")})
    with open_activity_tables({"orders": orders}, members["member_id"], "100MB") as activity:
        calendar = observed_calendar(activity, FIRST + pd.Timedelta(days=20))
        assert calendar.first == FIRST + pd.Timedelta(days=1) and calendar.days == 20 and calendar.weeks == 3
        assert activity.member_activity(3).tolist() == [1, 1, 2]
        records = RecordsReader(members, activity, None, calendar).read(np.array([1, 2]))
    assert records.members["member_id"].tolist() == ["b", "c"]
    rows = records.tables["orders"]
    assert rows["m"].tolist() == [0, 1] and rows["day"].tolist() == [7, 0], (
        "day 29 lies after the observed time"
    )
