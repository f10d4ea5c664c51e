"""Twelve months of a member on three lines: service, orders (or terms), contact; places are percentages, nothing is scaled."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any, Final

import pandas as pd

from whychurn.contract.tables import CONTACTS, INTERACTIONS
from whychurn.labels import join
from whychurn.report.member.records import MONTHS, MemberFacts, Row, is_true
from whychurn.report.page.formats import format_value
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say_or
from whychurn.report.words.readable_names import action_name

LATE_HOURS: Final = 24  # an answer that took longer is marked
LINES: Final = ("service", "orders", "contact")
_HEIGHT: Final = 34  # of a line, in pixels
_RADIUS: Final = (3.5, 9.0)  # of an order, by amount
_TROUBLE: Final = ("app_fault", "opt_out", "push_dismissed")
_SHAPES: Final = {
    **dict.fromkeys(("asked", "unsolved"), "M0-7 7 0 0 7-7 0Z"),
    "trouble": "M-4-4 4 4M-4 4 4-4",
}
_MOST: Final = 60  # marks of a line; more are thinned to one a week and kind


@dataclass(frozen=True)
class Mark:
    """One thing that happened.

    Parameters
    ----------
    on
        Day.
    kind
        asked, unsolved, order, returned, own, sent or trouble.
    text
        Shown on hover.
    size
        Radius in pixels; 0: as the style says.
    """

    on: pd.Timestamp
    kind: str
    text: str
    size: float = 0.0


def timeline(facts: MemberFacts, page: PageLike, currency: str, values: Mapping[str, str]) -> str:
    """Lines with their marks, an axis of months and a key, as HTML."""
    has_orders = bool(facts.rows["orders"]) or not facts.rows["memberships"]
    marks = {
        "service": service_marks(facts, page),
        "orders": order_marks(facts, page, currency, values)
        if has_orders
        else term_marks(facts, page, currency, values),
        "contact": contact_marks(facts, page),
    }
    start = facts.as_of - pd.DateOffset(months=MONTHS)
    span = (facts.as_of - start).days
    names = {name: page.say(f"member.line_{name}") for name in LINES}
    if not has_orders:
        names["orders"] = page.say("member.line_terms")
    drawn = "".join(
        f'<div class="tl-row"><span>{escape(names[name])}</span>{_line(names[name], marks[name], start, span, page)}</div>'
        for name in LINES
    )
    key = page.say("member.key_orders" if has_orders else "member.key_terms")
    return f'<div class="tl">{drawn}{_axis(start, span)}</div><p class="bk-note">{escape(key)}</p>'


def service_marks(facts: MemberFacts, page: PageLike) -> list[Mark]:
    """Requests, complaints, reviews; those unsolved or answered late apart."""
    marks = []
    for row in facts.rows["feedback"]:
        asked = row["source"] in ("complaint", "ticket")
        state = answer_state(row, facts.as_of) if asked else ""
        name = say_or(f"member.source_{row['source']}", page.lang, page.say("member.source_unknown"))
        text = f"{name} · {page.say(f'member.answer_{state}')}" if state else name
        marks.append(
            Mark(row["created_at"], "unsolved" if state in ("none", "unsolved", "late") else "asked", text)
        )
    return marks


def answer_state(row: Row, as_of: pd.Timestamp) -> str:
    """What became of a request by `as_of`: none, unsolved, late (after `LATE_HOURS`) or solved."""
    answered = row["responded_at"]
    if pd.isna(answered) or answered >= as_of:
        return "none"
    if pd.notna(row["resolved"]) and not row["resolved"]:
        return "unsolved"
    return "late" if answered - row["created_at"] > pd.Timedelta(hours=LATE_HOURS) else "solved"


def order_marks(facts: MemberFacts, page: PageLike, currency: str, values: Mapping[str, str]) -> list[Mark]:
    """Orders, larger for larger amounts; those sent back apart."""
    rows = facts.rows["orders"]
    most = max((abs(row["amount"]) for row in rows), default=0.0) or 1.0
    marks = []
    for row in rows:
        back = row["amount"] < 0 or is_true(row.get("returned"))
        words = [format_value(row["amount"], "money", page.lang, currency)]
        words += [values.get(row["category"], str(row["category"]))] if _known(row.get("category")) else []
        words += [page.say("member.returned")] if back else []
        size = _RADIUS[0] + (_RADIUS[1] - _RADIUS[0]) * math.sqrt(abs(row["amount"]) / most)
        marks.append(Mark(row["ordered_at"], "returned" if back else "order", " · ".join(words), size))
    return marks


def term_marks(facts: MemberFacts, page: PageLike, currency: str, values: Mapping[str, str]) -> list[Mark]:
    """First days of terms, where the programme has no orders."""
    return [
        Mark(
            row["starts_on"],
            "order",
            " · ".join(
                [values.get(row["plan"], str(row["plan"]))]
                + (
                    [format_value(row["price_paid"], "money", page.lang, currency)]
                    if _known(row.get("price_paid"))
                    else []
                )
            ),
            6.0,
        )
        for row in facts.rows["memberships"]
    ]


def contact_marks(facts: MemberFacts, page: PageLike) -> list[Mark]:
    """Own acts, messages sent, trouble; one mark a day and kind, one a week where there are many."""
    found = [
        (row["occurred_at"], _kind(str(row["event_type"])), say_or(f"member.event_{row['event_type']}", page.lang, str(row["event_type"])))
        for row in facts.rows["events"]
    ]  # fmt: skip
    found += [
        (row["sent_at"], "sent", action_name(str(row["action"]), page.lang)) for row in facts.rows["touches"]
    ]
    by_day = _merged(found, "D", page.lang)
    return by_day if len(by_day) <= _MOST else _merged(found, "W", page.lang)


def _kind(event: str) -> str:
    if event in _TROUBLE:
        return "trouble"
    return "own" if event in INTERACTIONS else "sent" if event in CONTACTS else "other"


def _merged(found: Iterable[tuple[Any, str, str]], step: str, lang: str) -> list[Mark]:
    together: dict[tuple[pd.Timestamp, str], list[str]] = {}
    for at, kind, text in sorted(found, key=lambda one: one[0]):
        if kind != "other":
            day = at.normalize() if step == "D" else at.to_period("W").start_time
            together.setdefault((day, kind), []).append(text)
    return [Mark(day, kind, join(dict.fromkeys(texts), lang)) for (day, kind), texts in together.items()]


def _line(name: str, marks: Sequence[Mark], start: pd.Timestamp, span: int, page: PageLike) -> str:
    label = escape(page.say("member.line_label", line=name, count=len(marks)))
    groups: dict[str, str] = {}
    for mark in marks:
        place = f"{100 * max((mark.on - start).days, 0) / span:.1f}%"
        groups[mark.kind] = groups.get(mark.kind, "") + _drawn(mark, place)
    drawn = "".join(f'<g class="{kind}">{inside}</g>' for kind, inside in groups.items())
    return (
        f'<svg role="img" aria-label="{label}" width="100%" height="{_HEIGHT}">'
        f'<line x1="0" x2="100%" y1="50%" y2="50%"/>{drawn}</svg>'
    )


def _drawn(mark: Mark, place: str) -> str:
    title = f"<title>{mark.on:%Y-%m-%d} · {escape(mark.text)}</title>"
    if mark.kind in _SHAPES:
        return f'<svg x="{place}" y="{_HEIGHT // 2}"><path d="{_SHAPES[mark.kind]}">{title}</path></svg>'
    size = f' r="{mark.size:.3g}"' if mark.size else ""  # else as the style says
    return f'<circle cx="{place}"{size}>{title}</circle>'


@cache
def _axis(start: pd.Timestamp, span: int) -> str:
    firsts = pd.date_range(start.normalize(), periods=MONTHS, freq="MS")[::2]
    marks = "".join(
        f'<span style="left:{100 * (first - start).days / span:.1f}%">{first:%Y-%m}</span>'
        for first in firsts
    )
    return f'<div class="tl-axis" aria-hidden="true"><div>{marks}</div></div>'


def _known(value: Any) -> bool:
    return value is not None and not pd.isna(value)
