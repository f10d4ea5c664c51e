"""Where and when rivals pull, and whether price gaps and leaving go together."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pandas as pd

from whychurn.report.page.page_like import PageLike
from whychurn.stats.intervals import poisson_interval

Z: Final = 1.96  # of a 95 % interval

THIRDS: Final = 3
_SUMS: Final = ["churn_events", "at_risk", "rival"]


def pulls(market: pd.DataFrame) -> pd.DataFrame:
    """Unsuppressed rows of cause_market, with `pull`: churn events due to rivals per 1 000 members."""
    if market.empty:
        return market.assign(pull=pd.Series(dtype=float))
    rows = market[~market["suppressed"].astype(bool) & market["competition_share"].notna()]
    return rows.assign(pull=1000 * rows["hazard"] * rows["competition_share"])


def on_record(market: pd.DataFrame) -> bool:
    """Whether `cause_market` rests on a market table; without one it only counts members and departures."""
    return bool(
        len(market) and market[["competitor_activity", "competitor_price_gap"]].notna().any(axis=None)
    )


def market_lines(market: pd.DataFrame, page: PageLike) -> list[str]:
    """Where and when most leave for a rival."""
    rows = pulls(market)
    if rows.empty:
        shown = market[~market["suppressed"].astype(bool)] if len(market) else market
        untold = on_record(shown) and shown["churn_events"].gt(0).any()
        return [page.say("causes.claim_market_untold" if untold else "causes.claim_no_market")]
    regions = by_region(market)
    lines = []
    if len(regions) > 1:
        first, last = regions.iloc[0], regions.iloc[-1]
        if not _clearly_apart(first, last):
            return [page.say("causes.claim_where_even")]
        ends = {"most": str(first["region"]), "least": str(last["region"])}
        values = {"most_pull": f"{first['pull']:.1f}", "least_pull": f"{last['pull']:.1f}"}
        lines.append(page.say("causes.claim_where", **ends, **values))
    top = rows.loc[rows["pull"].idxmax()]
    cell = {"region": str(top["region"]), "month": page.format(top["month"], "month")}
    lines.append(page.say("causes.claim_when", pull=f"{top['pull']:.1f}", **cell))
    return lines


def gap_lines(market: pd.DataFrame, page: PageLike) -> list[str]:
    """Share leaving where rivals are cheapest against where they are dearest."""
    rows = gap_groups(market, THIRDS)
    if len(rows) < THIRDS:
        return []
    if rows["low"].iloc[-1] <= rows["high"].iloc[0]:
        return [page.say("causes.claim_gap_none")]
    ends = {"dear": rows["hazard"].iloc[0], "cheap": rows["hazard"].iloc[-1]}
    shares = {name: page.format(value, "percent") for name, value in ends.items()}
    gaps = {
        "dear_gap": rows["competitor_price_gap"].iloc[0],
        "cheap_gap": rows["competitor_price_gap"].iloc[-1],
    }
    told = {name: page.format(value, "points") for name, value in gaps.items()}
    return [page.say("causes.claim_gap", **shares, **told)]


def gap_groups(market: pd.DataFrame, count: int) -> pd.DataFrame:
    """Rows of cause_market in `count` equal groups by price gap: price_gap, hazard, low, high, leavings."""
    columns = ["competitor_price_gap", "hazard", "low", "high", "churn_events"]
    rows = pulls(market)
    rows = rows[rows["competitor_price_gap"].notna()] if len(rows) else rows
    if len(rows) < 2 * count or rows["competitor_price_gap"].nunique() < count:
        return pd.DataFrame(columns=columns)
    rank = rows["competitor_price_gap"].rank(method="first")
    found = []
    for _, part in rows.groupby(np.ceil(rank * count / len(rows))):
        gone, there = float(part["churn_events"].sum()), float(part["at_risk"].sum())
        rate = gone / there
        half = Z * math.sqrt(rate * (1 - rate) / there)
        gap = float(np.average(part["competitor_price_gap"], weights=part["at_risk"]))
        found.append((gap, rate, max(rate - half, 0.0), rate + half, gone))
    return pd.DataFrame(found, columns=columns)


def _clearly_apart(most: pd.Series, least: pd.Series) -> bool:
    """Whether the rates of two regions differ by more than chance (Poisson)."""
    spread = math.sqrt(sum(row["rival"] / max(row["at_risk"], 1) ** 2 for row in (most, least)))
    return bool((most["pull"] - least["pull"]) / 1000 > Z * spread)


def by_region(market: pd.DataFrame) -> pd.DataFrame:
    """Regions of cause_market, where rivals pull most first.

    Returns
    -------
    DataFrame
        region, churn_events, at_risk (member-months), rival (churn events due to rivals, a sum of chances),
        competition_share, and pull, low, high: rival for 1 000 member-months with a Poisson interval of 95 %.
    """
    rows = pulls(market)
    if rows.empty:
        return pd.DataFrame(columns=["region", *_SUMS, "competition_share", "pull", "low", "high"])
    rival = rows["churn_events"] * rows["competition_share"]
    table = rows.assign(rival=rival).groupby("region")[_SUMS].sum().reset_index()
    low, high = poisson_interval(table["rival"].to_numpy(float), table["at_risk"].to_numpy(float), 0.95)
    table = table.assign(
        competition_share=table["rival"] / table["churn_events"].clip(lower=1),
        pull=1000 * table["rival"] / table["at_risk"].clip(lower=1),
        low=1000 * low,
        high=1000 * high,
    )
    return table.sort_values("pull", ascending=False, ignore_index=True)
