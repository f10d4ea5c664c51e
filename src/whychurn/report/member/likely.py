"""How likely a member is to leave, and over what: the finding, six chances, evidence with its day and source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.labels import join
from whychurn.report.member.records import MemberFacts, Row
from whychurn.report.member.timeline import answer_state
from whychurn.report.page.components.blocks import original
from whychurn.report.page.components.numbers import long_day
from whychurn.report.page.formats import text_language
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say_or

HALF: Final = (0.4, 0.6)  # chances to leave that are told as one half
SPEAKS: Final = 0.4  # chance from which on a text speaks of a cause
MOST: Final = 6  # pieces of evidence
QUOTES: Final = 3
LONGEST: Final = 90  # characters of a quote; a Chinese one has half of them
_SHORT: Final = 0.5


@dataclass(frozen=True)
class Evidence:
    """One piece: text, day and source below it, the cause it points to; `verbatim` is the language of a quote."""

    text: str
    source: str
    cause: str
    verbatim: str = ""


def title(facts: MemberFacts, average: float, page: PageLike) -> list[str]:
    """Who this is and how likely to leave; over what."""
    tier = (
        facts.state["tier"] if facts.state is not None else facts.winback["tier"] if facts.winback else None
    )
    who = page.say(f"member.tier_{tier}" if isinstance(tier, str) else "member.tier_none")
    found = finding(facts, page)
    words = {"who": who, "likely": likelihood(facts, average, page)}
    return [page.say("member.title", **words), found] if found else [page.say("member.title_alone", **words)]


def likelihood(facts: MemberFacts, average: float, page: PageLike) -> str:
    """In words; beside the average only where the interval leaves it out."""
    if not facts.profiled:
        return page.say("member.likely_unprofiled")
    if facts.winback is not None:
        return page.say("member.likely_left", days=f"{facts.winback['days_since']:.0f}")
    if facts.gone is not None:
        usual = facts.gone["usual_gap_days"]
        words = {
            "days": f"{facts.gone['days_silent']:.0f}",
            "usual": "–" if pd.isna(usual) else f"{usual:.0f}",
        }
        return page.say(f"member.likely_{facts.gone['why']}", **words)
    if facts.left:
        return page.say("member.likely_gone")
    if facts.state is None or pd.isna(facts.state["p_churn"]):
        return page.say("member.likely_unscored")
    chance, low, high = (facts.state[name] for name in ("p_churn", "p_churn_low", "p_churn_high"))
    if chance >= HALF[0]:
        return page.say("member.likely_half" if chance <= HALF[1] else "member.likely_much")
    beside = "more" if low > average else "less" if high < average else "same"
    return page.say(f"member.likely_{beside}")


def finding(facts: MemberFacts, page: PageLike) -> str:
    """Over what: the likely cause, with what the member writes where that is another one."""
    if not facts.profiled or facts.causes is None:
        return ""
    cause, said = named_cause(facts), written_cause(facts)
    if cause == UNKNOWN:
        return _closed(page.say("member.found_unknown"), page.lang)
    words = {"cause": page.say(f"member.of_cause_{cause}")}
    if said in (UNKNOWN, cause):
        return _closed(page.say("member.found_cause", **words), page.lang)
    return _closed(
        page.say("member.found_said", said=page.say(f"member.of_cause_{said}"), **words), page.lang
    )


def named_cause(facts: MemberFacts) -> str:
    """The likely cause, or unknown where none stands out."""
    cause = None if facts.causes is None else facts.causes["primary_cause"]
    return cause if isinstance(cause, str) and cause in CAUSES else UNKNOWN


def written_cause(facts: MemberFacts) -> str:
    """What most of the member's texts speak of; unknown where they speak of nothing in particular."""
    told = [found for row in facts.rows["texts"] if (found := _text_chances(row))]
    if not told:
        return UNKNOWN
    mean = {cause: sum(found.get(cause, 0.0) for found in told) / len(told) for cause in CAUSES}
    most = max(mean, key=lambda cause: mean[cause])
    return most if mean[most] >= SPEAKS else UNKNOWN


def _text_chances(row: Row) -> dict[str, float]:
    """Chance that a text speaks of each cause; empty where nothing read it."""
    p: dict[str, Any] = {cause: row.get(f"p_{cause}") for cause in CAUSES}
    return {cause: float(value) for cause, value in p.items() if value is not None and pd.notna(value)}


