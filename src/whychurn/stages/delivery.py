"""Stage `delivery`: MLflow records the run, notebooks become reports, the summary is written."""

from __future__ import annotations

from whychurn.contract.paths import Study
from whychurn.contract.sections import Params
from whychurn.delivery.render import render_reports
from whychurn.delivery.summary import write_summary


def run(study: Study, params: Params) -> None:
    """Track the model of this run, render all reports, write the summary."""
    from whychurn.delivery.tracking import track  # slow to import

    track(study, params)
    render_reports(study, params)
    write_summary(study, params)
