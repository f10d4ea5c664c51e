"""Weeks of members, worked out by hand: what happened in them, when a decision may have fallen, who counts how much."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.exposures.activity_rate import usual_pace
from whychurn.causes.exposures.history import drawn_to_teach
from whychurn.causes.latent_cause.avoidable import excess_flags
from whychurn.causes.member_weeks.counts import bought, discount_shares, fading, first_weeks
from whychurn.causes.member_weeks.decision_windows import Stays, read_stays
from whychurn.causes.member_weeks.matrices import count, fade, runs, spread_terms, weeks_since
from whychurn.causes.member_weeks.panel_rows import panel_at
from whychurn.causes.member_weeks.records import Calendar, Records, read_market
from whychurn.causes.member_weeks.weeks_at_risk import (
    Rows,
    last_weeks,
    summed,
    weeks_at_risk,
    weeks_of_decision,
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
def stays() -> Stays:
    """Member a stayed for weeks 0 to 9; b's decision fell in weeks 2 to 4, the later the less likely by half."""
    table = pd.DataFrame({"member_id": ["a", "b"], "churned": [False, True]})
    rate = np.array([0.0, np.log(2)])
    return Stays(table, np.array([0, 1]), np.array([9, 2]), np.array([-1, 2]), np.array([-1, 4]), rate)


def test_the_chance_of_a_decision_falls_week_by_week(stays: Stays) -> None:
    stay, week, weight = weeks_of_decision(stays, np.arange(2))
    assert stay.tolist() == [1, 1, 1] and week.tolist() == [2, 3, 4]
    assert weight == pytest.approx(np.array([4, 2, 1]) / 7)


def test_a_leaver_is_at_risk_as_far_as_the_decision_may_not_have_fallen(stays: Stays) -> None:
    stay, week, weight = weeks_at_risk(stays, np.arange(2))
    mine = stay == 1
    assert week[mine].tolist() == [1, 2, 3, 4]
    assert weight[mine] == pytest.approx([1, 1 - 2 / 7, 1 - 4 / 7 - 1 / 7, 1 - 6 / 7 - 1 / 14])
    assert week[~mine].tolist() == list(range(10)) and (weight[~mine] == 1).all()
    there, last, weight = last_weeks(stays, np.arange(2))
    assert there.tolist() == [0] and last.tolist() == [-1] and weight.tolist() == [1]


def test_sums_by_cell() -> None:
    rows = Rows(
        np.zeros(3), np.zeros(3), np.array([1.0, 0.5, 2]), np.array([[1.0, 0], [2, 4], [0, 1]]), np.zeros(3)
    )
    assert summed(rows, np.array([0, 0, 1]), 2).tolist() == [[2, 2], [0, 2]]


def test_decisions_of_a_programme_without_terms(params: CausesParams) -> None:
    """a was last there on day 30 and has left; b goes on, and its leaving would be seen until 14 days before the end."""
    spells = pd.DataFrame(
        {
            "member_id": ["b", "a"], "spell_no": [1, 1], "entered_on": on(0, 7).to_numpy(),
            "last_active_on": on(65, 30).to_numpy(), "churned": [False, True],
        }
    )  # fmt: skip
    members = pd.DataFrame({"member_id": ["a", "b"], "joined_on": on(0, 0)})
    acts = pd.Series({"a": 10, "b": 5})
    own = params.model_copy(update={"decision_weeks": 3, "quiet_share": 0.5})
    found = read_stays(spells, members, pd.DataFrame(), acts, "inactivity", 14, CALENDAR, own)
    assert found.table["member_id"].tolist() == ["a", "b"] and found.table["until"].tolist() == [55, 55]
    assert found.first_week.tolist() == [1, 0] and found.last_week.tolist() == [4, 7]
    assert found.from_week.tolist() == [4, -1] and found.to_week.tolist() == [7, -1]
    assert found.rate[0] == pytest.approx(10 / 4 * 0.5)  # no fewer than four weeks count


def test_matrices() -> None:
    happened = count(np.array([0, 0, 2, 9]), np.array([0, 0, 1, 1]), (3, 2))
    assert happened.tolist() == [[2, 0], [0, 0], [0, 1]], "week 9 lies outside"
    assert fade(happened, half_life=1.0).tolist() == [[2, 0], [1, 0], [0.5, 1]]
    assert weeks_since(happened, np.array([0, 0])).tolist() == [[0, 0], [1, 1], [2, 0]]
    row, week = runs(np.array([3, 5, 1]), np.array([4, 4, 1]))
    assert row.tolist() == [0, 0, 2] and week.tolist() == [3, 4, 1]


