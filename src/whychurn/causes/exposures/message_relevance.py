"""Which messages are relevant to the member, judged from who opens what.

What a campaign is about is not recorded; but members whom it concerns open it more. The category whose buyers
open a campaign most is taken for its subject. A message is relevant to a member who, by then, bought that
category first or second most often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.week_calendar import DAYS
from whychurn.causes.member_weeks.weekly_counts import count_by_week, grid_shape, orders_with_category
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.arrays import Array

ORDER_BINS: Final = (1, 2, 4, 8, 16)  # bins of the number of orders that a preference is read from
PRIOR: Final = 20.0  # messages that a category's open rate is shrunk by


@dataclass(frozen=True)
class Campaigns:
    """What campaigns are about, learned from who opens them.

    Parameters
    ----------
    categories
        Number of each category of orders.
    subject
        Number of the category whose buyers open a campaign most, by campaign_id.
    irrelevance
        Weight of an irrelevant message, by campaign_id; see `irrelevant_messages`.
    balance
        Factor by bin of the number of orders that a preference is read from.
    """

    categories: dict[str, int]
    subject: pd.Series
    irrelevance: pd.Series
    balance: Array


def fit_campaigns(records: WeeklyRecords) -> Campaigns | None:
    """What campaigns are about and whom they concern.

    None where campaigns, openings or categories are not known, or all members open alike.
    """
    orders = orders_with_category(records)
    sent, opened = _messages(records, "push_sent"), _messages(records, "push_opened")
    if orders.empty or sent.empty or opened.empty:
        return None
    categories = {name: number for number, name in enumerate(sorted(orders["category"].unique()))}
    sent, opened = (_with_orders_so_far(rows, orders, categories) for rows in (sent, opened))
    subject = _subjects(sent, opened)
    sent, opened = (_with_relevance(rows, subject) for rows in (sent, opened))
    irrelevance = _irrelevance(sent, opened)
    weight = np.where(sent["relevant"], 0.0, _by_campaign(sent, irrelevance))
    if not weight.any():
        return None
    order_bin = sent["order_bin"].to_numpy()
    rows, total = (np.bincount(order_bin, values, len(ORDER_BINS) + 1) for values in (None, weight))
    balance = np.divide(weight.mean() * rows, total, out=np.zeros_like(total), where=total > 0)
    return Campaigns(categories, subject, irrelevance, balance)


def irrelevant_messages(records: WeeklyRecords, campaigns: Campaigns) -> Array:
    """Messages by week and member, weighted by how irrelevant they are.

    An irrelevant message weighs one minus the open rate of members it does not concern over that of the
    others, by campaign: a campaign that all open alike weighs nothing. Only orders before the message are
    read, and the weights are balanced between members of many orders and few, for where a preference is
    hardly known more messages seem irrelevant.

    Returns
    -------
    (weeks, members)
    """
    sent = _messages(records, "push_sent")
    if sent.empty:
        return np.zeros(grid_shape(records), dtype="float32")
    sent = _with_orders_so_far(sent, orders_with_category(records), campaigns.categories)
    sent = _with_relevance(sent, campaigns.subject)
    weight = np.where(sent["relevant"], 0.0, _by_campaign(sent, campaigns.irrelevance))
    weight = weight * campaigns.balance[sent["order_bin"].to_numpy()]
    return count_by_week(sent["day"].to_numpy() // DAYS, sent["m"].to_numpy(), grid_shape(records), weight)


def _messages(records: WeeklyRecords, event_type: str) -> pd.DataFrame:
    events = records.tables.get("events")
    if events is None or "campaign_id" not in events:
        return pd.DataFrame(columns=["m", "day", "campaign_id"])
    chosen = (events["event_type"] == event_type) & events["campaign_id"].notna()
    return events.loc[chosen, ["m", "day", "campaign_id"]]


def _with_orders_so_far(rows: pd.DataFrame, orders: pd.DataFrame, categories: dict[str, int]) -> pd.DataFrame:
    """`rows` with orders by category before their day (columns 0, 1, …) and the bin of their number
    (`order_bin`).
    """
    orders = orders[orders["category"].isin(categories)]
    number = orders["category"].map(categories).to_numpy("int64")
    tally = np.cumsum(np.eye(len(categories), dtype="int32")[number], axis=0)
    days = 10**6  # more than there are: one key of member and day
    key = orders["m"].to_numpy() * days + orders["day"].to_numpy()
    last = np.searchsorted(key, rows["m"].to_numpy() * days + rows["day"].to_numpy())
    first = np.searchsorted(orders["m"].to_numpy(), rows["m"].to_numpy())
    padded = np.vstack([np.zeros_like(tally[:1]), tally])
    so_far = padded[last] - padded[np.minimum(first, last)]
    counts = pd.DataFrame(so_far, index=rows.index)
    return rows.join(counts).assign(order_bin=np.digitize(so_far.sum(axis=1), ORDER_BINS))


def _subjects(sent: pd.DataFrame, opened: pd.DataFrame) -> pd.Series:
    """Number of the category whose buyers open each campaign most, by campaign_id."""
    columns = [name for name in sent if isinstance(name, int)]
    sizes = []
    for rows in (sent, opened):
        counts = rows[columns].to_numpy()
        favourite = np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), -1)
        by_favourite = rows.assign(favourite=favourite).groupby(["campaign_id", "favourite"], observed=True)
        sizes.append(by_favourite.size())
    both = pd.concat(sizes, axis=1, keys=["sent", "opened"]).fillna(0.0)
    overall = both["opened"].sum() / both["sent"].sum()
    rate = ((both["opened"] + PRIOR * overall) / (both["sent"] + PRIOR)).unstack("favourite")
    return rate.drop(columns=-1, errors="ignore").idxmax(axis=1)


def _with_relevance(rows: pd.DataFrame, subject: pd.Series) -> pd.DataFrame:
    counts = rows[[name for name in rows if isinstance(name, int)]].to_numpy()
    about = counts[np.arange(len(rows)), _by_campaign(rows, subject).astype(int)]
    better = (counts > about[:, None]).sum(axis=1)
    columns = rows[["m", "day", "campaign_id", "order_bin"]]
    return columns.assign(relevant=(about > 0) & (better < 2))


def _by_campaign(rows: pd.DataFrame, values: pd.Series) -> Array:
    """Value of each row's campaign, zero where there is none."""
    campaign = rows["campaign_id"].cat
    return values.reindex(campaign.categories).fillna(0).to_numpy("float64")[campaign.codes]


def _irrelevance(sent: pd.DataFrame, opened: pd.DataFrame) -> pd.Series:
    """One minus open rate of irrelevant over that of relevant messages, by campaign, where preferences are
    known best.
    """
    best = sent["order_bin"].max()
    n_sent, n_opened = (
        rows[rows["order_bin"] >= best - 1].groupby(["campaign_id", "relevant"], observed=True).size()
        for rows in (sent, opened)
    )
    rate = ((n_opened.reindex(n_sent.index).fillna(0) + 1) / (n_sent + 2)).unstack("relevant")
    if True not in rate or False not in rate:
        return pd.Series(0.0, index=rate.index)
    return (1 - rate[False] / rate[True]).clip(0, 1).fillna(0.0)
