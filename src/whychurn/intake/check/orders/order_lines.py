"""Lines of one order become one order."""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.quarantine import RowReasons

SUMMED: Final = ("amount", "discount", "quantity")


def merge_order_lines(checked: CheckedTable) -> CheckedTable:
    """Orders whose good lines with the same order_id and member_id are one row.

    Amount, discount and quantity are summed (null where no line gives one), the time is the first line's,
    `returned` is true where any line was returned, category and channel are those of the most expensive line.
    Bad lines stay as they are, for the quarantine. `folded` counts the lines that became part of another row.
    """
    good = checked.row_reasons.good
    if not good.any():
        return checked
    lines = checked.frame[good].assign(_position=np.flatnonzero(good))
    groups = lines.sort_values(["amount", "_position"], ascending=[False, True]).groupby(
        ["order_id", "member_id"], sort=False, observed=True
    )
    orders = groups.first()
    for name in SUMMED:
        orders[name] = groups[name].sum(min_count=1)
    orders["ordered_at"], orders["_position"] = groups["ordered_at"].min(), groups["_position"].min()
    if checked.frame["returned"].notna().any():
        orders["returned"] = groups["returned"].max()
    orders = (
        orders.reset_index()
        .set_index("_position")[list(checked.frame.columns)]
        .astype(checked.frame.dtypes.to_dict())
    )
    stay = np.sort(np.concatenate([np.flatnonzero(~good), orders.index.to_numpy()]))
    frame = checked.frame.copy()
    frame.loc[orders.index] = orders
    row_reasons = RowReasons(len(stay), labels=checked.row_reasons.labels)
    row_reasons.codes = checked.row_reasons.codes[stay]
    new_position = {old: new for new, old in enumerate(stay.tolist())}
    row_reasons.kinds = {new_position[old]: kind for old, kind in checked.row_reasons.kinds.items()}
    checked.folded += len(checked.frame) - len(stay)
    checked.frame = frame.iloc[stay].reset_index(drop=True)
    checked.row_number, checked.row_reasons = checked.row_number[stay], row_reasons
    checked.notices.append(("notice_folded", {"table": checked.table, "n": checked.folded}))
    return checked
