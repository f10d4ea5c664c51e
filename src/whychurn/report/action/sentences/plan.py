"""The plan of the next four weeks in words: what to do, for whom, what it brings, whom to leave alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.roles import CONTACTED, EXPLORE, HELD_OUT, POLICY, WAITS
from whychurn.contract.suppression import suppress_small_counts
from whychurn.labels import listed
from whychurn.report.action.names import cause_name, code_name
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.effects import effect_rows, unworthy
from whychurn.report.page.components.numbers import bracketed, plain
from whychurn.report.page.formats import format_value
from whychurn.report.page.page_like import PageLike
from whychurn.report.words.readable_names import action_name
from whychurn.score.actions.plan_forecasts import INACTIVITY, TERMS, kept, load_plan_forecasts

MOST_LINES: Final = 6  # of the table of the plan
ATTRIBUTED: Final = "attributed"
_BY_LOT: Final = "by_lot"  # stands for the actions of all contacts that are drawn by lot
_WHY_NOBODY: Final = ("no_budget", "nobody_may_be_contacted", "nobody_there", "no_actions")
_LEFT_ALONE: Final = ("no_consent", "contacted_lately")  # counts of the plan's facts
FORMATS: Final = {"members": "int", "cost": "money", "gain": "money", "kept": "number"}


def contacts(results: ActionResults, *roles: str) -> pd.DataFrame:
    """Rows of the plan that contact somebody, all or those of `roles` (policy, explore)."""
    plan = results["plan"]
    return plan[plan["role"].isin(roles or CONTACTED)]


def who_wait(results: ActionResults) -> pd.DataFrame:
    """Rows of the plan on members whose open request is answered before anything is offered."""
    return results["plan"][results["plan"]["role"].eq(WAITS).to_numpy(bool)]


def forecast(results: ActionResults) -> pd.Series | None:
    """Row of ``plan_value`` that says what the plan is expected to bring; None without one."""
    rows = results["plan_value"]
    rows = rows[(rows["policy"] == "plan") & (rows["method"] == "model")]
    return rows.iloc[0] if len(rows) else None


def knows_money(results: ActionResults) -> bool:
    """Whether gains are in currency, not in members kept."""
    row = forecast(results)
    return row is not None and pd.notna(row["gain"])


def knows_costs(results: ActionResults) -> bool:
    """Whether contacts of the plan have costs on record."""
    told = results.told("plan").get("costs_known")
    return bool(told) if told is not None else bool(contacts(results)["cost"].fillna(0).gt(0).any())


def plan_headline(results: ActionResults, page: PageLike) -> tuple[str, str, float]:
    """Sentence, rung and number of what the plan does: contacts, cost, members kept, margin, with intervals."""
    chosen, drawn = contacts(results, POLICY), contacts(results, EXPLORE)
    row = forecast(results)
    if chosen.empty or row is None:
        count = drawn["member_id"].nunique()
        why = results.told("plan").get("reason")
        key = "plan_by_lot" if count else f"plan_{why}" if why in _WHY_NOBODY else "plan_nothing"
        return page.say(f"action.{key}", members=page.members(count)), "described", float(count)
    count = contacts(results)["member_id"].nunique()
    words: dict[str, object] = {
        "members": page.members(count),
        "days": results.value_days,
        "cost": format_value(contacts(results)["cost"].sum(), "money", page.lang, results.currency),
    }
    total = float(row["members"]) / 1000
    kept = [float(row[name]) * total for name in ("kept_per_1000", "kept_low", "kept_high")]
    words |= {"kept": plain(kept[0]), "kept_between": bracketed(kept[1], kept[2], page.lang, plain)}
    if not knows_money(results):
        return page.say("action.plan_members", **words), ATTRIBUTED, float(count)
    gain = [float(row[name]) * float(row["members"]) for name in ("gain", "low", "high")]
    write = _whole(results, page)
    words |= {"gain": write(gain[0]), "gain_between": bracketed(gain[1], gain[2], page.lang, write)}
    key = "plan_pays" if gain[1] > 0 else "plan_open"
    return page.say(f"action.{key}", **words), ATTRIBUTED, float(count)


def checked_line(results: ActionResults, page: PageLike) -> str:
    """How far plans of such programmes kept what they promised in simulated futures; empty where no money is promised."""
    if contacts(results, POLICY).empty or not knows_money(results):
        return ""
    kind = INACTIVITY if results.told("plan").get("decided") is None else TERMS
    found = kept(load_plan_forecasts(), kind)
    words = {"n": found.programmes, "held": found.held, "half": found.half, "more": found.more}
    return (
        page.say("action.plan_checked", kind=page.say(f"action.kind_{kind}"), **words)
        if found.programmes
        else ""
    )


def _whole(results: ActionResults, page: PageLike) -> Callable[[float], str]:
    return lambda value: format_value(round(value), "money", page.lang, results.currency)


def plan_table(results: ActionResults, page: PageLike) -> pd.DataFrame:
    """At most `MOST_LINES` lines: action, for whom, members, cost, gain after cost with interval, tested?

    The interval of an action adds up those of its contacts: they rest on the same effect, so they err together. What is
    drawn by lot to learn is one line, the last.
    """
    rows = contacts(results)
    if rows.empty or contacts(results, POLICY).empty:
        return pd.DataFrame()
    rows = rows.assign(action=rows["action"].where(rows["role"].ne(EXPLORE), _BY_LOT))
    rows = rows.assign(net=rows["gain"] - rows["cost"].fillna(0) if knows_money(results) else rows["gain"])
    shift = rows["net"] - rows["gain"]
    rows = rows.assign(low=rows["gain_low"] + shift, high=rows["gain_high"] + shift)
    lines = (
        rows.groupby("action", sort=True)
        .agg(
            cause=("cause", _commonest),
            members=("member_id", "nunique"),
            cost=("cost", "sum"),
            gain=("net", "sum"),
            low=("low", "sum"),
            high=("high", "sum"),
            evidence=("evidence", _commonest),
        )
        .reset_index()
        .sort_values(["gain", "action"], ascending=[False, True], kind="stable")
    )
    by_lot = lines["action"].eq(_BY_LOT)
    lines = pd.concat([lines[~by_lot].head(MOST_LINES - int(by_lot.any())), lines[by_lot]])
    values = ["cost", "gain", "low", "high"]
    shown = suppress_small_counts(lines, {"members": values}, results.min_cell)
    return _in_words(shown, results, page)


def _commonest(values: pd.Series) -> str | None:
    found = values.dropna()
    return None if found.empty else str(found.mode().iloc[0])


def _in_words(lines: pd.DataFrame, results: ActionResults, page: PageLike) -> pd.DataFrame:
    write = _whole(results, page) if knows_money(results) else (lambda value: plain(value, 1))
    between = [
        "" if pd.isna(low) else bracketed(low, high, page.lang, write)
        for low, high in zip(lines["low"], lines["high"], strict=True)
    ]
    gain = "gain" if knows_money(results) else "kept"
    return pd.DataFrame(
        {
            "action": [
                page.say("action.plan_lot") if action == _BY_LOT else action_name(action, page.lang)
                for action in lines["action"]
            ],
            "cause": [
                "–" if lot else cause_name(cause, page.lang)
                for lot, cause in zip(lines["action"].eq(_BY_LOT), lines["cause"], strict=True)
            ],
            "members": lines["members"],
            "cost": lines["cost"],
            gain: lines["gain"],
            "between": between,
            "evidence": [code_name("tested", code, page.lang) for code in proofs(lines, results)],
            "suppressed": lines["suppressed"],
        }
    ).reset_index(drop=True)


def proofs(rows: pd.DataFrame, results: ActionResults) -> list[str | None]:
    """What tests have shown of each row's action (``playbook.tested``); drawn by lot where it is explored."""
    known = results["playbook"].drop_duplicates("action").set_index("action")["tested"].to_dict()
    found = [
        known.get(action, evidence) for action, evidence in zip(rows["action"], rows["evidence"], strict=True)
    ]
    lots = rows["role"].eq(EXPLORE) if "role" in rows else rows["action"].eq(_BY_LOT)
    return [_BY_LOT if lot else one for lot, one in zip(lots, found, strict=True)]


