"""Robustness of the answer: other sources, methods and definitions, and the method's own checks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.labels import join
from whychurn.report.causes.sentences.method_overview import method_name
from whychurn.report.causes.sentences.shares import avoidable, from_words, six
from whychurn.report.page.components.numbers import plain
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say_or
from whychurn.report.words.readable_names import definition_name

MAIN: Final = "main"
SOURCES: Final = ("numbers", "survey", "texts", "interviews")
DEFINITION: Final = re.compile(r"(inactivity|terms)_(\d+)d")
MOST_UNKNOWN: Final = (
    0.05  # of the rows of a table, from which on words that are not understood are said first
)
Z: Final = 1.96  # of a 95 % interval


def present_sources(table: pd.DataFrame) -> list[str]:
    """Sources of `cause_triangulation` that say anything here."""
    return [name for name in SOURCES if name in table and table[name].notna().any()]


def triangulation_lines(table: pd.DataFrame, page: PageLike) -> list[str]:
    """On which causes the sources agree, and where they are furthest apart."""
    sources = present_sources(table)
    if len(sources) < 2:
        return [page.say("causes.claim_one_source")]
    agreed = table[table["agree"].fillna(0) >= len(sources) - 1]["cause"]
    lines = []
    if len(agreed):
        names = [page.say(f"causes.{cause}") for cause in agreed]
        lines.append(page.say("causes.claim_agree", causes=join(names, page.lang)))
    wide = table.set_index("cause")[sources].astype("float64")
    cause = str((wide.max(axis=1) - wide.min(axis=1)).idxmax())
    ends = {"most": str(wide.loc[cause].idxmax()), "least": str(wide.loc[cause].idxmin())}
    names_of = {end: page.say(f"causes.source_{source}") for end, source in ends.items()}
    shares = {f"{end}_share": page.format(wide.at[cause, source], "percent") for end, source in ends.items()}
    return [*lines, page.say("causes.claim_apart", cause=page.say(f"causes.{cause}"), **names_of, **shares)]


def variant_name(variant: str, page: PageLike) -> str:
    """Readable name of a variant of `cause_sensitivity`."""
    if DEFINITION.fullmatch(variant):
        return definition_name(variant, page.lang)
    return say_or(f"causes.variant_{variant}", page.lang, variant)


def stability_lines(stability: pd.DataFrame, page: PageLike) -> list[str]:
    """How far the ranking of the causes survives another definition, another period, a source left out."""
    rows = stability[stability["analysis"] != MAIN] if len(stability) else stability
    kept = (
        rows.groupby("analysis", sort=False)["rank_agreement"].first().dropna()
        if len(rows)
        else pd.Series(dtype=float)
    )
    if kept.empty:
        return [page.say("causes.claim_no_stability")]
    worst = str(kept.idxmin())
    lines = [
        page.say(
            "causes.claim_kept",
            variants=len(kept),
            tau=f"{kept.min():.2f}",
            variant=variant_name(worst, page),
        )
    ]
    first = {name: leader(stability, name) for name in (MAIN, *kept.index)}
    other = [name for name in kept.index if first[name] != first[MAIN]]
    if not other:
        return [*lines, page.say("causes.claim_same_first", cause=page.say(f"causes.{first[MAIN]}"))]
    return [*lines, page.say("causes.claim_other_first", variants=_first_under(stability, other, page))]


def _first_under(stability: pd.DataFrame, variants: Iterable[str], page: PageLike) -> str:
    """Variants, each with the cause that comes first under it."""
    words = {name: page.say(f"causes.{leader(stability, name)}") for name in variants}
    told = (
        page.say("causes.variant_first", variant=variant_name(name, page), cause=cause)
        for name, cause in words.items()
    )
    return join(told, page.lang)


def leader(stability: pd.DataFrame, variant: str) -> str | None:
    """Cause with the largest share under a variant; None where none can be told."""
    rows = stability[(stability["analysis"] == variant) & stability["share"].notna()]
    return str(rows.loc[rows["share"].astype("float64").idxmax(), "cause"]) if len(rows) else None


def wide_shares(table: pd.DataFrame, key: str, extra: list[str]) -> pd.DataFrame:
    """One row a value of `key`, one column a cause, and the columns `extra`."""
    if table.empty:
        return pd.DataFrame(columns=[key, *CAUSES, *extra])
    shares = table.pivot(index=key, columns="cause", values="share").reindex(columns=list(CAUSES))
    more = (
        table.groupby(key, sort=False)[extra].first()
        if extra
        else table[[key]].drop_duplicates().set_index(key)
    )
    return more.join(shares).reset_index()[[key, *CAUSES, *extra]]


def stability_table(stability: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Share of each cause under every variant, and how much of the ranking it keeps."""
    table = wide_shares(stability, "analysis", ["rank_agreement", "churn_events"])
    return table.assign(analysis=[variant_name(str(name), page) for name in table["analysis"]])


