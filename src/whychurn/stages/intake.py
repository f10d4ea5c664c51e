"""Raw tables in; checked, pseudonymous, redacted tables out, with the quarantine and the counts."""

from __future__ import annotations

import datetime as dt

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.build import build_interim


def run(study: StudyPaths, params: Params) -> None:
    """Read `intake.source`, write data/interim."""
    build_interim(study, params, dt.date.today())
