"""Blocks of the first page; one that cannot be filled says which tables it needs and what it would show."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

import pandas as pd

from whychurn.contract.causes import CAUSES, RUNGS
from whychurn.contract.codes import RISK_MODEL
from whychurn.report.action.index_block import keep_lines, list_lines
from whychurn.report.action.sentences.effects import weakest_rung
from whychurn.report.causes.sentences.accuracy import kind_of_study, measured_worlds
from whychurn.report.causes.sentences.shares import from_words, ranked, rung_of
from whychurn.report.index.changed import LINES, changed_lines, changed_title
from whychurn.report.index.picture import picture
from whychurn.report.index.results import IndexResults
from whychurn.report.index.sentences import HUNDRED, base_line, per_100, picture_title
from whychurn.report.page.components.blocks import block, bullets, claim, claims, fold, missing_block
from whychurn.report.page.components.numbers import bracketed_plain, plain
from whychurn.report.page.wording import Wording

NEAR: Final = 0.2  # the chance at which calibration is told


def why_block(results: IndexResults, page: Wording) -> str:
    """Six causes by what could have been avoided."""
    rung = rung_of(results.causes)
    if ranked(results.shares).empty:
        return _instead("why", results, page)
    body = picture(results, rung, page) + claim(base_line(results, page), "described", muted=True)
    return block(picture_title(results.shares, page), body, page.lang, rung=rung, ident="why")


def keep_block(results: IndexResults, page: Wording) -> str:
    """Best actions and any that does harm, about zero."""
    found = keep_lines(results.action, page)
    if found is None:
        return _instead("what_keeps", results, page)
    title, rung, body = found
    link = f'<p><a href="keep.html">{escape(page.say("action.index_keep"))}</a></p>'
    return block(title, body + link, page.lang, rung=rung, ident="what_keeps")


def month_block(results: IndexResults, page: Wording) -> str:
    """Lists of this month: members, what to do, chance to leave; each a link that sets the filter."""
    body = list_lines(results.action, page)
    if not body:
        return _instead("who_next", results, page)
    return block(page.say("index.title_month"), body, page.lang, rung="associated", ident="who_next")


def changed_block(results: IndexResults, page: Wording) -> str:
    """What changed since last month; no clear change is an answer."""
    lines = changed_lines(results, rung_of(results.causes), page)
    if not lines:
        return _instead("changed", results, page)
    body = claims([(rung, text) for rung, text, _ in lines], page.lang)
    rung = weakest_rung(pd.Series([rung for rung, _, _ in lines]))
    return block(changed_title(lines, page), body, page.lang, rung=rung, ident="changed")


def sure_block(results: IndexResults, page: Wording) -> str:
    """How often named causes are right, chances hold and intervals cover, as numbers of 100."""
    lines = sure_lines(results, page)
    if not lines:
        return _instead("how_sure", results, page)
    body = "".join(claim(line, "described") for line in lines)
    return block(page.say("index.title_sure"), body, page.lang, rung="described", ident="how_sure")


def sure_lines(results: IndexResults, page: Wording) -> list[str]:
    """How often named causes are right, intervals cover, and chances hold."""
    return [*_causes_held(results, page), *_chances_held(results.calibration, page)]


def ways_on(names: Sequence[tuple[str, str]], gaps: int | None, page: Wording) -> str:
    """Three ways on: in ten minutes, to act, to check.

    Parameters
    ----------
    names
        Notebooks' pages and their titles.
    gaps
        Questions that the data cannot answer; None where there are no pages for reviewers but this one.
    """
    links = [f'<a href="{name}.html">{title}</a>' for name, title in names]
    ladder = " → ".join(page.say(f"delivery.rung_{rung}") for rung in RUNGS)
    rungs = f'<a href="#rungs">{escape(ladder)}</a>'
    ways = {"check": [*links, rungs]}
    if gaps is not None:
        own = {name: page.say(f"delivery.nav_{name}") for name in ("why", "keep", "who")}
        own |= {"sure": page.say("delivery.nav_sure")}
        pages = {name: f'<a href="{name}.html">{escape(text)}</a>' for name, text in own.items()}
        open_ones = page.say("index.gaps_one" if gaps == 1 else "index.gaps", count=gaps)
        missing = f'<a href="sure.html#unanswered">{escape(open_ones)}</a>' if gaps else ""
        ways = {
            "read": [pages["why"], pages["keep"]],
            "act": [pages["who"]],
            "check": [pages["sure"], missing, rungs],
        }
    drawn = "".join(
        f"<div><b>{escape(page.say(f'index.way_{way}'))}</b><p>{' · '.join(filter(None, parts))}</p></div>"
        for way, parts in ways.items()
    )
    return f'<nav class="ways" id="reports" aria-label="{escape(page.say("index.ways"))}">{drawn}</nav>'


def unanswered_block(lines: Sequence[str], page: Wording) -> str:
    """Questions that these data cannot answer, folded; how many stands open."""
    if not lines:
        return ""
    title = page.say("delivery.unanswered_title")
    return f'<section id="unanswered">{fold(title, str(len(lines)), bullets(lines))}</section>'


def _instead(place: str, results: IndexResults, page: Wording) -> str:
    """What notebooks said of `place`; else which tables are needed."""
    said = results.said(place, page.lang)
    title = page.say(f"delivery.place_{place}")
    if said:
        rungs = {rung for rung, _ in said[:LINES]}
        body = claims(said[:LINES], page.lang, badges=len(rungs) > 1)
        return block(title, body, page.lang, rung=rungs.pop() if len(rungs) == 1 else None, ident=place)
    return missing_block(title, page.say(f"index.needs_{place}"), page.say(f"index.shows_{place}"), page.lang)


def _causes_held(results: IndexResults, page: Wording) -> list[str]:
    if ranked(results.shares).empty or not from_words(results.causes):
        return []
    rows = measured_worlds(kind_of_study(results.causes))
    if rows.empty:
        return []
    words: dict[str, str] = {}
    for name in ("named", "right"):
        found = rows[name].dropna()
        between = bracketed_plain(HUNDRED * found.min(), HUNDRED * found.max())
        words |= {name: per_100(found.mean()), f"{name}_between": between}
    intervals = len(CAUSES) * len(rows)
    held = plain(len(CAUSES) * rows["share_covered"].sum())
    return [
        page.say("index.sure_causes", worlds=len(rows), **words),
        page.say("index.sure_shares", intervals=plain(intervals), held=held),
    ]


def chance_bins(calibration: pd.DataFrame) -> pd.DataFrame:
    """Bins of `risk_calibration` of the model whose chances the lists carry, with their intervals."""
    rows = calibration[calibration["model"].eq(RISK_MODEL)]
    return rows.dropna(subset=["p_mean", "rate", "low", "high"])


def _chances_held(calibration: pd.DataFrame, page: Wording) -> list[str]:
    rows = chance_bins(calibration)
    if rows.empty:
        return []
    row = rows.assign(apart=(rows["p_mean"] - NEAR).abs()).nsmallest(1, "apart").to_dict("records")[0]
    between = bracketed_plain(HUNDRED * row["low"], HUNDRED * row["high"])
    words = {"chance": per_100(row["p_mean"]), "left": per_100(row["rate"]), "between": between}
    return [page.say("index.sure_chances", **words)]
