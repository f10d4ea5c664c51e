"""Stage `delivery`: MLflow records the run, notebooks become reports, the summary is written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from whychurn.contract.paths import Study
from whychurn.contract.sections import Params
from whychurn.delivery.render import render_reports
from whychurn.delivery.summary import write_summary


def run(study: Study, params: Params) -> None:
    """Track the model of this run, render all reports, write the summary."""
    with ThreadPoolExecutor(
        1
    ) as side:  # pages are rendered by other processes and show nothing of the tracker
        tracked = side.submit(_track, study, params)
        render_reports(study, params)
        tracked.result()
    write_summary(study, params)


def _track(study: Study, params: Params) -> None:
    from whychurn.delivery.tracking import track  # slow to import: meanwhile pages are rendered

    track(study, params)
