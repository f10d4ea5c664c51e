"""Which messages fit the member, judged from who opens what.

What a campaign is about is not told; but those whom it concerns open it more. The category whose buyers open a campaign most is
taken for its subject. A message fits who, by then, bought that category first or second most often.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.records import DAYS, Records
from whychurn.causes.weeks import count

Array = np.ndarray[Any, Any]
KNOWN: Final = (1, 2, 4, 8, 16)  # bins of the number of orders that a member's taste is read from
PRIOR: Final = 20.0  # messages that a category's open rate is shrunk by


def unfitting_messages(records: Records) -> Array:
    """Messages by week and member, weighted by how badly they fit.

    An unfitting message weighs one minus the open rate of the unfitted over that of the fitted, by campaign: one that all open alike
    weighs nothing. Only orders before the message are read, and the weights are balanced between members of many orders and
    few, for where little is known of a taste more messages seem not to fit.

    Returns
    -------
    (weeks, members), zero throughout where campaigns, openings or categories are not known.
    """
    nothing = np.zeros((records.calendar.weeks, records.size), dtype="float32")
    events, orders = records.tables.get("events"), records.tables.get("orders")
    if events is None or orders is None or "campaign_id" not in events or "category" not in orders:
        return nothing
    held = orders.loc[orders["category"].notna(), ["m", "day", "category"]]
    kinds = [
        events[(events["event_type"] == kind) & events["campaign_id"].notna()]
        for kind in ("push_sent", "push_opened")
    ]
    sent, opened = (rows[["m", "day", "campaign_id"]] for rows in kinds)
    if held.empty or sent.empty or opened.empty:
        return nothing
    names = {name: number for number, name in enumerate(sorted(held["category"].unique()))}
    tally = np.cumsum(
        np.eye(len(names), dtype="int32")[held["category"].map(names).to_numpy("int64")], axis=0
    )
    sent, opened = (_known_then(rows, held, tally) for rows in (sent, opened))
    subject = _subjects(sent, opened)
    sent, opened = (_judged(rows, subject) for rows in (sent, opened))
    weight = np.where(sent["fits"], 0.0, _by_campaign(sent, _misfit(sent, opened)))
    mean = pd.Series(weight).groupby(sent["known"].to_numpy()).transform("mean").to_numpy()
    weight = np.divide(weight * weight.mean(), mean, out=np.zeros_like(weight), where=mean > 0)
    return count(sent["day"].to_numpy() // DAYS, sent["m"].to_numpy(), nothing.shape, weight)


def _known_then(rows: pd.DataFrame, held: pd.DataFrame, tally: Array) -> pd.DataFrame:
    """`rows` with orders by category before their day (columns 0, 1, …) and the bin of their number (`known`)."""
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
