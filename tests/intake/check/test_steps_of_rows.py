"""Lines of orders and copies of rows: each step alone, on a few rows worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.evidence.copies import mark_copies
from whychurn.intake.check.orders.order_lines import continue_orders, fold_lines
from whychurn.intake.read.raw_table import RawTable

DAYS = ["2024-01-01", "2024-01-05", "2024-01-09", "2024-01-20"]


def keys(checked: CheckedTable) -> list[str]:
    return [key for key, _ in checked.notices]


def raw_of(**columns: list[str]) -> RawTable:
    frame = pd.DataFrame(columns, dtype="string")
    return RawTable(frame, np.arange(1, len(frame) + 1), "orders.csv")


def test_a_line_without_member_and_time_takes_those_of_the_order_above(a_checked_table) -> None:
    """The second line repeats the number, the third leaves it empty, the last is of no order above."""
    orders = a_checked_table(
        "orders",
        order_id=["7", "7", None, "8", "9"],
        member_id=["a", None, None, "b", None],
        ordered_at=[DAYS[0], None, None, DAYS[1], None],
        amount=[12, np.nan, 3, 5, 4],
        quantity=[1, 2, 1, 1, 1],
    )
    continue_orders(orders)
    assert orders.frame["order_id"].tolist() == ["7", "7", "7", "8", "9"]
    assert orders.frame["member_id"].fillna("?").tolist() == ["a", "a", "a", "b", "?"]
    assert orders.frame["ordered_at"][:3].eq(pd.Timestamp(DAYS[0])).all()
    assert orders.frame["ordered_at"].isna().tolist() == [False] * 4 + [True]
    assert orders.frame["amount"].tolist() == [12, 0, 3, 5, 4]
    assert orders.notices == [("notice_continued", {"n": 2})]


def test_a_line_above_its_order_does_not_continue_it(a_checked_table) -> None:
    orders = a_checked_table(
        "orders",
        order_id=["1", "1", "1"],
        member_id=[None, "a", None],
        ordered_at=[None, DAYS[0], None],
        amount=[1, 2, 3],
    )
    continue_orders(orders)
    assert orders.frame["member_id"].fillna("?").tolist() == ["?", "a", "a"]
    assert orders.notices == [("notice_continued", {"n": 1})]


@pytest.fixture
def lines(a_checked_table) -> CheckedTable:
    """Order 1 has two lines."""
    return a_checked_table(
        "orders",
        order_id=["1", "2", "1"],
        member_id=["a", "b", "a"],
        ordered_at=["2024-01-01 12:30", "2024-01-02", "2024-01-01 12:00"],
        amount=[4, 5, 6],
        quantity=[1, 1, 2],
        category=["tea", "tea", "cake"],
    )


def test_lines_of_one_member_and_day_become_one_order(lines) -> None:
    fold_lines(lines, None, None)
    assert lines.frame[["order_id", "amount", "quantity"]].values.tolist() == [["1", 10, 3], ["2", 5, 1]]
    assert lines.frame["category"].tolist() == ["cake", "tea"]  # of the dearer line
    assert lines.frame["ordered_at"][0] == pd.Timestamp("2024-01-01 12:00")
    assert (lines.folded, lines.read, lines.row_number.tolist()) == (1, 3, [1, 2])
    assert keys(lines) == ["notice_folded"]


def test_a_users_word_decides_about_lines(lines) -> None:
    fold_lines(lines, [], None)
    assert len(lines.frame) == 3 and not lines.notices
    lines.frame["amount"] = [6.0, 5.0, 6.0]
    fold_lines(lines, ["orders"], "order")
    assert lines.frame["amount"].tolist() == [6, 5]  # repeated on each line, counted once


def test_a_number_that_two_members_share_is_no_order_of_two_lines(lines) -> None:
    lines.frame["member_id"] = lines.frame["member_id"].mask(lines.frame.index == 2, "c")
    fold_lines(lines, None, None)
    assert len(lines.frame) == 3 and lines.folded == 0


def test_two_of_three_repeated_numbers_as_lines_must_be_decided(a_checked_table) -> None:
    orders = a_checked_table(
        "orders", order_id=list("112233"), member_id=list("aabbcd"), ordered_at=[DAYS[0]] * 6, amount=[1] * 6
    )
    fold_lines(orders, None, None)
    assert orders.notices == [("decide_fold", {"n": 3, "other": 1})] and len(orders.frame) == 6


def a_table_of_copies(a_checked_table, times: list[str], **columns: list[str]):
    given = {"member_id": ["a", "b", "b"], "ordered_at": times, **columns}
    return a_checked_table("orders", amount=[3, 4, 4], **given), raw_of(amount=["3", "4", "4"], **given)


def test_a_row_that_repeats_another_with_its_number_is_a_copy(a_checked_table) -> None:
    orders, raw = a_table_of_copies(a_checked_table, DAYS[:1] + DAYS[1:2] * 2, order_id=["1", "2", "2"])
    mark_copies(orders, raw, "keep")
    assert orders.row_reasons.good.all() and keys(orders) == ["notice_copies_kept"]
    orders.notices.clear()
    mark_copies(orders, raw, None)
    assert orders.row_reasons.good.tolist() == [True, True, False]
    assert orders.row_reasons.counts() == {("copy", "order_id"): 1}
    assert orders.notices == [("notice_copies", {"table": "orders", "n": 1})]


def test_a_number_repeated_with_another_content_is_no_copy(a_checked_table) -> None:
    times = [DAYS[0], DAYS[1], DAYS[1]]
    orders, raw = a_table_of_copies(
        a_checked_table, times, order_id=["1", "2", "2"], channel=["web", "web", "shop"]
    )
    mark_copies(orders, raw, "once")
    assert orders.row_reasons.good.all() and orders.key_repeats and not orders.notices


@pytest.mark.parametrize(("clock", "choice", "copies"), [("", None, 0), ("", "once", 1), (" 09:15", None, 1)])
def test_without_a_number_a_clock_or_the_user_tells_copies(a_checked_table, clock, choice, copies) -> None:
    orders, raw = a_table_of_copies(a_checked_table, [day + clock for day in (DAYS[0], DAYS[1], DAYS[1])])
    mark_copies(orders, raw, choice)
    assert (~orders.row_reasons.good).sum() == copies
    assert keys(orders) == ["notice_copies" if copies else "notice_copies_kept"]
