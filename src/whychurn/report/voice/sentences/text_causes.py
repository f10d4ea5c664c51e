"""Sentences and tables on causes classified from texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import TRIANGULATION_SOURCES
from whychurn.labels import join
from whychurn.report.page.formats import format_interval
from whychurn.report.page.page_like import PageLike

FORMATS: Final = {
    **dict.fromkeys(("n",), "int"),
    **dict.fromkeys(("kappa", "kappa_low", "kappa_high", "macro_f1", "spearman", "low", "high"), "number"),
    **dict.fromkeys(("hazard_ratio", "p_adjusted"), "number"),
    "accuracy": "percent",
}


def agreement_lines(check: pd.DataFrame, page: PageLike) -> list[str]:
    """How far the causes heard in comments agree with the reasons stated beside them."""
    rows = check[(check["language"] == "all") & check["kappa"].notna()].set_index("method")
    if rows.empty:
        return [page.say("voice.said_no_reasons")]
    used = "pooled" if "pooled" in rows.index else "lexicon"
    row, floor = rows.loc[used], rows.loc["keywords"]
    values = {
        name: page.format(row[name], "number") for name in ("kappa", "kappa_low", "kappa_high", "macro_f1")
    }
    lines = [page.say("voice.said_agreement", n=page.format(row["n"], "int"), **values)]
    better = row["kappa_low"] > floor["kappa"]
    key = "said_beats_keywords" if better else "said_not_better"
    lines.append(page.say(f"voice.{key}", floor=page.format(floor["kappa"], "number")))
    weight = float(row["weight"])
    key = "said_learned" if weight > 0 else "said_lexicon_alone"
    return [*lines, page.say(f"voice.{key}", weight=page.format(weight, "percent"))]


def sentiment_lines(check: pd.DataFrame, page: PageLike) -> list[str]:
    """How sentiment goes with the ratings given beside texts, and its limits."""
    rows = check[(check["language"] == "all") & check["spearman"].notna()]
    lines = []
    for row in rows.to_dict("records"):
        values = {name: page.format(row[name], "number") for name in ("spearman", "low", "high")}
        method = page.say(f"voice.said_sentiment_{row['method']}")
        lines.append(page.say("voice.said_ratings", method=method, n=page.format(row["n"], "int"), **values))
    return [*(lines or [page.say("voice.said_no_ratings")]), page.say("voice.said_sentiment_limits")]


def triangulation_lines(table: pd.DataFrame, page: PageLike) -> list[str]:
    """On which causes the sources agree, and where they are furthest apart."""
    shown = table.dropna(subset=["share"])
    if shown["source"].nunique() < 2:
        return [page.say("voice.said_one_source")]
    verdicts = shown.groupby("cause")["verdict"].first()
    lines = []
    for verdict in ("agree", "partly", "differ"):
        causes = [cause for cause in CAUSES if verdicts.get(cause) == verdict]
        if causes:
            lines.append(page.say(f"voice.said_verdict_{verdict}", causes=_names(causes, page)))
    wide = shown.pivot(index="cause", columns="source", values="share")
    cause = str((wide.max(axis=1) - wide.min(axis=1)).idxmax())
    ends = {"most": str(wide.loc[cause].idxmax()), "least": str(wide.loc[cause].idxmin())}
    words = {end: page.say(f"voice.said_source_{source}") for end, source in ends.items()}
    shares = {f"{end}_share": page.format(wide.at[cause, source], "percent") for end, source in ends.items()}
    lines.append(page.say("voice.said_furthest", cause=page.say(f"causes.{cause}"), **words, **shares))
    return lines


def triangulation_table(table: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """One row a cause: verdict, share with interval by source; absent sources left out, small ones blank."""
    sources = [
        source
        for source in TRIANGULATION_SOURCES
        if source in set(table.loc[table["share"].notna(), "source"])
    ]
    rows = []
    for cause in CAUSES:
        part = {row["source"]: row for row in table[table["cause"] == cause].to_dict("records")}
        verdict = next(iter(part.values()))["verdict"]
        row = {"cause": page.say(f"causes.{cause}"), "verdict": page.say(f"voice.said_word_{verdict}")}
        rows.append(row | {source: _interval(part[source], page) for source in sources})
    return pd.DataFrame(rows)


def check_table(check: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Table ``text_cause_check`` in words."""
    shown = check.assign(
        language=[page.say(f"voice.said_language_{code}") for code in check["language"]],
        method=[page.say(f"voice.said_method_{code}") for code in check["method"]],
    )
    return shown[["language", "method", "n", "accuracy", "macro_f1", "kappa", "kappa_low", "kappa_high"]]


def _interval(row: Mapping[Any, Any], page: PageLike) -> str:
    if pd.isna(row["share"]):
        return page.say("voice.said_few")
    return format_interval(row, "{:.0%}".format, ("share", "low", "high"))


def _names(causes: list[str], page: PageLike) -> str:
    return join((page.say(f"causes.{cause}") for cause in causes), page.lang)
