"""Each step that changes the money of orders and terms, alone, on a few rows worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.orders.amounts import fill_amounts
from whychurn.intake.check.orders.order_status import mark_status
from whychurn.intake.check.orders.refunds import net_refunds
from whychurn.intake.read.raw_table import RawTable

DAYS = ["2024-01-01", "2024-01-05", "2024-01-09", "2024-01-20"]


def keys(checked: CheckedTable) -> list[str]:
    return [key for key, _ in checked.notices]


def raw_of(**columns: list[str]) -> RawTable:
    frame = pd.DataFrame(columns, dtype="string")
    return RawTable(frame, np.arange(1, len(frame) + 1), "orders.csv")


def test_unit_price_times_quantity_is_the_amount_and_no_quantity_is_one(a_checked_table) -> None:
    orders = a_checked_table("orders", unit_price=[2.5, 4, 1.1], quantity=[4, np.nan, 3])
    fill_amounts(orders, None)
    assert orders.frame["amount"].tolist() == [10, 4, 3.3]
    [(key, values)] = orders.notices
    assert key == "notice_piece" and (values["header"], values["n"]) == ("unit_price", 2)


@pytest.mark.parametrize(("meaning", "amounts"), [("line", [6, 5]), ("order", [6, 5]), ("piece", [18, 5])])
def test_the_users_word_says_what_an_amount_is(a_checked_table, meaning, amounts) -> None:
    orders = a_checked_table("orders", amount=[6, 5], quantity=[3, 1])
    fill_amounts(orders, meaning)
    assert orders.frame["amount"].tolist() == amounts


def test_a_quantity_below_zero_makes_the_amount_a_refund(a_checked_table) -> None:
    orders = a_checked_table("orders", amount=[6, 5, -4], quantity=[-3, 1, -1])
    fill_amounts(orders, "line")
    assert orders.frame["amount"].tolist() == [-6, 5, -4]
    assert orders.frame["quantity"].tolist() == [3, 1, 1]


def test_amounts_that_are_not_price_times_quantity_are_counted(a_checked_table) -> None:
    """7 is neither 3 x 2 nor that less the discount; 5 is 3 x 2 less 1; the last has no price."""
    orders = a_checked_table(
        "orders", amount=[6, 7, 5, 9], unit_price=[3, 3, 3, np.nan], quantity=[2] * 4, discount=[0, 0, 1, 0]
    )
    fill_amounts(orders, None)
    assert orders.frame["amount"].tolist() == [6, 7, 5, 9]
    assert orders.notices == [("notice_amount_other", {"n": 1, "of": 3})]


@pytest.mark.parametrize(
    "words", [["paid", "Voided", "refunded", "paid"], ["已完成", "取消", "退款", "完成"]]
)
def test_a_status_takes_cancelled_orders_out_and_empties_refunded_ones(a_checked_table, words) -> None:
    orders = a_checked_table("orders", amount=[10, 20, 30, 40])
    orders.unused = ["status"]
    mark_status(orders, raw_of(status=words))
    assert orders.row_reasons.counts() == {("netted", "amount"): 1} and not orders.row_reasons.good[1]
    assert orders.good["amount"].tolist() == [10, 0, 40]
    assert orders.good["returned"].tolist() == [False, True, False]
    said = dict(orders.notices)
    assert (said["notice_cancelled"]["n"], said["notice_cancelled"]["sum"]) == (1, "20.00")
    assert (said["notice_given_back"]["n"], said["notice_given_back"]["sum"]) == (1, "30.00")


@pytest.mark.parametrize(
    ("header", "words", "unused"),
    [
        ("status", ["paid", "cancelled"], False),  # who maps it decides
        ("note", ["paid", "cancelled"], True),  # no name of a status
        ("state", ["Ohio", "Void"], True),  # half of the words are no status
    ],
)
def test_other_columns_cancel_nothing(a_checked_table, header, words, unused) -> None:
    orders = a_checked_table("orders", amount=[10, 20])
    orders.unused = [header] if unused else []
    mark_status(orders, raw_of(**{header: words}))
    assert orders.row_reasons.good.all() and not orders.notices


def test_refunds_are_taken_off_by_number_then_amount_and_else_set_aside(a_checked_table) -> None:
    """R-1 gives back 4 of order 1; R-9 is order 2's amount; b bought only after the refund."""
    orders = a_checked_table(
        "orders",
        order_id=["A1", "A2", "A3", "R-1", "R-9", "R-8", "B5"],
        member_id=["a", "a", "a", "a", "a", "b", "b"],
        ordered_at=[*DAYS[:3], DAYS[3], DAYS[3], DAYS[0], DAYS[3]],
        amount=[10, 30, 50, -4, -30, -7, 7],
    )
    net_refunds(orders)
    assert orders.good[["order_id", "amount"]].values.tolist() == [
        ["A1", 6],
        ["A2", 0],
        ["A3", 50],
        ["B5", 7],
    ]
    assert orders.good["returned"].tolist() == [True, True, False, False]
    counts = {("netted", "amount"): 2, ("refund_without_order", "amount"): 1}
    assert orders.row_reasons.counts() == counts
    said = dict(orders.notices)
    assert (said["notice_refunds"]["orders"], said["notice_refunds"]["sum"]) == (2, "34.00")
    assert said["notice_refunds_alone"] == {"column": "orders.amount", "n": 1, "sum": "7.00"}


@pytest.mark.parametrize(
    ("paid", "after", "said"),
    [
        ([5, 0, 8], [5, 0, 8], []),
        ([-5, 0, -8], [5, 0, 8], ["notice_signs"]),
        ([-5, 2, -8], [-5, 2, -8], ["decide_signs"]),
    ],
)
def test_signs_of_terms_are_turned_only_where_none_is_above_zero(a_checked_table, paid, after, said) -> None:
    terms = a_checked_table("memberships", member_id=["a"] * 3, starts_on=DAYS[:3], price_paid=paid)
    net_refunds(terms)
    assert terms.frame["price_paid"].tolist() == after and keys(terms) == said
    assert terms.row_reasons.good.all()
