"""Who leaves for what: groups whose share of a cause clearly differs from that of all who left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.labels import join
from whychurn.report.causes.sentences.groups import group_name, notable
from whychurn.report.causes.sentences.shares import six
from whychurn.report.index.sentences import HUNDRED, per_100
from whychurn.report.page.components.blocks import block, note, see
from whychurn.report.page.components.interval_rows import IntervalRow, interval_rows
from whychurn.report.page.components.numbers import bracketed_plain, plain
from whychurn.report.page.wording import Wording
from whychurn.report.why.results import NOTEBOOK, WhyResults
from whychurn.stats.multiple_testing import bonferroni_factor

SHOWN: Final = 7


def differing(groups: pd.DataFrame, shares: pd.DataFrame, level: float) -> pd.DataFrame:
    """Group and cause of `cause_groups` whose interval leaves out the share of all, furthest away first.

    Returns
    -------
    DataFrame
        kind, stratum, cause, share, low, high, whole (share of all), gap.

    Notes
    -----
    Only groups whose mix differs as a whole are looked at (`notable`); their intervals are widened by Bonferroni over
    all that are looked at, so that those shown hold together. They count members, not how far the method may be off.
    """
    rows = notable(groups, level)
    known = six(shares)
    if rows.empty or known.empty:
        return pd.DataFrame(columns=["kind", "stratum", "cause", "share", "low", "high", "whole", "gap"])
    factor = bonferroni_factor(level, len(rows))
    whole = rows["cause"].map(known.set_index("cause")["share"]).astype("float64")
    rows = rows.assign(
        low=(rows["share"] - factor * (rows["share"] - rows["low"])).clip(lower=0),
        high=(rows["share"] + factor * (rows["high"] - rows["share"])).clip(upper=1),
        whole=whole,
        gap=rows["share"] - whole,
    )
    rows = rows[(rows["low"] > whole) | (rows["high"] < whole)]
    order = rows["gap"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def groups_title(rows: pd.DataFrame, groups: pd.DataFrame, page: Wording) -> str:
    """One or two groups that leave more often for a cause, that none differs, or that too few left to tell."""
    if rows.empty:
        told = len(groups) and groups["p_adjusted"].notna().any()
        return page.say("why.groups_none" if told else "why.groups_few")
    more = rows[rows["gap"] > 0].drop_duplicates("cause")
    key = "more" if len(more) else "less"
    found = (more if len(more) else rows).head(2).to_dict("records")
    parts = [
        page.say(f"why.groups_{key}", group=_name(row, page), cause=page.say(f"causes.{row['cause']}"))
        for row in found
    ]
    return join(parts, page.lang, "；")


def groups_block(results: WhyResults, page: Wording) -> str:
    """Dots with intervals, the share of all as a stroke; empty where there are no groups at all."""
    groups = results.named("cause_groups", page)
    if groups.empty:
        return ""
    rows = differing(groups, results.index.shares, results.level)
    drawn = [
        IntervalRow(
            name=_name(row, page),
            sub=page.say(f"causes.{row['cause']}"),
            value=HUNDRED * row["share"],
            low=HUNDRED * row["low"],
            high=HUNDRED * row["high"],
            text=per_100(row["share"]),
            between=f"{bracketed_plain(HUNDRED * row['low'], HUNDRED * row['high'])} {page.say('why.of_all', share=per_100(row['whole']))}",
            rung=results.rung,
            mark=HUNDRED * row["whole"],
        )
        for row in rows.head(SHOWN).to_dict("records")
    ]
    body = note(page.say("why.groups_note" if drawn else "why.groups_note_none"))
    body += interval_rows(drawn, page.lang, tick=plain, look="stroke") if drawn else ""
    body += see(f"{NOTEBOOK}#groups", page.say("why.see_groups"))
    return block(groups_title(rows, groups, page), body, page.lang, rung=results.rung, ident="groups")


def _name(row: Mapping[Any, Any], page: Wording) -> str:
    name = group_name(str(row["kind"]), str(row["stratum"]), page.lang, page)
    told = page.say(f"why.kind_{row['kind']}", name=name)
    return told[:1].upper() + told[1:]
