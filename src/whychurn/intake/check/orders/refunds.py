"""Refunds and cancellations: rows with an amount below zero are taken off the order that they give back."""

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.intake.check.checked_table import CheckedTable

_CENT: Final = 0.005
_MOSTLY: Final = 0.5  # a larger share of amounts below zero is another convention of signs


REFUNDED: Final = {  # table -> its money, the order's day and number
    "orders": ("amount", "ordered_at", "order_id"),
    "memberships": ("price_paid", "starts_on", "membership_id"),
}


def net_refunds(checked: CheckedTable) -> None:
    """Take each refund off the member's order (or term) with its number, else of its amount, else the latest before it.

    The order is marked as returned and its amount is what stays; the refund's own row counts as netted. A refund
    without an earlier order of the member is set aside.
    """
    money, time, key = REFUNDED[checked.table]
    good = checked.row_reasons.good
    amount = checked.frame[money].to_numpy(dtype="float64")
    below = good & (amount < 0)
    if not below.any():
        return
    values: dict[str, Any] = {
        "n": int(below.sum()), "of": int(good.sum()), "column": f"{checked.table}.{money}",
    }  # fmt: skip
    if not (good & (amount > 0)).any():  # all are written with a minus
        checked.frame[money] = checked.frame[money].mask(below, checked.frame[money].abs())
        checked.notices.append(("notice_signs", values))
        return
    if values["n"] > _MOSTLY * values["of"]:
        checked.notices.append(("decide_signs", values))
        return
    left, back, alone = _take_off(
        checked.frame.rename(columns={money: "amount", time: "ordered_at", key: "order_id"}),
        below,
        good & (amount > 0),
    )
    sum_of_alone = float(-amount[alone].sum())
    checked.frame[money] = np.where(below, amount, left)
    checked.row_reasons.mark(below & ~alone, "netted", money)
    checked.row_reasons.mark(alone, "refund_without_order", money)
    if back.any() and "returned" in checked.frame:
        checked.frame["returned"] = (checked.frame["returned"].fillna(False) | back).astype("boolean")
    values |= {"orders": int(back.sum()), "sum": f"{-amount[below & ~alone].sum():,.2f}"}
    checked.notices.append(("notice_refunds", values))
    if alone.any():
        given = {"column": values["column"], "n": int(alone.sum()), "sum": f"{sum_of_alone:,.2f}"}
        checked.notices.append(("notice_refunds_alone", given))


def _take_off(
    frame: pd.DataFrame, below: np.ndarray, paid: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What stays of each amount; orders (bool) that gave something back; refunds (bool) without an order."""
    left = frame["amount"].to_numpy(dtype="float64").copy()
    day = frame["ordered_at"].to_numpy("datetime64[D]")
    number = frame["order_id"].str.replace(r"\D+", "", regex=True).fillna("").to_numpy(dtype=object)
    codes, _ = pd.factorize(frame["member_id"])
    concerned = np.flatnonzero(paid & np.isin(codes, codes[below]))
    by_member = concerned[np.lexsort((day[concerned], codes[concerned]))]
    start = np.searchsorted(codes[by_member], codes, side="left")
    stop = np.searchsorted(codes[by_member], codes, side="right")
    back, alone = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    for row in np.flatnonzero(below)[np.argsort(day[below], kind="stable")]:
        own = by_member[start[row] : stop[row]]
        own = own[(day[own] <= day[row]) & (left[own] > 0)]
        wanted = -left[row]
        found = _choose(own, left[own], wanted, number[own] == number[row] if number[row] else None)
        rest = wanted
        for order in found:
            taken = min(rest, left[order])
            left[order], rest = round(left[order] - taken, 6), rest - taken
            back[order] = True
        alone[row] = not len(found)
    return left, back, alone


def _choose(own: np.ndarray, left: np.ndarray, wanted: float, same: np.ndarray | None) -> np.ndarray:
    """The order that a refund gives back; several, the latest first, where none alone is large enough."""
    enough = left >= wanted - _CENT
    choices = [enough & same] if same is not None else []
    choices += [np.abs(left - wanted) < _CENT, enough]
    for mask in choices:
        if mask.any():
            return own[mask][-1:]
    if left.sum() < wanted - _CENT:
        return own[:0]
    latest = own[::-1]
    needed = int(np.searchsorted(np.cumsum(left[::-1]), wanted - _CENT)) + 1
    return latest[:needed]
