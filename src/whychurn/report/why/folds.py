"""What stands behind the page `why`, folded: other counts, other methods, the method's own checks, what breaks it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from whychurn.report.causes.sentences import misspecification, robustness, shares
from whychurn.report.page.components.blocks import claim, fold, note, see
from whychurn.report.page.components.list_table import list_table
from whychurn.report.page.html_table import TableLook
from whychurn.report.page.wording import Wording
from whychurn.report.why.results import NOTEBOOK, WhyResults
from whychurn.report.words import has_words
from whychurn.score.yardstick.measured import load_yardstick

LIMITS = ("action", "member", "even", "outside")


def table_of(
    frame: pd.DataFrame,
    name: str,
    results: WhyResults,
    page: Wording,
    formats: Mapping[str, str] = shares.FORMATS,
) -> str:
    """`frame` as a table with the headings of the notebooks; empty where there are no rows."""
    keys = {str(column): f"causes.column_{column}" for column in frame}
    labels = {column: page.say(key) for column, key in keys.items() if has_words(key)}
    look = TableLook(page.lang, results.index.currency, results.min_cell, labels, formats)
    return list_table(frame, f"why-{name}", look) if len(frame) else ""


def folds(results: WhyResults, page: Wording) -> list[str]:
    """Folded sections; each says how much is inside."""
    return [
        part
        for part in (
            _counts(results, page),
            _methods(results, page),
            _checks(results, page),
            _breaks(results, page),
            _limits(page),
        )
        if part
    ]


def _counts(results: WhyResults, page: Wording) -> str:
    table = results.tables["cause_sensitivity"]
    if table.empty:
        return ""
    first = robustness.leader(table, robustness.MAIN)
    others = [name for name in table["analysis"].unique() if name != robustness.MAIN]
    same = sum(robustness.leader(table, name) == first for name in others)
    cause = page.say(f"causes.{first}") if first else page.say("causes.unknown")
    hint = page.say("why.hint_counts", variants=len(others), same=same, cause=cause)
    body = note(page.say("why.counts_note")) + table_of(
        robustness.stability_table(table, page).drop(columns="rank_agreement"), "counts", results, page
    )
    return fold(page.say("why.fold_counts"), hint, body + see(f"{NOTEBOOK}#holds", page.say("why.see_holds")))


def _methods(results: WhyResults, page: Wording) -> str:
    table = results.tables["cause_methods"]
    table = table[table["share"].notna()]
    if table.empty:
        return ""
    hint = page.say("why.hint_methods", methods=table["method"].nunique())
    body = table_of(robustness.method_table(table, page), "methods", results, page)
    return fold(
        page.say("why.fold_methods"), hint, body + see(f"{NOTEBOOK}#holds", page.say("why.see_holds"))
    )


def _checks(results: WhyResults, page: Wording) -> str:
    checks = results.tables["cause_diagnostics"]
    if checks.empty:
        return ""
    flagged = checks.loc[checks["flagged"].astype(bool), "check"].nunique()
    body = "".join(claim(line, "described") for line in robustness.diagnostic_lines(checks, page))
    body += table_of(robustness.diagnostic_table(checks, page), "checks", results, page)
    return fold(
        page.say("why.fold_checks"),
        page.say("why.hint_checks" if flagged else "why.hint_quiet", checks=len(checks), flagged=flagged),
        body,
    )


def _breaks(results: WhyResults, page: Wording) -> str:
    rows = load_yardstick()
    found = misspecification.by_mechanism(rows)
    if found.empty:
        return ""
    body = "".join(claim(line, "described") for line in misspecification.mechanism_lines(rows, page))
    table = misspecification.mechanism_table(found, page)
    body += table_of(table, "breaks", results, page, misspecification.FORMATS)
    return fold(page.say("why.fold_breaks"), page.say("why.hint_breaks", mechanisms=len(found)), body)


def _limits(page: Wording) -> str:
    lines = "".join(note(page.say(f"why.limit_{name}")) for name in LIMITS)
    return fold(page.say("why.fold_limits"), page.say("why.hint_limits", lines=len(LIMITS)), lines)
