"""The page `sure` in reading order: names, shares, who was asked, chances, doubts, gaps, bases, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import pandas as pd

from whychurn.contract.causes import RUNGS
from whychurn.report.causes.sentences.interviews import asked_lines, basis, by_lot, price_lines
from whychurn.report.causes.sentences.robustness import doubts
from whychurn.report.causes.sentences.shares import from_words, six
from whychurn.report.index.blocks import chance_bins
from whychurn.report.index.sentences import HUNDRED, per_100
from whychurn.report.page.components.blocks import block, bullets, claim, fold, missing_block, note, pair, see
from whychurn.report.page.components.interval_rows import IntervalRow, interval_rows
from whychurn.report.page.components.list_table import list_table
from whychurn.report.page.components.numbers import bracketed_plain, clauses_closed, plain
from whychurn.report.page.html_pieces import badge, inline
from whychurn.report.page.html_table import TableLook
from whychurn.report.page.wording import Wording
from whychurn.report.sure.accuracy import names_block, of_hundred, shares_block
from whychurn.report.sure.bases import bases
from whychurn.report.why.results import WhyResults

TERMS: Final = (
    "departure", "rate", "share", "avoidable", "named", "chance", "interval", "apart", "silence", "held_out", "proven",
)  # fmt: skip
_BINS: Final = 6  # of the chances


def sure_title(results: WhyResults, page: Wording) -> list[str]:
    """How many of 100 causes are right and how many are left open; or that causes cannot be told here."""
    facts = results.index.causes
    counts = of_hundred(facts) if from_words(facts) and len(six(results.index.shares)) else None
    if counts is None:
        return [page.say("sure.head_untold")]
    return clauses_closed([page.say("sure.head_right", **counts), page.say("sure.head_open", **counts)])


def sure_body(results: WhyResults, unanswered: Sequence[str], page: Wording) -> str:
    """All blocks of the page as HTML."""
    facts = results.index.causes
    parts = [
        note(page.say("sure.lead")),
        pair(names_block(facts, page), shares_block(facts, page)),
        pair(_asked(results, page), chances_block(results.index.calibration, page)),
        _doubts(results, page),
        _gaps(unanswered, page),
        _bases(results, page),
        _words(page),
    ]
    return "\n".join(part for part in parts if part)


def _asked(results: WhyResults, page: Wording) -> str:
    """What the shares rest on, and what more answers by lot would narrow."""
    facts, shares = results.index.causes, results.index.shares
    if six(shares).empty:
        return missing_block(
            page.say("sure.title_asked"),
            page.say("sure.needs_asked"),
            page.say("sure.shows_asked"),
            page.lang,
        )
    title = page.say("sure.asked_lot" if by_lot(facts) else "sure.asked_none")
    body = claim(basis(shares, facts, page), "described") + "".join(
        claim(line, "described") for line in asked_lines(facts, page)[:1]
    )
    body += "".join(
        claim(line, "described", muted=True)
        for line in price_lines(results.tables["interview_plan"], page)[-1:]
    )
    return block(
        title,
        body + see("55_interviews.html", page.say("sure.see_asked")),
        page.lang,
        rung="described",
        ident="asked",
    )


def chances_block(calibration: pd.DataFrame, page: Wording) -> str:
    """Chance given (stroke) against how many of 100 left (dot with interval)."""
    rows = chance_bins(calibration).sort_values("p_mean")
    title = page.say("sure.title_chances")
    if rows.empty:
        return missing_block(title, page.say("sure.needs_chances"), page.say("sure.shows_chances"), page.lang)
    held = int((rows["p_mean"].ge(rows["low"]) & rows["p_mean"].le(rows["high"])).sum())
    places = sorted({round(place * (len(rows) - 1) / (_BINS - 1)) for place in range(_BINS)})
    drawn = [_chance(row, page) for row in rows.iloc[places].to_dict("records")]
    words = {"held": held, "bins": len(rows)}
    body = note(page.say("sure.chances_note", shown=len(drawn), **words)) + interval_rows(
        drawn, page.lang, tick=plain, look="stroke"
    )
    key = "chances_hold" if held >= 0.9 * len(rows) else "chances_off"
    return block(page.say(f"sure.{key}", **words), body, page.lang, rung="described", ident="chances")


def _chance(row: Mapping[Any, Any], page: Wording) -> IntervalRow:
    value, low, high = (HUNDRED * row[name] for name in ("rate", "low", "high"))
    name = page.say("sure.chance_near", chance=per_100(row["p_mean"]))
    return IntervalRow(
        name,
        value,
        low,
        high,
        plain(value),
        bracketed_plain(low, high),
        "described",
        mark=HUNDRED * row["p_mean"],
    )


def _doubts(results: WhyResults, page: Wording) -> str:
    index, tables = results.index, results.tables
    lines = doubts(index.shares, tables["cause_sensitivity"], tables["cause_diagnostics"], index.causes, page)
    return block(page.say("sure.title_doubts"), bullets(lines), page.lang, rung=results.rung, ident="doubts")


def _gaps(lines: Sequence[str], page: Wording) -> str:
    """Questions that these data cannot answer."""
    if not lines:
        return ""
    return block(page.say("delivery.unanswered_title"), bullets(lines), page.lang, ident="unanswered")


def _bases(results: WhyResults, page: Wording) -> str:
    table = bases(results, page)
    if table.empty:
        return ""
    labels = {str(name): page.say(f"sure.column_{name}") for name in table}
    body = list_table(table, "bases", TableLook(page.lang, results.index.currency, results.min_cell, labels))
    return block(page.say("sure.title_bases"), body, page.lang, rung="described", ident="bases")


def _words(page: Wording) -> str:
    """The ladder, then the terms in a fold."""
    rungs = "".join(
        f"<dt>{badge(rung, page.lang)}</dt><dd>{escape(page.say(f'delivery.why_{rung}'))}</dd>"
        for rung in RUNGS
    )
    terms = "".join(
        f"<dt>{inline(page.say(f'sure.term_{name}'))}</dt><dd>{inline(page.say(f'sure.means_{name}'))}</dd>"
        for name in TERMS
    )
    body = note(page.say("delivery.rungs_lead")) + f'<div class="ladder"><dl>{rungs}</dl></div>'
    body += fold(
        page.say("sure.fold_terms"),
        page.say("sure.hint_terms", terms=len(TERMS)),
        f'<div class="ladder"><dl>{terms}</dl></div>',
    )
    return block(page.say("delivery.rungs_title"), body, page.lang, ident="rungs")
