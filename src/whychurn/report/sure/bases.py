"""What each number counts: members, departures and stays of this study, and what they are used for."""

from __future__ import annotations

import pandas as pd

from whychurn.report.index.sentences import last_day
from whychurn.report.page.components.numbers import long_day
from whychurn.report.page.wording import Wording
from whychurn.report.why.results import WhyResults


def bases(results: WhyResults, page: Wording) -> pd.DataFrame:
    """Number, what it counts, and what it is used for; rows that this study cannot fill are left out.

    Returns
    -------
    DataFrame
        number, counts and used_for, as text.
    """
    found = [*_rate(results, page), *_left(results, page), *_causes(results, page), *_others(results, page)]
    return pd.DataFrame(found, columns=["number", "counts", "used_for"])


_Row = tuple[str, str, str]


def _row(key: str, number: str, page: Wording, **words: object) -> _Row:
    return number, page.say(f"sure.base_{key}", **words), page.say(f"sure.use_{key}")


def _rate(results: WhyResults, page: Wording) -> list[_Row]:
    rate = results.index.retention.get("churn_last_12_months")
    if not rate or not rate["members"]:
        return []
    days = {"since": long_day(rate["period"], page.lang)}
    days["until"] = long_day(last_day(rate), page.lang)
    return [
        _row("rate", f"{page.members(rate['members'])} → {page.members(rate['numerator'])}", page, **days)
    ]


def _left(results: WhyResults, page: Wording) -> list[_Row]:
    rows = results.tables["churners"]
    rows = rows[rows["is_main"].fillna(value=False).astype(bool)]
    if rows.empty:
        return []
    found = []
    rate = results.index.retention.get("churn_last_12_months")
    if rate:
        year = rows[rows["left_on"].ge(rate["period"]) & rows["left_on"].lt(rate["period_end"])]
        departures = page.members(len(year))
        found.append(_row("year", page.members(year["member_id"].nunique()), page, departures=departures))
    words = {"members": page.members(rows["member_id"].nunique())}
    return [*found, _row("ever", page.members(len(rows)), page, **words)]


def _causes(results: WhyResults, page: Wording) -> list[_Row]:
    events = float(results.index.causes.get("churn_events") or 0)
    return [_row("causes", page.members(events), page)] if events else []


def _others(results: WhyResults, page: Wording) -> list[_Row]:
    found = []
    facts = results.survival
    if facts.get("stays"):
        words = {"stays": page.members(facts["stays"]), "members": page.members(facts["members"])}
        found.append(_row("stays", page.members(facts["churn_events"]), page, **words))
    rows = results.tables["silence"]
    rows = rows[rows["kind"].eq("leavers") & rows["dimension"].eq("all") & rows["members"].notna()]
    return [*found, *(_row("voice", page.members(count), page) for count in rows["members"].head(1))]
