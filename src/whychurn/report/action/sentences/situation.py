"""How far these data can say anything of what keeps members, and the sentence where they cannot."""

from __future__ import annotations

from typing import Final

from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.effects import effect_rows
from whychurn.report.action.sentences.fairness import campaign_tests
from whychurn.report.page.components.numbers import signed
from whychurn.report.page.page_like import PageLike

WITHOUT_TEST: Final = ("not_run", "no_touches", "none_randomised", "no_control", "mismatch", "waiting", "few")


def situation(results: ActionResults) -> str:
    """``shown`` or ``nothing_shown`` where tests can be read out, else one of `WITHOUT_TEST`."""
    if not results.facts and not any(len(table) for name, table in results.tables.items() if name in _OWN):
        return "not_run"
    rows = effect_rows(results)
    if len(rows):
        return "nothing_shown" if (rows["verdict"] == "open").all() else "shown"
    tests = campaign_tests(results)
    if tests.empty:
        return "none_randomised" if len(results["action_observed"]) else "no_touches"
    notes = set(tests["note"].dropna())
    for note, found in (("mismatch", "mismatch"), ("waiting", "waiting"), ("few_leavings", "few")):
        if note in notes:
            return found
    return "no_control"


_OWN: Final = ("playbook", "plan", "action_tests", "action_observed", "action_sizes", "warnings", "winback")


def situation_line(results: ActionResults, page: PageLike) -> str:
    """What stands in the way of an answer; empty where tests can be read out."""
    found = situation(results)
    if found not in WITHOUT_TEST:
        return ""
    if found == "none_randomised":
        rows = results["action_observed"].dropna(subset=["bound_low", "bound_high"])
        if len(rows):
            ends = {
                "low": signed(-1000 * rows["bound_high"].max()),
                "high": signed(-1000 * rows["bound_low"].min()),
            }
            return page.say("action.none_none_randomised_bounds", **ends)
    return page.say(f"action.none_{found}")
