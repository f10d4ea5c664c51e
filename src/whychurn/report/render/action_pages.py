"""The pages on actions, written from result tables as the index is; no notebook runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.action.keep import keep_body, keep_title, kicker
from whychurn.report.action.results import read_action
from whychurn.report.action.who import listed, who_body, who_kicker, who_title
from whychurn.report.page.wording import Wording
from whychurn.report.render.layout import page_names, write_sections
from whychurn.report.render.member_pages import card_places, write_member_pages


def write_action_pages(study: StudyPaths, params: Params, frames: dict[str, dict[str, Any]]) -> list[Path]:
    """Write ``keep.html``, ``who.html`` and the cards of listed members for each language; a study without a history has neither."""
    if "keep" not in page_names(study):
        return []
    results = read_action(study, params)
    members = listed(results)
    written = write_member_pages(study, params, results, members, frames)
    cards = card_places(list(members))
    for lang, frame in frames.items():
        page = Wording(lang, params.study.currency, params.privacy.min_cell)
        name = frame["study"]
        pages = {
            "keep": (keep_title(results, page), kicker(results, name, page), keep_body(results, page)),
            "who": (
                who_title(results, page),
                who_kicker(results, name, page),
                who_body(results, page, cards),
            ),
        }
        written += [
            write_sections(study, frame, file, clauses, kicker=above, body=body)
            for file, (clauses, above, body) in pages.items()
        ]
    return written
