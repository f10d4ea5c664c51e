"""One member's card as HTML: head with the chance, twelve months, likely cause and evidence, offer, what not to send."""

from __future__ import annotations

from html import escape
from typing import Final

import pandas as pd

from whychurn.contract.causes import UNKNOWN
from whychurn.contract.codes import OUTCOME_COLUMNS, OUTCOMES
from whychurn.contract.tables import INTERACTIONS
from whychurn.report.action.sentences.effects import weakest_rung
from whychurn.report.member.advice import CardSetting, Line, not_lines, offer_lines, opening
from whychurn.report.member.likely import chances, evidence, lines_of, named_cause, title
from whychurn.report.member.records import MONTHS, MemberFacts
from whychurn.report.member.timeline import timeline
from whychurn.report.page.components.blocks import block, note, tag
from whychurn.report.page.components.numbers import bracketed_plain
from whychurn.report.page.html_pieces import badge, inline
from whychurn.report.page.page_like import PageLike

_MONTH_DAYS: Final = 30.4375


def member_card(facts: MemberFacts, setting: CardSetting, listed: str = "") -> str:
    """The card.

    Parameters
    ----------
    listed
        Anchor of the list on the page `who` that the member stands on; empty: on none.
    """
    page = setting.page
    left, right = _causes(facts, page), _advice(facts, setting)
    anchor = f"#{listed}" if listed else ""
    where = f'<a href="../who.html{anchor}">{escape(page.say("delivery.nav_who"))}</a>'
    if listed:
        where += f" › {escape(page.say(f'action.list_{listed}'))}"
    body = (
        f'<p class="kicker">{where}</p>{_head(facts, setting)}'
        + block(
            page.say("member.block_year"),
            timeline(facts, page, setting.results.currency, setting.values),
            page.lang,
            rung="described",
        )
        + f'<div class="mc-pair"><div>{left}</div><div>{right}</div></div>'
    )
    # a rung is explained on the page of lists: an anchor here would leave the card
    return f'<article class="mc" id="{escape(facts.member_id)}">{body}</article>'.replace(
        'href="#rungs"', 'href="../who.html#rungs"'
    )


def _head(facts: MemberFacts, setting: CardSetting) -> str:
    page = setting.page
    clauses = "".join(f"<span>{escape(one)}</span> " for one in title(facts, setting.average, page))
    known = "".join(f"<li>{escape(one)}</li>" for one in chips(facts, setting))
    return (
        f'<div class="mc-head"><div><h1>{clauses}</h1><p class="mc-id"><b>{escape(facts.member_id)}</b> '
        f'<small>{inline(page.say("member.pseudonym"))}</small></p><ul class="mc-chips">{known}</ul></div>'
        f'<div class="mc-chance">{_chance(facts, setting)}</div></div>'
    )


def chips(facts: MemberFacts, setting: CardSetting) -> list[str]:
    """Spend, tenure, place, last own act, consent; what is not known is left out."""
    page, person, found = setting.page, facts.person, []
    spent = sum(row["amount"] for row in facts.rows["orders"])
    if spent > 0:
        found.append(page.say("member.chip_spend", money=setting.money(round(spent))))
    if pd.notna(person.get("joined_on")):
        found.append(
            page.say("member.chip_tenure", time=_tenure((facts.as_of - person["joined_on"]).days, page))
        )
    place = [setting.named(person[name]) for name in ("region", "channel") if pd.notna(person.get(name))]
    found += [" · ".join(place)] if place else []
    acts = [row["occurred_at"] for row in facts.rows["events"] if row["event_type"] in INTERACTIONS]
    acts += [row["ordered_at"] for row in facts.rows["orders"]]
    if acts:
        days = (facts.as_of.normalize() - max(acts).normalize()).days
        found.append(page.say(f"member.chip_contact{'_lately' if days < 2 else ''}", days=days))
    else:
        found.append(page.say("member.chip_no_contact"))
    found.append(page.say("member.chip_agreed" if facts.marketing else "member.chip_refused"))
    return [one[:1].upper() + one[1:] for one in found]


def _tenure(days: int, page: PageLike) -> str:
    years, months = divmod(int(days / _MONTH_DAYS), MONTHS)
    parts = [(years, "year"), (months, "month")] if years else [(months, "month")]
    named = [
        page.say(f"member.{name}{'' if count == 1 else 's'}", count=count) for count, name in parts if count
    ]
    return " ".join(named) or page.say("member.new")


def _chance(facts: MemberFacts, setting: CardSetting) -> str:
    page, state = setting.page, facts.state
    if not facts.profiled:
        return _no_forecast("unprofiled", page)
    if facts.winback is not None and pd.notna(facts.winback["p_return_touched"]):
        invited, alone = (f"{100 * facts.winback[name]:.0f}%" for name in ("p_return_touched", "p_return"))
        told = f'<p class="mc-big" data-chance><b>{invited}</b></p><p>{escape(page.say("member.return_note", alone=alone))}</p>'
        return f"<p>{escape(page.say('member.return'))} {badge('attributed', page.lang)}</p>{told}"
    if facts.left or facts.silent:
        return _no_forecast("left" if facts.left else "silent", page)
    if state is None or pd.isna(state["p_churn"]):
        return _no_forecast("unscored", page)
    value, low, high = (100 * state[name] for name in ("p_churn", "p_churn_low", "p_churn_high"))
    average = 100 * setting.average
    below = [page.say("member.average", average=f"{average:.0f}%")]
    if pd.notna(state["value_at_risk"]):
        below.append(page.say("member.at_risk", money=setting.money(round(state["value_at_risk"]))))
    return (
        f"<p>{escape(page.say('member.chance', days=setting.horizon_days))}</p>"
        f'<p class="mc-big" data-claim data-rung="associated"><b>{value:.0f}%</b> <span>{bracketed_plain(low, high)}</span> '
        f"{badge('associated', page.lang)}</p>{_track(value, low, high, average)}<p>{escape(' · '.join(below))}</p>"
    )


