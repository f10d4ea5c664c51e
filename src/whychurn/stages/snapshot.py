"""Stage `snapshot`: what a table of one row per customer can tell."""

from __future__ import annotations

import logging

from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.fit_records import write_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import SNAPSHOT
from whychurn.snapshot.results import no_snapshot, snapshot_results

log = logging.getLogger(__name__)


def run(study: StudyPaths, params: Params) -> None:
    """Read intake's snapshot, write its results; a study with a history has none, and says so."""
    told = read_json(study.interim / "intake.json")["tables"].get(SNAPSHOT)
    if told is None:
        results = no_snapshot()
    else:
        frame = read_table(study.interim / f"{SNAPSHOT}.parquet")
        results = snapshot_results(frame, told["columns"].get("tenure"), params)
        log.info("snapshot: %d customers, %d left", results.facts["customers"], results.facts["left"])
    for name, table in results.tables.items():
        write_table(table, study.results / f"{name}.parquet")
    write_json(results.facts, study.results / "snapshot.json")
    write_fits(study, SNAPSHOT, results.fits)
