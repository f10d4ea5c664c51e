"""A small simulated study run by the stages, and the same programme through the front door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pandas as pd
import pytest
import yaml

import whychurn
from whychurn.api.causes import Attribution
from whychurn.api.risk import RiskModel
from whychurn.api.settings import settings
from whychurn.api.simulated import Simulated
from whychurn.api.study.opened import Study
from whychurn.api.tables import as_written
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.world.build import build_world

WORLD: dict[str, Any] = {"program": "shop", "members": 1000, "months": 15, "seed": 7, "interviews": 60}
SMALL: dict[str, Any] = {
    "voice": {"method": "kmeans", "stability_seeds": 1, "stability_orders": 1, "draws": 20},
    "survival": {"bootstrap": 20, "challenge": {"max_rounds": 60}},
    "risk": {"trials": 1, "bootstrap": 20, "backtest_cutoffs": 1, "max_rounds": 60, "interaction_rows": 50},
    "causes": {"methods": ["additive_hazard"], "resamples": 4},
    "score": {
        "bootstrap": 20,
        "ceiling": {"rounds": [30], "tree_depths": [2], "logistic_c": [0.03], "weights": [0.5]},
    },
}
STAGES = ("intake", "voice", "panel", "survival", "risk", "causes", "score")


@dataclass(frozen=True)
class Frames:
    """What notebooks make step by step, from the tables of the simulated programme."""

    world: Simulated
    said: pd.DataFrame
    panel: pd.DataFrame
    spells: pd.DataFrame
    params: Params


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study run by its stages in this process; ids are kept, so that its files are those of the frames."""
    root = tmp_path_factory.mktemp("front door") / "study"
    root.mkdir()
    own = {"world": WORLD, "privacy": {"pseudonymize": False}, **SMALL}
    (root / "params.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    paths = StudyPaths.at(root)
    params = load_params(paths)
    build_world(params.world, paths.root, paths.raw)
    for name in STAGES:
        import_module(f"whychurn.stages.{name}").run(paths, params)
    return whychurn.open(root)


@pytest.fixture(scope="session")
def frames() -> Frames:
    """The same programme, on frames alone."""
    world = whychurn.simulate(**WORLD)
    said = whychurn.read_texts(world.tables)
    panel = whychurn.panel(world.tables, texts=said)
    return Frames(world, said, panel, whychurn.spells(world.tables), settings(SMALL))


@pytest.fixture(scope="session")
def why(frames: Frames) -> Attribution:
    """The attribution of the programme."""
    return whychurn.attribute(
        frames.world.tables, panel=frames.panel, texts=frames.said, settings=frames.params.causes
    )


@pytest.fixture(scope="session")
def model(frames: Frames) -> RiskModel:
    """The risk model of the programme."""
    return whychurn.risk(frames.panel, trials=1, settings=frames.params.risk)


@pytest.fixture
def same() -> Callable[[pd.DataFrame, pd.DataFrame], None]:
    """Two frames hold the same values, to the last bit, whether written or not."""

    def check(mine: pd.DataFrame, file: pd.DataFrame) -> None:
        mine, file = (as_written(frame.reset_index(drop=True)) for frame in (mine, file))
        pd.testing.assert_frame_equal(mine, file, check_exact=True)

    return check
