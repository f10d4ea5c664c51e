"""The answer of the report on actions, and the numbers that index and summary quote."""

from __future__ import annotations

from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.effects import effect_rows, effects_title
from whychurn.report.action.sentences.fairness import guard_title
from whychurn.report.action.sentences.next_tests import test_lines
from whychurn.report.action.sentences.plan import plan_headline
from whychurn.report.action.sentences.situation import situation, situation_line
from whychurn.report.page.components.numbers import clauses_closed
from whychurn.report.page.page_like import PageLike

Headline = tuple[str, float, str, str]  # key, number, sentence, rung


def answer(results: ActionResults, page: PageLike) -> str:
    """What to do, what tests have shown, and the test to run where they have shown nothing; a paragraph each."""
    found = situation(results)
    if found == "not_run":
        return f"{page.say('action.title_not_run')} {situation_line(results, page)}"
    clauses = clauses_closed([*effects_title(effect_rows(results), page), *guard_title(results, page)])
    shown = " ".join(clauses) or page.say(f"action.title_{found}")
    parts = [plan_headline(results, page)[0], f"{shown} {situation_line(results, page)}".strip()]
    return "\n\n".join([*parts, *([] if found == "shown" else test_lines(results, page)[:1])])


def headlines(results: ActionResults, page: PageLike) -> list[Headline]:
    """What index and summary say of actions: the plan, and how many effects tests have shown."""
    if situation(results) == "not_run":
        return []
    text, rung, count = plan_headline(results, page)
    told: list[Headline] = [("what_keeps.plan", count, text, rung)]
    rows = effect_rows(results)
    if len(rows):
        shown = int((rows["verdict"] != "open").sum())
        words = {"shown": shown, "tested": len(rows)}
        told.append(("what_keeps.shown", float(shown), page.say("action.head_shown", **words), "described"))
    return told
