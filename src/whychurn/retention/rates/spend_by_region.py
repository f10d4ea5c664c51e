"""Spend by region and category now and before, with the market beside it."""

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.results import columns_of, empty_table
from whychurn.contract.suppression import suppress_small_cells, suppress_small_counts
from whychurn.retention.member_logs import member_codes

KEYS: Final = ["region", "category"]
COLUMNS: Final = columns_of("region_category", "suppressed")


def spend_by_region(
    orders: pd.DataFrame,
    members: pd.DataFrame,
    market: pd.DataFrame,
    observed: tuple[str, str],
    days: int,
    confidence: float,
    min_cell: int,
) -> pd.DataFrame:
    """Change of spend over the last `days` by region and category (totals: all members).

    Compared with the same days a year earlier, or with the `days` just before where the data are shorter.

    Returns
    -------
    DataFrame
        ``change``: spend / spend before - 1, with an interval from the linearised log ratio, clustered by
        member. ``competitor_price_gap``: own price index / competitors' - 1 (positive: we are dearer),
        mean of the weeks in each period; ``competitor_activity`` likewise. A market table without region
        or category applies to all.
    """
    until = pd.Timestamp(observed[1]) + pd.Timedelta(days=1)
    span, year = pd.Timedelta(days=days), pd.Timedelta(days=364)  # 52 weeks: the same weekdays
    whole = until - year - span >= pd.Timestamp(observed[0])
    shift = year if whole else span
    compared = orders[orders["ordered_at"].between(until - span - shift, until, inclusive="left")]
    people = members[["member_id", "region"]].sort_values("member_id")
    code = member_codes(pd.Index(people["member_id"].astype(object)), compared["member_id"])
    region = people["region"].array.take(code, allow_fill=True)
    category = compared["category"].astype("string")
    rows = compared.assign(member_id=code, region=region, category=category).dropna(subset=KEYS)
    now = rows[(rows["ordered_at"] >= until - span) & (rows["ordered_at"] < until)]
    then = rows[(rows["ordered_at"] >= until - span - shift) & (rows["ordered_at"] < until - shift)]
    table = _change(_by_member(now, then), confidence)
    if table.empty:
        return suppress_small_cells(empty_table(COLUMNS), "buyers", [], min_cell)
    for suffix, end in (("", until), ("_before", until - shift)):
        table = _beside(table, market, end - span, end, suffix)
    table["compared_with"] = "a_year_before" if whole else "the_days_before"
    table = table[COLUMNS].sort_values("change", ignore_index=True)
    change = ["change", "low", "high"]
    counts = {"buyers": ["spend", *change], "buyers_before": ["spend_before", *change]}
    return suppress_small_counts(table, counts, min_cell)


def _by_member(now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat(
        [
            now.assign(spend=now["amount"], spend_before=0.0),
            then.assign(spend=0.0, spend_before=then["amount"]),
        ]
    )
    return both.groupby([*KEYS, "member_id"], as_index=False)[["spend", "spend_before"]].sum()


def _change(each: pd.DataFrame, confidence: float) -> pd.DataFrame:
    cells = each.groupby(KEYS)
    total, total_before = cells["spend"].transform("sum"), cells["spend_before"].transform("sum")
    share = (each["spend"] / total.where(total > 0)).fillna(0.0)
    share_before = (each["spend_before"] / total_before.where(total_before > 0)).fillna(0.0)
    each = each.assign(
        square=(share - share_before) ** 2, now=each["spend"] > 0, then=each["spend_before"] > 0
    )
    table = each.groupby(KEYS, as_index=False).agg(
        buyers=("now", "sum"),
        buyers_before=("then", "sum"),
        spend=("spend", "sum"),
        spend_before=("spend_before", "sum"),
        variance=("square", "sum"),
    )
    ratio = table["spend"] / table["spend_before"].where(table["spend_before"] > 0)
    margin = np.exp(stats.norm.ppf(0.5 + confidence / 2) * np.sqrt(table.pop("variance")))
    return table.assign(change=ratio - 1, low=ratio / margin - 1, high=ratio * margin - 1)


def _beside(
    table: pd.DataFrame, market: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, suffix: str
) -> pd.DataFrame:
    weeks = market[(market["week_start"] >= start) & (market["week_start"] < end)]
    gap = (
        weeks["own_price_index"] / weeks["competitor_price_index"].where(weeks["competitor_price_index"] > 0)
        - 1
    )
    weeks = weeks.assign(competitor_price_gap=gap)
    by = [key for key in KEYS if weeks[key].notna().any()]
    names = ["competitor_price_gap", "competitor_activity"]
    if weeks.empty or not by:
        return table.assign(**{f"{name}{suffix}": weeks[name].mean() for name in names})
    mean = weeks.groupby(by, as_index=False)[names].mean()
    return table.merge(mean.rename(columns={name: f"{name}{suffix}" for name in names}), on=by, how="left")
