"""Stage world: simulate the demo programme."""

from __future__ import annotations

from whychurn.contract.paths import Study
from whychurn.contract.sections import Params
from whychurn.world.build import build_world


def run(study: Study, params: Params) -> None:
    """Write the simulated programme's raw tables and, apart, its truth."""
    build_world(params.world, study.root, study.raw)
