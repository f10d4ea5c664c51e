"""Shapes of memberships as exports have them: what each becomes, and that it is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import IntakeParams
from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.membership_terms import read_terms
from whychurn.intake.check.one_table import check_table
from whychurn.intake.read.raw_table import RawTable
from whychurn.labels import say


def terms(rows: list[dict[str, Any]], **params: Any) -> CheckedTable:
    texts = [{"member_id": "a", "plan": "month", "starts_on": "2024-01-01", **row} for row in rows]
    frame = pd.DataFrame(texts, dtype="string")
    raw = RawTable(frame, np.arange(1, len(frame) + 1), np.array([], dtype="int64"), "memberships.csv")
    checked = check_table("memberships", raw, IntakeParams(source="data/raw", **params))
    read_terms(checked, IntakeParams(source="data/raw", **params))
    return checked


def said(checked: CheckedTable) -> dict[str, dict[str, Any]]:
    for key, values in checked.notices:
        for lang in ("en", "zh"):
            assert "{" not in say(f"intake.{key}", lang, **values)
    return dict(checked.notices)


@pytest.mark.parametrize(
    "word",
    [
        "",
        "至今",
        "长期有效",
        "Ongoing",
        "active",
        "until cancelled",
        "无期限",
        "9999-12-31",
        "2099-12-31",
        "Never",
    ],
)
def test_a_term_without_an_end_runs_on_and_it_is_said(word: str) -> None:
    checked = terms([{"ends_on": word, "member_id": "a"}, {"ends_on": "2024-06-30", "member_id": "b"}])
    assert len(checked.good) == 2 and said(checked)["notice_terms_running"]["n"] == 1


@pytest.mark.parametrize("column", ["ends_on", "cancelled_on"])
def test_an_end_that_cannot_be_read_is_no_running_term(column: str) -> None:
    checked = terms([{"ends_on": "", column: "soonish"}, {"ends_on": "", "cancelled_on": "2024-03-01"}])
    assert checked.row_reasons.counts() == {("wrong_type", column): 1}


def test_terms_that_nothing_ends_are_refused() -> None:
    with pytest.raises(Exception, match="ends_on"):
        terms([{"plan": "month"}])


def test_a_table_of_cancellings_alone_is_read() -> None:
    checked = terms(
        [{"cancelled_on": "2024-03-01", "member_id": "a"}, {"cancelled_on": "", "member_id": "b"}]
    )
    assert said(checked)["notice_terms_running"] == {"n": 2, "cancelled": 1}


def test_cancelled_before_the_start() -> None:
    checked = terms(
        [
            {"ends_on": "", "cancelled_on": "2023-12-01"},
            {"ends_on": "2024-01-31", "cancelled_on": "2023-12-01"},
        ]
    )
    assert checked.row_reasons.good.tolist() == [False, True]
    assert pd.isna(checked.frame["cancelled_on"].iloc[1])


@pytest.mark.parametrize("plan", ["Trial", "free-trial", "trial_14d", "7天试用", "体验课", "Taster week"])
def test_trials_by_name_are_told_apart_with_how_many_went_on(plan: str) -> None:
    rows = [
        {"member_id": "a", "plan": plan, "ends_on": "2024-01-14"},
        {"member_id": "a", "plan": "year", "starts_on": "2024-01-15", "ends_on": "2025-01-14"},
        {"member_id": "b", "plan": plan, "ends_on": "2024-01-14"},
    ]
    checked = terms(rows)
    assert checked.frame["trial"].tolist() == [True, False, True]
    told = said(checked)["notice_terms_trials"]
    assert (told["n"], told["members"], told["converted"], told["only"]) == (2, 2, 1, 1)
    assert not terms(rows, trials="terms").frame["trial"].any()


@pytest.mark.parametrize("plan", ["industrial", "trialogue", "month"])
def test_other_plans_are_no_trials(plan: str) -> None:
    assert (
        not terms([{"plan": plan, "ends_on": "2024-01-31"}, {"plan": "b", "ends_on": "2024-01-31"}])
        .frame["trial"]
        .any()
    )


def test_a_free_term_is_a_trial_only_before_the_first_paid_one() -> None:
    checked = terms(
        [
            {"ends_on": "2024-01-14", "price_paid": "0"},
            {"starts_on": "2024-01-15", "ends_on": "2024-02-14", "price_paid": "20"},
            {
                "starts_on": "2024-02-15",
                "ends_on": "2024-03-14",
                "price_paid": "0",
            },  # a free month as a thank-you
        ]
    )
    assert checked.frame["trial"].tolist() == [True, False, False]
    free = terms([{"ends_on": "2024-01-31", "price_paid": "0"}, {"ends_on": "2024-01-31", "price_paid": "0"}])
    assert not free.frame["trial"].any()  # a programme that costs nothing


def test_terms_that_renew_by_themselves_run_on_where_cancelling_says_so() -> None:
    def row(member: str, cancelled: str) -> dict[str, str]:
        return {"member_id": member, "ends_on": "2024-12-31", "auto_renew": "yes", "cancelled_on": cancelled}

    checked = terms([row("a", "2025-06-01"), row("b", "2025-07-01"), row("c", "")])
    assert checked.frame["ends_on"].isna().all() and "notice_terms_renewing_runs" in said(checked)
    checked = terms([row("a", "2024-06-01"), row("b", "2024-07-01"), row("d", "2025-02-01"), row("c", "")])
    assert checked.frame["ends_on"].notna().all() and said(checked)["notice_terms_renewing_ends"]["n"] == 1


def test_pauses_and_overlaps_are_told() -> None:
    checked = terms(
        [
            {"ends_on": "2024-12-31", "paused_from": "2024-02-01", "paused_until": "2024-02-29"},
            {
                "starts_on": "2024-06-01",
                "ends_on": "2025-05-31",
                "paused_from": "2024-07-01",
                "paused_until": "至今",
            },
        ]
    )
    told = said(checked)
    assert told["notice_terms_paused"] == {"n": 2, "open": 1} and told["notice_terms_overlaps"]["n"] == 1


def test_terms_without_a_member_overlap_none() -> None:
    checked = terms([{"member_id": "NULL", "ends_on": "2024-01-31"}])
    assert checked.frame["member_id"].isna().all() and "notice_terms_overlaps" not in said(checked)
