"""When they left for what: causes by month, with price rises, rivals' busy times and what members wrote about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.labels import join, listed
from whychurn.report.causes.sentences.shares import ranked
from whychurn.report.index.sentences import HUNDRED, per_100
from whychurn.report.page.components.blocks import block, note, see
from whychurn.report.page.components.numbers import bracketed, plain
from whychurn.report.page.components.small_lines import SmallLine, scale_steps, small_lines
from whychurn.report.page.wording import Wording
from whychurn.report.why.results import NOTEBOOK, WhyResults
from whychurn.stats.multiple_testing import bonferroni_factor

RISE: Final = 0.015  # a month whose mean price is so much above that of the month before has a price rise
BUSY: Final = 3.0  # times its usual activity: from here on rivals of a region are busy
LEAST: Final = 6  # months that a line needs


def price_rises(market: pd.DataFrame) -> list[pd.Timestamp]:
    """Months in which own prices rose by `RISE` or more above the month before."""
    if market.empty or market.get("own_price_index", pd.Series(dtype=float)).isna().all():
        return []
    month = market["week_start"].dt.to_period("M").dt.to_timestamp()
    index = market.groupby(month)["own_price_index"].mean().dropna()
    rise = index.pct_change()
    return list(rise.index[rise >= RISE])


def busiest_rivals(market: pd.DataFrame) -> tuple[pd.Timestamp, str] | None:
    """First month and region of the strongest spell of rivals' activity, `BUSY` times the region's median or more."""
    if market.empty or market["competitor_activity"].isna().all():
        return None
    rows = market.dropna(subset=["competitor_activity"])
    usual = rows.groupby("region")["competitor_activity"].transform("median")
    rows = rows[rows["competitor_activity"] >= BUSY * usual]
    if rows.empty:
        return None
    region = rows.groupby("region")["competitor_activity"].sum().idxmax()
    return rows.loc[rows["region"].eq(region), "month"].min(), str(region)


def months_title(change: pd.DataFrame, level: float, page: Wording) -> str:
    """Which causes grew and shrank clearly, that none did, or that too few left to compare."""
    if change.empty:
        return page.say("why.months_few")
    rows = change[change["p_adjusted"] < level].sort_values("difference", key=abs, ascending=False)
    clauses = {}
    for word, found in (("grew", rows[rows["difference"] > 0]), ("shrank", rows[rows["difference"] < 0])):
        names = [page.say(f"causes.{cause}") for cause in found["cause"].head(2)]
        if names:
            clauses[word] = page.say(f"why.months_{word}", causes=listed(names, page.lang))
    if len(clauses) > 1:
        return page.say("why.months_both", **clauses)
    return next(iter(clauses.values()), page.say("why.months_none"))


def months_block(results: WhyResults, page: Wording) -> str:
    """A small line a cause; empty where too few months can be told."""
    table = results.tables["cause_months"]
    told = table[table["share"].notna()]
    months = sorted(told["month"].unique())
    if len(months) < LEAST:
        return ""
    months = list(pd.date_range(months[0], months[-1], freq="MS"))
    order = [cause for cause in ranked(results.index.shares)["cause"] if cause in set(told["cause"])]
    lines = [_line(cause, told, months, results, page) for cause in order or CAUSES]
    steps = join([plain(value) for value in scale_steps(lines)], page.lang)
    last = page.format(months[-1], "month")
    body = note(page.say("why.months_note", last=last)) + small_lines(lines, months)
    body += note(page.say("why.months_scale", steps=steps)) + see(
        f"{NOTEBOOK}#months", page.say("why.see_months")
    )
    title = months_title(results.tables["cause_change"], results.level, page)
    return block(title, body, page.lang, rung=results.rung, ident="months")


def _line(
    cause: str, told: pd.DataFrame, months: Sequence[pd.Timestamp], results: WhyResults, page: Wording
) -> SmallLine:
    rows = told[told["cause"].eq(cause)].set_index("month").reindex(pd.Index(months))
    values = {name: (HUNDRED * rows[name].astype("float64")).to_list() for name in ("share", "low", "high")}
    places = {month: place for place, month in enumerate(months)}
    events = [(places[month], word) for month, word in _events(cause, results, page) if month in places]
    beside = _change(cause, results, page)
    return SmallLine(
        page.say(f"causes.{cause}"),
        beside,
        values["share"],
        values["low"],
        values["high"],
        results.rung,
        events,
    )


def _change(cause: str, results: WhyResults, page: Wording) -> str:
    """Earlier and later half with the interval of their difference.

    Notes
    -----
    Where no clear change is found (Benjamini-Hochberg), the interval is widened by Bonferroni: it then holds zero.
    """
    change = results.tables["cause_change"]
    rows = change[change["cause"].eq(cause)].to_dict("records")
    if not rows:
        return ""
    row = rows[0]
    if row["p_adjusted"] < results.level:
        ends = bracketed(HUNDRED * row["low"], HUNDRED * row["high"], page.lang)
        return f"{per_100(row['first_half'])} → {per_100(row['second_half'])} {ends}"
    wider = bonferroni_factor(results.level, max(int(change["p_adjusted"].notna().sum()), 1))
    middle = row["difference"]
    low, high = (HUNDRED * (middle + wider * (row[end] - middle)) for end in ("low", "high"))
    return f"{page.say('why.no_change')} {bracketed(low, high, page.lang)}"


def _events(cause: str, results: WhyResults, page: Wording) -> list[tuple[pd.Timestamp, str]]:
    if cause == "price":
        return [(month, page.say("why.event_price")) for month in price_rises(results.market)]
    if cause == "competition":
        found = busiest_rivals(results.named("cause_market", page))
        return [(found[0], page.say("why.event_rivals", region=found[1]))] if found else []
    return []
