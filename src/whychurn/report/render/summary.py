"""The findings of the first page as Markdown, for the page of the repository, and copies of the first pages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from whychurn.contract.files import write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.labels import prose
from whychurn.report.causes.sentences.shares import ranked, rung_of
from whychurn.report.index.blocks import sure_lines
from whychurn.report.index.changed import changed_lines, changed_title
from whychurn.report.index.picture import money_of
from whychurn.report.index.results import IndexResults, read_index
from whychurn.report.index.sentences import (
    HUNDRED,
    base_line,
    headline,
    per_100,
    picture_title,
    rate_line,
)
from whychurn.report.page.components.numbers import bracketed_plain, clauses_closed
from whychurn.report.page.wording import Wording
from whychurn.report.render.index_page import unanswered_lines
from whychurn.report.render.layout import dated
from whychurn.report.words import say

FILES: Final = {"en": "SUMMARY.md", "zh": "SUMMARY.zh-CN.md"}
EXAMPLES: Final = ("index", "why")  # pages that the repository keeps as they were rendered
_SAVED: Final = ("avoidable_share", "avoidable_low", "avoidable_high")
_LINK: Final = re.compile(r' href="([^"#?]+)[^"]*"')


def write_summary(study: StudyPaths, params: Params) -> list[Path]:
    """Write the summary in each language, with copies of the first pages, to ``reports/summary``; returns the Markdown files.

    Nothing in them depends on the day or the machine, so the same results give the same bytes.
    """
    folder = study.reports / "summary"
    shutil.rmtree(folder, ignore_errors=True)
    results, written = read_index(study, params), []
    for lang in (str(code) for code in params.report.languages):
        path = folder / FILES[lang]
        with write_whole(path) as temporary:
            temporary.write_text(summary_text(study, params, results, lang), encoding="utf-8")
        written.append(path)
        _keep_examples(study, folder / "pages", lang)
    return written


def summary_text(study: StudyPaths, params: Params, results: IndexResults, lang: str) -> str:
    """Markdown of the summary: what the blocks of the first page say."""
    page = Wording(lang, params.study.currency, params.privacy.min_cell)
    rung = rung_of(results.causes)
    name = params.study.name.get(lang) or next(iter(params.study.name.values()))
    other = next(code for code in FILES if code != lang)
    clauses = clauses_closed(headline(results, rung, page) or [page.say("delivery.index_title")])
    parts = [
        f"# {prose(clauses, lang)}",
        f"[{say('delivery.language_name', other)}]({FILES[other]})",
        dated("delivery.summary_lead", study, name, lang),
        *_lines([("described", rate_line(results, page))], page),
    ]
    if len(ranked(results.shares)):
        table = _causes(results, page)
        parts += [f"## {picture_title(results.shares, page)}", table]
        parts += _lines([(rung, base_line(results, page))], page)
    if kept := results.said("what_keeps", lang):
        parts += [f"## {page.say('delivery.place_what_keeps')}", *_lines(kept, page)]
    if changed := changed_lines(results, rung, page):
        parts += [f"## {changed_title(changed, page)}", *_lines([line[:2] for line in changed], page)]
    if sure := sure_lines(results, page):
        parts += [
            f"## {page.say('delivery.place_how_sure')}",
            *_lines([("described", line) for line in sure], page),
        ]
    if missing := unanswered_lines(study, lang):
        parts += [f"## {page.say('delivery.unanswered_title')}", "\n".join(f"- {line}" for line in missing)]
    parts += [f"## {page.say('delivery.rungs_title')}", page.say("delivery.summary_rungs")]
    return "\n\n".join([*parts, page.say("delivery.summary_more")]) + "\n"


def _lines(told: list[tuple[str, str]], page: Wording) -> list[str]:
    """Sentences with the word of their rung, as one list."""
    said = [f"- {text} _({page.say(f'delivery.rung_{rung}')})_" for rung, text in told if text]
    return ["\n".join(said)] if said else []


def _causes(results: IndexResults, page: Wording) -> str:
    """Table of the six causes, in numbers of 100 leavers."""
    heads = ["causes.column_cause", "index.key_" + rung_of(results.causes), "index.key_avoidable"]
    rows = [
        [
            page.say(f"causes.{row['cause']}"),
            _interval(row, ("share", "low", "high")),
            _interval(row, _SAVED),
            money_of(row, results, page),
        ]
        for row in ranked(results.shares).to_dict("records")
    ]
    cells = [[*map(page.say, heads), ""], ["---", "---:", "---:", "---"], *rows]
    return f"{page.say('index.of_100')}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _interval(row: Mapping[Any, Any], names: tuple[str, str, str]) -> str:
    value, low, high = (row[name] for name in names)
    if any(map(pd.isna, (value, low, high))):
        return "–"
    return f"{per_100(value)} {bracketed_plain(HUNDRED * low, HUNDRED * high)}"


def _keep_examples(study: StudyPaths, folder: Path, lang: str) -> None:
    """Copies of the first pages for the repository; links to pages that it does not keep become plain words."""

    def kept(link: re.Match[str]) -> str:
        name = link[1].removesuffix(".html")
        return f' href="{name}.{lang}.html"' if name in EXAMPLES else ""

    for name in EXAMPLES:
        page = study.reports / lang / f"{name}.html"
        if page.exists():
            with write_whole(folder / f"{name}.{lang}.html") as temporary:
                temporary.write_text(_LINK.sub(kept, page.read_text("utf-8")), encoding="utf-8")
