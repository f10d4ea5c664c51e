"""Sentences of the first page, written from the numbers: a finding for each case, with what it counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.labels import listed
from whychurn.report.causes.sentences.shares import from_words, ranked, unknown_share, unnamed
from whychurn.report.index.results import IndexResults
from whychurn.report.page.components.numbers import bracketed_plain, long_day, money, plain
from whychurn.report.page.page_like import PageLike

BEYOND_REACH: Final = "natural"  # life change: nothing a company does would keep these members
HUNDRED: Final = 100
NAMED: Final = 3  # causes that one sentence names


def leaders(shares: pd.DataFrame) -> pd.DataFrame:
    """The cause that costs most and all that cannot be told apart from it; life change is beyond reach.

    Notes
    -----
    Two estimates count as apart only where their 95 % intervals do not touch. The interval of their difference then
    leaves zero out whatever their correlation, as sd(a − b) ≤ sd(a) + sd(b); the rule errs towards a tie.
    """
    rows = ranked(shares)
    rows = rows[rows["cause"].ne(BEYOND_REACH) & rows["share"].notna()]
    names = ("avoidable_share", "avoidable_low", "avoidable_high")
    if rows["avoidable_share"].isna().any():
        names = ("share", "low", "high")
    rows = rows.sort_values(names[0], ascending=False, kind="stable", ignore_index=True)
    if rows.empty:
        return rows
    return rows[~(rows[names[2]] < rows[names[1]].iloc[0])]


def headline(results: IndexResults, rung: str, page: PageLike) -> list[str]:
    """The finding in two clauses: how many left, and what of it was in the company's hands."""
    gone = _how_many(results.retention, page)
    rows = leaders(results.shares)
    if results.retention and not _departures(results):
        return gone or [page.say("index.none_left")]
    if rows.empty:
        return [*gone, page.say("index.untold")] if results.retention else []
    if len(rows) > 1:
        key, named = ("tie", rows) if len(rows) <= NAMED else ("spread", rows.head(1))
        return [*gone, page.say(f"index.head_{key}", causes=_names(named, page))]
    saved, share = rows["avoidable_share"].iloc[0], rows["share"].iloc[0]
    key = f"head_first_{'share' if pd.isna(saved) else 'avoidable'}_{rung}"
    words = {"cause": _names(rows, page), "saved": per_100(saved), "share": per_100(share)}
    return [*gone, page.say(f"index.{key}", **words)]


def customers_headline(facts: Mapping[str, Any], page: PageLike) -> list[str]:
    """The finding of a table of one row per customer: how many left, and that it tells no causes.

    Parameters
    ----------
    facts
        Content of ``snapshot.json``; empty where there is no such table.
    """
    if not facts or page.members(facts["left"]).startswith("<"):
        return []
    left = per_100(facts["rate"]["estimate"])
    return [page.say("index.head_customers", left=left), page.say("index.untold")]


def rate_line(results: IndexResults, page: PageLike) -> str:
    """Rate of the last 12 months with its interval, and what those who left had paid; empty where not known."""
    rate = results.retention.get("churn_last_12_months")
    if not rate or rate["rate"] is None:
        return ""
    words = {
        "members": page.members(rate["members"]),
        "since": long_day(rate["period"], page.lang),
        "until": long_day(last_day(rate), page.lang),
        "rate": f"{HUNDRED * rate['rate']:.1f}%",
        "between": bracketed_plain(HUNDRED * rate["low"], HUNDRED * rate["high"], "{:.1f}".format),
    }
    line = page.say("index.rate", **words)
    lost = results.retention.get("revenue_lost")
    if not lost:
        return line
    return f"{line}{page.say('index.paid', money=money(lost, page.lang, results.currency))}"


def over_line(results: IndexResults, name: str, page: PageLike) -> str:
    """Programme, members, last day of the data."""
    facts = results.retention
    if not facts:
        return name
    day = long_day(facts["observed_until"], page.lang) if facts.get("observed_until") else "–"
    return page.say("index.over", study=name, members=page.members(facts.get("members") or 0), until=day)


def picture_title(shares: pd.DataFrame, page: PageLike) -> str:
    """What the ranking shows: one cause first, a few that tie, or none that stands out."""
    rows = leaders(shares)
    if rows.empty:
        return page.say("index.title_untold")
    key = "first" if len(rows) == 1 else "tie" if len(rows) <= NAMED else "spread"
    named = rows.head(1) if key == "spread" else rows
    return page.say(f"index.title_{key}", causes=_names(named, page), count=plain(len(rows)))


def base_line(results: IndexResults, page: PageLike) -> str:
    """What the shares count, and for how many departures no single cause is named."""
    events = results.causes.get("churn_events") or 0
    line = page.say("index.base", departures=page.members(float(events)))
    if not from_words(results.causes):
        return f"{line}{page.say('index.base_rest', rest=per_100(unknown_share(results.shares)))}"
    rest = unnamed(results.shares)
    return line if rest is None else f"{line}{page.say('index.base_unnamed', rest=per_100(rest))}"


def per_100(share: float) -> str:
    """Share as a whole number of 100."""
    return plain(HUNDRED * share)


def _departures(results: IndexResults) -> float:
    return float(results.retention.get("members_left_ever") or results.causes.get("churn_events") or 0)


def _how_many(facts: Mapping[str, Any], page: PageLike) -> list[str]:
    rate = facts.get("churn_last_12_months")
    if not rate or rate["rate"] is None:
        return []
    first, last = pd.Timestamp(rate["period"]), last_day(rate)
    whole = (first.month, first.day, last.month, last.day, first.year) == (1, 1, 12, 31, last.year)
    when = (
        page.say("index.in_year", year=first.year)
        if whole
        else page.say("index.until_day", day=long_day(last, page.lang))
    )
    if not rate["numerator"]:
        return [page.say("index.head_none", when=when)]
    left = math.floor(HUNDRED * rate["rate"] + 0.5)
    return [page.say("index.head_left" if left else "index.head_few", when=when, left=left)]


def last_day(rate: Mapping[str, Any]) -> pd.Timestamp:
    """Last day that a rate counts; its end is the day after."""
    return pd.Timestamp(rate["period_end"]) - pd.Timedelta(days=1)


def _names(rows: pd.DataFrame, page: PageLike) -> str:
    return listed([page.say(f"causes.{cause}") for cause in rows["cause"].head(NAMED)], page.lang)
