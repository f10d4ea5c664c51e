"""Which messages fit the member, judged from who opens what.

What a campaign is about is not told; but those whom it concerns open it more. The category whose buyers open a campaign most is
taken for its subject. A message fits who, by then, bought that category first or second most often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.counts import bought
from whychurn.causes.member_weeks.matrices import count
from whychurn.causes.member_weeks.records import DAYS, Records
from whychurn.contract.arrays import Array

KNOWN: Final = (1, 2, 4, 8, 16)  # bins of the number of orders that a member's taste is read from
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
    misfit
        Weight of a message that does not fit, by campaign_id; see `unfitting_messages`.
    balance
        Factor by bin of the number of orders that a taste is read from.
    """

    categories: dict[str, int]
    subject: pd.Series
    misfit: pd.Series
    balance: Array


def learn_campaigns(records: Records) -> Campaigns | None:
    """What campaigns are about and whom they fit; None where campaigns, openings or categories are not known, or all open alike."""
    held, sent, opened = bought(records), _messages(records, "push_sent"), _messages(records, "push_opened")
    if held.empty or sent.empty or opened.empty:
        return None
    names = {name: number for number, name in enumerate(sorted(held["category"].unique()))}
    sent, opened = (_known_then(rows, held, names) for rows in (sent, opened))
    subject = _subjects(sent, opened)
    sent, opened = (_judged(rows, subject) for rows in (sent, opened))
    misfit = _misfit(sent, opened)
    weight = np.where(sent["fits"], 0.0, _by_campaign(sent, misfit))
    if not weight.any():
        return None
    known = sent["known"].to_numpy()
    rows, total = (np.bincount(known, part, len(KNOWN) + 1) for part in (None, weight))
    balance = np.divide(weight.mean() * rows, total, out=np.zeros_like(total), where=total > 0)
    return Campaigns(names, subject, misfit, balance)


def unfitting_messages(records: Records, campaigns: Campaigns) -> Array:
    """Messages by week and member, weighted by how badly they fit.

    An unfitting message weighs one minus the open rate of the unfitted over that of the fitted, by campaign: one that all open alike
    weighs nothing. Only orders before the message are read, and the weights are balanced between members of many orders and
    few, for where little is known of a taste more messages seem not to fit.

    Returns
    -------
    (weeks, members)
    """
    shape = records.calendar.weeks, records.size
    sent = _messages(records, "push_sent")
    if sent.empty:
        return np.zeros(shape, dtype="float32")
    sent = _judged(_known_then(sent, bought(records), campaigns.categories), campaigns.subject)
    weight = np.where(sent["fits"], 0.0, _by_campaign(sent, campaigns.misfit))
    weight = weight * campaigns.balance[sent["known"].to_numpy()]
    return count(sent["day"].to_numpy() // DAYS, sent["m"].to_numpy(), shape, weight)


def _messages(records: Records, kind: str) -> pd.DataFrame:
    events = records.tables.get("events")
    if events is None or "campaign_id" not in events:
        return pd.DataFrame(columns=["m", "day", "campaign_id"])
    chosen = (events["event_type"] == kind) & events["campaign_id"].notna()
    return events.loc[chosen, ["m", "day", "campaign_id"]]


def _known_then(rows: pd.DataFrame, held: pd.DataFrame, names: dict[str, int]) -> pd.DataFrame:
    """`rows` with orders by category before their day (columns 0, 1, …) and the bin of their number (`known`)."""
    held = held[held["category"].isin(names)]
    tally = np.cumsum(
        np.eye(len(names), dtype="int32")[held["category"].map(names).to_numpy("int64")], axis=0
    )
    span = 10**6
    key = held["m"].to_numpy() * span + held["day"].to_numpy()
    last = np.searchsorted(key, rows["m"].to_numpy() * span + rows["day"].to_numpy())
    first = np.searchsorted(held["m"].to_numpy(), rows["m"].to_numpy())
    padded = np.vstack([np.zeros_like(tally[:1]), tally])
    so_far = padded[last] - padded[np.minimum(first, last)]
    counts = pd.DataFrame(so_far, index=rows.index)
    return rows.join(counts).assign(known=np.digitize(so_far.sum(axis=1), KNOWN))


def _subjects(sent: pd.DataFrame, opened: pd.DataFrame) -> pd.Series:
    """Number of the category whose buyers open each campaign most, by campaign_id."""
    columns = [name for name in sent if isinstance(name, int)]
    rates = []
    for rows in (sent, opened):
        counts = rows[columns].to_numpy()
        favourite = np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), -1)
        rates.append(
            rows.assign(favourite=favourite).groupby(["campaign_id", "favourite"], observed=True).size()
        )
    both = pd.concat(rates, axis=1, keys=["sent", "opened"]).fillna(0.0)
    overall = both["opened"].sum() / both["sent"].sum()
    rate = ((both["opened"] + PRIOR * overall) / (both["sent"] + PRIOR)).unstack("favourite")
    return rate.drop(columns=-1, errors="ignore").idxmax(axis=1)


def _judged(rows: pd.DataFrame, subject: pd.Series) -> pd.DataFrame:
    counts = rows[[name for name in rows if isinstance(name, int)]].to_numpy()
    about = _by_campaign(rows, subject).astype(int)
    mine = counts[np.arange(len(rows)), about]
    better = (counts > mine[:, None]).sum(axis=1)
    return rows[["m", "day", "campaign_id", "known"]].assign(fits=(mine > 0) & (better < 2))


def _by_campaign(rows: pd.DataFrame, known: pd.Series) -> Array:
    """What is known of each row's campaign, zero where nothing is."""
    campaign = rows["campaign_id"].cat
    return known.reindex(campaign.categories).fillna(0).to_numpy("float64")[campaign.codes]


def _misfit(sent: pd.DataFrame, opened: pd.DataFrame) -> pd.Series:
    """One minus open rate of the unfitted over that of the fitted, by campaign, where tastes are best known."""
    best = sent["known"].max()
    tally = [
        rows[rows["known"] >= best - 1].groupby(["campaign_id", "fits"], observed=True).size()
        for rows in (sent, opened)
    ]
    rate = ((tally[1].reindex(tally[0].index).fillna(0) + 1) / (tally[0] + 2)).unstack("fits")
    if True not in rate or False not in rate:
        return pd.Series(0.0, index=rate.index)
    return (1 - rate[False] / rate[True]).clip(0, 1).fillna(0.0)
