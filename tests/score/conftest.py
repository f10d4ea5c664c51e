"""Parameters of scoring, small."""

from __future__ import annotations

import pytest

from whychurn.contract.params import ScoreParams, load_params
from whychurn.contract.paths import PROJECT, StudyPaths


@pytest.fixture(scope="session")
def score() -> ScoreParams:
    """Parameters of the project, with fewer resamples and candidates."""
    own = load_params(StudyPaths(PROJECT)).score
    ceiling = own.ceiling.model_copy(
        update={"rounds": [40, 80], "tree_depths": [2], "logistic_c": [0.03, 0.3]}
    )
    return own.model_copy(update={"bootstrap": 100, "ceiling": ceiling})
