"""The plan beside other policies at the same budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd

from whychurn.report.action.names import code_name
from whychurn.report.action.results import ActionResults
from whychurn.report.page.components.interval_rows import IntervalRow
from whychurn.report.page.components.numbers import bracketed, money, plain, signed, signed_money
from whychurn.report.page.page_like import PageLike

LEAST_EFFECTIVE: Final = 200  # fewer rows behind the weights cannot compare policies
PER: Final = 1000  # gains are told for so many members


def policy_rows(results: ActionResults) -> pd.DataFrame:
    """One row for each policy, the plan first: value, low, high for 1,000 members, rung; none is the zero line.

    Measured values (AIPW on randomised touches, rung caused) where they compare every policy, else what the plan's
    own model expects (rung attributed).
    """
    table = results["plan_value"]
    measured = table[(table["method"] == "aipw") & (table["effective_n"] >= LEAST_EFFECTIVE)]
    expected = table[table["method"] == "model"]
    named = measured[measured["policy"] != "none"].dropna(subset=["low", "high"])
    by_test = "plan" in set(named["policy"]) and named["policy"].nunique() > 1
    rows = named if by_test else expected[expected["policy"] != "none"]
    money_known = rows["gain"].notna().any()
    columns = ("gain", "low", "high") if money_known else ("kept_per_1000", "kept_low", "kept_high")
    times = PER if money_known else 1
    found = pd.DataFrame(
        {
            "policy": rows["policy"],
            **{new: times * rows[old] for new, old in zip(("value", "low", "high"), columns, strict=True)},
        }
    ).dropna()
    if not found[["value", "low", "high"]].any(axis=None):
        found = found.head(0)  # nobody is contacted under any of them: nothing to compare
    found = found.assign(rung="caused" if by_test else "attributed", money=bool(money_known))
    first = found["policy"] != "plan"
    order = found.assign(first=first).sort_values(["first", "value", "policy"], ascending=[True, False, True])
    return order.drop(columns="first").reset_index(drop=True)


def policies_title(rows: pd.DataFrame, page: PageLike) -> str:
    """Whether the plan beats the best other policy, ties with it, or falls behind."""
    if rows.empty or rows["policy"].iloc[0] != "plan" or len(rows) < 2:
        return page.say("action.policies_alone")
    plan, best = rows.iloc[0], rows.iloc[1]
    name = code_name("policy", best["policy"], page.lang)
    if plan["low"] > best["high"]:
        return page.say("action.policies_better", best=name)
    return page.say(
        "action.policies_worse" if best["low"] > plan["high"] else "action.policies_tie", best=name
    )


def policy_intervals(rows: pd.DataFrame, results: ActionResults, page: PageLike) -> list[IntervalRow]:
    """The policies as dots with intervals."""

    def write(value: float) -> str:
        if not bool(rows["money"].iloc[0]):
            return signed(value, 1)
        return signed_money(round(value), page.lang, results.currency)

    return [
        IntervalRow(
            name=code_name("policy", row["policy"], page.lang),
            value=row["value"],
            low=row["low"],
            high=row["high"],
            text=write(row["value"]),
            between=bracketed(row["low"], row["high"], page.lang, write),
            rung=row["rung"],
            sub=page.say(f"action.policy_what_{row['policy']}") if row["policy"] in _TOLD else "",
        )
        for row in rows.to_dict("records")
    ]


_TOLD: Final = ("plan", "blanket", "random", "rule", "highest_risk", "playbook")


def unmeasured_line(results: ActionResults, page: PageLike) -> str:
    """That the tests so far are too few to compare policies, where they were tried; else empty."""
    table = results["plan_value"]
    tried = table[(table["method"] == "aipw") & (table["policy"] == "plan")]
    few = ~(tried["effective_n"] >= LEAST_EFFECTIVE)
    return page.say("action.policies_unmeasured") if len(tried) and few.all() else ""


def budget_line(results: ActionResults, page: PageLike) -> str:
    """What more money would bring, where the plan tells the price of its budget."""
    price = results.told("plan").get("price_of_money")
    if not price:
        return ""
    one = money(1.0, page.lang, results.currency)
    return page.say("action.budget_price", one=one, brings=money(float(price), page.lang, results.currency))


def tick_of(rows: pd.DataFrame, results: ActionResults, page: PageLike) -> Callable[[float], str]:
    """Writes a number below the axis of the policies."""
    if len(rows) and bool(rows["money"].iloc[0]):
        return lambda value: money(value, page.lang, results.currency)
    return lambda value: plain(value, 0)
