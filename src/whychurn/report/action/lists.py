"""Lists of members to act on: each member stands on one of them, the first that fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import pandas as pd

from whychurn.report.action.names import cause_name, code_name, each, reason_words, stage_name
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.plan import contacts, knows_money, proofs, who_wait
from whychurn.report.page.components.numbers import bracketed, plain
from whychurn.report.page.formats import format_value
from whychurn.report.words.readable_names import action_name


@dataclass(frozen=True)
class MemberLists:
    """Rows of members, disjoint: answer (open requests), contact (plan), ask (alerts without an action that helps), winback, silent.

    ``contact`` holds the first contact of a member; ``contacts`` says how many there are. Of ``answer``, ``action`` is what
    the plan has for afterwards.
    """

    answer: pd.DataFrame
    contact: pd.DataFrame
    ask: pd.DataFrame
    winback: pd.DataFrame
    silent: pd.DataFrame


def member_lists(results: ActionResults) -> MemberLists:
    """Share out members; those held out stand on no list."""
    plan = contacts(results).sort_values("rank", kind="stable")
    numbers = plan.groupby("member_id")["member_id"].transform("size")
    contact = plan.assign(contacts=numbers).drop_duplicates("member_id")
    answer = _answer(results)
    taken = {*results["plan"]["member_id"], *answer["member_id"]}  # held out members with them
    parts = []
    for name, key in (
        ("warnings", "value_at_risk"),
        ("winback", "expected_gain"),
        ("already_gone", "margin_exposed"),
    ):
        rows = results[name].sort_values([key, "member_id"], ascending=[False, True], kind="stable")
        rows = rows[~rows["member_id"].isin(taken)].drop_duplicates("member_id")
        taken |= set(rows["member_id"])
        parts.append(rows)
    return MemberLists(answer, contact, *parts)


def _answer(results: ActionResults) -> pd.DataFrame:
    """Members still there with an open request: answering it is service, which needs no consent to marketing."""
    scores = results["risk_scores"][["member_id", "p_churn", "value_at_risk"]]
    rows = results.requests.merge(scores, on="member_id")
    known = results["member_state"].drop_duplicates("member_id").set_index("member_id")
    rows = rows.join(known[["primary_cause", "tier"]], on="member_id")
    rows = rows.join(who_wait(results).set_index("member_id")["would_be"].rename("action"), on="member_id")
    return rows.sort_values(
        ["value_at_risk", "member_id"], ascending=[False, True], kind="stable", ignore_index=True
    )


def answer_table(rows: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Open requests, by the margin at risk: since when, whether somebody answered, what the plan has for afterwards."""
    return pd.DataFrame(
        {
            "member_id": rows["member_id"],
            "request": [code_name("request", source, lang) for source in rows["source"].fillna("ticket")],
            "opened_on": rows["opened_on"],
            "answered": [
                code_name("answered", "none" if pd.isna(day) else "unsolved", lang)
                for day in rows["answered_on"]
            ],
            "likely": [cause_name(cause, lang) for cause in rows["primary_cause"]],
            "tier": each(rows["tier"], "tier", lang),
            "p_churn": rows["p_churn"],
            "value_at_risk": rows["value_at_risk"],
            "then": ["–" if pd.isna(action) else action_name(action, lang) for action in rows["action"]],
        }
    ).reset_index(drop=True)


def contact_table(rows: pd.DataFrame, results: ActionResults, lang: str) -> pd.DataFrame:
    """Contacts in the order of the plan, in words: whom, with what, why, what to expect."""
    write = _writer(results, lang)
    ends = zip(rows["gain_low"], rows["gain_high"], strict=True)
    table = pd.DataFrame(
        {
            "member_id": rows["member_id"],
            "action": [action_name(action, lang) for action in rows["action"]],
            "channel": each(rows["channel"], "channel", lang),
            "send_on": rows["send_on"].fillna(rows["as_of"]),
            "likely": [cause_name(cause, lang) for cause in rows["cause"]],
            "tier": each(rows["tier"], "tier", lang),
            "p_leave": rows["p_leave"],
            "gain": rows["gain"],
            "between": [_ends(low, high, lang, write) for low, high in ends],
            "cost": rows["cost"],
            "evidence": each(pd.Series(proofs(rows, results), dtype=object), "tested", lang),
        }
    )
    same_day = table["send_on"].nunique() < 2  # the day stands above the page then
    return table.drop(columns=["send_on"] if same_day else []).reset_index(drop=True)


