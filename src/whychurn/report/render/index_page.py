"""The index page: why members leave, what keeps them, how many, when, who is next, what it costs, how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from whychurn.contract.files import read_json, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.action.index_block import index_block
from whychurn.report.action.results import read_action
from whychurn.report.page.headlines import PLACES, place_of, read_headlines
from whychurn.report.page.html_pieces import badge, inline
from whychurn.report.page.missing_leavers import missing_leavers_line
from whychurn.report.page.unanswered_questions import missing_words, question_words
from whychurn.report.page.wording import Wording
from whychurn.report.render.layout import chooser_html, dated, landing_html, page_names
from whychurn.report.words import say

LINES: Final = 6  # headlines per place: the answer fits one screen


def write_index(study: StudyPaths, params: Params, frames: dict[str, dict[str, Any]]) -> list[Path]:
    """Write ``reports/<language>/index.html`` and ``reports/index.html``; returns them."""
    headlines = read_headlines(study)
    actions = _actions(study, params, list(frames))
    written = {
        study.reports / lang / "index.html": landing_html(
            frame,
            title=say("delivery.index_title", lang),
            lead=dated("delivery.index_lead", study, frame["study"], lang),
            tiles=[_tile(place, headlines, lang, actions.get((place, lang), "")) for place in PLACES],
            unanswered=[inline(line) for line in unanswered_lines(study, lang)],
        )
        for lang, frame in frames.items()
    }
    languages = [str(lang) for lang in params.report.languages]
    names = " · ".join(dict.fromkeys(params.study.name.values()))
    written[study.reports / "index.html"] = chooser_html(languages, names)
    for path, page in written.items():
        with write_whole(path) as temporary:
            temporary.write_text(page, encoding="utf-8")
    return list(written)


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


def _actions(study: StudyPaths, params: Params, languages: list[str]) -> dict[tuple[str, str], str]:
    """Intervals of actions, by place and language; a study without a history has no actions."""
    if "keep" not in page_names(study):
        return {}
    results = read_action(study, params)
    pages = {lang: Wording(lang, params.study.currency, params.privacy.min_cell) for lang in languages}
    return {("what_keeps", lang): index_block(results, page) for lang, page in pages.items()}


def _tile(place: str, headlines: dict[str, dict[str, Any]], lang: str, extra: str) -> dict[str, Any]:
    mine = [entry for key, entry in headlines.items() if place_of(key) == place and lang in entry["text"]]
    return {
        "place": place,
        "extra": extra,
        "question": say(f"delivery.place_{place}", lang),
        "none": say("delivery.place_none", lang),
        "lines": [
            {"html": inline(entry["text"][lang]), "badge": badge(entry["rung"], lang)}
            for entry in mine[:LINES]
        ],
    }
