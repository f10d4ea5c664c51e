"""The distilled form of the attribution: it gives planted chances back, says how far it stays from them, and
fits the served model.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.served_cause_model import fit_surrogate
from whychurn.causes.tables.attributions_and_shares import P
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.delivery.registry.served_model import CauseChances
from whychurn.delivery.registry.served_request import column_values, read_value

FEATURES: list[dict[str, Any]] = [
    {"name": "returns_90d", "kind": "number", "categories": None},
    {"name": "price_rise", "kind": "number", "categories": None},
    {"name": "opted_out", "kind": "flag", "categories": None},
    {"name": "region", "kind": "category", "categories": ["east", "north"]},
    {"name": "constant", "kind": "number", "categories": None},
]


@pytest.fixture(scope="module")
def params() -> Params:
    return load_params(StudyPaths(PROJECT), {"causes": {"served": {"c": 1.0, "min_rows": 100}}})


def invent(rows: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Chances of the causes that depend on the panel, and the panel; an eighth of the price rises is unknown."""
    rng = np.random.default_rng(seed)
    panel = pd.DataFrame(
        {
            "returns_90d": rng.poisson(1.0, rows).astype(float),
            "price_rise": rng.uniform(0, 0.3, rows),
            "opted_out": rng.random(rows) < 0.3,
            "region": rng.choice(["east", "north"], rows),
            "constant": 1.0,
        }
    )
    score = np.zeros((rows, 6))
    score[:, 0] = panel["returns_90d"]
    score[:, 1] = 10 * panel["price_rise"]
    score[:, 2] = 2 * panel["opted_out"]
    score[:, 4] = 1.5 * panel["region"].eq("north")
    p = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    panel.loc[::8, "price_rise"] = np.nan
    members = pd.DataFrame(p, columns=P).assign(
        member_id=[f"m{n // 2}" for n in range(rows)],
        status=np.where(np.arange(rows) % 3, "churned", "at_risk"),
    )
    return members, panel


def answered(served: dict[str, Any], panel: pd.DataFrame) -> pd.DataFrame:
    """What the served model says of rows of the panel."""
    names = [feature["name"] for feature in FEATURES]
    numbers = [
        [read_value(feature)(value) for value in column_values(panel[feature["name"]])]
        for feature in FEATURES
    ]
    served = json.loads(json.dumps(served))
    causes = CauseChances(served, names)
    return pd.DataFrame(causes.answers(causes.chances(np.array(numbers, dtype="float32").T)))


def test_requests_get_the_planted_chances_back(params: Params) -> None:
    members, panel = invent(3000)
    served = fit_surrogate(members, panel, FEATURES, params)
    assert served is not None
    fresh, asked = invent(500, seed=1)
    known = asked["price_rise"].notna().to_numpy()
    p = answered(served, asked)[P].to_numpy()[known]
    assert np.abs(p - fresh[P].to_numpy()[known]).mean() < 0.02
    assert {term["feature"] for term in served["terms"]} == {
        "returns_90d",
        "price_rise",
        "opted_out",
        "region",
    }


def test_fidelity_is_measured_on_members_that_taught_nothing(params: Params) -> None:
    members, panel = invent(3000)
    served = fit_surrogate(members, panel, FEATURES, params)
    assert served is not None
    fit = served["fidelity"]
    assert 500 < fit["held_out"] < 1000 and fit["divergence"] < 0.3 * fit["divergence_of_mean"]
    fresh, asked = invent(4000, seed=2)
    apart = np.abs(answered(served, asked)[P].to_numpy() - fresh[P].to_numpy()).mean()
    assert fit["absolute_error"] == pytest.approx(apart, rel=0.15)


def test_chances_that_features_do_not_tell_are_said_to_be_no_better_than_the_mean(params: Params) -> None:
    members, panel = invent(3000)
    shuffled = panel.sample(frac=1, random_state=0).reset_index(drop=True)
    served = fit_surrogate(members, shuffled, FEATURES, params)
    assert served is not None
    assert served["fidelity"]["divergence"] > 0.97 * served["fidelity"]["divergence_of_mean"]


def test_a_cause_is_named_only_from_the_chance_on_that_the_report_uses(params: Params) -> None:
    members, panel = invent(2000)
    served = fit_surrogate(members, panel, FEATURES, params)
    assert served is not None and min(served["name_from"]) >= params.causes.name_from
    answer = answered(served, panel)
    unknown = answer["primary_cause"] == "unknown"
    p = answer[P].to_numpy()
    enough = p.max(axis=1) >= np.array(served["name_from"])[p.argmax(axis=1)]
    assert unknown.any() and (enough == ~unknown).all()


@pytest.mark.parametrize("rows", [0, 20, 99])
def test_too_few_members_teach_nothing(params: Params, rows: int) -> None:
    members, panel = invent(rows)
    assert fit_surrogate(members, panel, FEATURES, params) is None


def test_without_a_risk_model_there_is_nothing_to_serve(params: Params) -> None:
    assert fit_surrogate(*invent(500), [], params) is None


def test_members_without_a_row_of_the_panel_are_left_out_and_absent_causes_stay_possible(
    params: Params,
) -> None:
    members, panel = invent(1000)
    members[P] = np.eye(6)[np.arange(1000) % 2]  # two causes only, and beyond doubt
    panel = panel.astype(object)
    panel.iloc[:100] = None
    served = fit_surrogate(members, panel, FEATURES, params)
    assert served is not None and served["rows"] == 900
    p = answered(served, panel.iloc[100:].infer_objects())[P]
    assert (p > 0).all(axis=None) and (p.iloc[:, 2:] < 0.01).all(axis=None)


def test_the_same_members_give_the_same_file(params: Params) -> None:
    members, panel = invent(800)
    first, second = (fit_surrogate(members, panel, FEATURES, params) for _ in range(2))
    assert first == second