def _no_forecast(why: str, page: PageLike) -> str:
    return f'<p class="mc-big"><b>{escape(page.say("member.no_forecast"))}</b></p><p>{escape(page.say(f"member.no_forecast_{why}"))}</p>'


def _track(value: float, low: float, high: float, average: float) -> str:
    return (
        '<svg class="mc-track" aria-hidden="true" width="100%" height="16"><rect x="0" y="6" width="100%" height="4"/>'
        f'<line class="span" x1="{low:.1f}%" x2="{high:.1f}%" y1="8" y2="8"/>'
        f'<line class="average" x1="{average:.1f}%" x2="{average:.1f}%" y1="1" y2="15"/><circle cx="{value:.1f}%" cy="8" r="6"/></svg>'
    )


def _causes(facts: MemberFacts, page: PageLike) -> str:
    """Six chances, and the evidence; nothing of it for members who may not be profiled."""
    if not facts.profiled:
        return ""
    rows, cause = chances(facts), named_cause(facts)
    if not rows:
        return block(page.say("member.block_cause_unknown"), note(page.say("member.no_causes")), page.lang)
    words = {"cause": page.say(f"causes.{cause}"), "chance": f"{100 * dict(rows).get(cause, 0):.0f}"}
    head = (
        page.say("member.block_cause_unknown")
        if cause == UNKNOWN
        else page.say("member.block_cause", **words)
    )
    bars = "".join(
        f"<li{' class=first' if name == cause else ''} data-chance><span>{escape(page.say(f'causes.{name}'))}</span>"
        f'<i><b style="width:{100 * p:.0f}%"></b></i><span>{100 * p:.0f}%</span></li>'
        for name, p in rows
    )
    told = note(page.say("member.chances_note_left" if facts.left else "member.chances_note"))
    return block(
        head, f'<ul class="mc-bars">{bars}</ul>{told}{_evidence(facts, page)}', page.lang, rung="attributed"
    )


def _evidence(facts: MemberFacts, page: PageLike) -> str:
    pieces = lines_of(evidence(facts, page), named_cause(facts), page)
    if not pieces:
        return note(page.say("member.evidence_none"))
    items = []
    for before, one in pieces:
        quoted = one.verbatim in ("en", "zh")
        code = "zh-CN" if one.verbatim == "zh" else one.verbatim
        text = f'<q lang="{code}" data-verbatim>{escape(one.text)}</q>' if quoted else escape(one.text)
        lead = f"<em>{escape(before)}</em> " if before else ""
        items.append(f"<li>{lead}{text} <small>{escape(one.source)}</small></li>")
    return f'<ul class="mc-evidence">{"".join(items)}</ul>'


def _advice(facts: MemberFacts, setting: CardSetting) -> str:
    page = setting.page
    offers, refused = offer_lines(facts, setting), not_lines(facts, setting)
    rungs = pd.Series([rung for rung, _, _ in offers if rung], dtype=object)
    mark = f" {badge(weakest_rung(rungs), page.lang)}" if len(rungs) else ""
    offered = "".join(_offer(line, page.lang) for line in offers)
    barred = "".join(f"<li>{inline(line)}</li>" for line in refused)
    return (
        f'<section class="mc-box mc-offer"><div class="bk-head"><h2>{escape(page.say("member.block_offer"))}</h2>{mark}</div>'
        f'<ul>{offered}</ul></section><section class="mc-box mc-not"><h2>{escape(page.say("member.block_not"))}</h2>'
        f'<ul>{barred}</ul></section><section class="mc-open"><h2>{escape(page.say("member.block_open"))}</h2>'
        f"<p>{escape(opening(facts, page))}</p>{_outcome(facts, page)}</section>"
    )


def _offer(line: Line, lang: str) -> str:
    rung, text, verdict = line
    claim = f' data-claim data-rung="{rung}"' if rung else ""
    return f"<li{claim}>{inline(text)}{f' {tag(verdict, lang)}' if verdict else ''}</li>"


def _outcome(facts: MemberFacts, page: PageLike) -> str:
    """Buttons that write a line of the file of outcomes; without a script the line itself, to copy."""
    action = facts.winback["action"] if facts.winback is not None else (facts.contact or {}).get("action", "")
    line = f"{facts.member_id},{facts.as_of:%Y-%m-%d},{action},done,,"
    buttons = "".join(
        f'<button type="button" data-outcome="{one}">{escape(page.say(f"member.{one}"))}</button>'
        for one in OUTCOMES
    )
    reason = escape(page.say("member.reason"))
    return (
        f'<div class="mc-outcome" data-member="{escape(facts.member_id)}" data-asof="{facts.as_of:%Y-%m-%d}" data-action="{escape(str(action))}">'
        f'<p>{buttons}</p><p class="mc-reason" hidden><label>{reason} <input type="text" maxlength="200"></label></p>'
        f'<div class="mc-noted" role="status"></div><noscript><p>{escape(page.say("member.outcome_line"))}:<br><code>{",".join(OUTCOME_COLUMNS)}</code>'
        f"<br><code>{escape(line)}</code></p></noscript></div>"
    )
