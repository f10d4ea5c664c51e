"""What to offer a member, with its proof, what not to send, and how to open the talk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from whychurn.action.roles import EXPLORE
from whychurn.contract.causes import UNKNOWN
from whychurn.labels import listed
from whychurn.report.action.names import code_name
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.effects import effect_rows
from whychurn.report.action.sentences.fairness import guard_title
from whychurn.report.action.sentences.plan import knows_money
from whychurn.report.member.likely import named_cause
from whychurn.report.member.records import MemberFacts, Row
from whychurn.report.page.components.numbers import bracketed, long_day, plain, signed
from whychurn.report.page.formats import format_value
from whychurn.report.page.page_like import PageLike
from whychurn.report.words.readable_names import action_name

Line = tuple[str, str, str]  # rung of an estimate (empty: none), sentence, tag (empty: none)


@dataclass(frozen=True)
class CardSetting:
    """What all cards of one language share.

    Parameters
    ----------
    effects
        Action -> row of `effect_rows`.
    average
        Mean chance to leave of members still there.
    horizon_days
        Of that chance.
    guards
        Sentences on actions that may do harm.
    alerted
        Members whom an early warning names.
    in_money
        Whether gains are amounts, not members kept.
    values
        Value of the study (region, channel, category) -> its name in this language.
    """

    results: ActionResults
    page: PageLike
    effects: Mapping[str, Row]
    average: float
    horizon_days: int
    guards: tuple[str, ...]
    alerted: frozenset[str]
    in_money: bool
    values: Mapping[str, str]

    def named(self, value: object) -> str:
        """Name of a value of the study; of a channel that the contract knows, its word."""
        text = str(value)
        return self.values.get(text) or code_name("channel", text, self.page.lang)

    def money(self, value: float) -> str:
        """Amount to the unit."""
        return format_value(value, "money", self.page.lang, self.results.currency)


def card_setting(
    results: ActionResults, horizon_days: int, page: PageLike, values: Mapping[str, str]
) -> CardSetting:
    """Gather what cards share."""
    effects = {str(row["action"]): row for row in effect_rows(results).to_dict("records")}
    average = float(results["risk_scores"]["p_churn"].mean())
    alerted = frozenset(results["warnings"]["member_id"].astype(str))
    guards = tuple(guard_title(results, page))
    return CardSetting(
        results, page, effects, average, horizon_days, guards, alerted, knows_money(results), values
    )


def offer_lines(facts: MemberFacts, setting: CardSetting) -> list[Line]:
    """Open request first, then the planned contact with its effect and gain; where none is planned, what to do instead."""
    page, lines = setting.page, list[Line]()
    if facts.request is not None and not facts.left:
        lines.append(("", page.say("member.offer_answer", **_request(facts.request, page)), ""))
    if facts.winback is not None:
        return [*lines, *_invitation(facts.winback, setting)]
    if facts.afterwards is not None:
        action = action_name(facts.afterwards, page.lang)
        return [
            *lines,
            ("", page.say("member.offer_then", action=action), ""),
            _effect(facts.afterwards, setting),
        ]
    if facts.contact is not None and facts.marketing:
        return [*lines, *_contact(facts.contact, setting)]
    if not lines and not facts.held_out and not facts.left:
        instead = "silent" if facts.silent else "ask" if facts.member_id in setting.alerted else "nothing"
        return [("", page.say(f"member.offer_{instead}"), "")]
    return lines or [("", page.say("member.offer_nothing"), "")]


def _contact(row: Row, setting: CardSetting) -> list[Line]:
    page = setting.page
    day: pd.Timestamp = row["as_of"] if pd.isna(row["send_on"]) else row["send_on"]
    words = {**_way(row, setting), "day": page.format(day, "date")}
    rung, effect, tag = _effect(str(row["action"]), setting)
    lines = [("", page.say("member.offer_action", **words), tag), (rung, effect, "")]
    if pd.notna(row["gain"]) and pd.notna(row["gain_low"]):
        write = _rounded(setting) if setting.in_money else (lambda value: plain(value, 2))
        between = bracketed(row["gain_low"], row["gain_high"], page.lang, write)
        words = {"gain": write(row["gain"]), "between": between}
        lines.append(
            ("attributed", page.say("member.offer_gain", **words, days=setting.results.value_days), "")
        )
    return [*lines, ("", page.say("member.offer_by_lot"), "")] if row["role"] == EXPLORE else lines


def _rounded(setting: CardSetting) -> Callable[[float], str]:
    return lambda value: setting.money(round(value))


def _effect(action: str, setting: CardSetting) -> Line:
    """Rung, effect with its interval, and tag of what tests have shown."""
    row = setting.effects.get(action)
    if row is None:
        return "", setting.page.say("member.offer_untested"), "untested"
    words = {"kept": signed(row["value"]), "between": bracketed(row["low"], row["high"], setting.page.lang)}
    text = setting.page.say("member.offer_effect", **words, days=setting.results.effect_days)
    return str(row["rung"]), text, str(row["verdict"])


def _invitation(row: Row, setting: CardSetting) -> list[Line]:
    page = setting.page
    lines = [
        (
            "",
            page.say("member.offer_invite", **_way(row, setting)),
            "" if row["evidence"] == "tested" else "untested",
        )
    ]
    if pd.notna(row["low"]):
        words = {"gain": setting.money(round(row["expected_gain"])), "low": setting.money(round(row["low"]))}
        lines.append(("attributed", page.say("member.offer_invite_gain", **words), ""))
    return lines


def _way(row: Row, setting: CardSetting) -> dict[str, str]:
    page = setting.page
    channel = row["channel"]
    known = isinstance(channel, str) and channel != ""
    cost = row["cost"]
    return {
        "action": action_name(str(row["action"]), page.lang),
        "channel": code_name("channel", channel, page.lang) if known else page.say("member.any_channel"),
        "cost": setting.money(cost) if pd.notna(cost) and cost > 0 else page.say("member.cost_free"),
    }


def not_lines(facts: MemberFacts, setting: CardSetting) -> list[str]:
    """What not to send, and why: consent, open request, cap, comparison, harm."""
    page, lines = setting.page, []
    if not facts.marketing:
        lines.append(page.say("member.not_marketing"))
    if facts.request is not None and not facts.left:
        lines.append(page.say("member.not_before", **_request(facts.request, page)))
    reason = None if facts.state is None else facts.state["do_not_send_reason"]
    if facts.held_out:
        lines.append(page.say("member.not_held_out"))
    elif reason == "contacted_lately":
        lines.append(page.say("member.not_cap"))
    elif reason == "not_planned" and facts.marketing:
        lines.append(page.say("member.not_planned"))
    harmful = [
        action_name(name, page.lang) for name, row in setting.effects.items() if row["verdict"] == "harm"
    ]
    if harmful:
        lines.append(page.say("member.not_harm", actions=listed(harmful, page.lang)))
    lines += setting.guards
    return lines if lines and facts.contact is None else [*lines, page.say("member.not_twice")]


def opening(facts: MemberFacts, page: PageLike) -> str:
    """A first sentence for the talk; what a model infers of the member is never said to him or her."""
    if facts.request is not None and not facts.left:
        return page.say("member.open_request", day=_request(facts.request, page)["day"])
    if facts.left:
        return page.say("member.open_left")
    if facts.silent:
        return page.say("member.open_silent")
    cause = named_cause(facts) if facts.profiled else UNKNOWN
    return page.say(f"member.open_{cause}")


def _request(row: Row, page: PageLike) -> dict[str, str]:
    source = row["source"] if isinstance(row["source"], str) else "ticket"
    return {"source": page.say(f"member.source_{source}"), "day": long_day(row["opened_on"], page.lang)}
