"""Parameters of scoring, small."""

from __future__ import annotations

import pytest

from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths


@pytest.fixture(scope="session")
def params() -> Params:
    """Parameters of the project, with fewer resamples and candidates."""
    ceiling = {"rounds": [40, 80], "tree_depths": [2], "logistic_c": [0.03, 0.3]}
    return load_params(StudyPaths(PROJECT), {"score": {"bootstrap": 100, "ceiling": ceiling}})
