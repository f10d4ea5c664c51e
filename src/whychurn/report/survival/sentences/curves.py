"""Sentences and tables on survival curves, strata, the hazard over a stay, and definitions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import pandas as pd

from whychurn.labels import join
from whychurn.report.page.formats import ROUND, format_interval
from whychurn.report.page.missing_leavers import missing_leavers_line
from whychurn.report.page.page_like import PageLike
from whychurn.report.survival.sentences.hazard_ratios import small
from whychurn.report.words import has_words
from whychurn.report.words.readable_names import definition_name, stratum_name

FORMATS: Final = {
    **dict.fromkeys(("members", "spells", "churn_events", "observed", "expected", "mean_until"), "int"),
    **dict.fromkeys(("stay_90d", "stay_180d", "stay_365d", "stay_730d"), "percent"),
    "ratio": "number",
}
_MEANS: Final = "members churn_events mean_days mean_until median_days"
_TESTS: Final = "stratum_kind stratum members observed expected ratio p_adjusted notable suppressed"


def answer(facts: Mapping[str, Any], page: PageLike) -> str:
    """The answer box: how long members stay."""
    whole = facts.get("overall") or {}
    if not facts.get("churn_events"):
        return page.say("survival.answer_nobody")
    year = _year(whole, page)
    parts = missing_leavers_line(facts, page.lang)
    if whole.get("median_days") is not None and year:
        days = {"day": "median_days", "low": "median_low", "high": "median_high"}
        parts.append(page.say("survival.answer_median", **_ints(whole, days, page), **year))
    elif year:
        parts.append(page.say("survival.answer_year", **year))
    if whole.get("mean_days") is not None:
        names = {"until": "mean_until", "mean": "mean_days", "low": "mean_low", "high": "mean_high"}
        parts.append(page.say("survival.answer_mean", **_ints(whole, names, page)))
    return "\n\n".join(parts) or page.say("survival.answer_few")


def headlines(facts: Mapping[str, Any], page: PageLike) -> list[tuple[str, float, str, str]]:
    """Headline key, plain number, sentence and rung; only those that this study can tell."""
    whole = facts.get("overall") or {}
    found = []
    if year := _year(whole, page):
        text = page.say("survival.head_year", **year)
        found.append(("how_many.stay_year", whole["stay_365d"], text, "described"))
    if whole.get("median_days") is not None:
        key = (
            "head_median" if whole["median_days"] > 1 else "head_median_joining"
        )  # day 1 is the day of joining
        days = {"day": "median_days", "low": "median_low", "high": "median_high"}
        text = page.say(f"survival.{key}", **_ints(whole, days, page))
        found.append(("when.median_stay", whole["median_days"], text, "described"))
    return found


def confidence(facts: Mapping[str, Any], definitions: pd.DataFrame, page: PageLike) -> list[str]:
    """How stays were followed and cut short, and what other definitions would say."""
    counts = {
        name: page.format(facts[name], "int") for name in ("stays", "members", "churn_events", "censored")
    }
    counts |= {
        "late": page.format(facts["late_entries"], "int"),
        "second": page.format(facts["second_stays"], "int"),
    }
    lines = [
        page.say(
            f"survival.claim_censored_{facts['kind']}",
            days=facts["grace_days"],
            censored=page.format(facts["censored_on"], "date"),
        ),
        page.say("survival.claim_counts", **counts),
    ]
    if facts["not_followed"]:
        count = page.format(facts["not_followed"], "int")
        lines.append(
            page.say(
                "survival.claim_not_followed", count=count, censored=page.format(facts["censored_on"], "date")
            )
        )
    shares = definitions["stay_365d"].dropna() if "stay_365d" in definitions else pd.Series(dtype=float)
    if len(shares) > 1:
        span = {"low": page.format(shares.min(), "percent"), "high": page.format(shares.max(), "percent")}
        lines.append(page.say("survival.claim_definitions", **span))
    return lines


def strata(tests: pd.DataFrame, facts: Mapping[str, Any], page: PageLike, most: int) -> list[str]:
    """The strata that leave most above expectation, and the kinds without a difference."""
    rows = tests[tests["notable"].astype(bool) & (tests["stratum"] != "all") & tests["ratio"].gt(1)]
    rows = rows[rows["stratum_kind"].isin(facts["differ"])]
    lines = [
        page.say(
            "survival.claim_stratum",
            kind=page.say(f"survival.kind_{row['stratum_kind']}"),
            stratum=stratum_name(row["stratum_kind"], row["stratum"], page.lang),
            ratio=f"{row['ratio']:.2f}",
            members=page.format(row["members"], "int"),
            q=small(row["p_adjusted"]),
        )
        for row in rows.nlargest(most, "ratio").to_dict("records")
    ]
    if facts["alike"]:
        kinds = join((page.say(f"survival.kind_{kind}") for kind in facts["alike"]), page.lang)
        lines.append(page.say("survival.claim_alike", kinds=kinds))
    return lines or [page.say("survival.claim_none_differ")]


def alike_lines(effects: pd.DataFrame, page: PageLike) -> list[str]:
    """How many ratios and shares have intervals that meet under every definition; nothing with fewer than two."""
    if effects.empty:
        return []
    known = effects.dropna(subset=["low", "high"])
    spans = known.groupby(["measure", "term"]).agg(
        low=("low", "max"), high=("high", "min"), n=("definition", "nunique")
    )
    spans = spans[spans["n"] > 1]
    if spans.empty:
        return []
    counts = {"alike": int((spans["low"] <= spans["high"]).sum()), "terms": len(spans)}
    return [page.say("survival.found_alike", definitions=known["definition"].nunique(), **counts)]


def peak(hazard: pd.DataFrame, page: PageLike) -> list[str]:
    """The day of a stay around which leaving is most frequent, against a settled year."""
    later = hazard[hazard["day"].between(91, 455)]
    if later.empty or hazard["hazard"].isna().all():
        return []
    sure = hazard[hazard["churn_events"] >= hazard["churn_events"].max() / 10]
    top = sure.loc[sure["hazard"].idxmax()]
    rate, base = (f"{1000 * value:.2f}" for value in (top["hazard"], later["hazard"].mean()))
    if top["day"] <= hazard["day"].iloc[0]:
        return [page.say("survival.claim_peak_start", rate=rate, base=base)]
    return [page.say("survival.claim_peak", day=page.format(top["day"], "int"), rate=rate, base=base)]


def key_moments(nodes: pd.DataFrame | None, tenure: bool) -> pd.DataFrame:
    """Key nodes of the tenure clock, or the highest of each other clock."""
    if nodes is None or nodes.empty:
        return pd.DataFrame(
            columns=["clock", "unit", "bin_start", "bin_end", "rate", "ratio", "ratio_low", "ratio_high"]
        )
    rows = nodes[nodes["is_node"].astype(bool)].dropna(subset=["ratio"])
    if tenure:
        return rows[rows["clock"] == "tenure"]
    rows = rows[rows["clock"] != "tenure"].sort_values("ratio", ascending=False)
    return rows.groupby("clock", sort=False).head(2)


def means_table(means: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """How long the groups stay, with names in the language of the page."""
    shares = [name for name in means.columns if name.startswith("stay_") and name.count("_") == 1]
    table = _with_ranges(_named(means, page), page)
    return table[["stratum_kind", "stratum", *_MEANS.split(), *shares, "suppressed"]]


def tests_table(tests: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Log-rank tests, with names in the language of the page."""
    table = _named(tests, page)
    return table.assign(p_adjusted=[small(q) for q in table["p_adjusted"]])[_TESTS.split()]