def method_table(methods: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Share of each cause by every method."""
    table = wide_shares(methods, "method", [])
    return table.assign(method=[method_name(str(name), page.lang) for name in table["method"]])


def method_lines(methods: pd.DataFrame, used: str, page: PageLike) -> list[str]:
    """How many other methods put the same cause first as the one in use; nothing without another."""
    rows = methods[methods["share"].notna() & methods["cause"].ne("unknown")]
    rows = rows.assign(share=rows["share"].astype("float64"))
    first = rows.loc[rows.groupby("method")["share"].idxmax()].set_index("method")["cause"]
    others = first.drop(used, errors="ignore")
    if used not in first or others.empty:
        return []
    same = int(others.eq(first[used]).sum())
    key = "all" if same == len(others) > 1 else "some"
    words = {"same": same, "methods": len(others), "cause": page.say(f"causes.{first[used]}")}
    return [page.say(f"causes.found_methods_{key}", **words)]


def method_names(methods: pd.DataFrame, page: PageLike) -> dict[str, str]:
    """Method -> readable name, in order of the table."""
    return {str(name): method_name(str(name), page.lang) for name in methods["method"].unique()}


def diagnostic_lines(checks: pd.DataFrame, page: PageLike) -> list[str]:
    """Which checks of the method noticed something."""
    if checks.empty:
        return [page.say("causes.claim_no_checks")]
    found = checks[checks["flagged"].astype(bool)]
    told = found.groupby("check", sort=False)["detail"].apply(
        lambda names: join((detail(str(n), page) for n in names), page.lang)
    )
    lines = [page.say(f"causes.noticed_{check}", detail=names) for check, names in told.items()]
    return lines or [page.say("causes.claim_all_quiet", checks=len(checks))]


def first_lines(
    checks: pd.DataFrame, intake: Mapping[str, Any], facts: Mapping[str, Any], page: PageLike
) -> list[str]:
    """What belongs on the first screen: checks that raised an alarm, traces that show nothing, words not understood.

    Parameters
    ----------
    intake
        Content of intake.json.
    """
    lines = []
    if len(checks):
        found = checks.loc[checks["flagged"].astype(bool), "check"].unique()
        if len(found):
            told = join((page.say(f"causes.finding_{check}") for check in found), page.lang)
            lines.append(page.say("causes.first_alarm", findings=told))
        silent = checks[(checks["check"] == "no_effect") & (checks["low"] <= 0)]["detail"]
        if len(silent) and from_words(facts):
            names = join((page.say(f"causes.{cause}") for cause in silent), page.lang)
            lines.append(page.say("causes.first_no_effect", causes=names))
    return lines + not_understood_lines(intake, page)


def not_understood_lines(intake: Mapping[str, Any], page: PageLike) -> list[str]:
    """Tables of which more than `MOST_UNKNOWN` of the rows hold a word that is not understood."""
    lines = []
    for table, entry in intake.get("tables", {}).items():
        for column, rows in entry.get("not_understood", {}).items():
            share = rows / max(entry.get("kept", 0), 1)
            if share > MOST_UNKNOWN:
                words = {"share": page.format(min(share, 1.0), "percent"), "column": f"{table}.{column}"}
                lines.append(page.say("causes.first_not_understood", **words))
    return lines


def detail(name: str, page: PageLike) -> str:
    """Readable name of what a check looked at; a region stays as it is."""
    if name in CAUSES:
        return page.say(f"causes.{name}")
    if name.startswith("0."):  # a share
        return page.format(float(name), "percent")
    return say_or(f"causes.detail_{name}", page.lang, name)


def diagnostic_table(checks: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Every check: what it looked at, its figure with bounds, whether it noticed something."""
    if checks.empty:
        return checks
    shown = checks.assign(
        check=[page.say(f"causes.check_{name}") for name in checks["check"]],
        detail=[detail(str(name), page) for name in checks["detail"]],
        interval=[
            "–" if pd.isna(low) or pd.isna(high) else f"{low:.2f} … {high:.2f}"
            for low, high in zip(checks["low"], checks["high"], strict=True)
        ],
    )
    return shown[["check", "detail", "value", "interval", "flagged"]]


def driver_table(drivers: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """What each exposure contributes, most first; those of no weight are left out."""
    if drivers.empty:
        return drivers
    rows = drivers[drivers["share"] > 0.0005].sort_values("share", ascending=False, kind="stable")
    return rows.assign(
        cause=[page.say(f"causes.{cause}") for cause in rows["cause"]],
        exposure=[say_or(f"causes.exposure_{name}", page.lang, str(name)) for name in rows["exposure"]],
    ).reset_index(drop=True)


def doubts(
    shares: pd.DataFrame,
    stability: pd.DataFrame,
    checks: pd.DataFrame,
    facts: Mapping[str, Any],
    page: PageLike,
) -> list[str]:
    """What would change our mind: observations that speak against the answer, with numbers."""
    rows = six(shares)
    if rows.empty:
        return [page.say("causes.doubt_anything")]
    if not from_words(facts):
        return [page.say("causes.doubt_silence")]
    lines = []
    first = rows.iloc[0]
    half = (first["high"] - first["low"]) / 2
    if pd.notna(half) and half > 0:
        asked = math.ceil(first["share"] * (1 - first["share"]) * (Z / half) ** 2)
        bounds = {name: plain(100 * first[name]) for name in ("low", "high")}
        cause = page.say(f"causes.{first['cause']}")
        lines.append(page.say("causes.doubt_ask", asked=page.format(asked, "int"), cause=cause, **bounds))
    for row in avoidable(rows).head(1).to_dict("records"):
        least = plain(100 * row["avoidable_low"])
        lines.append(page.say("causes.doubt_test", cause=page.say(f"causes.{row['cause']}"), least=least))
    shaken = (
        [
            name
            for name in stability["analysis"].unique()
            if leader(stability, name) not in (None, leader(stability, MAIN))
        ]
        if len(stability)
        else []
    )
    if shaken:
        lines.append(page.say("causes.doubt_variant", variants=_first_under(stability, shaken, page)))
    if len(checks) and checks["flagged"].any():
        lines.append(page.say("causes.doubt_check"))
    answered = facts.get("answered_share")
    if answered is None or pd.isna(answered) or answered < 0.1:
        lines.append(page.say("causes.doubt_silence"))
    return lines