def chances(facts: MemberFacts) -> list[tuple[str, float]]:
    """Cause and its chance, likeliest first; causes that cannot be told are left out."""
    if facts.causes is None:
        return []
    known = [(cause, facts.causes[f"p_{cause}"]) for cause in CAUSES]
    return sorted(((cause, float(p)) for cause, p in known if pd.notna(p)), key=lambda one: -one[1])


def evidence(facts: MemberFacts, page: PageLike) -> list[Evidence]:
    """What the causes rest on, that for the likely cause first; requests left open before all."""
    if facts.causes is None:
        return []
    cause, quotes = named_cause(facts), _quotes(facts, page)
    spoken = {one.cause for one in quotes}
    told = [one for one in _records(facts, page) if not (one.verbatim == "text" and one.cause in spoken)]
    found = [*_requests(facts, page), *told, *quotes]
    return sorted(found, key=lambda one: one.cause != cause and cause != UNKNOWN)[:MOST]


def _requests(facts: MemberFacts, page: PageLike) -> list[Evidence]:
    """Requests that waited long or in vain, the latest two."""
    found: list[Evidence] = []
    for row in reversed(facts.rows["feedback"]):
        state = answer_state(row, facts.as_of)
        if row["source"] in ("complaint", "ticket") and state != "solved" and len(found) < 2:
            days = 0 if state == "none" else (row["responded_at"] - row["created_at"]).days
            told = "late_day" if state == "late" and days < 2 else state
            name = page.say(f"member.source_{row['source']}")
            words = {"source": name, "day": long_day(row["created_at"], page.lang), "days": days}
            source = page.say("member.records_product_service")
            found.append(Evidence(page.say(f"member.request_{told}", **words), source, "product_service"))
    return found


def _records(facts: MemberFacts, page: PageLike) -> list[Evidence]:
    """Sentences that the attribution rests on; day and records they come from."""
    found = []
    day = page.format(_row(facts.causes)["anchor_on"], "date")
    for one in json.loads(_row(facts.causes)["evidence"] or "[]"):
        cause = one["cause"]
        wrote = one[page.lang] == page.say("causes.fact_said_text", cause=page.say(f"causes.{cause}"))
        source = join([page.say(f"member.records_{cause}"), day], page.lang, "，")
        text = one[page.lang][:1].upper() + one[page.lang][1:]
        found.append(Evidence(text, source, cause, "text" if wrote else ""))
    return found


def _quotes(facts: MemberFacts, page: PageLike) -> list[Evidence]:
    """Latest texts that speak of a cause, redacted as intake left them; the likely cause first, one each of the others."""
    cause, found = named_cause(facts), list[Evidence]()
    for row in reversed(facts.rows["texts"]):
        known = _text_chances(row)
        about = max(known, key=lambda one: known[one]) if known else UNKNOWN
        if not known or known[about] < SPEAKS:
            continue
        lang = text_language(row["text"])
        most = LONGEST if lang == "en" else int(LONGEST * _SHORT)
        text = row["text"] if len(row["text"]) <= most else row["text"][: most - 1].rstrip() + "…"
        name = say_or(f"member.source_{row['source']}", page.lang, page.say("member.source_unknown"))
        source = join(
            [name, page.format(row["created_at"], "date"), *original(lang, page.lang)], page.lang, "，"
        )
        found.append(Evidence(text, source, about, lang))
    first = [one for one in found if one.cause == cause][:2]
    others = {one.cause: one for one in reversed(found) if one.cause != cause}
    return [*first, *others.values()][:QUOTES]


def _row(row: Row | None) -> Row:
    return {} if row is None else row


def _closed(text: str, lang: str) -> str:
    return f"{text}{'。' if lang == 'zh' else '.'}"


def lines_of(pieces: Sequence[Evidence], cause: str, page: PageLike) -> list[tuple[str, Evidence]]:
    """Each piece with the words before it: nothing where it speaks for the likely cause."""
    found = []
    for one in pieces:
        key = "points_to" if cause == UNKNOWN else "against"
        words = page.say(f"member.{key}", cause=page.say(f"member.of_cause_{one.cause}"))
        found.append(("" if one.cause == cause else words, one))
    return found