def money_line(results: ActionResults, page: PageLike) -> str:
    """What is not known of the plan's money; empty where all of it is."""
    if contacts(results).empty or forecast(results) is None:
        return ""
    if not knows_money(results):
        return page.say("action.no_money")
    return "" if knows_costs(results) else page.say("action.no_costs")


def plan_lines(results: ActionResults, page: PageLike) -> list[str]:
    """Who is counted in two lines of the plan, who waits for an answer first, and how many have decided to leave already."""
    rows = contacts(results)
    people = rows["member_id"].nunique()
    counts = {
        "waiting": len(who_wait(results)),
        "twice": rows.drop_duplicates(["member_id", "action"])["member_id"].size - people,
    }
    lines = [
        page.say(f"action.plan_{name}", members=page.members(count))
        for name, count in counts.items()
        if count
    ]
    tenths = round(10 * float(results.told("plan").get("decided") or 0))
    decided = page.say("action.plan_decided", n=tenths, days=results.effect_days)
    return [*lines, decided] if tenths else lines


def leave_alone_lines(results: ActionResults, page: PageLike) -> list[tuple[str, str]]:
    """Rung and sentence on whom and what to leave alone: harm, what does not pay, who contact drives away."""
    rows = effect_rows(results)
    lines = []
    harmful = rows[rows["verdict"] == "harm"]
    if len(harmful):
        lines.append(("caused", page.say("action.alone_harm", actions=_joined(harmful, page))))
    chosen = set(contacts(results, POLICY)["action"])  # pays for some members, though not on average
    told = [
        row["verdict"] == "open" and unworthy(row) and row["action"] not in chosen
        for row in rows.to_dict("records")
    ]
    poor = rows[np.array(told, dtype=bool)]
    if len(poor):
        rung = str(poor["rung"].iloc[0])
        lines.append((rung, page.say("action.alone_poor", actions=_joined(poor, page))))
    for reason in _LEFT_ALONE:
        count = float(results.told("plan").get(reason) or 0)
        if count:
            words = {"reason": page.say(f"action.alone_{reason}"), "members": page.members(count)}
            lines.append(("described", page.say("action.alone_members", **words)))
    return lines


def _joined(rows: pd.DataFrame, page: PageLike) -> str:
    return listed([action_name(action, page.lang) for action in rows["action"]], page.lang)


def learning_line(results: ActionResults, page: PageLike) -> str:
    """How the plan itself is going to be read out: who is held out, who gets an action by lot."""
    held = results["plan"].loc[results["plan"]["role"].eq(HELD_OUT).to_numpy(bool), "member_id"].nunique()
    drawn = contacts(results, EXPLORE)
    words = {"held": page.members(held), "drawn": page.members(drawn["member_id"].nunique())}
    if not held and drawn.empty:
        return page.say("action.learn_nothing")
    if drawn.empty:
        return page.say("action.learn_hold_out", held=words["held"])
    return page.say("action.learn_both", **words)
