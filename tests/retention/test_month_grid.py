"""A history of three members laid out by month edges, each cell worked out by hand.

January to March 2024. a stays; b was last active on 10 January, left on 20 February and came back on 5
March; c joined on 15 February.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.retention.facts import empty_reason
from whychurn.retention.member_history import (
    Absences,
    History,
    as_dates,
    definition_days,
    log_of,
    month_edges,
)
from whychurn.retention.member_logs import FAR, Log, day_numbers, distinct_days
from whychurn.retention.month_grid import (
    churn_by_month,
    churned_at_month_ends,
    latest_before,
    left_between,
    membership_days,
    month_of,
    monthly_sum,
    months_complete,
    of_last_year,
    present_at_month_ends,
    returns_by_month,
    trailing_year,
    window_sum,
)
from whychurn.retention.rates.churn_by_stratum import observed_span, snapshot_before

MAIN = "inactivity_41d"


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype("int64"))


def days(*texts: str) -> np.ndarray:
    return np.array([day(text) for text in texts])


@pytest.fixture
def history() -> History:
    log = Log(np.array([0, 0, 1, 2]), days("2024-01-31", "2024-03-01", "2024-01-10", "2024-02-15"), np.array([1.0, 2, 4, 8]))  # fmt: skip
    away = Absences(np.array([1]), days("2024-01-10"), days("2024-02-20"), days("2024-03-05"), 41)
    return History(
        ids=pd.Index(["a", "b", "c"]),
        started=days("2023-12-01", "2024-01-05", "2024-02-15"),
        entered=days("2024-01-01", "2024-01-05", "2024-02-15"),
        consent=np.ones(3, bool),
        acts=log, buys=log, uses=log, payments=log,
        terms=pd.DataFrame(),
        absences={MAIN: away},
        main=MAIN, kind="inactivity",
        observed_from=day("2024-01-01"), observed_until=day("2024-03-20"),
        edges=month_edges(day("2024-01-01"), day("2024-03-20")),
    )  # fmt: skip


def test_days_and_dates() -> None:
    numbers = day_numbers(pd.Series(pd.to_datetime(["1970-01-02 13:00", None])))
    assert numbers.tolist() == [1, FAR]
    assert as_dates(numbers).tolist() == [pd.Timestamp("1970-01-02"), pd.NaT]
    assert definition_days("inactivity_90d") == 90 and definition_days("terms_30d") == 30


def test_edges_are_first_days_of_months(history: History) -> None:
    assert history.edges.tolist() == days("2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01").tolist()
    assert month_of(history, days("2023-12-31", "2024-01-31", "2024-02-01", "2024-04-01")).tolist() == [-1, 0, 1, 3]  # fmt: skip
    assert months_complete(history).tolist() == [True, True, False], "March ends after the last observed day"


def test_one_row_a_member_and_day() -> None:
    log = distinct_days(np.array([1, 0, 1, 1]), np.array([5, 9, 3, 5]))
    assert (
        log.member.tolist() == [0, 1, 1] and log.day.tolist() == [9, 3, 5] and log.amount.tolist() == [1] * 3
    )


def test_rows_of_strangers_and_without_a_time_are_left_out(history: History) -> None:
    rows = pd.DataFrame({"member_id": ["c", "x", "a", "a"], "at": pd.to_datetime(["2024-01-03", "2024-01-01", None, "2024-01-02"])})  # fmt: skip
    log = log_of(history, rows, "at")
    assert log.member.tolist() == [0, 2] and log.day.tolist() == days("2024-01-02", "2024-01-03").tolist()


def test_sums_by_month_and_window(history: History) -> None:
    assert monthly_sum(history, history.acts).tolist() == [[1, 0, 2], [4, 0, 0], [0, 8, 0]]
    start, stop = (
        days("2024-01-01", "2024-01-31", "2024-02-01"),
        days("2024-03-01", "2024-03-02", "2024-03-02"),
    )
    assert window_sum(history.acts, np.array([0, 0, 2]), start, stop).tolist() == [1, 3, 8]


def test_the_twelve_months_before_each_edge() -> None:
    monthly = np.arange(1.0, 15)[None, :]
    assert trailing_year(monthly)[0, [0, 1, 12, 13, 14]].tolist() == [
        0,
        1,
        78,
        78 + 13 - 1,
        78 + 13 + 14 - 1 - 2,
    ]
    running = np.arange(15.0)[None, :]  # one a month: of the last year twelve at most
    assert of_last_year(running)[0, [0, 5, 12, 14]].tolist() == [0, 5, 12, 12]


def test_the_latest_day_known_before_each_edge(history: History) -> None:
    """A term that begins in February and ends in April is known from the edge of March on."""
    begun, ends = days("2024-02-10"), days("2024-04-09")
    latest = latest_before(history, np.array([0]), begun, ends)
    assert (latest[0] == ends[0]).sum() == (history.edges > begun[0]).sum() > 0
    assert (latest[0][history.edges <= begun[0]] < 0).all() and (latest[1:] < 0).all()


def test_who_is_gone_and_who_is_there(history: History) -> None:
    """At the edges of January, February, March, April; b is gone from 20 February to 5 March."""
    assert churned_at_month_ends(history, MAIN).tolist() == [
        [False] * 4,
        [False, False, True, False],
        [False] * 4,
    ]
    assert present_at_month_ends(history, MAIN).tolist() == [
        [False, True, True, True],  # seen from 1 January on, so not before it
        [False, True, False, True],
        [False, False, True, True],
    ]
    assert churn_by_month(history, MAIN).tolist() == [[False] * 3, [False, True, False], [False] * 3]
    assert returns_by_month(history, MAIN).tolist() == [[False] * 3, [False, False, True], [False] * 3]
    assert left_between(history, MAIN, 0, 1).tolist() == [False] * 3
    assert left_between(history, MAIN, 0, 2).tolist() == [False, True, False]


def test_stays_end_where_leaving_would_still_be_known(history: History) -> None:
    """b has two stays; those that go on are watched until 41 days before the end, 8 February."""
    member, first, after, left = membership_days(history)
    assert member.tolist() == [1, 0, 1, 2] and left.tolist() == [True, False, False, False]
    known = day("2024-03-21") - 41
    assert first.tolist() == days("2024-01-05", "2024-01-01", "2024-03-05", "2024-02-15").tolist()
    assert after.tolist() == [day("2024-01-11"), known, known, known]


def test_latest_day_before_each_edge(history: History) -> None:
    found = latest_before(history, history.acts.member, history.acts.day)
    first, second = days("2024-01-31", "2024-03-01")
    assert found[0].tolist() == [-FAR, first, first, second], "a day counts from the edge after it on"
    assert found[2].tolist() == [-FAR, -FAR, *[day("2024-02-15")] * 2]


def test_strata_start_at_the_first_snapshot_of_the_last_year(history: History) -> None:
    panel = pd.DataFrame(
        {"as_of": pd.to_datetime(["2024-02-01", "2024-02-01", "2024-03-01"]), "x": [1, 2, 3]}
    )
    assert observed_span(history, panel) == (1, 2), "February is the last complete month"
    assert observed_span(history, panel[panel["x"] == 3]) is None
    assert observed_span(history, panel.iloc[:0]) is None
    assert snapshot_before(panel, pd.Timestamp("2024-02-01"))["x"].tolist() == [1, 2]


def test_reasons_of_empty_tables(history: History) -> None:
    assert empty_reason(history, "campaigns") == "empty_campaigns"
    assert empty_reason(history, "leading_indicators") == "empty_precursors"
    assert empty_reason(history, "second_purchase") == "empty_few"
