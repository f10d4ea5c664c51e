"""The page `why` in reading order: causes, groups, months, words of leavers, rivals, how sure; the rest is folded."""

from __future__ import annotations

import pandas as pd

from whychurn.labels import prose
from whychurn.report.causes.sentences.robustness import first_lines
from whychurn.report.causes.sentences.shares import difference, from_words, ranked, shares_table, untold_lines
from whychurn.report.index.blocks import why_block
from whychurn.report.index.picture import picture
from whychurn.report.index.sentences import base_line, leaders, per_100, picture_title
from whychurn.report.page.components.blocks import block, claim, fold, note, see
from whychurn.report.page.components.hundred_dots import hundred_dots
from whychurn.report.page.components.numbers import clauses_closed, long_day
from whychurn.report.page.wording import Wording
from whychurn.report.sure.accuracy import of_hundred
from whychurn.report.why.folds import folds, table_of
from whychurn.report.why.groups import groups_block
from whychurn.report.why.months import months_block
from whychurn.report.why.results import NOTEBOOK, WhyResults
from whychurn.report.why.rivals import rivals_block
from whychurn.report.why.said import said_block


def why_title(results: WhyResults, page: Wording) -> list[str]:
    """The finding in clauses: a clear winner, a tie, a leader that is not clear, or that nothing can be told."""
    rows = leaders(results.index.shares)
    if rows.empty:
        gone = results.index.causes.get("churn_events") or results.index.retention.get("members_left_ever")
        return [page.say("index.untold" if gone else "index.none_left")]
    first = rows.iloc[0]
    saved, cause = first["avoidable_share"], page.say(f"causes.{first['cause']}")
    words = {"cause": cause, "share": per_100(first["share"]), "saved": per_100(saved)}
    avoidable = len(rows) > 1 and pd.notna(saved)  # what orders them: another cause may have the larger share
    clauses = [page.say(f"why.head_{'avoidable_' if avoidable else ''}{results.rung}", **words)]
    if len(rows) > 1:
        clauses.append(page.say("why.head_unclear", others=len(rows) - 1))
    elif pd.notna(saved):
        clauses.append(page.say(f"why.head_saved_{results.rung}", **words))
    return clauses_closed(clauses)


def why_kicker(results: WhyResults, name: str, page: Wording) -> str:
    """Line above the title: programme, departures, days."""
    events = float(results.index.causes.get("churn_events") or 0)
    day = results.index.retention.get("observed_until")
    until = long_day(day, page.lang) if day else "–"
    return page.say("why.over", study=name, departures=page.members(events), until=until) if events else name


def why_body(results: WhyResults, page: Wording) -> str:
    """All blocks of the page as HTML."""
    if ranked(results.index.shares).empty:
        untold = "".join(
            claim(line, "described") for line in untold_lines(results.tables["cause_grounds"], page)
        )
        return why_block(results.index, page) + untold + "".join(folds(results, page)[-2:])
    parts = [
        _causes(results, page),
        groups_block(results, page),
        months_block(results, page),
        said_block(results, page),
        rivals_block(results, page),
        _sure(results, page),
        *folds(results, page),
    ]
    return "\n".join(part for part in parts if part)


def _causes(results: WhyResults, page: Wording) -> str:
    index = results.index
    body = picture(index, results.rung, page) + note(
        prose([difference(page), page.say("why.beyond")], page.lang)
    )
    doubts = first_lines(results.tables["cause_diagnostics"], {}, index.causes, page)
    doubts += untold_lines(results.tables["cause_grounds"], page)
    body += "".join(claim(line, "described") for line in doubts) + claim(
        base_line(index, page), "described", muted=True
    )
    table = shares_table(index.shares, page)
    body += fold(
        page.say("why.fold_table"),
        page.say("why.hint_table", rows=len(table)),
        table_of(table, "shares", results, page),
    )
    body += see(NOTEBOOK, page.say("why.see_causes"))
    return block(picture_title(index.shares, page), body, page.lang, rung=results.rung, ident="causes")


def _sure(results: WhyResults, page: Wording) -> str:
    """Of 100 departures: right, wrong, left open, on programmes built otherwise."""
    counts = of_hundred(results.index.causes) if from_words(results.index.causes) else None
    if counts is None:
        return block(
            page.say("why.sure_unknown"), see("sure.html", page.say("why.see_sure")), page.lang, ident="sure"
        )
    title = page.say("why.sure_title", **counts)
    text = note(page.say("why.sure_note", worlds=counts["worlds"])) + see(
        "sure.html", page.say("why.see_sure")
    )
    dots = hundred_dots(counts["right"], counts["wrong"], title)
    body = f'<div class="dots-row" data-claim data-rung="described">{dots}<div>{text}</div></div>'
    return block(title, body, page.lang, rung="described", ident="sure")
