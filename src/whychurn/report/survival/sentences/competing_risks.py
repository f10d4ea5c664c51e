"""Sentences and tables on competing risks: cumulative incidence by cause, and removing one cause."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import pandas as pd

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.report.page.formats import ROUND, format_interval
from whychurn.report.page.page_like import PageLike
from whychurn.report.words.readable_names import stratum_name

FORMATS: Final = {
    **dict.fromkeys(("estimate", "low", "high", "answer_share", "weighted"), "percent"),
    "answers": "int",
    **dict.fromkeys(("stay_now", "stay_without", "stay_naive"), "percent"),
}
YEAR: Final = 365


def source(facts: Mapping[str, Any], attributed: bool, page: PageLike) -> list[str]:
    """Where the causes come from, and what that means for them."""
    if attributed:
        return [page.say("survival.cause_attributed"), *_unused(facts, page)]
    found = facts.get("causes") or {}
    if found.get("reason"):
        return [page.say(f"survival.cause_{found['reason']}"), *_unused(facts, page)]
    words = {name: page.format(found[name], "int") for name in ("churn_events", "answered", "effective")}
    share = page.format(found["answer_share"], "percent")
    lines = [page.say("survival.cause_stated", **words, share=share)]
    if found.get("answer_auc") is not None:
        lines.append(page.say("survival.cause_answering", auc=f"{found['answer_auc']:.2f}"))
    return [*lines, *_unused(facts, page)]


def _unused(facts: Mapping[str, Any], page: PageLike) -> list[str]:
    counts = facts.get("exit_answers") or {}
    if not counts.get("unused"):
        return []
    words = {name: page.format(number, "int") for name, number in counts.items()}
    return [page.say("survival.cause_unused", **words)]


def largest(incidence: pd.DataFrame, attributed: bool, page: PageLike) -> list[str]:
    """The causes from which most have left after a year (or as long as the data reach)."""
    rows = at_day(incidence[incidence["stratum_kind"] == "all"], YEAR)
    rows = rows[rows["cause"] != UNKNOWN].nlargest(2, "estimate")
    key = "claim_cause" if attributed else "claim_cause_stated"
    return [
        page.say(
            f"survival.{key}",
            cause=page.say(f"causes.{row['cause']}"),
            day=page.format(row["day"], "int"),
            **{name: page.format(row[name], "percent") for name in ("estimate", "low", "high")},
        )
        for row in rows.to_dict("records")
    ]


def at_day(incidence: pd.DataFrame, day: int) -> pd.DataFrame:
    """Rows at `day`, or at the last day before it where the whole table ends earlier."""
    known = incidence.loc[incidence["day"] <= day, "day"]
    return incidence[incidence["day"] == known.max()] if len(known) else incidence.iloc[:0]


def strata_rows(incidence: pd.DataFrame, day: int, late: int) -> pd.DataFrame:
    """Rows at `day` of the strata whose curve begins at once (a late one is conditional on a long stay)."""
    begins = incidence.groupby(["stratum_kind", "stratum"])["day"].transform("min")
    whole = incidence[begins < late]
    rows = whole[whole["day"] == day]
    complete = rows["stratum_kind"].eq("all") | rows.groupby("stratum_kind")["stratum"].transform(
        "nunique"
    ).gt(1)
    return rows[complete]


def differing(rows: pd.DataFrame, page: PageLike, most: int) -> list[str]:
    """Strata whose interval for a cause does not touch that of all members, furthest first."""
    everyone = rows[rows["stratum_kind"] == "all"].set_index("cause")
    found = []
    for row in rows[(rows["stratum_kind"] != "all") & (rows["cause"] != UNKNOWN)].to_dict("records"):
        whole = everyone.loc[row["cause"]]
        if row["low"] > whole["high"] or row["high"] < whole["low"]:
            found.append((abs(row["estimate"] - whole["estimate"]), row, float(whole["estimate"])))
    found.sort(key=lambda one: -one[0])
    return [
        page.say(
            "survival.claim_cause_stratum",
            kind=page.say(f"survival.kind_{row['stratum_kind']}"),
            stratum=stratum_name(row["stratum_kind"], row["stratum"], page.lang),
            cause=page.say(f"causes.{row['cause']}"),
            day=page.format(row["day"], "int"),
            all=page.format(everybody, "percent"),
            **{name: page.format(row[name], "percent") for name in ("estimate", "low", "high")},
        )
        for _, row, everybody in found[:most]
    ]


def removal(table: pd.DataFrame, page: PageLike) -> list[str]:
    """What removing the cause that matters most would gain, and by how much the naive count overstates."""
    rows = table[table["measure"] == "days"]
    lines = []
    for row in rows.nlargest(1, "difference").to_dict("records"):
        words = {
            name: page.format(row[name], "int")
            for name in ("difference", "low", "high", "difference_if_independent", "day", "observed")
        }
        words["cause"] = page.say(f"causes.{row['cause']}")
        lines.append(page.say("survival.claim_removal", **words))
    if len(rows):
        total = rows["difference_if_independent"].sum() / rows["difference"].sum() - 1
        lines.append(page.say("survival.claim_naive", share=page.format(total, "percent")))
    return lines


def incidence_table(incidence: pd.DataFrame, days: list[int], page: PageLike) -> pd.DataFrame:
    """Share of all members that has left from each cause by each of `days`, with intervals."""
    rows = incidence[(incidence["stratum_kind"] == "all") & incidence["day"].isin(days)]
    unknown = rows.loc[rows["cause"] == UNKNOWN, "estimate"]
    causes = [*CAUSES, *([UNKNOWN] if unknown.gt(0).any() else [])]
    table = pd.DataFrame({"cause": [page.say(f"causes.{cause}") for cause in causes]})
    percent = partial(page.format, kind="percent")
    for day in sorted(rows["day"].unique()):
        mine = rows[rows["day"] == day].set_index("cause").reindex(causes)
        head = page.say("survival.by_day", day=page.format(day, "int"))
        table[head] = [
            format_interval(row, percent, ("estimate", "low", "high"), ROUND)
            for row in mine.to_dict("records")
        ]
    return table


def stated_table(shares: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """What was answered, and what it stands for."""
    named = shares.assign(cause=[page.say(f"causes.{cause}") for cause in shares["cause"]])
    return named.rename(columns={"share": "answer_share"})


def planted_rows(scores: pd.DataFrame | None, attributed: bool) -> pd.DataFrame:
    """Rows of ``elimination_scores`` on mean days, indexed by cause; empty without ground truth."""
    if scores is None or scores.empty:
        return pd.DataFrame()
    mine = scores[
        (scores["measure"] == "days") & (scores["source"] == ("attributed" if attributed else "stated"))
    ]
    return mine.set_index("cause")


def planted(rows: pd.DataFrame, page: PageLike) -> list[str]:
    """How the gains lie beside the planted ones."""
    if rows.empty:
        return []
    far = (rows["difference"] - rows["planted_difference"]).abs().idxmax()
    worst = {name: page.format(rows.loc[far, name], "int") for name in ("difference", "planted_difference")}
    over = {
        name: f"{rows[name].sum() / rows['planted_difference'].sum() - 1:+.0%}".replace("-", "−")
        for name in ("difference", "difference_if_independent")
    }
    return [
        page.say(
            "survival.claim_planted",
            held=int(rows["covered"].sum()),
            causes=len(rows),
            cause=page.say(f"causes.{far}"),
            said=worst["difference"],
            true=worst["planted_difference"],
            over=over["difference"],
            naive=over["difference_if_independent"],
        )
    ]


def removal_table(table: pd.DataFrame, page: PageLike, planted: pd.DataFrame | None = None) -> pd.DataFrame:
    """Share that stays after a year and mean days, now and without each cause; `planted_rows` beside them."""
    rows = table[(table["measure"] == "share") & (table["day"] == YEAR)].set_index("cause")
    days = table[table["measure"] == "days"].set_index("cause")
    found, whole = [], partial(page.format, kind="int")
    for cause in days.index:
        row: dict[str, Any] = {"cause": page.say(f"causes.{cause}")}
        if cause in rows.index:
            share = rows.loc[cause]
            row |= {
                "stay_now": share["observed"],
                "stay_without": share["counterfactual"],
                "stay_naive": share["observed"] + share["difference_if_independent"],
            }
        mine = days.loc[cause]
        row["gain_days"] = format_interval(mine, whole, ("difference", "low", "high"), ROUND)
        row["naive_days"] = format_interval(
            mine, whole, ("difference_if_independent", "if_independent_low", "if_independent_high"), ROUND
        )
        if planted is not None and cause in planted.index:
            row["planted_days"] = page.format(planted.loc[cause, "planted_difference"], "int")
        found.append(row)
    return pd.DataFrame(found)
