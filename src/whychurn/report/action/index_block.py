"""What the first page shows of actions: what is proven (else the best three), any that does harm, this month's lists."""

from __future__ import annotations

from html import escape
from typing import Final

import pandas as pd

from whychurn.labels import prose
from whychurn.report.action.lists import list_sizes, member_lists
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.effects import (
    effect_rows,
    effects_title,
    interval_of,
    shown_apart,
    weakest_rung,
)
from whychurn.report.action.sentences.fairness import guard_title
from whychurn.report.action.sentences.situation import situation, situation_line
from whychurn.report.action.who import size_line
from whychurn.report.page.components.blocks import claims, note
from whychurn.report.page.components.interval_rows import interval_rows
from whychurn.report.page.components.numbers import clauses_closed
from whychurn.report.page.wording import Wording

BEST: Final = 3
MOST: Final = 4  # lists by action; the others are counted together
FURTHER: Final = ("answer", "ask", "winback", "silent")  # lists beside the plan


def keep_lines(results: ActionResults, page: Wording) -> tuple[str, str | None, str] | None:
    """Finding, rung and dots with intervals, or why no test can be read out; None where the stage has not run."""
    rows, found = effect_rows(results), situation(results)
    if rows.empty:
        line = situation_line(results, page)
        return None if found == "not_run" else (page.say(f"action.title_{found}"), None, note(line))
    shown = shown_apart(rows)[0]  # what is not proven stands beside it on the page `keep`, on its own rung
    harm = shown["verdict"] == "harm"
    shown = pd.concat([shown[~harm].head(BEST), shown[harm]], ignore_index=True)
    ends = (page.say("action.more_leave"), page.say("action.more_stay"))
    marks = [interval_of(row, results, page) for row in shown.to_dict("records")]
    rung = weakest_rung(shown["rung"])
    unit = note(page.say("action.index_unit", days=results.effect_days))
    guard = claims([("attributed", line) for line in guard_title(results, page)], page.lang, badges=True)
    title = prose(clauses_closed(effects_title(rows, page)), page.lang)
    return title, rung, f"{unit}{interval_rows(marks, page.lang, ends, look='compact')}{guard}"


def list_lines(results: ActionResults, page: Wording) -> str:
    """Each list with its size and the chance to leave, a link that sets the filter; empty where there is none."""
    lists = member_lists(results)
    sizes = list_sizes(lists.contact, results).to_dict("records")
    items = [size_line(row, page, brief=True) for row in sizes[:MOST]]
    rest = sum(row["members"] for row in sizes[MOST:])
    if rest:
        items.append(_link(rest, "contact", page))
    items += [_link(len(getattr(lists, name)), name, page) for name in FURTHER if len(getattr(lists, name))]
    if not items:
        return ""
    unit = note(page.say("action.index_chances", days=results.effect_days))
    return f'<ul class="lists">{"".join(items)}</ul>{unit}'


def _link(members: float, name: str, page: Wording) -> str:
    text = escape(page.say(f"action.index_{name}"))
    return (
        f'<li><span class="count">{escape(page.members(members))}</span>'
        f'<span><a href="who.html#{name}">{text}</a></span><span class="value"></span></li>'
    )
