"""Stage `delivery`: MLflow records the models and what was measured of them."""

from __future__ import annotations

from whychurn.contract.files import write_json
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.store_file import store_errors
from whychurn.delivery.tracking.pipeline_runs import run_contents, track


def run(study: StudyPaths, params: Params) -> None:
    """Track this run; ``delivery.json`` says by which content each run is found in MLflow."""
    with store_errors(study):
        track(study, params)
    write_json(run_contents(study, params), study.processed / "delivery.json")
