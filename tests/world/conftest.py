"""Small worlds, simulated once for all tests of this folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import WorldParams
from whychurn.world.lives.calibration import plan_scenario
from whychurn.world.lives.simulated_lives import SimulatedLives, simulate_lives
from whychurn.world.setting.programme import load_programme
from whychurn.world.setting.scenario import Scenario
from whychurn.world.simulate import Block, simulate


@pytest.fixture(scope="session")
def world_params() -> Callable[..., WorldParams]:
    def build(**over: object) -> WorldParams:
        values = {
            "program": "shop",
            "members": 1200,
            "months": 18,
            "starts_on": dt.date(2024, 1, 1),
            "seed": 11,
            "survey_answered": 0.4,
            "text_share": 0.5,
            "confounding": 0.5,
            "mechanism": "additive",
        }
        return WorldParams.model_validate(values | over)

    return build


@pytest.fixture(scope="session")
def blocks(world_params: Callable[..., WorldParams]) -> Callable[..., Block]:
    """First block of a small world, by parameters."""

    @cache
    def one(**over: object) -> Block:
        params = world_params(**over)
        return next(simulate(plan_scenario(params, load_programme(params.program))))

    return one


@pytest.fixture(scope="session")
def simulated(world_params: Callable[..., WorldParams]) -> Callable[..., tuple[SimulatedLives, Scenario]]:
    """Lives of a small world, by parameters."""

    @cache
    def one(block: int = 0, **over: object) -> tuple[SimulatedLives, Scenario]:
        params = world_params(**over)
        scenario = plan_scenario(params, load_programme(params.program))
        return simulate_lives(scenario, block, np.arange(params.members) + 1), scenario

    return one


@pytest.fixture(scope="session")
def shop(blocks: Callable[..., Block]) -> Block:
    return blocks(members=2500)


@pytest.fixture(scope="session")
def spells(shop: Block) -> pd.DataFrame:
    """Day of exit of each member (row) and spell (column), missing where there is none."""
    causes = shop.truth["member_causes"]
    left = causes.set_index(["member_id", "spell"])["left_on"].unstack()
    return left.reindex(shop.tables["members"]["member_id"])
