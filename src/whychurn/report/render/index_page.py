"""The index page: what was found, the causes, what keeps members, whom to act on, what changed, how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whychurn.contract.files import read_json, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.causes.sentences.shares import rung_of
from whychurn.report.index import blocks
from whychurn.report.index.results import IndexResults, read_index
from whychurn.report.index.sentences import customers_headline, headline, over_line, rate_line
from whychurn.report.page.components.blocks import claim, claims
from whychurn.report.page.missing_leavers import missing_leavers_line
from whychurn.report.page.study_results import read_facts
from whychurn.report.page.unanswered_questions import missing_words, question_words
from whychurn.report.page.wording import Wording
from whychurn.report.render.layout import chooser_html, page_names, write_sections
from whychurn.report.words import say


def write_index(study: StudyPaths, params: Params, frames: dict[str, dict[str, Any]]) -> list[Path]:
    """Write ``reports/<language>/index.html`` and ``reports/index.html``; returns them."""
    results = read_index(study, params)
    written = []
    whole = "sure" in page_names(study)
    customers = {} if whole else read_facts(study, "snapshot")
    for lang, frame in frames.items():
        page = Wording(lang, params.study.currency, params.privacy.min_cell)
        found = headline(results, rung_of(results.causes), page) or customers_headline(customers, page)
        clauses = found or [page.say("delivery.index_title")]
        over = over_line(results, frame["study"], page)
        body = index_body(results, frame, unanswered_lines(study, lang), whole, page)
        written.append(write_sections(study, frame, "index", clauses, kicker=over, body=body))
    chooser = study.reports / "index.html"
    names = " · ".join(dict.fromkeys(params.study.name.values()))
    with write_whole(chooser) as temporary:
        text = chooser_html([str(lang) for lang in params.report.languages], names)
        temporary.write_text(text, encoding="utf-8")
    return [*written, chooser]


def index_body(
    results: IndexResults, frame: dict[str, Any], unanswered: list[str], whole: bool, page: Wording
) -> str:
    """Blocks of the page in reading order, as HTML; `whole` where the study has all pages for reviewers."""
    line = rate_line(results, page)
    lead = (
        claim(line, "described")
        if line
        else claims(results.said("how_many", page.lang), page.lang, badges=True)
    )
    act = [blocks.keep_block(results, page)] if whole else []
    act.append(blocks.month_block(results, page))
    beside = [blocks.changed_block(results, page)] if whole else []
    beside.append(blocks.sure_block(results, page))
    names = [(entry["name"], entry["title"]) for entry in frame["reports"]]
    grid = "".join(
        f'<div class="{part}">{"".join(inside)}</div>'
        for part, inside in (
            ("ix-why", [blocks.why_block(results, page)]),
            ("ix-act", act),
            ("ix-sure", beside),
        )
        if inside
    )
    return (
        f'<div class="ix-lead">{lead}</div><div class="ix">{grid}</div>'
        f"{blocks.ways_on(names, len(unanswered) if whole else None, page)}"
        f"{'' if whole else blocks.unanswered_block(unanswered, page)}"
    )


def unanswered_lines(study: StudyPaths, lang: str) -> list[str]:
    """What is missing: leavers, if any are; then one line per question that the study's tables cannot answer."""
    path = study.interim / "intake.json"
    questions = read_json(path).get("questions", []) if path.exists() else []
    panel = study.processed / "panel.json"
    missing = missing_leavers_line(read_json(panel), lang) if panel.exists() else []
    return missing + [
        say(
            "delivery.unanswered",
            lang,
            question=question_words(entry["id"], lang),
            missing=missing_words(entry, lang),
        )
        for entry in questions
        if not entry["answerable"]
    ]
