"""A few odd rows, or a table that ended earlier, do not move the days of a study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams, load_params
from whychurn.contract.tables import ACTIVITY_TABLES
from whychurn.intake.check.checked_table import absent_table
from whychurn.intake.check.evidence.study_days import LEAST_ROWS, set_odd_days_aside
from whychurn.intake.preview import check_source

MEMBERS = [f"m{number}" for number in range(40)]


def days(first: str, last: str, rows: int, seed: int = 1) -> pd.Series:
    span = pd.Timestamp(last) - pd.Timestamp(first)
    steps = np.random.default_rng(seed).uniform(0, 1, rows - 2)
    found = pd.Timestamp(first) + span * np.sort(np.concatenate([[0.0], steps, [1.0]]))
    return pd.Series(found).dt.strftime("%Y-%m-%d")


def a_table(table: str, when: pd.Series) -> pd.DataFrame:
    ids = np.resize(MEMBERS, len(when))
    if table == "orders":
        return pd.DataFrame({"order_id": range(len(when)), "member_id": ids, "ordered_at": when, "amount": 5})
    if table == "events":
        return pd.DataFrame(
            {"event_id": range(len(when)), "member_id": ids, "occurred_at": when, "event_type": "visit"}
        )
    ends = (pd.to_datetime(when) + pd.Timedelta(days=30)).dt.strftime("%Y-%m-%d")
    return pd.DataFrame(
        {"membership_id": range(len(when)), "member_id": ids, "plan": "p", "starts_on": when, "ends_on": ends}
    )


@pytest.fixture
def facts(make_study, build):
    def of(params: dict | None = None, **when: pd.Series):
        tables = {name: a_table(name, series) for name, series in when.items()}
        tables["members"] = pd.DataFrame({"member_id": MEMBERS, "joined_on": "2023-01-01"})
        return build(make_study(tables, params))

    return of


SPAN = ("2023-01-02", "2024-06-30")


@pytest.mark.parametrize("table", ["events", "memberships", "orders"])
@pytest.mark.parametrize("odd", [["2025-03-04"], ["2024-11-02", "2024-11-05", "2025-01-01"]])
def test_odd_last_days_are_set_aside_and_shown(facts, table, odd) -> None:
    found = facts(**{table: pd.concat([days(*SPAN, 600), pd.Series(odd)], ignore_index=True)})
    assert found["observed_until"] == SPAN[1]
    assert found["tables"][table]["reasons"] == {"odd_day": len(odd)}
    [notice] = [one for one in found["notices"] if one["key"] == "intake.notice_odd_last"]
    assert notice["values"]["n"] == len(odd) and odd[0] in notice["values"]["days"]
    assert "row 601" in notice["values"]["days"]


@pytest.mark.parametrize("odd", ["1923-05-01", "2003-06-01", "2022-02-02"])
def test_odd_first_days_are_set_aside(facts, odd) -> None:
    found = facts(orders=pd.concat([pd.Series([odd]), days(*SPAN, 600)], ignore_index=True))
    assert found["observed_from"] == SPAN[0]
    assert found["tables"]["orders"]["reasons"] == {"odd_day": 1}


def test_an_odd_row_of_a_small_table_is_judged_by_all_rows(facts) -> None:
    few = pd.concat([days(*SPAN, 20), pd.Series(["2025-05-05"])], ignore_index=True)
    found = facts(orders=days(*SPAN, 900), events=few)
    assert found["observed_until"] == SPAN[1] and found["tables"]["events"]["reasons"] == {"odd_day": 1}


def test_days_that_the_user_gives_stand(facts) -> None:
    rows = pd.concat([days(*SPAN, 600), pd.Series(["2025-03-04"])], ignore_index=True)
    found = facts({"intake": {"observed_until": "2025-03-04"}}, orders=rows)
    assert found["observed_until"] == "2025-03-04" and found["tables"]["orders"]["kept"] == 601
    found = facts({"intake": {"observed_from": "2023-07-01"}}, orders=rows)
    assert found["observed_from"] == "2023-07-01" == min(found["tables"]["orders"]["first_day"], "2023-07-01")
    assert found["tables"]["orders"]["reasons"]["before_window"] > 100


def test_seasons_and_the_first_days_of_a_new_season_are_no_odd_days(facts) -> None:
    """Closed each summer; the new season has begun with two rows."""
    winters = [days(f"{year}-11-01", f"{year + 1}-04-20", 200, year) for year in (2020, 2021, 2022)]
    rows = pd.concat([*winters, pd.Series(["2023-11-02", "2023-11-03"])], ignore_index=True)
    found = facts(orders=rows)
    assert found["observed_until"] == "2023-11-03" and not found["tables"]["orders"]["reasons"]


def test_few_rows_have_no_usual_rate(facts) -> None:
    rows = pd.concat([days(*SPAN, LEAST_ROWS - 2), pd.Series(["2025-05-05"])], ignore_index=True)
    assert facts(orders=rows)["observed_until"] == "2025-05-05"


def test_the_study_ends_where_the_first_main_table_ends(facts) -> None:
    """Orders until June, visits until August: whoever only buys has not left."""
    found = facts(orders=days(*SPAN, 600), events=days(SPAN[0], "2024-08-20", 600, 2))
    assert found["observed_until"] == SPAN[1]
    assert found["tables"]["events"]["reasons"]["after_window"] > 20
    assert "intake.notice_cut" in [one["key"] for one in found["notices"]]


def test_a_table_that_ended_long_ago_must_be_decided(facts) -> None:
    when = {"orders": days(SPAN[0], "2025-06-01", 900), "events": days(*SPAN, 600, 2)}
    with pytest.raises(WhychurnError, match=r"events end on 2024-06-30.*observed_until: 2024-06-30"):
        facts(**when)
    assert facts({"intake": {"observed_until": "2024-06-30"}}, **when)["observed_until"] == "2024-06-30"


def test_a_table_that_does_not_tell_who_is_there_is_only_told(facts) -> None:
    """Terms tell who is a member; the till's orders end earlier."""
    found = facts(memberships=days(SPAN[0], "2024-12-30", 900), orders=days(*SPAN, 600))
    assert found["observed_until"] == "2024-12-30"
    assert "intake.notice_ended" in [one["key"] for one in found["notices"]]


