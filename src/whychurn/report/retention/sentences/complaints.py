"""Sentences and tables of what follows complaints and silence."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.labels import join
from whychurn.report.page.page_like import PageLike
from whychurn.report.retention.charts import group_name
from whychurn.report.retention.sentences.overview import rate_words

FORMATS: Final = {
    **dict.fromkeys(("rate", "low", "high"), "percent"),
    **dict.fromkeys(("members", "complaints", "churned", "numerator"), "int"),
}


def outcome_lines(table: pd.DataFrame, days: int, page: PageLike) -> list[str]:
    """Who was gone after a complaint, by how fast it was solved, for all themes together."""
    shown = table[(table["theme"] == "all") & (table["resolution"] != "all") & table["rate"].notna()]
    rows = [(str(row["resolution"]), row) for row in shown.to_dict("records")]
    if len(rows) < 2:
        return [page.say("retention.empty_complaints")]
    told = [
        page.say(
            "retention.outcome_part", handled=page.say(f"retention.resolution_{how}"), **rate_words(row, page)
        )
        for how, row in rows
    ]
    lines = [page.say("retention.outcome", days=days, parts=join(told, page.lang, "；"))]
    apart = any(a["low"] > b["high"] or b["low"] > a["high"] for _, a in rows for _, b in rows)
    return [*lines, page.say("retention.outcome_apart" if apart else "retention.outcome_alike")]


def silence_lines(table: pd.DataFrame, days: int, horizon: int, page: PageLike) -> list[str]:
    """How many leave without a word, who they are, and whether the silent stay longer."""
    leavers = table[(table["kind"] == "leavers") & table["rate"].notna()]
    total = leavers[leavers["dimension"] == "all"]
    if total.empty:
        return [page.say("retention.empty_silence")]
    lines = [page.say("retention.silent_share", days=days, **rate_words(total.iloc[0], page))]
    groups = leavers[
        leavers["dimension"].isin(["spend_tier", "tenure_band", "channel"]) & leavers["stratum"].ne("?")
    ]
    apart = groups[(groups["low"] > total["high"].iloc[0]) | (groups["high"] < total["low"].iloc[0])]
    if len(apart):
        named = apart.assign(far=(apart["rate"] - total["rate"].iloc[0]).abs()).nlargest(3, "far")
        parts = [
            page.say(
                "retention.silent_group",
                group=group_name(row["dimension"], row["stratum"], page.lang),
                dimension=page.say(f"retention.dimension_{row['dimension']}"),
                rate=page.format(row["rate"], "percent"),
            )
            for row in named.to_dict("records")
        ]
        lines.append(page.say("retention.silent_who", parts=join(parts, page.lang, "；")))
    after = table[(table["kind"] == "following") & table["rate"].notna()].set_index("stratum")
    if {"silent", "complained"} <= set(after.index):
        quiet, loud = after.loc["silent"], after.loc["complained"]
        key = "more" if quiet["low"] > loud["high"] else "less" if quiet["high"] < loud["low"] else "alike"
        rates = {"quiet": page.format(quiet["rate"], "percent"), "loud": page.format(loud["rate"], "percent")}
        lines.append(page.say(f"retention.silent_{key}", horizon=horizon, **rates))
    return lines


def outcome_table(table: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Table complaint_outcomes in words."""
    return table.assign(
        theme=[page.say(f"retention.theme_{code}") for code in table["theme"]],
        resolution=[page.say(f"retention.resolution_{code}") for code in table["resolution"]],
    )


def silence_table(table: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Table silence in words."""
    groups = zip(table["dimension"], table["stratum"], strict=True)
    return table.assign(
        kind=[page.say(f"retention.silence_{code}") for code in table["kind"]],
        stratum=[_stratum(str(dimension), str(name), page) for dimension, name in groups],
        dimension=[page.say(f"retention.dimension_{code}") for code in table["dimension"]],
    )


def _stratum(dimension: str, name: str, page: PageLike) -> str:
    return (
        page.say(f"retention.silence_{name}")
        if dimension == "all"
        else group_name(dimension, name, page.lang)
    )