def test_a_later_term_wins() -> None:
    grid = spread_terms(np.array([-1, 1]), np.array([1, 5]), np.array([0, 0]), (3, 2), np.array([10.0, 20]))
    assert grid[:, 0].tolist() == [10, 20, 20] and np.isnan(grid[:, 1]).all()


def test_what_never_happened_is_no_exposure(params: CausesParams) -> None:
    own = params.exposures.model_copy(update={"half_lives": [1.0, 4.0]})
    assert list(fading("price", "rise", np.zeros((3, 1)), own)) == []
    found = list(fading("price", "rise", np.array([[1.0], [0], [0]]), own))
    assert [(cause, name) for cause, name, _ in found] == [("price", "rise@1"), ("price", "rise@4")]
    assert found[0][2].ravel().tolist() == [1, 0.5, 0.25]


def test_orders_of_some_members() -> None:
    orders = pd.DataFrame(
        {"m": [0, 0, 1], "day": [1, 8, 9], "category": ["tea", None, "toys"], "amount": [90.0, 50, 0], "discount": [10.0, None, 0]}
    )  # fmt: skip
    members = pd.DataFrame({"member_id": ["a", "b"], "joined_on": on(-30, 15)})
    records = Records(members, {"orders": orders}, None, CALENDAR)
    assert first_weeks(records).tolist() == [0, 2]
    assert bought(records)["category"].tolist() == ["tea", "toys"]
    assert discount_shares(records) == pytest.approx([0.1, np.nan, np.nan], nan_ok=True)
    nothing = Records(members, {}, None, CALENDAR)
    assert bought(nothing).empty and len(discount_shares(nothing)) == 0


def test_a_market_as_matrices() -> None:
    """Two regions; the second is not told in the first week and takes the next one's level."""
    market = pd.DataFrame(
        {
            "week_start": on(0, 7, 7), "region": ["n", "n", "s"], "category": [None] * 3, "own_price_index": [100.0, 110, 90],
            "competitor_price_index": [100.0] * 3, "competitor_activity": [0.1, 0.2, 0.3],
        }
    )  # fmt: skip
    found = read_market(market, CALENDAR)
    assert found is not None and found.own.shape == (10, 3, 1)
    levels = {float(value) for value in found.own[:2, :2, 0].ravel()}
    assert levels == {100, 110, 90} and (found.own[-1, :2, 0] == found.own[1, :2, 0]).all()
    assert read_market(market.iloc[:0], CALENDAR) is None


def test_the_last_panel_row_before_each_anchor() -> None:
    panel = pd.DataFrame(
        {
            "member_id": ["a", "a", "a", "b"], "spell_no": [1, 1, 2, 1], "as_of": on(0, 30, 60, 30), "x": [1.0, 2, 3, 4],
            "event": [True] * 4,
        }
    )  # fmt: skip
    anchors = pd.DataFrame({"member_id": ["a", "a", "b"], "spell_no": [1, 2, 1], "anchor_on": on(30, 69, 29)})
    found = panel_at(anchors, panel, "100MB")
    assert found["x"].tolist()[:2] == [2, 3] and pd.isna(found["x"][2]), "b has no row so early"
    assert "event" not in found, "what the panel knows of the time after"


def test_those_that_teach_are_drawn_by_member() -> None:
    ids = [f"m{number}" for number in range(50)] * 2
    stays = Stays(pd.DataFrame({"member_id": ids}), *[np.zeros(100)] * 5)
    some, all_of_them = (load_params(StudyPaths.at(), {"causes": {"fit_members": most}}) for most in (20, 50))
    few = drawn_to_teach(stays, some)
    assert few.sum() == 40 and (few[:50] == few[50:]).all()
    assert drawn_to_teach(stays, all_of_them).all()


def test_small_ones() -> None:
    assert (
        usual_pace(np.array([4.0, 6]), np.array([10, 10])) == 0.5
        and usual_pace(np.zeros(0), np.zeros(0)) == 0
    )
    assert excess_flags(["base", "newcomer", "rise@4"]).tolist() == [False, False, True]
