"""The page `keep`: what keeps members, what does harm, what to do this month, what to test next."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from whychurn.labels import prose
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences import effects, fairness, next_tests, observed, plan, policies
from whychurn.report.action.sentences import warnings as alerts
from whychurn.report.action.sentences import winback as back
from whychurn.report.action.sentences.situation import situation, situation_line
from whychurn.report.page.components.blocks import block, claim, claims, fold, missing_block, note, pair
from whychurn.report.page.components.interval_rows import interval_rows
from whychurn.report.page.components.list_table import list_table
from whychurn.report.page.components.numbers import clauses_closed
from whychurn.report.page.html_table import TableLook
from whychurn.report.page.wording import Wording

Formats = Mapping[str, str]
_Part = tuple[str, str, pd.DataFrame, Formats, str]


def keep_title(results: ActionResults, page: Wording) -> list[str]:
    """Finding of the page, clause by clause."""
    clauses = effects.effects_title(effects.effect_rows(results), page)
    return clauses_closed([*clauses, *fairness.guard_title(results, page)]) or [
        page.say(f"action.title_{situation(results)}")
    ]


def keep_body(results: ActionResults, page: Wording) -> str:
    """All blocks of the page as HTML."""
    rows = effects.effect_rows(results)
    lead = situation_line(results, page) or page.say("action.how_read")
    parts = [
        note(lead),
        _tested(rows, results, page),
        _this_month(results, page),
        pair(_leave_alone(results, page), _next(results, page)),
        _beside(results, page),
        _learned(results, page),
        *_folds(results, page),
    ]
    return "\n".join(part for part in parts if part)


def _tested(rows: pd.DataFrame, results: ActionResults, page: Wording) -> str:
    """Effects of actions, those shown apart from those not shown: each block has one rung."""
    title = page.say("action.block_tested", days=results.effect_days)
    if rows.empty:
        needs, shows = page.say("action.needs_test"), page.say("action.shows_effects")
        return missing_block(title, needs, shows, page.lang)
    ends = (page.say("action.more_leave"), page.say("action.more_stay"))
    parts: list[str] = []
    within = [*rows["low"], *rows["high"]]
    for found in effects.shown_apart(rows):
        ident = "unproven" if found["verdict"].iloc[0] == "open" else "tested"
        drawn = interval_rows(
            [effects.interval_of(row, results, page) for row in found.to_dict("records")],
            page.lang,
            ends,
            within=within,
        )
        head = page.say("action.block_unproven") if parts else title
        told = claims(effects.unshown_lines(found, page), page.lang) if ident == "unproven" else ""
        more = (
            fold(page.say("action.fold_unproven"), page.say("action.fold_unproven_hint"), told)
            if told
            else ""
        )
        rung = effects.weakest_rung(found["rung"])
        parts.append(block(head, drawn + more, page.lang, rung=rung, ident=ident))
    return "\n".join(parts)


def _this_month(results: ActionResults, page: Wording) -> str:
    """The headline of the plan and its table."""
    text, rung, _ = plan.plan_headline(results, page)
    table = plan.plan_table(results, page)
    checked = plan.checked_line(results, page)
    body = claim(text, rung) + (note(checked) if checked else "")
    body += _table(table, "plan", plan.FORMATS, results, page)
    money = plan.money_line(results, page)
    body += note(money) if money else ""
    if len(table):
        link = f'<a href="who.html">{page.say("action.index_who")}</a>'
        body += note(prose([page.say("action.plan_link"), *plan.plan_lines(results, page)], page.lang))
        body += f"<p>{link}</p>"
    return block(page.say("action.block_plan"), body, page.lang, rung=rung, ident="plan")


def _leave_alone(results: ActionResults, page: Wording) -> str:
    likely = [("attributed", line) for line in fairness.guard_lines(results, page)]
    lines = [*likely, *plan.leave_alone_lines(results, page)]
    rungs = {rung for rung, _ in lines}
    body = claims(lines, page.lang, badges=len(rungs) > 1) + note(page.say("action.alone_consent"))
    rung = min(rungs) if len(rungs) == 1 else None
    return block(page.say("action.block_alone"), body, page.lang, rung=rung, ident="alone")


def _next(results: ActionResults, page: Wording) -> str:
    lines = next_tests.test_lines(results, page) or [page.say("action.test_unknown")]
    body = "".join(claim(line, "described") for line in lines) + note(page.say("action.test_command"))
    return block(page.say("action.block_next"), body, page.lang, rung="described", ident="next")


def _beside(results: ActionResults, page: Wording) -> str:
    """The plan beside other policies at the same budget."""
    rows = policies.policy_rows(results)
    if rows.empty:
        return ""
    ends = (page.say("action.costs_more"), page.say("action.brings_more"))
    drawn = interval_rows(
        policies.policy_intervals(rows, results, page),
        page.lang,
        ends,
        tick=policies.tick_of(rows, results, page),
    )
    unit = "money" if bool(rows["money"].iloc[0]) else "kept"
    body = note(page.say(f"action.policies_unit_{unit}", days=results.value_days)) + drawn
    few = policies.unmeasured_line(results, page)
    body += note(few) if few else ""
    price = policies.budget_line(results, page)
    body += claim(price, "attributed", muted=True) if price else ""
    return block(
        policies.policies_title(rows, page), body, page.lang, rung=rows["rung"].iloc[0], ident="policies"
    )


def _learned(results: ActionResults, page: Wording) -> str:
    text = plan.learning_line(results, page)
    return block(page.say("action.block_learned"), f"{claim(text, 'described')}", page.lang, rung="described")


def _fold_parts(results: ActionResults, page: Wording) -> list[_Part]:
    """Name, sentences, table, formats and rung of each folded section."""
    fair = "".join(note(line) for line in fairness.mismatch_lines(results, page))
    return [
        ("fair", fair, fairness.test_table(results, page), fairness.TEST_FORMATS, "described"),
        ("belief", "", fairness.belief_table(results, page), fairness.BELIEF_FORMATS, "attributed"),
        (
            "programme",
            "",
            fairness.ceiling_table(results, page),
            fairness.BELIEF_FORMATS,
            "attributed",
        ),
        ("sizes", "", next_tests.size_table(results, page), next_tests.FORMATS, "described"),
        (
            "warnings",
            _claims(alerts.quality_lines(results, page), alerts.RUNG),
            alerts.quality_table(results, page),
            alerts.FORMATS,
            alerts.RUNG,
        ),
        (
            "winback",
            _claims(back.winback_lines(results, page), back.RUNG),
            back.winback_table(results, page),
            back.FORMATS,
            back.RUNG,
        ),
        (
            "observed",
            _claims(observed.observed_lines(results, page), observed.RUNG),
            observed.observed_table(results, page),
            observed.FORMATS,
            observed.RUNG,
        ),
    ]


def _folds(results: ActionResults, page: Wording) -> list[str]:
    """Method and further tables, folded; what could change a decision stands above."""
    folded = []
    for name, said, table, formats, rung in _fold_parts(results, page):
        if len(table):
            body = block(
                page.say(f"action.lead_{name}"),
                said + _table(table, name, formats, results, page),
                page.lang,
                rung=rung,
            )
            hint = (
                page.say("action.rows_one") if len(table) == 1 else page.say("action.rows", rows=len(table))
            )
            folded.append(fold(page.say(f"action.fold_{name}"), hint, body))
    method = "".join(note(page.say(f"action.method_{name}")) for name in ("intervals", "money", "limits"))
    folded.append(fold(page.say("action.fold_method"), "", method))
    return folded


def _table(table: pd.DataFrame, name: str, formats: Formats, results: ActionResults, page: Wording) -> str:
    if table.empty:
        return ""
    labels = {str(column): page.say(f"action.column_{column}") for column in table if column != "suppressed"}
    look = TableLook(page.lang, results.currency, results.min_cell, labels, formats)
    return list_table(table, f"action-{name}", look)


def _claims(lines: list[str], rung: str) -> str:
    return "".join(claim(line, rung) for line in lines)


def kicker(results: ActionResults, name: str, page: Wording) -> str:
    """Line above the title: programme, tests, days that they cover."""
    tests = fairness.campaign_tests(results)
    if tests.empty:
        return name
    actions = tests["action"].nunique()
    waves = tests["campaign_id"].nunique()
    return f"{name} · {page.say('action.kicker', actions=actions, waves=waves)}"
