"""Orders: unit prices, lines of one order, refunds, cancellations, copies; what is assumed is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table

WHO = [f"m{number}" for number in range(12)]


@pytest.fixture
def intake(make_study, build):
    """Facts, orders and keys of the notices of a study with these orders."""

    def of(orders: pd.DataFrame, **params: Any) -> tuple[dict, pd.DataFrame, dict[str, dict]]:
        members = pd.DataFrame({"member_id": WHO, "joined_on": "2023-12-01"})
        over = {"intake": {"max_quarantined": 1, **params}, "privacy": {"pseudonymize": False}}
        study = make_study({"members": members, "orders": orders}, over)
        facts = build(study)
        counts = facts["tables"]["orders"]
        parts = ("kept", "quarantined", "folded", "duplicates", "netted")
        assert counts["read"] == len(orders) == sum(counts[name] for name in parts)
        notices = {one["key"].removeprefix("intake."): one["values"] for one in facts["notices"]}
        return counts, read_table(study.interim / "orders.parquet"), notices

    return of


def plain(rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_id": [f"A{number:03}" for number in range(rows)],
            "member_id": np.resize(WHO, rows),
            "ordered_at": pd.date_range("2024-01-02 09:10", periods=rows, freq="31h").strftime(
                "%Y-%m-%d %H:%M"
            ),
            "amount": np.round(10 + np.arange(rows) * 0.75, 2),
        }
    )


# pieces


@pytest.mark.parametrize(
    "header", ["Lineitem price", "Price per piece", "UnitCost", "unit_price", "商品单价"]
)
def test_a_column_named_like_a_unit_price_is_multiplied_and_said(intake, header) -> None:
    orders = plain(20).assign(Qty=np.resize([1, 2, 3], 20)).rename(columns={"amount": header})
    columns = {"orders.amount": header, "orders.quantity": "Qty"}
    _, found, notices = intake(orders, columns=columns)
    assert found["amount"].sum() == pytest.approx((orders[header] * orders["Qty"]).sum())
    assert notices["notice_piece"]["header"] == header
    _, found, _ = intake(orders, columns=columns, order_amount="line")
    assert found["amount"].sum() == pytest.approx(orders[header].sum())


def test_no_total_but_unit_price_and_quantity_make_the_amount(intake) -> None:
    orders = plain(9).assign(quantity=2).rename(columns={"amount": "unit_price"})
    _, found, notices = intake(orders)
    assert (
        found["amount"].sum() == pytest.approx(2 * orders["unit_price"].sum()) and "notice_piece" in notices
    )


def test_goods_that_cost_the_same_whatever_the_quantity_have_unit_prices(intake) -> None:
    goods = pd.DataFrame({"category": ["mug", "rug", "pen", "hat"], "price": [7.5, 80.0, 1.2, 19.0]})
    drawn = goods.iloc[np.resize(range(4), 60)].reset_index(drop=True)
    quantity = np.resize([1, 4, 2, 1, 3, 1, 5], 60)
    orders = plain(60).assign(category=drawn["category"], quantity=quantity, amount=drawn["price"])
    _, found, notices = intake(orders)
    assert (
        found["amount"].sum() == pytest.approx((drawn["price"] * quantity).sum())
        and "notice_piece" in notices
    )
    lines = orders.assign(amount=drawn["price"] * quantity)
    _, found, notices = intake(lines)
    assert found["amount"].sum() == pytest.approx(lines["amount"].sum()) and "notice_piece" not in notices
    with pytest.raises(WhychurnError, match=r"intake\.order_amount: line"):
        intake(lines.rename(columns={"amount": "unit price"}), columns={"orders.amount": "unit price"})


def test_amount_and_unit_price_are_compared(intake) -> None:
    orders = plain(20).assign(unit_price=lambda rows: rows["amount"], quantity=np.resize([1, 2], 20))
    _, found, notices = intake(orders)
    assert found["amount"].sum() == pytest.approx((orders["amount"] * orders["quantity"]).sum())
    orders["amount"] = orders["amount"] * orders["quantity"]
    orders.loc[:2, "amount"] += 5
    _, found, notices = intake(orders)
    assert found["amount"].sum() == pytest.approx(orders["amount"].sum())
    assert notices["notice_amount_other"]["n"] == 3


# lines


def lines_of(orders: pd.DataFrame) -> pd.DataFrame:
    """Two lines an order, the second a third of the price."""
    second = orders.assign(category="b", amount=(orders["amount"] / 3).round(2))
    return pd.concat([orders.assign(category="a"), second]).sort_index(kind="stable").reset_index(drop=True)


def test_lines_are_folded_without_being_asked(intake) -> None:
    lines = lines_of(plain(15))
    counts, found, notices = intake(lines)
    assert (counts["kept"], counts["folded"]) == (15, 15) and "notice_folded" in notices
    assert found["amount"].sum() == pytest.approx(lines["amount"].sum())


def test_numbers_used_for_several_orders_are_no_lines(intake) -> None:
    orders = plain(30).assign(order_id=np.resize([f"{n}" for n in range(15)], 30))
    counts, _, notices = intake(orders)
    assert counts["reasons"] == {"duplicate_id": 15} and "notice_folded" not in notices


def test_a_mixture_of_both_is_asked(intake) -> None:
    lines = lines_of(plain(20))
    lines.loc[1:12:2, "member_id"] = "m11"
    with pytest.raises(WhychurnError, match=r"intake.fold: \[orders\]"):
        intake(lines)
    assert intake(lines, fold=[])[0]["reasons"] == {"duplicate_id": 20}


@pytest.mark.parametrize("merged", [False, True])
def test_lines_that_leave_the_orders_fields_empty_continue_it(intake, merged) -> None:
    orders = plain(12)
    empty = ["member_id", "ordered_at", "amount", *(["order_id"] if merged else [])]
    second = orders.astype(object).assign(quantity=2)
    second[empty] = None
    lines = (
        pd.concat([orders.astype(object).assign(quantity=1), second])
        .sort_index(kind="stable")
        .reset_index(drop=True)
    )
    counts, found, notices = intake(lines)
    assert (counts["kept"], counts["folded"], notices["notice_continued"]["n"]) == (12, 12, 12)
    assert found["amount"].sum() == pytest.approx(orders["amount"].sum()) and found["quantity"].eq(3).all()


def test_a_sum_below_merged_lines_is_no_line(intake) -> None:
    orders = plain(12)
    second = orders.astype(object).assign(quantity=2)
    second[["order_id", "member_id", "ordered_at", "amount"]] = None
    lines = (
        pd.concat([orders.astype(object).assign(quantity=1), second])
        .sort_index(kind="stable")
        .reset_index(drop=True)
    )
    lines.loc[len(lines)] = [None, None, None, orders["amount"].sum(), 36]
    counts, found, _ = intake(lines)
    assert counts["reasons"] == {"missing_value": 1}
    assert found["amount"].sum() == pytest.approx(orders["amount"].sum())


def test_a_total_repeated_on_each_line_counts_once(intake) -> None:
    orders = plain(15)
    lines = pd.concat([orders.assign(category="a"), orders.assign(category="b")])
    _, found, notices = intake(lines)
    assert (
        found["amount"].sum() == pytest.approx(orders["amount"].sum()) and "notice_amount_of_order" in notices
    )
    _, found, _ = intake(lines, order_amount="line")
    assert found["amount"].sum() == pytest.approx(2 * orders["amount"].sum())
    with pytest.raises(WhychurnError, match=r"intake\.order_amount: order"):
        intake(pd.concat([orders.assign(seat=1), orders.assign(seat=2)]))


# refunds


def test_a_refund_is_taken_off_its_order(intake) -> None:
    orders = plain(24)
    back = orders.loc[[2, 7, 11]].assign(
        order_id=["R1", "C" + orders["order_id"][7], "A011-b"],
        amount=-orders["amount"],
        ordered_at="2024-03-01 10:00",
    )
    back.loc[11, "amount"] = -4  # part of the order
    counts, found, notices = intake(pd.concat([orders, back]))
    assert counts["netted"] == 3 and notices["notice_refunds"]["orders"] == 3
    assert found["amount"].sum() == pytest.approx(orders["amount"].sum() + back["amount"].sum())
    assert sorted(found.loc[found["returned"], "order_id"]) == ["A002", "A007", "A011"]
    assert found.set_index("order_id")["amount"]["A011"] == pytest.approx(orders["amount"][11] - 4)


def test_a_refund_may_bear_the_number_of_its_order(intake) -> None:
    orders = plain(24)
    back = orders.loc[[5, 6]].assign(amount=-orders["amount"], ordered_at="2024-03-01 10:00")
    counts, found, _ = intake(pd.concat([orders, back]))
    assert (counts["netted"], counts["kept"]) == (2, 24)
    assert found["amount"].sum() == pytest.approx(orders["amount"].drop([5, 6]).sum())


def test_a_refund_without_an_order_is_set_aside_and_said(intake) -> None:
    orders = plain(24)
    orders.loc[24] = ["X", "m1", "2024-01-01 08:00", -3]  # before the member's first order
    orders.loc[25] = ["Y", "m2", "2024-03-01 08:00", -5000]
    counts, found, notices = intake(orders)
    assert counts["reasons"] == {"refund_without_order": 2}
    assert notices["notice_refunds_alone"] == {"column": "orders.amount", "n": 2, "sum": "5,003.00"}
    assert found["amount"].sum() == pytest.approx(plain(24)["amount"].sum())


def test_refunds_of_terms_are_no_terms(make_study, build) -> None:
    terms = pd.DataFrame(
        {"membership_id": range(24), "member_id": np.resize(WHO, 24), "plan": "a", "price_paid": 30}
    )
    terms["starts_on"] = pd.date_range("2024-01-01", periods=24, freq="9D").strftime("%Y-%m-%d")
    terms["ends_on"] = (pd.to_datetime(terms["starts_on"]) + pd.Timedelta(days=80)).dt.strftime("%Y-%m-%d")
    back = terms.loc[[3, 8]].assign(membership_id=[100, 101], price_paid=-30)
    members = pd.DataFrame({"member_id": WHO, "joined_on": "2023-12-01"})
    study = make_study({"members": members, "memberships": pd.concat([terms, back])})
    counts = build(study)["tables"]["memberships"]
    assert (counts["kept"], counts["netted"], counts["cells_blanked"]) == (24, 2, {})
    assert read_table(study.interim / "memberships.parquet")["price_paid"].sum() == 22 * 30


def test_quantities_below_zero_are_refunds(intake) -> None:
    orders = plain(24).assign(quantity=2, unit_price=lambda rows: rows["amount"]).drop(columns="amount")
    back = orders.loc[[3]].assign(order_id="C1", quantity=-2, ordered_at="2024-03-01 10:00")
    counts, found, _ = intake(pd.concat([orders, back]))
    assert counts["netted"] == 1 and counts["cells_blanked"] == {}
    assert found["amount"].sum() == pytest.approx(2 * orders["unit_price"].drop(3).sum())


def test_other_conventions_of_signs(intake) -> None:
    orders = plain(24).assign(amount=lambda rows: -rows["amount"])
    _, found, notices = intake(orders)
    assert found["amount"].sum() == pytest.approx(-orders["amount"].sum()) and "notice_signs" in notices
    orders.loc[:5, "amount"] *= -1
    with pytest.raises(WhychurnError, match="18 of 24 amounts are below zero"):
        intake(orders)


@given(
    st.lists(
        st.tuples(st.sampled_from(WHO[:3]), st.integers(0, 9), st.integers(-90, 90)), min_size=1, max_size=25
    )
)
def test_money_balances_whatever_the_refunds(rows) -> None:
    from whychurn.intake.check.orders.refunds import _take_off

    frame = pd.DataFrame(rows, columns=["member_id", "day", "amount"]).astype({"amount": "float64"})
    frame["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], unit="D")
    frame["order_id"] = [f"o{number}" for number in range(len(frame))]
    amount = frame["amount"].to_numpy()
    below, paid = amount < 0, amount > 0
    left, back, alone = _take_off(frame, below, paid)
    assert (left[paid] >= -1e-9).all() and (left[paid] <= amount[paid]).all()
    assert left[paid].sum() == pytest.approx(amount[paid].sum() + amount[below & ~alone].sum())
    assert (back == (paid & (left < amount))).all()


STATUS = [
    ("financial_status", ["paid", "voided", "refunded"]),
    ("Status", ["Completed", "Cancelled", "Refunded"]),
    ("订单状态", ["交易成功", "交易关闭", "退款成功"]),
    ("state", ["delivered", "failed", "Returned"]),
]


@pytest.mark.parametrize(("header", "words"), STATUS)
def test_words_of_a_status_tell_what_was_cancelled(intake, header, words) -> None:
    sound, cancelled, back = words
    orders = plain(20)
    orders[header] = [sound] * 15 + [cancelled] * 3 + [back] * 2
    counts, found, notices = intake(orders)
    assert counts["netted"] == 3 and len(found) == 17
    assert found["amount"].sum() == pytest.approx(orders["amount"][:15].sum())
    assert found["returned"].sum() == 2
    assert (notices["notice_cancelled"]["n"], notices["notice_given_back"]["n"]) == (3, 2)


def test_states_of_a_country_are_no_status(intake) -> None:
    orders = plain(20).assign(state=np.resize(["Ohio", "Void", "Utah", "Iowa"], 20))
    assert intake(orders)[0]["netted"] == 0


# copies


def test_copies_count_once_with_a_key_and_with_a_clock(intake) -> None:
    orders = plain(20)
    for one in (orders, orders.drop(columns="order_id")):
        counts, found, notices = intake(pd.concat([one, one.iloc[::2]]))
        assert counts["duplicates"] == notices["notice_copies"]["n"] == 10 and len(found) == 20


def test_rows_of_a_day_may_have_happened_twice(intake) -> None:
    orders = plain(20).drop(columns="order_id").assign(ordered_at=lambda rows: rows["ordered_at"].str[:10])
    twice = pd.concat([orders, orders.iloc[:7]])
    counts, _, notices = intake(twice)
    assert counts["kept"] == 27 and notices["notice_copies_kept"]["n"] == 7
    assert intake(twice, copies={"orders": "once"})[0]["duplicates"] == 7


def test_rows_that_differ_in_a_column_that_is_not_mapped_are_no_copies(intake) -> None:
    orders = plain(20).drop(columns="order_id")
    counts, _, _ = intake(pd.concat([orders.assign(receipt=1), orders.assign(receipt=2)]))
    assert counts["kept"] == 40


def test_rows_alike_but_for_their_number_are_told(intake) -> None:
    orders = plain(20)
    again = orders.iloc[:6].assign(order_id=[f"B{number}" for number in range(6)])
    counts, _, notices = intake(pd.concat([orders, again]))
    assert counts["kept"] == 26 and notices["notice_twice"]["n"] == 6


def test_lines_that_are_alike_are_not_taken_for_copies(intake) -> None:
    lines = lines_of(plain(15))
    lines = pd.concat([lines, lines.iloc[:2]])  # one order with each of its lines twice: two pieces of each
    counts, found, _ = intake(lines)
    assert counts["duplicates"] == 0 and found["amount"].sum() == pytest.approx(lines["amount"].sum())
