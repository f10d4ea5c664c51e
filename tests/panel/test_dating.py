"""Days of the churn definition: gaps, waits, the day that dates a leaving, and the pieces around them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.tables import running
from whychurn.intake.read.words.running_words import running_words
from whychurn.panel.churn_definition import allowed_gap, asked_sql, dated_on, waiting_days
from whychurn.panel.covered_terms import covered_until_sql
from whychurn.report.page.missing_leavers import missing_leavers_line
from whychurn.retention.before_churn.chances_to_leave import by_bin, days_since_last
from whychurn.retention.member_logs import payment_log
from whychurn.stats.constant_hazard import fit_hazard


@pytest.mark.parametrize(("days", "gap", "wait"), [(0, 1, 2), (1, 1, 2), (2, 2, 2), (30, 30, 30)])
def test_gaps_and_waits(days: int, gap: int, wait: int) -> None:
    assert (allowed_gap(days), waiting_days(days)) == (gap, wait)


def test_a_leaving_is_dated_on_the_last_day_as_a_member() -> None:
    events = pd.DataFrame(
        {"last_active_on": [pd.Timestamp("2024-05-31")], "left_on": [pd.Timestamp("2024-06-30")]}
    )
    assert dated_on(events, "terms").tolist() == [pd.Timestamp("2024-05-31")]
    assert dated_on(events, "inactivity").tolist() == [pd.Timestamp("2024-06-29")]


def test_terms_that_run_on() -> None:
    frame = pd.DataFrame({"starts_on": pd.to_datetime(["2024-01-01"] * 4)})
    frame["ends_on"] = pd.to_datetime(["2024-12-31", None, "2099-12-31", "2033-12-31"])
    assert running(frame).tolist() == [False, True, True, False]
    column, words = running_words(pd.Series(["至今", "2024-01-31", " Ongoing "], dtype="string"))
    assert column.isna().tolist() == [True, False, True] and sum(words.values()) == 2
    assert "cancelled < ends" in covered_until_sql(True) and "cancelled < ends" not in covered_until_sql()
    assert "GREATEST(entered, last - 30)" in asked_sql(
        "inactivity"
    )  # without terms, up to 30 days before the last act


def test_pieces_of_the_hazard() -> None:
    member, day = np.array([0, 0, 0, 1]), np.array([10, 20, 90, 5])
    assert days_since_last(member, day, 60).tolist() == [35, 10, 60, 35]
    counts = by_bin(
        np.array([0, 0, 2, -1]), np.array([True, False, True, True]), np.array([0.5, 0.25, 1, 1]), 3
    )
    assert counts["taken"].tolist() == [1, 0, 1] and counts["expected"].tolist() == [0.75, 0, 1]
    assert fit_hazard(np.full(100, 30.0), 10) == pytest.approx(-np.log(0.9) / 30)
    assert fit_hazard(np.array([]), 0) == 0 and np.isinf(fit_hazard(np.ones(3), 3))


def test_payments_of_orders_and_terms() -> None:
    orders = pd.DataFrame({"member_id": ["a"], "ordered_at": [pd.Timestamp("1970-01-03")], "amount": [5.0]})
    terms = pd.DataFrame(
        {
            "member_id": ["a"],
            "starts_on": [pd.Timestamp("1970-01-02")],
            "price_paid": [9.0],
            "list_price": [10.0],
        }
    )
    ids = pd.Index(["a"])
    assert payment_log(ids, orders).amount.tolist() == [5.0]
    assert payment_log(ids, orders, terms).amount.tolist() == [9.0, 5.0]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_caution_of_missing_leavers(lang: str) -> None:
    found = {
        "first_leaving_on": "2025-07-02",
        "days": 500,
        "months": 17,
        "expected": 40,
        "at_first": 15,
        "at_last": 310,
    }
    assert "2025-07-02" in missing_leavers_line({"missing_leavers": found}, lang)[0]
    assert missing_leavers_line({"missing_leavers": None}, lang) == []
