"""Past snapshots on which alerts can be judged: members then still there, and what became of them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.panel_features import panel_rows
from whychurn.action.warnings.triggers import FEATURES

LAST_GAP_DAYS: Final = 28  # the last snapshot has none after it
# beside what is held: whether a member was seen again, what triggers read, and stages of life
FOLLOWED: Final = ("seen_after", *FEATURES, "renewals_so_far", "orders_365d", "interactions_180d")


def past_rows(inputs: ActionInputs) -> pd.DataFrame:
    """Rows of the panel of members then still there, with what followed.

    Returns
    -------
    DataFrame
        The panel's columns and `FOLLOWED`, sorted by member and day, and ``judged`` (what followed is known), ``left`` (1 if the last
        own act, last covered day or notice came within the horizon, NaN if not known), ``right`` (left, but seen once
        more from the day of the alert on: others had gone already, and no alert is early for them), ``last_presence``
        (day of that last act, in hindsight; the notice where one was given earlier), ``weeks`` until the next
        snapshot, over which alerts are worked through, and ``place``, the row of the panel.
    """
    panel = inputs.panel
    there = panel["still_there"].astype("boolean").fillna(True).to_numpy(bool)
    order = (
        panel.loc[there, ["member_id", "as_of"]].reset_index(drop=True).sort_values(["member_id", "as_of"])
    )
    place = np.flatnonzero(there)[order.index]
    rows = panel_rows(inputs, place, [*panel, *(name for name in FOLLOWED if name not in panel)])
    left = rows["churned_in_horizon"].astype("float64").to_numpy(na_value=np.nan)
    seen = rows["seen_after"].astype("float64").to_numpy(na_value=np.nan)
    spells = inputs.spells[["member_id", "spell_no", "last_active_on", "notice_on"]]
    ends = rows[["member_id", "spell_no"]].merge(spells, on=["member_id", "spell_no"], how="left")
    last = ends["last_active_on"].where(~(ends["notice_on"] < ends["last_active_on"]), ends["notice_on"])
    right = np.where(np.isnan(left), np.nan, (left == 1) & (seen == 1))
    return rows.assign(
        judged=~np.isnan(left),
        left=left,
        right=right,
        last_presence=last.to_numpy(),
        weeks=_weeks(rows),
        place=place,
    )


def leavers_in(rows: pd.DataFrame, inputs: ActionInputs) -> pd.DataFrame:
    """Stays (member_id, spell_no) that ended within the horizon of some judged snapshot, seen there or not."""
    judged = rows.loc[rows["judged"], "as_of"]
    if judged.empty:
        return inputs.churners.loc[[], ["member_id", "spell_no"]]
    horizon = pd.Timedelta(days=int(inputs.panel_facts["horizon_days"]))
    events = inputs.churners[inputs.churners["is_main"].to_numpy(bool)]
    inside = (events["last_active_on"] >= judged.min()) & (events["last_active_on"] < judged.max() + horizon)
    return events.loc[inside, ["member_id", "spell_no"]].drop_duplicates()


def _weeks(rows: pd.DataFrame) -> np.ndarray:
    days = np.sort(rows["as_of"].unique())
    gaps = np.append(np.diff(days) / np.timedelta64(1, "D"), LAST_GAP_DAYS)
    return gaps[np.searchsorted(days, rows["as_of"].to_numpy())] / 7