def ask_table(rows: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Alerts for which no action helps: call and ask."""
    return pd.DataFrame(
        {
            "member_id": rows["member_id"],
            "likely": [cause_name(cause, lang) for cause in rows["cause"]],
            "tier": each(rows["tier"], "tier", lang),
            "stage": [stage_name(stage, lang) for stage in rows["stage"]],
            "p_churn": rows["p_churn"],
            "value_at_risk": rows["value_at_risk"],
            "reasons": [reason_words(codes, lang) for codes in rows["reasons"]],
            "first_alert_on": rows["first_alert_on"],
        }
    ).reset_index(drop=True)


def winback_rows(rows: pd.DataFrame, results: ActionResults, lang: str) -> pd.DataFrame:
    """Leavers whom it pays to invite back, best first."""
    write = _writer(results, lang)
    return pd.DataFrame(
        {
            "member_id": rows["member_id"],
            "invitation": [action_name(action, lang) for action in rows["action"]],
            "channel": each(rows["channel"], "channel", lang),
            "likely": [cause_name(cause, lang) for cause in rows["cause"]],
            "tier": each(rows["tier"], "tier", lang),
            "days_since": rows["days_since"],
            "p_return": rows["p_return"],
            "p_return_touched": rows["p_return_touched"],
            "expected_gain": rows["expected_gain"],
            "low": [f"≥ {write(low)}" if pd.notna(low) else "–" for low in rows["low"]],
            "evidence": each(rows["evidence"], "tested", lang),
        }
    ).reset_index(drop=True)


def silent_rows(rows: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Members who have gone silent or whose term has ended; nothing here is a forecast."""
    return pd.DataFrame(
        {
            "member_id": rows["member_id"],
            "why": each(rows["why"], "why", lang),
            "last_active_on": rows["last_active_on"],
            "days_silent": rows["days_silent"],
            "usual_gap_days": rows["usual_gap_days"],
            "margin_exposed": rows["margin_exposed"],
        }
    ).reset_index(drop=True)


def cause_link(cause: str, lang: str) -> str:
    """Address of the page of lists that shows members of one likely cause."""
    return f"who.html?likely={quote(cause_name(cause, lang))}#contact"


def list_sizes(rows: pd.DataFrame, results: ActionResults) -> pd.DataFrame:
    """Contacts by action: members, key of the commonest reason, mean chance to leave with its interval where scores give one."""
    scores = results["risk_scores"].set_index("member_id")[["p_churn", "p_churn_low", "p_churn_high"]]
    known = rows[["member_id", "action", "reason"]].join(scores, on="member_id")
    return (
        known.groupby("action", sort=True)
        .agg(
            members=("member_id", "nunique"),
            reason=("reason", _commonest),
            p=("p_churn", "mean"),
            low=("p_churn_low", "mean"),
            high=("p_churn_high", "mean"),
        )
        .reset_index()
        .sort_values(["members", "action"], ascending=[False, True], ignore_index=True)
    )


def _commonest(keys: pd.Series) -> str | None:
    found = keys.dropna()
    return None if found.empty else str(found.mode().iloc[0])


def _writer(results: ActionResults, lang: str) -> Callable[[float], str]:
    if knows_money(results):
        return lambda value: format_value(round(value), "money", lang, results.currency)
    return lambda value: plain(value, 2)


def _ends(low: float, high: float, lang: str, write: Callable[[float], str]) -> str:
    return "–" if pd.isna(low) or pd.isna(high) else bracketed(low, high, lang, write)
