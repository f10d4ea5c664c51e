"""A cause is named of a member where the evidence speaks for it, not where it is likely for everybody."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.tables.attributions_and_shares import assign_primary_cause, min_posteriors
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import CausesParams, load_params
from whychurn.contract.paths import PROJECT, StudyPaths


@pytest.fixture(scope="module")
def params() -> CausesParams:
    return load_params(StudyPaths(PROJECT)).causes


def named(first: np.ndarray, params: CausesParams) -> pd.Series:
    """Names given where the first cause has these chances and the others share the rest."""
    p = np.concatenate([first[:, None], np.tile((1 - first)[:, None] / 5, (1, 5))], axis=1)
    return assign_primary_cause(pd.DataFrame({"status": ["churned"] * len(p)}), p, params.name_from)[
        "primary_cause"
    ]


def test_what_holds_for_all_is_named_of_nobody(params) -> None:
    assert (named(np.full(200, 0.7), params) == UNKNOWN).all()


def test_who_stands_out_is_named(params) -> None:
    found = named(np.r_[np.full(150, 0.6), np.full(50, 0.9)], params)
    assert (found[:150] == UNKNOWN).all() and (found[150:] == CAUSES[0]).all()


def test_a_rare_cause_is_named_from_the_floor_on(params) -> None:
    found = named(np.r_[np.full(190, 0.05), np.full(10, params.name_from + 0.01)], params)
    assert (found[190:] == CAUSES[0]).all()
    assert min_posteriors(np.zeros((0, 6)), params.name_from).tolist() == [params.name_from] * 6
