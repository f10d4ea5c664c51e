"""Whom it pays to invite back, and what returns by itself."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.contract.suppression import suppress_small_counts
from whychurn.report.action.names import cause_name, code_name
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.plan import ATTRIBUTED
from whychurn.report.page.formats import format_value
from whychurn.report.page.page_like import PageLike
from whychurn.report.words.readable_names import action_name

FORMATS: Final = {
    "members": "int",
    **dict.fromkeys(("p_return", "p_return_touched"), "percent"),
    **dict.fromkeys(("expected_gain", "low", "second_life_value", "cost"), "money"),
}
RUNG: Final = ATTRIBUTED


def winback_table(results: ActionResults, page: PageLike) -> pd.DataFrame:
    """One row an action: leavers on the list, chance to return by itself and with it, gain after cost and its lower bound."""
    rows = results["winback"]
    if rows.empty:
        return pd.DataFrame()
    lines = (
        rows.groupby(["action", "evidence"], sort=True)
        .agg(
            cause=("cause", lambda values: values.mode().iloc[0]),
            members=("member_id", "nunique"),
            p_return=("p_return", "mean"),
            p_return_touched=("p_return_touched", "mean"),
            expected_gain=("expected_gain", "sum"),
            low=("low", "sum"),
            cost=("cost", "sum"),
        )
        .reset_index()
        .sort_values(["expected_gain", "action"], ascending=[False, True])
    )
    values = ["p_return", "p_return_touched", "expected_gain", "low", "cost"]
    shown = suppress_small_counts(lines, {"members": values}, results.min_cell)
    names = {
        "action": [action_name(action, page.lang) for action in lines["action"]],
        "cause": [cause_name(cause, page.lang) for cause in lines["cause"]],
        "evidence": [code_name("tested", code, page.lang) for code in lines["evidence"]],
    }
    order = ["action", "cause", "members", *values, "evidence", "suppressed"]
    return shown.assign(**names)[order].reset_index(drop=True)


def winback_lines(results: ActionResults, page: PageLike) -> list[str]:
    """How many leavers are worth an invitation, and what they are expected to bring, with its lower bound."""
    rows = results["winback"]
    if rows.empty:
        return [page.say("action.winback_none")]
    gain, low = (
        format_value(round(rows[name].sum()), "money", page.lang, results.currency)
        for name in ("expected_gain", "low")
    )
    members = page.members(rows["member_id"].nunique())
    return [page.say("action.winback_listed", members=members, gain=gain, low=low)]
