"""Stage `report`: notebooks and results become pages in English and Chinese, and the summary."""

from __future__ import annotations

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.render.render_reports import render_reports
from whychurn.report.render.summary import write_summary


def run(study: StudyPaths, params: Params) -> None:
    """Render all reports, write the summary."""
    render_reports(study, params)
    write_summary(study, params)
