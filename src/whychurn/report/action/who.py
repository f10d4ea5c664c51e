"""The page `who`: whom to act on this month, with what, why; those who have gone silent stand apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final
from urllib.parse import quote

import pandas as pd

from whychurn.report.action.lists import (
    MemberLists,
    ask_table,
    contact_table,
    list_sizes,
    member_lists,
    silent_rows,
    winback_rows,
)
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.plan import learning_line, money_line
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
    **dict.fromkeys(("send_on", "first_alert_on", "last_active_on"), "date"),
    **dict.fromkeys(("days_silent", "days_since", "usual_gap_days"), "int"),
}
FEWER: Final = 400  # rows of the further lists


def who_title(results: ActionResults, page: Wording) -> list[str]:
    """How many to contact, and how many others stand on lists."""
    lists = member_lists(results)
    contact, ask = len(lists.contact), len(lists.ask)
    if not contact and not ask:
        return [page.say("action.who_nobody")]
    clauses = [page.say("action.who_contact", members=plain(contact))] if contact else []
    return clauses_closed([*clauses, *([page.say("action.who_ask", members=plain(ask))] if ask else [])])


def who_body(results: ActionResults, page: Wording) -> str:
    """All blocks of the page as HTML."""
    lists = member_lists(results)
    parts = [
        note(page.say("action.who_lead")),
        _sizes(lists, results, page),
        _contact(lists, results, page),
        _ask(lists, results, page),
        _winback(lists, results, page),
        _silent(lists, results, page),
    ]
    return "\n".join(part for part in parts if part)


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


def _contact(lists: MemberLists, results: ActionResults, page: Wording) -> str:
    title = page.say("action.block_contact")
    if lists.contact.empty:
        return missing_block(
            title, page.say("action.needs_plan"), page.say("action.shows_contacts"), page.lang
        )
    table = contact_table(lists.contact, results, page.lang)
    filters = ("action", "likely", "tier", "evidence")
    gain = page.say("action.gain_note", days=results.value_days)
    body = note(f"{gain} {money_line(results, page)}".strip())
    body += _list(table, "contact", filters, results, page) + claim(
        learning_line(results, page), "described", muted=True
    )
    return block(title, body, page.lang, rung="attributed", ident="contact")


def _ask(lists: MemberLists, results: ActionResults, page: Wording) -> str:
    if lists.ask.empty:
        return ""
    table = ask_table(lists.ask, page.lang)
    body = note(page.say("action.ask_note")) + _list(
        table, "ask", ("likely", "tier", "stage"), results, page, FEWER
    )
    return block(page.say("action.block_ask"), body, page.lang, rung="associated", ident="ask")


def _winback(lists: MemberLists, results: ActionResults, page: Wording) -> str:
    if lists.winback.empty:
        return ""
    table = winback_rows(lists.winback, results, page.lang)
    body = note(page.say("action.winback_note"))
    body += _list(table, "winback", ("invitation", "likely", "tier"), results, page, FEWER)
    return block(page.say("action.block_winback"), body, page.lang, rung="attributed", ident="winback")


def _silent(lists: MemberLists, results: ActionResults, page: Wording) -> str:
    if lists.silent.empty:
        return ""
    table = silent_rows(lists.silent, page.lang)
    body = note(page.say("action.silent_note")) + _list(table, "silent", ("why",), results, page, FEWER)
    return block(page.say("action.block_silent"), body, page.lang, rung="described", ident="silent")


def _list(
    table: pd.DataFrame,
    name: str,
    filters: Sequence[str],
    results: ActionResults,
    page: Wording,
    most: int = 800,
) -> str:
    labels = {str(column): page.say(f"action.column_{column}") for column in table}
    look = TableLook(page.lang, results.currency, results.min_cell, labels, FORMATS)
    return list_table(table, f"{name}-list", look, filters, most)
