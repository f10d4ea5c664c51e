"""The page `who`: whom to act on this month, with what, why; those who have gone silent stand apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final
from urllib.parse import quote

import pandas as pd

from whychurn.labels import prose
from whychurn.report.action.lists import (
    MemberLists,
    answer_table,
    ask_table,
    contact_table,
    list_sizes,
    member_lists,
    silent_rows,
    winback_rows,
)
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.plan import learning_line, money_line, who_wait
from whychurn.report.page.components.blocks import block, claim, missing_block, note
from whychurn.report.page.components.list_table import list_table
from whychurn.report.page.components.numbers import bracketed_plain, clauses_closed, long_day, plain
from whychurn.report.page.html_table import TableLook
from whychurn.report.page.wording import Wording
from whychurn.report.words import say_or
from whychurn.report.words.readable_names import action_name

FORMATS: Final = {
    **dict.fromkeys(("p_leave", "p_churn", "p_return", "p_return_touched"), "percent"),
    **dict.fromkeys(("gain", "cost", "value_at_risk", "expected_gain", "margin_exposed"), "money"),
    **dict.fromkeys(("opened_on", "send_on", "first_alert_on", "last_active_on"), "date"),
    **dict.fromkeys(("days_silent", "days_since", "usual_gap_days"), "int"),
}
MOST: Final = {"answer": 150, "contact": 300, "ask": 150, "winback": 150, "silent": 150}  # rows in the page
RUNGS: Final = {
    "answer": "associated",
    "contact": "attributed",
    "ask": "associated",
    "winback": "attributed",
    "silent": "described",
}
FILTERS: Final = {
    "answer": ("answered", "likely", "tier"),
    "contact": ("action", "likely", "tier", "evidence"),
    "ask": ("likely", "tier", "stage"),
    "winback": ("invitation", "likely", "tier"),
    "silent": ("why",),
}  # fmt: skip


def who_title(results: ActionResults, page: Wording) -> list[str]:
    """How many to answer, to contact and to ask."""
    lists = member_lists(results)
    clauses = [
        page.say(f"action.who_{name}", members=plain(len(rows)))
        for name in ("answer", "contact", "ask")
        if len(rows := getattr(lists, name))
    ]
    return clauses_closed(clauses) or [page.say("action.who_nobody")]


def who_body(results: ActionResults, page: Wording, cards: Mapping[str, str] | None = None) -> str:
    """All blocks of the page as HTML; `cards` leads from a member to the card."""
    lists, cards = member_lists(results), cards or {}
    parts = [note(page.say("action.who_lead")), _sizes(lists, results, page)]
    parts += [_block(name, getattr(lists, name), results, page, cards) for name in MOST]
    return "\n".join(part for part in parts if part)


def listed(results: ActionResults) -> dict[str, str]:
    """Member -> list that he or she stands on, for the rows that the page shows, in its order."""
    lists = member_lists(results)
    return {
        str(one): name for name, most in MOST.items() for one in getattr(lists, name)["member_id"].head(most)
    }


def who_kicker(results: ActionResults, name: str, page: Wording) -> str:
    """Line above the title: programme and decision day."""
    day = results.as_of
    return (
        name if day is None else f"{name} · {page.say('action.decision_day', day=long_day(day, page.lang))}"
    )


def _sizes(lists: MemberLists, results: ActionResults, page: Wording) -> str:
    """Each list with its size and the chance to leave, a link that sets the filter."""
    rows = list_sizes(lists.contact, results)
    if rows.empty:
        return ""
    items = "".join(size_line(row, page) for row in rows.to_dict("records"))
    body = f'<ul class="lists">{items}</ul>' + note(
        page.say("action.who_sizes_note", days=results.effect_days)
    )
    return block(page.say("action.block_sizes"), body, page.lang, rung="associated", ident="lists")


def size_line(row: Mapping[Any, Any], page: Wording, *, brief: bool = False) -> str:
    """One list of `list_sizes` with a link that sets the filter; `brief` for the first page, which names no member."""
    name = action_name(str(row["action"]), page.lang)
    link = f"who.html?action={quote(name)}#contact"
    chance = ""
    if pd.notna(row["p"]) and pd.notna(row["low"]):
        low, high = (100 * row[end] for end in ("low", "high"))
        leave = f"{100 * row['p']:.0f}"
        text = f"<b>{leave}</b>" if brief else escape(page.say("action.of_100_leave", leave=leave))
        chance = f"{text} <span>{bracketed_plain(low, high)}</span>"
    why = escape(say_or(f"plan.{row['reason']}", page.lang, ""))
    reason = "" if brief else f" <small>{why}</small>"
    count = page.members(row["members"]) if brief else plain(row["members"])
    return (
        f'<li data-claim data-rung="associated"><span class="count">{escape(count)}</span>'
        f'<span><a href="{link}">{escape(name)}</a>{reason}</span><span class="value">{chance}</span></li>'
    )


def _block(
    name: str, rows: pd.DataFrame, results: ActionResults, page: Wording, cards: Mapping[str, str]
) -> str:
    title = page.say(f"action.block_{name}", members=plain(len(rows)))
    if rows.empty:
        scored = len(results["risk_scores"])
        needs = page.say("action.needs_plan" if scored else "index.needs_who_next")
        shows = page.say("action.shows_contacts")
        return (
            missing_block(page.say("action.list_contact"), needs, shows, page.lang)
            if name == "contact"
            else ""
        )
    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "answer": lambda: answer_table(rows, page.lang),
        "contact": lambda: contact_table(rows, results, page.lang),
        "ask": lambda: ask_table(rows, page.lang),
        "winback": lambda: winback_rows(rows, results, page.lang),
        "silent": lambda: silent_rows(rows, page.lang),
    }
    table = tables[name]()
    labels = {str(column): page.say(f"action.column_{column}") for column in table}
    look = TableLook(page.lang, results.currency, results.min_cell, labels, FORMATS, cards)
    told = list_table(table, f"{name}-list", look, FILTERS[name], MOST[name])
    said = page.say(f"action.{name}_note", days=results.value_days)
    if name == "contact":
        waiting = len(who_wait(results))
        told_of = page.say("action.contact_waiting", members=page.members(waiting)) if waiting else ""
        said = prose([said, told_of, money_line(results, page)], page.lang)
        told += claim(learning_line(results, page), "described", muted=True)
    return block(title, note(said) + told, page.lang, rung=RUNGS[name], ident=name)
