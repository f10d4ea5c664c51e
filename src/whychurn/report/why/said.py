"""What leavers say in exit surveys against what all evidence says, and their own words."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.labels import join
from whychurn.report.causes.sentences.shares import six
from whychurn.report.index.sentences import HUNDRED, per_100
from whychurn.report.page.components.blocks import block, missing_block, note, original, quote, see
from whychurn.report.page.components.interval_rows import IntervalRow, interval_rows
from whychurn.report.page.components.numbers import bracketed_plain, month_name, plain
from whychurn.report.page.formats import display_width
from whychurn.report.page.wording import Wording
from whychurn.report.why.results import NOTEBOOK, WhyResults
from whychurn.report.words import say_or
from whychurn.stats.intervals import wilson

QUOTES: Final = 2  # of each side
LONGEST: Final = 140  # letters of a quote
_SHORTEST: Final = 20


def said_rows(results: WhyResults) -> pd.DataFrame:
    """Cause, share with interval, what exit surveys say of it, and which is clearly more; largest difference first.

    Returns
    -------
    DataFrame
        cause, share, low, high, survey, verdict: ``over`` (said more often than the evidence has it), ``under`` or
        nothing. Clear is what the interval of the share and that of the answers (Wilson) do not both hold.
    """
    said = results.tables["cause_triangulation"].set_index("cause")["survey"]
    rows = six(results.index.shares)
    if rows.empty or said.isna().all():
        return pd.DataFrame(columns=["cause", "share", "low", "high", "survey", "verdict"])
    rows = rows.assign(survey=rows["cause"].map(said).astype("float64")).dropna(
        subset=["survey", "low", "high"]
    )
    answers = float(results.index.causes.get("answered") or 0)
    least, most = wilson(rows["survey"].to_numpy() * answers, np.full(len(rows), answers), 1 - results.level)
    rows = rows.assign(verdict="")
    rows.loc[least > rows["high"], "verdict"] = "over"
    rows.loc[most < rows["low"], "verdict"] = "under"
    order = (rows["survey"] - rows["share"]).abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order, ["cause", "share", "low", "high", "survey", "verdict"]].reset_index(drop=True)


def said_title(rows: pd.DataFrame, page: Wording) -> str:
    """What is said clearly more or less often than the evidence has it, or that both agree."""
    names = {
        verdict: page.say(f"causes.{rows.loc[rows['verdict'] == verdict, 'cause'].iloc[0]}")
        for verdict in ("over", "under")
        if rows["verdict"].eq(verdict).any()
    }
    return page.say(f"why.said_{'_'.join(names) or 'agree'}", **names)


def said_block(results: WhyResults, page: Wording) -> str:
    """A ring for what is said, a dot with its interval for all evidence; two quotes a side."""
    rows = said_rows(results)
    if rows.empty:
        needs, shows = page.say("why.needs_said"), page.say("why.shows_said")
        return missing_block(page.say("why.title_said"), needs, shows, page.lang)
    drawn = [_row(row, results, page) for row in rows.to_dict("records")]
    key = f'<p class="ca-key"><span><i class="iv-ring"></i>{page.say("why.key_said")}</span><span><i class="iv-dot"></i>{page.say("why.key_evidence")}</span></p>'
    answered = results.index.causes.get("answered_share")
    words = {"answers": page.members(float(results.index.causes.get("answered") or 0))}
    body = note(
        page.say("why.said_note", share=per_100(answered), **words)
        if answered
        else page.say("why.said_note_few", **words)
    )
    body += key + interval_rows(drawn, page.lang, tick=plain, look="ring") + _quotes(rows, results, page)
    body += see(f"{NOTEBOOK}#said", page.say("why.see_said"))
    return block(said_title(rows, page), body, page.lang, rung=results.rung, ident="said")


def _row(row: dict[Any, Any], results: WhyResults, page: Wording) -> IntervalRow:
    between = bracketed_plain(HUNDRED * row["low"], HUNDRED * row["high"])
    return IntervalRow(
        page.say(f"causes.{row['cause']}"),
        HUNDRED * row["share"],
        HUNDRED * row["low"],
        HUNDRED * row["high"],
        per_100(row["share"]),
        f"{between} {page.say('why.say', share=per_100(row['survey']))}",
        results.rung,
        mark=HUNDRED * row["survey"],
    )


def _quotes(rows: pd.DataFrame, results: WhyResults, page: Wording) -> str:
    """Redacted texts near the centre of a topic: of the cause said too often, and of that said too seldom."""
    more = rows["survey"] > rows["share"]
    sides = [rows.loc[side, "cause"].iloc[0] for side in (more, ~more) if side.any()]
    topics = results.tables["topics"]
    shown = topics[~topics["suppressed"].fillna(value=True).astype(bool)]
    texts = results.tables["topic_verbatims"].merge(
        shown[["topic_id", "cause", "size", f"label_{page.lang}"]], on="topic_id"
    )
    texts = texts[texts["text"].astype(str).map(display_width).between(_SHORTEST, LONGEST)]
    told = ""
    for cause in sides:
        mine = texts[texts["cause"].eq(cause)].sort_values(
            ["rank", "size", "feedback_id"], ascending=[True, False, True]
        )
        mine = mine.drop_duplicates("language").head(QUOTES)
        told += "".join(_quote(row, page) for row in mine.to_dict("records"))
    return f'<div class="qt-all">{told}</div>' if told else ""


def _quote(row: dict[Any, Any], page: Wording) -> str:
    source = say_or(f"why.source_{row['source']}", page.lang, str(row["source"]))
    month, about = month_name(row["known_on"], page.lang), row[f"label_{page.lang}"]
    lang = str(row["language"])
    told = [page.say("why.quote", source=source, month=month, about=about), *original(lang, page.lang)]
    return quote(str(row["text"]), lang, join(told, page.lang, "，"))