def definitions_table(definitions: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """The same figures under each definition."""
    shares = [name for name in definitions.columns if name.startswith("stay_") and name.count("_") == 1]
    table = _with_ranges(definitions, page).assign(
        definition=[definition_name(str(name), page.lang) for name in definitions["definition"]]
    )
    return table[["definition", "is_main", "censored_on", *_MEANS.split(), *shares, "suppressed"]]


def columns(table: pd.DataFrame, page: PageLike) -> dict[str, str]:
    """Headings; a share at a day of the study's own choice is named by its day."""
    found = {name: f"survival.column_{name}" for name in table.columns}
    return {name: page.say(key) for name, key in found.items() if has_words(key)}


def _named(table: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    pairs = zip(table["stratum_kind"].astype(str), table["stratum"].astype(str), strict=True)
    strata = [stratum_name(kind, name, page.lang) for kind, name in pairs]
    kinds = [page.say(f"survival.kind_{kind}") for kind in table["stratum_kind"]]
    return table.assign(stratum=strata, stratum_kind=kinds)


def _with_ranges(table: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Mean and median as text with their intervals."""
    whole = partial(page.format, kind="int")
    columns: dict[str, Any] = {}
    for name in ("mean", "median"):
        ends = (f"{name}_days", f"{name}_low", f"{name}_high")
        columns[f"{name}_days"] = [
            format_interval(row, whole, ends, ROUND) if pd.notna(row[ends[0]]) else None
            for row in table.to_dict("records")
        ]
    return table.assign(**columns)


def _year(whole: Mapping[str, Any], page: PageLike) -> dict[str, str]:
    if whole.get("stay_365d") is None:
        return {}
    names = {"year": "stay_365d", "year_low": "stay_365d_low", "year_high": "stay_365d_high"}
    return {word: page.format(whole[name], "percent") for word, name in names.items()}


def _ints(whole: Mapping[str, Any], names: Mapping[str, str], page: PageLike) -> dict[str, str]:
    return {word: page.format(whole.get(name), "int") for word, name in names.items()}
