"""Causes by group and by month, stated reasons against attributed causes, stories of single members."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.labels import join
from whychurn.report.causes.sentences.shares import six
from whychurn.report.page.components.numbers import bracketed, signed
from whychurn.report.page.formats import format_interval
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say_or
from whychurn.report.words.readable_names import stratum_name

ANSWERS: Final = "answers"  # `stated` of the probability to answer at all (cause_confusion)
MOST: Final = 4  # groups that are told in sentences


def said_lines(stated: pd.DataFrame, speech: pd.DataFrame, page: PageLike) -> list[str]:
    """Where what was stated and what the evidence says part, and who answers at all."""
    lines = []
    rows = stated[~stated["suppressed"].astype(bool) & stated["share"].notna()] if len(stated) else stated
    own = rows[rows["stated"] == rows["cause"]].sort_values("share") if len(rows) else rows
    for row in own.head(1).to_dict("records"):
        others = rows[(rows["stated"] == row["stated"]) & (rows["cause"] != row["cause"])]
        if others.empty:
            continue
        most = others.nlargest(1, "share").iloc[0]
        lines.append(
            page.say(
                "causes.claim_stated",
                stated=page.say(f"causes.{row['stated']}"),
                share=page.format(row["share"], "percent"),
                cause=page.say(f"causes.{most['cause']}"),
                other=page.format(most["share"], "percent"),
            )
        )
    chances = (
        speech[speech["stated"] == ANSWERS].set_index("cause")["probability"] if len(speech) else pd.Series()
    )
    if len(chances) > 1 and chances.max() > chances.min():
        ends = {"most": str(chances.idxmax()), "least": str(chances.idxmin())}
        names = {end: page.say(f"causes.{cause}") for end, cause in ends.items()}
        shares = {f"{end}_share": page.format(chances[cause], "percent") for end, cause in ends.items()}
        lines.append(page.say("causes.claim_answers", **names, **shares))
    return lines or [page.say("causes.claim_nothing_stated")]


def has_shares(table: pd.DataFrame) -> bool:
    """Whether any share of a table can be shown."""
    return bool(len(table)) and bool(table["share"].notna().any())


def has_answers(stated: pd.DataFrame) -> bool:
    """Whether any row of what was stated can be shown."""
    return bool(len(stated)) and bool((~stated["suppressed"].astype(bool) & stated["share"].notna()).any())


def group_name(kind: str, stratum: str, lang: str, page: PageLike) -> str:
    """Readable name of a group; names of the company's own are left as they are."""
    if kind == "season":
        return say_or(f"causes.season_{stratum}", page.lang, stratum)
    if kind == "tenure":
        return page.say("causes.tenure_band", band=stratum.replace("-", "–"))
    return stratum_name("spend_tier" if kind == "tier" else kind, stratum, lang)


def notable(groups: pd.DataFrame, level: float) -> pd.DataFrame:
    """Rows of groups whose mix of causes clearly differs (q below `level`), small groups left out."""
    if groups.empty:
        return groups
    return groups[~groups["suppressed"].astype(bool) & (groups["p_adjusted"] < level)]


def group_table(groups: pd.DataFrame, shares: pd.DataFrame, level: float, page: PageLike) -> pd.DataFrame:
    """One row a group that differs: the cause that is furthest from its share among all, furthest first."""
    columns = ["kind", "stratum", "churn_events", "cause", "share", "low", "high", "gap", "p_adjusted"]
    rows = notable(groups, level)
    if rows.empty or six(shares).empty:
        return pd.DataFrame(columns=columns)
    whole = six(shares).set_index("cause")["share"]
    rows = rows.assign(gap=rows["share"] - rows["cause"].map(whole).astype("float64"))
    rows = rows.assign(size=rows["gap"].abs()).sort_values("size", ascending=False, kind="stable")
    rows = rows.drop_duplicates(["kind", "stratum"]).reset_index(drop=True)
    named = [
        group_name(kind, stratum, page.lang, page)
        for kind, stratum in zip(rows["kind"], rows["stratum"], strict=True)
    ]
    return rows.assign(
        stratum=named,
        kind=[page.say(f"causes.kind_{kind}") for kind in rows["kind"]],
        cause=[page.say(f"causes.{cause}") for cause in rows["cause"]],
    )[columns]


def group_lines(table: pd.DataFrame, groups: pd.DataFrame, page: PageLike) -> list[str]:
    """The groups whose mix differs most (`group_table`), that none does, or that too few left to compare."""
    lines = [
        page.say(
            "causes.claim_group",
            kind=row["kind"],
            stratum=row["stratum"],
            cause=row["cause"],
            share=format_interval(row, lambda share: page.format(share, "percent"), ("share", "low", "high")),
            gap=page.format(row["gap"], "points"),
            churn_events=page.format(row["churn_events"], "int"),
        )
        for row in table.head(MOST).to_dict("records")
    ]
    tested = len(groups) and groups["p_adjusted"].notna().any()
    return lines or [page.say("causes.claim_no_group" if tested else "causes.claim_few_by_group")]


def change_lines(change: pd.DataFrame, level: float, page: PageLike) -> list[str]:
    """Causes whose share clearly changed from the first to the second half of the leavings in time."""
    rows = change[change["p_adjusted"] < level] if len(change) else change
    rows = rows.sort_values("difference", key=abs, ascending=False) if len(rows) else rows
    lines = [
        page.say(
            "causes.claim_change",
            cause=page.say(f"causes.{row['cause']}"),
            difference=page.format(row["difference"], "points"),
            between=bracketed(100 * row["low"], 100 * row["high"], page.lang, lambda one: signed(one, 1)),
            **{name: page.format(row[name], "percent") for name in ("first_half", "second_half")},
        )
        for row in rows.to_dict("records")
    ]
    return lines or [page.say("causes.claim_no_change" if len(change) else "causes.claim_few_by_half")]


def change_table(change: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Share of each cause in both halves of the leavings, difference with interval, adjusted p."""
    if change.empty:
        return change
    ends = zip(change["low"], change["high"], strict=True)
    shown = change.assign(
        cause=[page.say(f"causes.{cause}") for cause in change["cause"]],
        interval=[f"{page.format(low, 'points')} … {page.format(high, 'points')}" for low, high in ends],
    )
    return shown[["cause", "first_half", "second_half", "difference", "interval", "p_adjusted"]]


def story_table(stories: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Anonymised members: cause, how long a member, its chance, the evidence in one line."""
    columns = ["cause", "tenure", "confidence", "evidence"]
    if stories.empty:
        return pd.DataFrame(columns=columns)
    order = {cause: place for place, cause in enumerate(CAUSES)}
    rows = stories.sort_values(["cause", "story"], key=lambda s: s.map(order) if s.name == "cause" else s)
    return pd.DataFrame(
        {
            "cause": [page.say(f"causes.{cause}") for cause in rows["cause"]],
            "tenure": [group_name("tenure", str(band), page.lang, page) for band in rows["tenure"]],
            "confidence": rows["confidence"].to_numpy("float64"),
            "evidence": [evidence_line(text, page) for text in rows["evidence"]],
        }
    )


def evidence_line(text: str, page: PageLike) -> str:
    """Sentences of an evidence list (JSON) in the language of the page, in one line."""
    told: list[Mapping[str, Any]] = json.loads(text) if text else []
    return join((str(entry[page.lang]) for entry in told), page.lang, "；") or page.say("causes.no_evidence")
