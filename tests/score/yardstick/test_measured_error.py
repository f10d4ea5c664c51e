"""The error beyond the resamples, and the temperature, against ones that were put in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special
from yardstick_error import (
    best_temperature,
    error_table,
    measured_error,
    model_errors,
)
from yardstick_rows import PlantedEvents

from whychurn.causes.latent_cause.member_chances import tempered
from whychurn.contract.causes import CAUSES

RNG = np.random.default_rng(5)


def planted(share: np.ndarray) -> PlantedEvents:
    return PlantedEvents(pd.DataFrame(), np.zeros((0, 6)), share, share / 2)


def world(delta: float, sampling: float, answers: int) -> pd.DataFrame:
    """Shares off by `delta` and by chance, on the log-odds."""
    true = RNG.dirichlet(np.full(6, 20.0))
    off = RNG.normal(0, np.hypot(delta, sampling), (2, 6))
    shares = pd.DataFrame(
        {
            "cause": CAUSES,
            "share": special.expit(special.logit(true) + off[0]),
            "avoidable_share": special.expit(special.logit(true / 2) + off[1] / 2),
            "sampling_sd": sampling,
            "avoidable_sampling_sd": sampling / 2,
            "has_records": [True] * 4 + [False] * 2,
        }
    )
    return model_errors(shares, planted(true), answers)


def test_delta_is_what_resamples_do_not_explain() -> None:
    parts = [
        world(0.4, 0.3, answers).assign(world=str(at)) for at, answers in enumerate([50, 200, 900] * 150)
    ]
    found = error_table(pd.concat(parts))
    for answers in ("under_100", "to_300", "over_300"):
        assert found["shares"][answers]["with_records"] == pytest.approx(0.4, abs=0.06)
        assert found["avoidable"][answers]["without_records"] == pytest.approx(0.2, abs=0.05)


def test_few_values_take_the_figure_of_more() -> None:
    many = pd.concat([world(0.2, 0.0, 900) for _ in range(40)])
    found = error_table(pd.concat([many, world(2.0, 0.0, 50).iloc[:5]]))["shares"]
    assert (
        found["under_100"]["with_records"]
        == found["to_300"]["with_records"]
        != found["over_300"]["with_records"]
    )
    calm = error_table(pd.concat([world(0.0, 0.5, 900).assign(share_squared=0.0) for _ in range(12)]))
    assert calm["shares"]["over_300"]["with_records"] == 0, "never below zero"
    with pytest.raises(ValueError, match="fewer than"):
        error_table(world(0.1, 0.1, 50))


def test_fewer_answers_never_have_the_smaller_error() -> None:
    off, calm = (
        [world(delta, 0.3, answers) for _ in range(30)] for delta, answers in ((0.5, 900), (0.0, 50))
    )
    found = error_table(pd.concat([*off, *(one.assign(share_squared=0.0) for one in calm)]))["shares"]
    assert found["under_100"]["with_records"] == found["over_300"]["with_records"] > 0.4
    assert all(row["without_records"] >= row["with_records"] for row in found.values())


def test_a_cause_that_does_nothing_is_left_out_and_a_tenth_of_a_point_is_no_error() -> None:
    shares = pd.DataFrame({"cause": CAUSES, "share": [0.5, 0.3, 0.1, 0.09, 0.009, 0.001]}).assign(
        avoidable_share=0.001, sampling_sd=0.1, avoidable_sampling_sd=0.1, has_records=True
    )
    found = model_errors(shares, planted(np.array([0.5, 0.3, 0.1, 0.0981, 0.0019, 0.0])), 150)
    assert found["share_squared"].iloc[[0, 1, 2, 4]].to_list() == pytest.approx([0] * 4)
    assert np.isnan(found["share_squared"].iloc[5]) and set(found["answers"]) == {"to_300"}


def test_temperature_of_chances_that_are_too_sure() -> None:
    worlds = [RNG.dirichlet(np.full(6, 0.5), 1500) for _ in range(3)]
    sure = [special.softmax(np.log(np.clip(q, 1e-6, 1)) * 1.8, axis=1) for q in worlds]
    kept = [
        tempered(p, np.ones(len(p), bool), q.mean(axis=0), 1.0) for p, q in zip(sure, worlds, strict=True)
    ]
    assert best_temperature(list(zip(kept, worlds, strict=True))) == pytest.approx(1.8, abs=0.06)
    assert best_temperature([(q, q) for q in worlds]) == pytest.approx(1.0, abs=0.03)


def test_the_file_has_the_shape_that_the_model_reads() -> None:
    errors = pd.concat([world(0.3, 0.1, 400).assign(world=str(at)) for at in range(12)])
    q = RNG.dirichlet(np.ones(6), 50)
    found = measured_error(errors, [(q, q), (q[:10], q[:10])], 2.0)
    assert found["temperature"] == pytest.approx(2.0, abs=0.1), "as sure as is right at two"
    assert set(found) == {"worlds", "temperature", "shares", "avoidable"} and found["worlds"] == 12
    assert set(found["shares"]["to_300"]) == {"with_records", "without_records"}
