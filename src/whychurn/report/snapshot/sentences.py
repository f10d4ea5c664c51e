"""Sentences and tables about a table of one row per customer, from results files; nothing is computed anew."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from whychurn.report.page.formats import format_interval
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say

COLUMN_FORMATS: Final = {"rows": "int"}
REASON_FORMATS: Final = {"members": "int", "share": "percent", "low": "percent", "high": "percent"}
TRUST: Final = ("auc", "brier", "log_loss", "ece")
OTHER: Final = "(other)"  # reasons of few leavers, in snapshot_reasons
Headline = tuple[str, Any, str, str]


def answer(facts: dict[str, Any], page: PageLike) -> str:
    """The report's answer: how many left, how well the columns tell them, what such a table cannot tell."""
    parts = [rate_sentence(facts, page), model_sentence(facts, page), page.say("snapshot.cannot_tell")]
    return "\n\n".join(parts)


def rate_sentence(facts: dict[str, Any], page: PageLike) -> str:
    """How many of the customers in the table left."""
    rate = format_interval(facts["rate"], lambda share: page.format(share, "percent"))
    values = {"customers": page.members(facts["customers"]), "left": page.members(facts["left"])}
    small = page.members(facts["left"]).startswith("<")
    return page.say("snapshot.rate", **values, rate="–" if small else rate)


def model_sentence(facts: dict[str, Any], page: PageLike) -> str:
    """How well customers who were held out are told apart, or why there is no model."""
    if facts["status"] != "ok":
        return str(facts["reason"][page.lang])
    figures = facts["headline"]
    auc = format_interval(figures["auc"], lambda share: f"{100 * share:.0f}")
    ece = page.format(figures["ece"]["estimate"], "percent")
    return page.say("snapshot.model", auc=auc, ece=ece)


def verdict(facts: dict[str, Any], page: PageLike) -> str:
    """Whether the model beats the base rate and logistic regression."""
    if not facts["beats_prior"]:
        return page.say("snapshot.verdict_none")
    return page.say("snapshot.verdict_model" if facts["beats_logistic"] else "snapshot.verdict_logistic")


def headlines(facts: dict[str, Any], page: PageLike) -> list[Headline]:
    """Key, plain value, sentence and rung of each number that the index quotes."""
    rate = facts["rate"]["estimate"]
    lines: list[Headline] = [("how_many.left", rate, rate_sentence(facts, page), "described")]
    if facts["tenure"]["median"] is not None:
        lines.append(("when.median", facts["tenure"]["median"], median_sentence(facts, page), "described"))
    if facts["status"] == "ok":
        auc = facts["headline"]["auc"]["estimate"]
        if facts["beats_prior"]:
            lines.append(("who_next.high", facts["high_risk"], high_sentence(facts, page), "associated"))
        lines.append(("how_sure.auc", auc, model_sentence(facts, page), "described"))
    plain = page.say("snapshot.cannot_tell").replace("**", "")
    lines.append(("how_sure.no_history", 0, plain, "described"))
    return lines


def stated_headline(reasons: pd.DataFrame, page: PageLike) -> list[Headline]:
    """The reason that most leavers state, where there is one that may be shown."""
    named = reasons[(reasons["reason"] != OTHER) & reasons["share"].notna()]
    if named.empty:
        return []
    first = named.iloc[0]
    values = {"reason": first["reason"], "share": page.format(first["share"], "percent")}
    return [("why.stated", first["share"], page.say("snapshot.head_stated", **values), "described")]


def high_sentence(facts: dict[str, Any], page: PageLike) -> str:
    """How many customers still there resemble those who left."""
    values = {"scored": page.members(facts["scored"]), "high": page.members(facts["high_risk"])}
    return page.say("snapshot.high", **values, limit=page.format(facts["high_risk_from"], "percent"))


def median_sentence(facts: dict[str, Any], page: PageLike) -> str:
    """Tenure after which half are gone, or that the curve does not come down to half."""
    tenure = facts["tenure"]
    unit = page.say(f"snapshot.unit_{tenure['unit']}")
    if tenure["median"] is None:
        return page.say("snapshot.no_median")
    names = ("median", "median_low", "median_high")
    bounded = {name: float("nan") if tenure[name] is None else tenure[name] for name in names}
    return page.say("snapshot.median", median=format_interval(bounded, "{:,.0f}".format, names), unit=unit)


def columns_table(columns: pd.DataFrame, lang: str) -> pd.DataFrame:
    """What became of each column, in words; those left out first."""
    words = [
        say(f"snapshot.why_{why}", lang) if why else say("snapshot.why_used", lang) for why in columns["why"]
    ]
    table = pd.DataFrame({"column": columns["column"], "use": words})
    for name in ("value", "rows"):
        if columns[name].notna().any():
            table[name] = columns[name]
    order = columns["used"].astype(int).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def leaks(columns: pd.DataFrame) -> int:
    """Columns left out because they seem to be known only after leaving."""
    return int(columns["why"].fillna("").str.startswith("leak_").sum())


def stated_sentence(facts: dict[str, Any], page: PageLike) -> str:
    """How many leavers state a reason."""
    share = page.format(facts["stated"] / max(facts["left"], 1), "percent")
    return page.say(
        "snapshot.stated", stated=page.members(facts["stated"]), left=page.members(facts["left"]), share=share
    )


def reasons_table(reasons: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Stated reasons with counts and intervals; few leavers' reasons as one row."""
    other = say("snapshot.other_reasons", lang)
    return reasons.assign(reason=reasons["reason"].replace(OTHER, other))
