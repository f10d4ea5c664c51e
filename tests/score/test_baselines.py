"""Methods that attribute causes, on a shop whose causes are known: the order and the bounds that a broken one
would leave.

Log loss over the leavings of 1 500 members in 24 months, measured on four seeds; seed 7 is the one that is
run here. An even answer has 1.79.

====  ======  ===========  =============  ===============  ======
seed  shares  dawid_skene  majority_vote  additive_hazard  oracle
====  ======  ===========  =============  ===============  ======
7      1.759        1.677          1.389            1.217   1.080
11     1.731        1.598          1.379            1.158   1.011
23     1.762        1.588          1.416            1.216   1.018
42     1.743        1.534          1.423            1.194   1.035
====  ======  ===========  =============  ===============  ======

The mean spread of a method's chances between leavers lies between 0.10 (keyword) and 0.25 (shap_family).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.files import read_json
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.score.event_matching import match_events
from whychurn.score.ground_truth import read_ground_truth
from whychurn.score.method_answers import attributed_events, cause_codes, method_answers, true_posterior
from whychurn.score.probability_metrics import floored, log_losses

pytestmark = pytest.mark.xdist_group("small_study")
BOUNDS = {"dawid_skene": 1.72, "majority_vote": 1.55, "additive_hazard": 1.30}
SPREAD = 0.05  # mean over causes of the standard deviation between leavers


@dataclass(frozen=True)
class Scored:
    """Posteriors by method and the simulator's own, (leavings, 6), and the drawn causes."""

    p: Mapping[str, np.ndarray]
    oracle: np.ndarray
    true: np.ndarray
    floor: float

    def log_loss(self, p: np.ndarray) -> float:
        return float(log_losses(floored(p, self.floor), self.true).mean())

    @property
    def shares(self) -> np.ndarray:
        """The true shares, for every leaver alike."""
        counts = np.bincount(self.true, minlength=len(CAUSES))
        return np.tile(counts / counts.sum(), (len(self.true), 1))


@pytest.fixture(scope="module")
def scored(small_study: Path) -> Scored:
    study = StudyPaths.at(small_study)
    params = load_params(study)
    found = pd.read_parquet(study.processed / "causes" / "attributions.parquet")
    planted = read_ground_truth(study, params).causes.query("status == 'churned'")
    rows = match_events(attributed_events(found), planted)
    rows = rows[rows["cause"].isin(CAUSES)].reset_index(drop=True)
    p = {method: answer.p for method, answer in method_answers(found, rows).items()}
    return Scored(p, true_posterior(rows), cause_codes(rows["cause"]), params.score.floor)


def check(scored: Scored, p: Mapping[str, np.ndarray]) -> None:
    """Posteriors `p` keep the bounds and the order, and differ between leavers."""
    loss = {method: scored.log_loss(chances) for method, chances in p.items()}
    for method, bound in BOUNDS.items():
        assert loss[method] < bound, f"{method}: log loss {loss[method]:.3f}"
    shares = scored.log_loss(scored.shares)
    assert scored.log_loss(scored.oracle) < loss["additive_hazard"] < loss["majority_vote"] < shares
    assert loss["dawid_skene"] < shares < np.log(len(CAUSES))
    for method, chances in p.items():
        assert chances.std(axis=0).mean() > SPREAD, f"{method} says the same of every leaver"


def test_methods_keep_their_order_and_bounds(scored: Scored) -> None:
    assert len(scored.true) > 300 and set(scored.p) >= {*BOUNDS, "survey", "keyword", "shap_family"}
    check(scored, scored.p)


@pytest.mark.parametrize("constant", ["even", "shares"])
def test_a_method_that_says_the_same_of_everybody_is_found_out(scored: Scored, constant: str) -> None:
    even = np.full_like(scored.shares, 1 / len(CAUSES))
    broken = even if constant == "even" else scored.shares
    for method in scored.p:
        with pytest.raises(AssertionError, match=method if method in BOUNDS else f"{method} says the same"):
            check(scored, {**scored.p, method: broken})


def test_posteriors_of_other_leavers_are_found_out(scored: Scored) -> None:
    order = np.random.default_rng(1).permutation(len(scored.true))
    for method in BOUNDS:
        with pytest.raises(AssertionError, match=f"{method}: log loss"):
            check(scored, {**scored.p, method: scored.p[method][order]})


def test_the_stage_writes_the_same_losses(scored: Scored, small_study: Path) -> None:
    written = read_json(small_study / "data" / "results" / "score.json")["methods"]
    for method, p in {**scored.p, "oracle": scored.oracle, "prior": scored.shares}.items():
        assert written[method]["log_loss"] == pytest.approx(scored.log_loss(p)), method
