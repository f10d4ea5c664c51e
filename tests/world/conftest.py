"""Small worlds, simulated once for all tests of this folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import WorldParams
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.market import simulate_market
from whychurn.world.setting.mechanism import with_mechanism
from whychurn.world.setting.programme import load_programme
from whychurn.world.simulate import Block, Fate, draw_fate, simulate


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
        return next(simulate(params, load_programme(params.program)))

    return one


@pytest.fixture(scope="session")
def fates(world_params: Callable[..., WorldParams]) -> Callable[..., tuple[Fate, Clock]]:
    """Hazards and lives of a small world, by parameters."""

    @cache
    def one(block: int = 0, **over: object) -> tuple[Fate, Clock]:
        params = world_params(**over)
        programme = with_mechanism(load_programme(params.program), params.mechanism)
        clock = Clock.of(params.starts_on, params.months)
        market = simulate_market(programme, clock, params.seed)
        numbers = np.arange(params.members) + 1
        return draw_fate(params, programme, clock, market, block, numbers), clock

    return one


@pytest.fixture(scope="session")
def shop(blocks: Callable[..., Block]) -> Block:
    return blocks(members=2500)


@pytest.fixture(scope="session")
def spells(shop: Block) -> pd.DataFrame:
    """One row for each stay of a member: from, until (far in the future when still there)."""
    causes = shop.truth["member_causes"]
    left = causes.set_index(["member_id", "spell"])["left_on"].unstack()
    return left.reindex(shop.tables["members"]["member_id"])
