"""A method that cannot tell says so: nothing is shared out evenly where there is no evidence."""

from __future__ import annotations

from typing import Any

import pytest

import whychurn
from whychurn.api.tables import Tables
from whychurn.contract.causes import CAUSES

pytestmark = pytest.mark.xdist_group("api")
P = [f"p_{cause}" for cause in CAUSES]


@pytest.fixture(scope="module")
def silent(frames: Any) -> Tables:
    """The programme without texts and surveys."""
    kept = {name: frames.world.tables[name] for name in ("members", "orders")}
    return whychurn.load(kept)


@pytest.mark.parametrize(
    "method",
    [
        "additive_hazard",
        "survey",
        "keyword",
        "survey_classifier",
        "corrected_classifier",
        "majority_vote",
        "dawid_skene",
    ],
)
def test_shares_without_any_evidence_are_null(silent: Tables, frames: Any, method: str) -> None:
    bare = {
        "members": silent["members"][["member_id", "joined_on"]],
        "orders": silent["orders"][["order_id", "member_id", "ordered_at", "amount"]],
    }
    found = whychurn.attribute(whychurn.load(bare), method=method, settings=frames.params.causes)
    shares = found.shares.set_index("cause")["share"]
    assert shares[[*CAUSES]].isna().all() and shares["unknown"] == 1
    assert found.avoidable.drop(columns="cause").isna().all(axis=None)
    assert found.members[P].isna().all(axis=None) and found.members["primary_cause"].eq("unknown").all()
    assert found.limitations["key"].iloc[0] == "no_evidence"
    assert found.shares.set_index("cause").loc["unknown", "named_share"] == 1


def test_leavings_of_unknown_cause_stay_unknown_in_the_incidence(silent: Tables, frames: Any) -> None:
    found = whychurn.attribute(silent, method="survey", settings=frames.params.causes)
    incidence = whychurn.cumulative_incidence(whychurn.spells(silent), found.members, bootstrap=2)
    last = incidence[incidence["day"] == incidence["day"].max()].set_index("cause")["estimate"]
    assert last["unknown"] > 0 and (last.drop("unknown") == 0).all()


def test_a_survey_alone_is_enough_to_speak(frames: Any) -> None:
    kept = {name: frames.world.tables[name] for name in ("members", "orders", "surveys")}
    found = whychurn.attribute(whychurn.load(kept), method="survey", settings=frames.params.causes)
    assert found.shares["share"].sum() == pytest.approx(1)
    assert "no_evidence" not in set(found.limitations["key"])


def test_a_cox_regression_without_leavers_says_why(frames: Any) -> None:
    few = frames.spells.head(30)
    few.attrs = frames.spells.attrs
    found = whychurn.hazard_ratios(frames.panel, few)
    assert found.table.empty and found.limitations == [
        "too few members left for a model of what goes along with shorter stays"
    ]
