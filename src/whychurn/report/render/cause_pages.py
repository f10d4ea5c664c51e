"""The pages `why` and `sure`, written from result tables as the index is; no notebook runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.page.wording import Wording
from whychurn.report.render.index_page import unanswered_lines
from whychurn.report.render.layout import page_names, write_sections
from whychurn.report.sure.body import sure_body, sure_title
from whychurn.report.why.body import why_body, why_kicker, why_title
from whychurn.report.why.results import read_why


def write_cause_pages(study: StudyPaths, params: Params, frames: dict[str, dict[str, Any]]) -> list[Path]:
    """Write ``reports/<language>/why.html`` and ``sure.html``; a study without a history has neither."""
    if "why" not in page_names(study):
        return []
    results = read_why(study, params)
    written = []
    for lang, frame in frames.items():
        page = Wording(lang, params.study.currency, params.privacy.min_cell)
        over = page.say("sure.over", study=frame["study"])
        why = {"kicker": why_kicker(results, frame["study"], page), "body": why_body(results, page)}
        sure = {"kicker": over, "body": sure_body(results, unanswered_lines(study, lang), page)}
        written += [
            write_sections(study, frame, "why", why_title(results, page), **why),
            write_sections(study, frame, "sure", sure_title(results, page), **sure),
        ]
    return written
