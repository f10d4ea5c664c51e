"""Sentences of the retention report: rates, cohorts, key nodes, strata, value, leading indicators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whychurn.report.page.components.numbers import signed
from whychurn.report.page.missing_leavers import missing_leavers_line
from whychurn.report.page.page_like import PageLike
from whychurn.report.retention.charts import group_name
from whychurn.report.words.readable_names import clock_bin_name


def answer(facts: Mapping[str, Any], page: PageLike) -> str:
    """The answer box: the rate, the weakest step, the earliest sign."""
    rate, step = facts.get("churn_last_12_months"), facts.get("weakest_step")
    parts = [*missing_leavers_line(facts, page.lang), _rate(rate, page)]
    if step and step["members_lost"]:
        words = {"stage": page.say(f"retention.stage_{step['stage']}")}
        words |= {"members": page.members(step["members_lost"])}
        money = page.format(step["revenue_lost"], "money")
        parts.append(page.say("retention.answer_step", **words, money=money))
    elif facts.get("members_left_ever"):
        parts.append(page.say("retention.answer_no_step"))
    if facts.get("revenue_lost") and rate:  # it speaks of the same 12 months
        parts.append(page.say("retention.answer_lost", money=page.format(facts["revenue_lost"], "money")))
    if facts.get("members_left_ever"):
        parts.append(_sign(facts.get("earliest_precursor"), page))
    return "\n\n".join(parts)


def headlines(facts: Mapping[str, Any], page: PageLike) -> list[tuple[str, float, str, str]]:
    """Headline key, plain number, sentence and rung; only those that this study can tell."""
    found: list[tuple[str, float, str, str]] = []

    def add(key: str, number: float, rung: str, words: str, **values: object) -> None:
        found.append((key, number, page.say(f"retention.{words}", **values), rung))

    rate, step, sign = (
        facts.get(key) for key in ("churn_last_12_months", "weakest_step", "earliest_precursor")
    )
    if rate and rate["rate"] is not None:
        add("how_many.churn_rate", rate["rate"], "described", "head_rate", **rate_words(rate, page))
        counts = {"members": page.members(rate["numerator"]), "base": page.members(rate["members"])}
        add("how_many.left", rate["numerator"], "described", "head_lost", **counts, **_span(rate, page))
    if step and step["members_lost"]:
        told = {"stage": page.say(f"retention.stage_{step['stage']}")}
        told |= {"members": page.members(step["members_lost"])}
        told |= {"money": page.format(step["revenue_lost"], "money")}
        add("when.weakest_step", step["members_lost"], "described", "head_step", **told)
    if sign:
        key = "when.earliest_sign_weeks"
        add(key, sign["lead_weeks"], "associated", "head_precursor", **_precursor(sign, page))
    if facts.get("revenue_lost"):
        money = page.format(facts["revenue_lost"], "money")
        add("cost.revenue_lost", facts["revenue_lost"], "described", "head_money", money=money)
    return found


def confidence(facts: Mapping[str, Any], sensitivity: pd.DataFrame, page: PageLike) -> list[str]:
    """What the definition means for the number, and what other definitions would say."""
    days = str(facts["definition"]).rsplit("_", 1)[1].removesuffix("d")
    lines = [page.say(f"retention.confidence_{facts['kind']}", days=days, definition=facts["definition"])]
    rates = sensitivity["rate"].dropna()
    if len(rates) > 1:
        span = {"low": page.format(rates.min(), "percent"), "high": page.format(rates.max(), "percent")}
        tau = sensitivity.loc[~sensitivity["is_main"].astype(bool), "rank_agreement"].dropna()
        key = "confidence_definition" if len(tau) else "confidence_definition_only"
        more = {"tau": page.format(tau.min(), "number")} if len(tau) else {}
        lines.append(page.say(f"retention.{key}", **span, **more))
    main = sensitivity[sensitivity["is_main"].astype(bool)]
    if len(main) and main["came_back_share"].notna().any():
        share = page.format(main["came_back_share"].iloc[0], "percent")
        lines.append(page.say("retention.claim_back", share=share))
    return lines


def definitions(measures: list[str], page: PageLike) -> list[str]:
    """What each measure of the rates counts."""
    known = [
        name for name in ("churn", "retention", "repurchase", "renewal", "reactivation") if name in measures
    ]
    lines = [
        page.say(
            "retention.says",
            measure=page.say(f"retention.measure_{name}"),
            says=page.say(f"retention.says_{name}"),
        )
        for name in known
    ]
    return [*lines, page.say("retention.says_revenue")]


def dated(facts: Mapping[str, Any], page: PageLike) -> str:
    """The month in which a leaving counts."""
    days = str(facts["definition"]).rsplit("_", 1)[1].removesuffix("d")
    return page.say(f"retention.dated_{facts['kind']}", days=days)


def season(table: pd.DataFrame, page: PageLike) -> list[str]:
    """The churn months that differ most from a year before."""
    rows = table[(table["measure"] == "churn") & table["notable"].astype(bool)]
    rows = rows.reindex(rows["difference"].abs().sort_values(ascending=False).index).head(3)
    lines = []
    for row in rows.to_dict("records"):
        ends = sorted(abs(100 * row[name]) for name in ("low", "high"))
        words = {
            "points": f"{abs(100 * row['difference']):.1f}",
            "low": f"{ends[0]:.1f}",
            "high": f"{ends[1]:.1f}",
        }
        key = f"retention.claim_season_{'up' if row['difference'] > 0 else 'down'}"
        lines.append(page.say(key, month=page.format(row["period"], "month"), **words))
    return lines


def second(table: pd.DataFrame, page: PageLike) -> str:
    """When half of the new buyers had bought again, or how many ever did."""
    rows = table.dropna(subset=["share"])
    median = rows["median_day"].iloc[0]
    if pd.notna(median):
        return page.say("retention.claim_second", days=f"{median:.0f}")
    last = rows.iloc[-1]
    share = page.format(last["share"], "percent")
    return page.say("retention.claim_second_few", share=share, days=f"{last['day']:.0f}")


def nodes(table: pd.DataFrame, page: PageLike, most: int) -> list[str]:
    """The highest key nodes, at most two of each clock."""
    rows = table[table["is_node"].astype(bool)].sort_values("ratio", ascending=False).groupby("clock").head(2)
    if rows.empty:
        return [page.say("retention.claim_no_node")]
    return [
        page.say(
            "retention.claim_node",
            what=clock_bin_name(row, page.lang),
            ratio=f"{row['ratio']:.2f}",
            low=f"{row['ratio_low']:.2f}",
            high=f"{row['ratio_high']:.2f}",
        )
        for row in rows.head(most).to_dict("records")
    ]


def strata(table: pd.DataFrame, page: PageLike, level: float, most: int) -> list[str]:
    """The notable strata with the highest churn."""
    rows = table[table["notable"].astype(bool) & table["difference"].gt(0)].dropna(subset=["rate"])
    if rows.empty:
        return [page.say("retention.claim_no_stratum", level=level)]
    return [
        page.say(
            "retention.claim_stratum",
            dimension=page.say(f"retention.dimension_{row['dimension']}"),
            stratum=group_name(row["dimension"], row["stratum"], page.lang),
            points=page.format(row["difference"], "points"),
            **rate_words(row, page),
        )
        for row in rows.nlargest(most, "difference").to_dict("records")
    ]


def value(table: pd.DataFrame, page: PageLike) -> list[str]:
    """Weight and churn of the high-value members."""
    rows = table[(table["kind"] == "value_tier") & (table["segment"] == "high")]
    rows = rows.dropna(subset=["spend_share", "rate"])
    shares = {"members": "member_share", "spend": "spend_share", "rate": "rate"}
    return [
        page.say(
            "retention.claim_value", **{k: page.format(row[name], "percent") for k, name in shares.items()}
        )
        for row in rows.to_dict("records")
    ]


def decline(table: pd.DataFrame, page: PageLike) -> list[str]:
    """The largest decline of spend whose interval excludes zero."""
    rows = table[table["high"] < 0]
    lines = []
    for row in rows.nsmallest(1, "change").to_dict("records"):
        gap = row["competitor_price_gap"]
        words = {"gap": page.format(gap, "percent")} if pd.notna(gap) else {}
        words |= {name: page.format(row[name], "percent") for name in ("change", "low", "high")}
        key = "claim_decline" if pd.notna(gap) else "claim_decline_plain"
        lines.append(page.say(f"retention.{key}", category=row["category"], region=row["region"], **words))
    return lines or [page.say("retention.claim_no_decline")]


def precursors(table: pd.DataFrame, page: PageLike) -> list[str]:
    """One sentence per precursor, earliest first."""
    lines = [
        page.say(
            "retention.claim_precursor",
            **_precursor(row, page),
            relative=f"{signed(100 * row['relative_change'], 1)}%",
            members=page.members(row["members"]),
        )
        for row in table.dropna(subset=["effect"]).to_dict("records")
    ]
    return lines or [page.say("retention.answer_no_precursor")]


def _rate(rate: Mapping[str, Any] | None, page: PageLike) -> str:
    if not rate or rate["rate"] is None:
        return page.say("retention.answer_no_rate")
    span = _span(rate, page)
    if not rate["numerator"]:
        return page.say("retention.answer_nobody", **span)
    counts = {"left": page.members(rate["numerator"]), "members": page.members(rate["members"])}
    return page.say("retention.answer_rate", **span, **counts, **rate_words(rate, page))


def _sign(sign: Mapping[str, Any] | None, page: PageLike) -> str:
    if not sign:
        return page.say("retention.answer_no_precursor")
    return page.say("retention.answer_precursor", **_precursor(sign, page))


def _precursor(sign: Mapping[Any, Any], page: PageLike) -> dict[str, str]:
    measure = page.say(f"retention.behaviour_{sign['measure']}")
    direction = page.say(f"retention.direction_{sign['direction']}")
    count = f"{sign['lead_weeks']:.0f}"
    weeks = page.say("retention.weeks_one" if count == "1" else "retention.weeks", count=count)
    return {"measure": measure, "direction": direction, "weeks": weeks}


def rate_words(row: Mapping[Any, Any] | pd.Series, page: PageLike) -> dict[str, str]:
    """A rate and its bounds as percentages, for a sentence."""
    return {name: page.format(row[name], "percent") for name in ("rate", "low", "high")}


def _span(rate: Mapping[str, Any], page: PageLike) -> dict[str, str]:
    """First and last day of a period whose end is given as the day after it."""
    last = pd.Timestamp(rate["period_end"]) - pd.Timedelta(days=1)
    return {"start": page.format(rate["period"], "date"), "end": page.format(last, "date")}
