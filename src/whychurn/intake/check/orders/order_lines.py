"""Lines of one order become one order: by evidence, or because the user says so."""

from typing import Final, Literal

import numpy as np
import pandas as pd

from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.quarantine import RowReasons

SUMMED: Final = ("amount", "discount", "quantity")
OF_A_LINE: Final = ("quantity", "unit_price", "category", "amount")
_LINES: Final = 0.95  # share of repeated numbers that stand for one member and day: lines of orders
_NO_LINES: Final = 0.5  # below: the number is used for several orders
_TELLING: Final = 5  # orders of several lines, fewer of which prove nothing


def continue_orders(checked: CheckedTable) -> None:
    """Fill number, member and time of lines that leave them empty and belong to the order above.

    Such a line repeats the order's number alone, or leaves that empty too (cells merged in a spreadsheet) and
    holds something of a line. What the order's total is stands on its first line: an empty amount counts 0.
    """
    frame = checked.frame
    bare = frame["member_id"].isna() & frame["ordered_at"].isna() & checked.row_reasons.good
    if "order_id" not in checked.mapped or not bare.any():
        return
    above = frame["order_id"].ffill()
    follows = bare & above.eq(above.shift()).fillna(False) & frame["order_id"].notna()
    merged = bare & frame["order_id"].isna() & above.notna() & _holds_a_line(frame, bare)
    continued = follows | merged
    if not continued.any():
        return
    first = frame.loc[~bare].drop_duplicates("order_id").set_index("order_id")
    ids = above[continued]
    frame.loc[continued, "order_id"] = ids
    for name in ("member_id", "ordered_at"):
        frame[name] = frame[name].where(~continued, above.map(first[name]).astype(frame[name].dtype))
    frame["amount"] = frame["amount"].mask(continued & frame["amount"].isna(), 0.0)
    checked.notices.append(("notice_continued", {"n": int(continued.sum())}))


def _holds_a_line(frame: pd.DataFrame, bare: pd.Series) -> pd.Series:
    filled = frame[list(OF_A_LINE)].notna()
    lines = filled[bare & frame["order_id"].isna()]
    holds = filled.any(axis=1)
    if len(lines) and lines["amount"].mean() < 0.5:
        holds &= ~filled["amount"]  # an amount where others have none is a sum below the table
    return holds


def fold_lines(
    checked: CheckedTable,
    fold: list[Literal["orders"]] | None,
    meaning: Literal["piece", "line", "order"] | None,
) -> None:
    """Fold the lines of each order into one row, where the rows show that they are lines, or `fold` says so.

    Parameters
    ----------
    fold
        `intake.fold`; None: folded where a repeated order number stands for one member and day; [] never.
    meaning
        `intake.order_amount`; None: an amount that is the same on all lines of each order, though the lines
        differ, is the order's and counts once; other amounts are summed.
    """
    if fold == [] or "order_id" not in checked.mapped or not checked.key_repeats:
        return
    good = checked.row_reasons.good
    ids = checked.frame["order_id"][good]
    repeated = ids.duplicated(keep=False)
    if not repeated.any():
        return
    lines = checked.frame.loc[ids.index[repeated]]
    if fold is None and not _are_lines(checked, lines):
        return
    once = meaning == "order" or (meaning is None and _is_of_the_order(checked, lines))
    merge_order_lines(checked, once)


def _are_lines(checked: CheckedTable, lines: pd.DataFrame) -> bool:
    lines = lines[~(lines["amount"] < 0)]  # a refund may bear the number of its order, on a later day
    lines = lines[lines["order_id"].duplicated(keep=False)]
    if lines.empty:
        return False
    day = lines["ordered_at"].dt.normalize()
    groups = pd.DataFrame({"id": lines["order_id"], "member": lines["member_id"], "day": day}).groupby("id")
    one = (groups["member"].nunique() == 1) & (groups["day"].nunique() == 1)
    share, number = float(one.mean()), len(one)
    if share >= _LINES:
        return True
    if share > _NO_LINES:
        checked.notices.append(("decide_fold", {"n": number, "other": int((~one).sum())}))
    return False


def _is_of_the_order(checked: CheckedTable, lines: pd.DataFrame) -> bool:
    groups = lines.groupby(["order_id", "member_id"], observed=True)
    several = groups.size() > 1
    alike = (groups["amount"].nunique() == 1) & (groups["amount"].first() > 0)
    if several.sum() < _TELLING or not alike[several].all() or groups["amount"].first().nunique() < _TELLING:
        return False
    if "unit_price" in checked.mapped:
        made = lines["unit_price"] * lines["quantity"].fillna(1.0)
        return not bool(np.isclose(lines["amount"], made, atol=0.02)[made.notna()].mean() > 0.5)
    differ = [(groups[name].nunique() > 1)[several].mean() for name in ("quantity", "category")]
    values = {"n": int(several.sum())}
    if max(differ) > 0.2:
        checked.notices.append(("notice_amount_of_order", values))
        return True
    checked.notices.append(("decide_order_amount", values))
    return False


def merge_order_lines(checked: CheckedTable, amount_once: bool = False) -> None:
    """Make the good lines with the same order_id and member_id one row.

    Amount, discount and quantity are summed (null where no line gives one), the time is the first line's,
    `returned` is true where any line was returned, category and channel are those of the most expensive line.
    Bad lines stay as they are, for the quarantine. `folded` counts the lines that became part of another row.

    Parameters
    ----------
    amount_once
        The amount is that of the whole order, repeated on each line.
    """
    good = checked.row_reasons.good
    if not good.any():
        return
    lines = checked.frame[good].assign(_position=np.flatnonzero(good))
    groups = lines.sort_values(["amount", "_position"], ascending=[False, True]).groupby(
        ["order_id", "member_id"], sort=False, observed=True
    )
    orders = groups.first()
    for name in SUMMED:
        if not (amount_once and name == "amount"):
            orders[name] = groups[name].sum(min_count=1)
    orders["ordered_at"], orders["_position"] = groups["ordered_at"].min(), groups["_position"].min()
    if checked.frame["returned"].notna().any():
        orders["returned"] = groups["returned"].max()
    orders = (
        orders.reset_index()
        .set_index("_position")[list(checked.frame.columns)]
        .astype(checked.frame.dtypes.to_dict())
    )
    _keep(checked, orders, np.flatnonzero(~good))
    checked.notices.append(("notice_folded", {"table": checked.table, "n": checked.folded}))


def _keep(checked: CheckedTable, orders: pd.DataFrame, bad: np.ndarray) -> None:
    stay = np.sort(np.concatenate([bad, orders.index.to_numpy()]))
    frame = checked.frame.copy()
    frame.loc[orders.index] = orders
    row_reasons = RowReasons(len(stay), labels=checked.row_reasons.labels)
    row_reasons.codes = checked.row_reasons.codes[stay]
    new_position = {old: new for new, old in enumerate(stay.tolist())}
    row_reasons.kinds = {new_position[old]: kind for old, kind in checked.row_reasons.kinds.items()}
    checked.folded += len(checked.frame) - len(stay)
    checked.frame = frame.iloc[stay].reset_index(drop=True)
    checked.row_number, checked.row_reasons = checked.row_number[stay], row_reasons
