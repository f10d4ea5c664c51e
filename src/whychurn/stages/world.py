"""Stage world: simulate the demo programme."""

from __future__ import annotations

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.world.build import build_world


def run(study: StudyPaths, params: Params) -> None:
    """Write the simulated programme's raw tables and, apart, its truth."""
    build_world(params.world, study.root, study.raw)
