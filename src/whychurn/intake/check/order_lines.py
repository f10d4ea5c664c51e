"""Lines of one order become one order."""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.intake.check.one_table import Draft
from whychurn.intake.check.quarantine import Verdicts

SUMMED: Final = ("amount", "discount", "quantity")


def fold_lines(draft: Draft) -> Draft:
    """Orders whose sound lines with the same order_id and member_id are one row.

    Amount, discount and quantity are summed (null where no line gives one), the time is the first line's,
    `returned` is true where any line was returned, category and channel are those of the dearest line.
    Bad lines stay as they are, for the quarantine. `folded` counts the lines that became part of another row.
    """
    good = draft.verdicts.good
    if not good.any():
        return draft
    lines = draft.frame[good].assign(_place=np.flatnonzero(good))
    groups = lines.sort_values(["amount", "_place"], ascending=[False, True]).groupby(
        ["order_id", "member_id"], sort=False, observed=True
    )
    orders = groups.first()
    for name in SUMMED:
        orders[name] = groups[name].sum(min_count=1)
    orders["ordered_at"], orders["_place"] = groups["ordered_at"].min(), groups["_place"].min()
    if draft.frame["returned"].notna().any():
        orders["returned"] = groups["returned"].max()
    orders = (
        orders.reset_index()
        .set_index("_place")[list(draft.frame.columns)]
        .astype(draft.frame.dtypes.to_dict())
    )
    stay = np.sort(np.concatenate([np.flatnonzero(~good), orders.index.to_numpy()]))
    frame = draft.frame.copy()
    frame.loc[orders.index] = orders
    verdicts = Verdicts(len(stay), labels=draft.verdicts.labels)
    verdicts.codes = draft.verdicts.codes[stay]
    new_place = {old: new for new, old in enumerate(stay.tolist())}
    verdicts.kinds = {new_place[old]: kind for old, kind in draft.verdicts.kinds.items()}
    draft.folded += len(draft.frame) - len(stay)
    draft.frame = frame.iloc[stay].reset_index(drop=True)
    draft.row_number, draft.verdicts = draft.row_number[stay], verdicts
    draft.notices.append(("notice_folded", {"table": draft.table, "n": draft.folded}))
    return draft
