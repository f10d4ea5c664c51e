"""Measures of agreement against independent implementations and hand-computed cases."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

from whychurn.voice.causes.classification_agreement import agreement, keyword_cause


@pytest.mark.parametrize("seed", range(5))
def test_measures_are_those_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.choice(["a", "b", "c"], 200, p=[0.6, 0.3, 0.1])
    said = np.where(rng.random(200) < 0.6, true, rng.choice(["a", "b", "none"], 200))
    found = agreement(true, said, 200, 0.95, seed)
    assert np.isclose(found["accuracy"], accuracy_score(true, said))
    assert np.isclose(found["kappa"], cohen_kappa_score(true, said))
    assert np.isclose(
        found["macro_f1"], f1_score(true, said, labels=["a", "b", "c"], average="macro", zero_division=0)
    )
    assert found["kappa_low"] < found["kappa"] < found["kappa_high"]


def test_intervals_cover_the_truth() -> None:
    """Two raters with a known kappa, 300 times: a 90 % interval covers it about nine times in ten."""
    rng, covered = np.random.default_rng(0), 0
    for n in range(300):
        true = rng.choice(["a", "b"], 150)
        said = np.where(rng.random(150) < 0.5, true, rng.choice(["a", "b"], 150))  # kappa 0.5 by construction
        found = agreement(true, said, 200, 0.9, n)
        covered += found["kappa_low"] <= 0.5 <= found["kappa_high"]
    assert 0.84 <= covered / 300 <= 0.95


def test_extremes() -> None:
    same = agreement(["a", "b", "a"], ["a", "b", "a"], 50, 0.95, 0)
    assert same["kappa"] == same["macro_f1"] == same["accuracy"] == 1
    nothing = agreement([], [], 50, 0.95, 0)
    assert nothing["n"] == 0 and np.isnan(nothing["kappa"])
    flat = agreement(["a", "a"], ["a", "a"], 50, 0.95, 0)
    assert np.isnan(flat["kappa"]) and flat["accuracy"] == 1


def test_keyword_count_is_a_plain_count() -> None:
    said = keyword_cause(["price price refund", "not expensive", "hello", "积分"])
    assert said.tolist() == ["price", "price", "none", "engagement"]  # a count cannot hear "not"
    assert keyword_cause(["x y y"], {"one": ["x"], "two": ["y"]}).tolist() == ["two"]