def test_the_check_shows_first_and_last_day_of_each_table(make_study) -> None:
    tables = {"orders": a_table("orders", days(*SPAN, 300)), "events": a_table("events", days(*SPAN, 90))}
    study = make_study(tables, {"intake": {"complete_members": True}})
    shown = check_source(study, load_params(study)).tables.set_index("table")
    assert shown.loc["orders", ["first_day", "last_day"]].tolist() == list(SPAN)
    assert shown.loc["events", ["first_day", "last_day"]].tolist() == list(SPAN)


def orders_alone(checked) -> dict:
    return {table: absent_table(table) for table in ACTIVITY_TABLES} | {"orders": checked}


def test_the_odd_row_is_marked_with_its_number_and_the_setting_that_keeps_it(a_checked_table) -> None:
    """One order a day for 60 days (the last on 29 February), then one in June."""
    when = [*pd.date_range("2024-01-01", periods=60), pd.Timestamp("2024-06-01 18:30")]
    orders = a_checked_table("orders", ordered_at=when)
    set_odd_days_aside(orders_alone(orders), IntakeParams())
    assert orders.row_reasons.counts() == {("odd_day", "ordered_at"): 1} and not orders.row_reasons.good[60]
    [(key, values)] = orders.notices
    assert key == "notice_odd_last" and values["days"] == "2024-06-01 (row 61)"
    assert (values["limit"], values["set"]) == ("2024-02-29", "observed_until: 2024-06-01")


@pytest.mark.parametrize("rows", [60, 120, 240, 500])
@pytest.mark.parametrize("odd", [1, 2, 3])
def test_up_to_three_odd_rows_are_found_at_either_end_of_tables_of_any_size(
    a_checked_table, rows, odd
) -> None:
    usual = pd.date_range("2024-01-01", periods=rows)
    beyond = pd.date_range(usual[-1] + pd.Timedelta(days=200), periods=odd, freq="40D")
    before = pd.date_range(usual[0] - pd.Timedelta(days=900), periods=odd, freq="40D")
    orders = a_checked_table("orders", ordered_at=[*before, *usual, *beyond])
    set_odd_days_aside(orders_alone(orders), IntakeParams())
    assert orders.row_reasons.good.tolist() == [False] * odd + [True] * rows + [False] * odd


@pytest.mark.parametrize(("rows", "silence"), [(LEAST_ROWS - 2, 90), (60, 29)])
def test_few_rows_or_a_short_silence_set_nothing_aside(a_checked_table, rows, silence) -> None:
    when = pd.date_range("2024-01-01", periods=rows)
    orders = a_checked_table("orders", ordered_at=[*when, when[-1] + pd.Timedelta(days=silence)])
    set_odd_days_aside(orders_alone(orders), IntakeParams())
    assert orders.row_reasons.good.all() and not orders.notices


def test_rows_before_the_first_day_given_are_set_aside_but_not_terms(a_checked_table) -> None:
    when = [pd.Timestamp(day) for day in ("2023-12-31 23:59", "2024-01-01", "2024-02-01")]
    tables = orders_alone(a_checked_table("orders", ordered_at=when))
    tables["memberships"] = a_checked_table("memberships", starts_on=when)
    set_odd_days_aside(tables, IntakeParams(observed_from="2024-01-01"))
    assert tables["orders"].row_reasons.good.tolist() == [False, True, True]
    assert tables["orders"].row_reasons.counts() == {("before_window", "ordered_at"): 1}
    assert tables["memberships"].row_reasons.good.all()
