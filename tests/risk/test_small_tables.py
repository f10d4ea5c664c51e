"""Tables of explanation and baselines of risk, on two features and a few rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from whychurn.contract.codes import RISK_MODELS
from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import Feature
from whychurn.risk.evaluation.cross_validation import flat_features
from whychurn.risk.evaluation.holdout import lift_curve
from whychurn.risk.explanation.archetypes import cluster_members, family_name
from whychurn.risk.explanation.reasons import value_format
from whychurn.risk.explanation.shap_values import (
    Explained,
    beeswarm_points,
    dependence,
    group_importance,
    strongest_interactions,
)
from whychurn.risk.facts import without_model
from whychurn.risk.member_scores import already_gone, no_scores
from whychurn.risk.model.baselines import fit_baselines, logistic_regression, recency_rule
from whychurn.risk.model.boosting import predict_interactions, predict_raw
from whychurn.risk.model.member_sample import sample_members
from whychurn.risk.model.training import NoModelError
from whychurn.risk.saved_model import NO_MODEL, remove_model


def feature(
    name: str, kind: str = "number", family: str = "spend", cause: str | None = None, unit: str = ""
) -> Feature:
    categories = ("app", "web") if kind == "category" else None
    return Feature(name, kind, family, cause, unit, 0, name, name, categories)


FEATURES = [
    feature("days_since_last_order", family="activity", cause="engagement"),
    feature("spend", cause="price"),
]


@pytest.fixture
def explained() -> Explained:
    X = np.array([[1.0, 10], [2, 20], [3, 30], [4, 40]], dtype="float32")
    contributions = np.array([[0.2, -1.0], [0.2, 1.0], [-0.2, 1.0], [-0.2, -1.0]])
    return Explained(FEATURES, X, contributions, 0.1)


def test_importance_of_families_and_causes(explained: Explained) -> None:
    table = group_importance(explained).set_index(["grouping", "group"])
    assert table.loc[("family", "spend"), "importance"] == pytest.approx(1)
    assert table.loc[("cause", "engagement"), "share"] == pytest.approx(0.2 / 1.2)
    together = Explained(
        [FEATURES[0], feature("x", family="activity")], explained.X, explained.contributions, 0
    )
    both = group_importance(together).set_index(["grouping", "group"])
    assert both.loc[("family", "activity"), "importance"] == pytest.approx((0.8 + 1.2 + 0.8 + 1.2) / 4), "sums, not sizes"  # fmt: skip


def test_points_tell_ranks_not_values(explained: Explained, params: Params) -> None:
    points = beeswarm_points(explained, pd.DataFrame({"feature": ["spend"]}), params)
    assert sorted(points["value_rank"]) == [0.25, 0.5, 0.75, 1.0] and set(points["contribution"]) == {
        -1.0,
        1.0,
    }


def test_dependence_is_shown_by_bins_of_the_value() -> None:
    """The contribution rises with the value, so it rises from bin to bin; categories have no such line."""
    value = np.arange(200, dtype="float32")[:, None]
    mixed = Explained(
        [feature("x"), feature("c", "category")],
        np.hstack([value, value]),
        np.hstack([value, value]) / 100,
        0,
    )
    table = dependence(mixed, pd.DataFrame({"feature": ["c", "x"]}))
    assert set(table["feature"]) == {"x"} and table["rows"].sum() == 200
    assert table["contribution"].is_monotonic_increasing and (table["low"] <= table["high"]).all()


def test_interactions_are_found_where_they_are() -> None:
    """Both raise the risk only together."""
    rng = np.random.default_rng(1)
    X = rng.random((400, 2)).astype("float32")
    together, alone = (X > 0.5).all(axis=1), X[:, 0] > 0.5
    names = [one.name for one in FEATURES]
    both, single = (
        xgb.train({"max_depth": 2, "objective": "binary:logistic"}, xgb.DMatrix(X, y, feature_names=names), 5)
        for y in (together, alone)
    )
    sample = Explained(FEATURES, X, np.zeros((400, 2)), 0)
    pairs = strongest_interactions(both, sample, rows=100)
    assert pairs["strength"].iloc[0] > 0.1 and pairs["rows"].iloc[0] == 100
    assert strongest_interactions(single, sample, 100).empty
    parts = predict_interactions(both, X[:5])
    margin = np.log(predict_raw(both, X[:5]) / (1 - predict_raw(both, X[:5])))
    assert parts.shape == (5, 3, 3) and parts.sum(axis=(1, 2)) == pytest.approx(margin, abs=1e-4)


def test_recency_rule_by_hand() -> None:
    score = recency_rule(FEATURES, 90)
    assert score(np.array([[0.0, 1], [90, 1], [270, 1], [np.nan, 1]])).tolist() == [0, 0.5, 0.75, 1]
    assert recency_rule([feature("spend")], 90)(np.zeros((2, 1))).tolist() == [0.5, 0.5]


def test_baselines_rank_what_they_can_see(params: Params) -> None:
    rng = np.random.default_rng(2)
    X = np.column_stack([rng.uniform(0, 100, 300), rng.random(300)])
    y = (X[:, 0] > 50).astype(float)
    scorers = fit_baselines(X, y, FEATURES, 90, params).scorers
    assert (np.ptp(scorers["prior"](X)), scorers["prior"](X)[0]) == (0, 0.5)
    for name in ("logistic", "tree", "recency"):
        p = scorers[name](X)
        assert p[y == 1].mean() > p[y == 0].mean() + 0.2, name
    gaps = X.copy()
    gaps[::7, 1] = np.nan
    assert np.isfinite(logistic_regression(FEATURES, params).fit(gaps, y).predict_proba(gaps)).all()


def test_lift_of_a_perfect_and_of_an_upside_down_forecast(params: Params) -> None:
    """Ten of a hundred leave: the perfect one has them all in the first tenth."""
    y = np.repeat([1.0, 0.0], [10, 90])
    test = pd.DataFrame(
        {
            "y": y,
            "stake": 1.0,
            "member_id": np.arange(100),
            **{f"p_{name}": 0.5 - np.arange(100) / 300 for name in RISK_MODELS},
        }
    )
    test["p_prior"] = np.arange(100) / 300
    table = lift_curve(test, params).set_index(["model", "share"])
    best, worst = table.loc["xgboost"], table.loc["prior"]
    assert best["gain"].iloc[10] == pytest.approx(1) and best["lift"].iloc[10] == pytest.approx(10)
    assert worst["gain"].iloc[10] == 0 and worst["gain"].iloc[-1] == 1 and np.isnan(best["lift"].iloc[0])


def test_groups_of_members_at_high_risk(params: Params) -> None:
    """Two kinds of reasons make two groups; too few at risk make none."""
    scores = pd.DataFrame({"member_id": [f"m{i}" for i in range(40)], "p_churn": 0.9, "value_at_risk": 1.0})
    contributions = np.repeat([[2.0, 0.0], [0.0, 2.0]], [25, 15], axis=0)
    groups, members = cluster_members(scores, contributions.__getitem__, FEATURES, params)
    assert groups["members"].tolist() == [25, 15] and members["archetype"].value_counts().tolist() == [25, 15]
    assert cluster_members(scores.assign(p_churn=0.0), contributions.__getitem__, FEATURES, params)[0].empty


def test_values_and_families_read_well() -> None:
    assert value_format(feature("x", unit="share"))["scale"] == 100
    days = value_format(feature("x", unit="days"))
    assert days["decimals"] == 0 and days["en"].format(value=3) == "3 days"
    assert family_name("price", "zh") != "price" and family_name("own_thing", "en") == "own thing"


def test_members_are_sampled_whole() -> None:
    members = pd.Series(np.repeat([f"m{i}" for i in range(200)], 5))
    mask = sample_members(members, 300, seed=3)
    assert 150 < mask.sum() < 450 and all(len(set(part)) == 1 for part in mask.reshape(200, 5))
    assert sample_members(members, 1000, seed=3).all()


def test_columns_of_a_flat_table() -> None:
    number, text = flat_features(pd.DataFrame({"n": [1, 2], "t": ["b", "a"]}))
    assert number.categories is None and text.categories == ("a", "b")


def test_without_a_model_the_tables_say_why(tmp_path: Path) -> None:
    facts, tables = without_model(
        NoModelError("no_rows", horizon=90), already_gone(pd.DataFrame({"as_of": []}), False, Params())
    )
    assert facts["status"] == "no_model" and "90" in facts["reason"]["zh"] and facts["cause"] == "no_rows"
    assert "90" in tables["risk_metrics"]["note"].iloc[0] and list(tables["risk_scores"]) == list(no_scores())
    (tmp_path / "model.ubj").write_bytes(b"old")
    remove_model(tmp_path, {"reason": "no_rows"})
    assert [file.name for file in tmp_path.iterdir()] == [NO_MODEL]
