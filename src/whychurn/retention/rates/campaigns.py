"""Spend and activity of members before and after a campaign reached them."""

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.results import columns_of, empty_table
from whychurn.contract.suppression import suppress_small_cells
from whychurn.retention.member_history import History, as_dates
from whychurn.retention.member_logs import FAR, day_numbers, member_codes
from whychurn.retention.month_grid import window_sum

CAMPAIGN_COLUMNS: Final = columns_of("campaigns", "suppressed")


def around_campaigns(
    history: History, touches: pd.DataFrame, events: pd.DataFrame, days: int, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Spend and activity of a campaign's members in the `days` before and after its first message.

    Counted, not caused: whoever was chosen for a campaign may have been about to buy anyway. Where a
    campaign held members out (``control``), they stand beside as a group of their own.
    """
    first = _first_touches(history, touches, events)
    observed = first["day"].between(history.observed_from + days, history.observed_until - days + 1)
    first = first[observed].reset_index(drop=True)
    if first.empty:
        return suppress_small_cells(empty_table(CAMPAIGN_COLUMNS), "members", [], min_cell)
    day, member = first["day"].to_numpy(), first["member"].to_numpy()
    first["before"] = window_sum(history.payments, member, day - days, day)
    first["after"] = window_sum(history.payments, member, day, day + days)
    first["was_active"] = window_sum(history.acts, member, day - days, day) > 0
    first["is_active"] = window_sum(history.acts, member, day, day + days) > 0
    first["change"] = first["after"] - first["before"]
    table = (
        first.groupby(["campaign_id", "group"])
        .agg(
            first_on=("day", "min"),
            last_on=("day", "max"),
            members=("member", "size"),
            spend_before=("before", "mean"),
            spend_after=("after", "mean"),
            difference=("change", "mean"),
            error=("change", "sem"),
            active_before=("was_active", "mean"),
            active_after=("is_active", "mean"),
        )
        .reset_index()
    )
    margin = stats.norm.ppf(0.5 + confidence / 2) * table.pop("error")
    table = table.assign(low=table["difference"] - margin, high=table["difference"] + margin, days=days)
    for name in ("first_on", "last_on"):
        table[name] = as_dates(table[name].to_numpy()).to_numpy()
    shown = ["spend_before", "spend_after", "difference", "low", "high", "active_before", "active_after"]
    return suppress_small_cells(table[CAMPAIGN_COLUMNS], "members", shown, min_cell)


def _first_touches(history: History, touches: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    sent = touches[["campaign_id", "member_id", "sent_at", "action"]].rename(columns={"sent_at": "at"})
    if sent.empty:
        messages = events[
            events["campaign_id"].notna() & events["event_type"].isin(["push_sent", "coupon_received"])
        ]
        sent = (
            messages[["campaign_id", "member_id", "occurred_at"]]
            .rename(columns={"occurred_at": "at"})
            .assign(action="")
        )
    frame = pd.DataFrame(
        {
            "campaign_id": sent["campaign_id"].astype("string"),
            "group": np.where(
                sent["action"].astype("string").fillna("") == "control", "control", "contacted"
            ),
            "member": member_codes(history.ids, sent["member_id"]),
            "day": day_numbers(sent["at"]),
        }
    )
    frame = frame[(frame["member"] >= 0) & (frame["day"] < FAR) & frame["campaign_id"].notna()]
    return frame.groupby(["campaign_id", "group", "member"])["day"].min().reset_index()
