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
from whychurn.report.index.sentences import headline, over_line, rate_line
from whychurn.report.page.components.blocks import claim, claims
from whychurn.report.page.html_pieces import inline
from whychurn.report.page.missing_leavers import missing_leavers_line
from whychurn.report.page.unanswered_questions import missing_words, question_words
from whychurn.report.page.wording import Wording
from whychurn.report.render.layout import chooser_html, page_names, sections_html


def write_index(study: StudyPaths, params: Params, frames: dict[str, dict[str, Any]]) -> list[Path]:
    """Write ``reports/<language>/index.html`` and ``reports/index.html``; returns them."""
    results = read_index(study, params)
    written = {}
    for lang, frame in frames.items():
        page = Wording(lang, params.study.currency, params.privacy.min_cell)
        clauses = headline(results, rung_of(results.causes), page) or [page.say("delivery.index_title")]
        content = {
            "title": page.say("delivery.index_title"),
            "clauses": [inline(clause) for clause in clauses],
            "kicker": over_line(results, frame["study"], page),
            "body": index_body(
                results, frame, unanswered_lines(study, lang), "who" in page_names(study), page
            ),
        }
        written[study.reports / lang / "index.html"] = sections_html(frame, "index", **content)
    languages = [str(lang) for lang in params.report.languages]
    names = " · ".join(dict.fromkeys(params.study.name.values()))
    written[study.reports / "index.html"] = chooser_html(languages, names)
    for path, text in written.items():
        with write_whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return list(written)


def index_body(
    results: IndexResults, frame: dict[str, Any], unanswered: list[str], has_lists: bool, page: Wording
) -> str:
    """Blocks of the page in reading order, as HTML."""
    line = rate_line(results, page)
    lead = (
        claim(line, "described")
        if line
        else claims(results.said("how_many", page.lang), page.lang, badges=True)
    )
    act = [blocks.keep_block(results, page), blocks.month_block(results, page)] if has_lists else []
    beside = [blocks.changed_block(results, page)] if has_lists else []
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
        f"{blocks.ways_on(names, has_lists, page)}{blocks.unanswered_block(unanswered, page)}"
    )


def unanswered_lines(study: StudyPaths, lang: str) -> list[str]:
    """What is missing: leavers, if any are; then one line per question that the study's tables cannot answer."""
    path = study.interim / "intake.json"
    questions = read_json(path).get("questions", []) if path.exists() else []
    panel = study.processed / "panel.json"
    missing = missing_leavers_line(read_json(panel), lang) if panel.exists() else []
    return missing + [
        f"{question_words(entry['id'], lang)} {missing_words(entry, lang)}"
        for entry in questions
        if not entry["answerable"]
    ]
