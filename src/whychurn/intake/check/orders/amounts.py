"""What an order's amount is: of one piece (then times the quantity), or of all of them."""

import re
from typing import Final, Literal

import numpy as np
import pandas as pd

from whychurn.intake.check.checked_table import CheckedTable

Meaning = Literal["piece", "line", "order"]
_PIECE: Final = re.compile(
    r"(?i)unit[ _-]?(?:price|cost|amount)|(?:price|cost)[ _-]?(?:per|each|a[ _-])|per[ _-]?(?:unit|piece|item)"
    r"|(?:line[ _-]?)?item[ _-]?(?:price|cost)|piece[ _-]?price|^each$|单价|单件价|每件|件单价"
)
_ALIKE: Final = 0.9  # share of telling rows that must agree
_TELLING: Final = 5  # rows, or goods, fewer of which prove nothing


def fill_amounts(checked: CheckedTable, meaning: Meaning | None) -> None:
    """Orders' amounts from unit price and quantity where the source has no total, and said.

    Parameters
    ----------
    meaning
        `intake.order_amount`; None: by the column's name and by the rows themselves.
    """
    frame = checked.frame
    if "quantity" not in checked.mapped:
        return
    quantity = frame["quantity"].fillna(1.0)
    if "amount" not in checked.mapped:
        frame["amount"] = (frame["unit_price"] * quantity).round(2)
        _say(checked, "notice_piece", checked.mapped["unit_price"])
    elif meaning == "piece" or (meaning is None and _is_of_a_piece(checked, quantity)):
        frame["amount"] = (frame["amount"] * quantity).round(2)
        _say(checked, "notice_piece", checked.mapped["amount"])
    elif _has_own_price(checked):
        _compare(checked, quantity)
    back = (quantity < 0).to_numpy(dtype=bool)
    if back.any():  # a quantity below zero is a refund, whichever sign its amount has
        amount = frame["amount"].abs()
        frame["amount"] = frame["amount"].mask(back, -amount)
        frame["quantity"] = frame["quantity"].mask(back, quantity.abs())


def _is_of_a_piece(checked: CheckedTable, quantity: pd.Series) -> bool:
    amount = checked.frame["amount"]
    several = (quantity.abs() > 1) & amount.notna()
    if not several.any():
        return False
    if _has_own_price(checked):
        price = checked.frame["unit_price"]
        told = several & price.notna() & (price != 0)
        return bool(told.sum() >= _TELLING and np.isclose(amount, price)[told].mean() >= _ALIKE)
    header = checked.mapped["amount"]
    by_goods = _by_goods(checked.frame, quantity)
    if _PIECE.search(header):
        if by_goods == "line":
            checked.notices.append(("decide_piece", _values(checked, header)))
        return by_goods != "line"
    return by_goods == "piece"


def _has_own_price(checked: CheckedTable) -> bool:
    return checked.mapped.get("unit_price", checked.mapped["amount"]) != checked.mapped["amount"]


def _by_goods(frame: pd.DataFrame, quantity: pd.Series) -> Meaning | None:
    """Whether the same goods cost the same whatever the quantity (a piece), or in proportion to it (a line)."""
    rows = pd.DataFrame(
        {"goods": frame["category"], "amount": frame["amount"].abs(), "quantity": quantity.abs()}
    ).dropna()
    rows = rows[(rows["quantity"] > 0) & (rows["amount"] > 0)]
    if len(rows) > 100_000:
        rows = rows.sample(100_000, random_state=0)
    rows["each"] = rows["amount"] / rows["quantity"]
    goods = rows.groupby("goods", observed=True)
    spread = goods[["amount", "each"]].std() / goods[["amount", "each"]].mean()
    spread = spread[(goods.size() >= _TELLING) & (goods["quantity"].nunique() > 1)]
    if len(spread) < 3:
        return None
    steady = (spread < 0.02).mean()
    if steady["amount"] >= _ALIKE and steady["each"] < 0.5:
        return "piece"
    return "line" if steady["each"] >= _ALIKE and steady["amount"] < 0.5 else None


def _compare(checked: CheckedTable, quantity: pd.Series) -> None:
    frame = checked.frame
    made = frame["unit_price"] * quantity
    given = made.notna() & frame["amount"].notna()
    discount = frame["discount"].fillna(0.0)
    near = np.isclose(frame["amount"], made, atol=0.02) | np.isclose(
        frame["amount"], made - discount, atol=0.02
    )
    other = int((given & ~near).sum())
    if other:
        checked.notices.append(("notice_amount_other", {"n": other, "of": int(given.sum())}))


def _say(checked: CheckedTable, key: str, header: str) -> None:
    checked.notices.append((key, _values(checked, header)))


def _values(checked: CheckedTable, header: str) -> dict[str, object]:
    return {
        "table": checked.table,
        "header": header,
        "quantity": checked.mapped["quantity"],
        "n": int((checked.frame["quantity"].abs() > 1).sum()),
    }
