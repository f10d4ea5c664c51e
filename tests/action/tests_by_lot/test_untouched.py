"""Chance to leave untouched: planted risks are found from members held out, never from treated ones."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import special

from whychurn.action.tests_by_lot.known_at_draw import SINCE, decision_features, snapshot_features
from whychurn.action.tests_by_lot.untouched import (
    FOLDS,
    Untouched,
    fit_from_panel,
    fit_untouched,
    member_fold,
)


def planted(n: int, seed: int = 3, effect: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Rows half treated, a feature that carries risk, one that does not; true chances."""
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=(2, n))
    p = special.expit(-1.8 + x)
    treated = rng.random(n) < 0.5
    members = pd.Index([f"m{k % (n // 2)}" for k in range(n)], name="member_id")
    rows = pd.DataFrame(
        {"member_id": members, "campaign_id": np.where(rng.random(n) < 0.5, "c1", "c2"), "randomized": True,
         "action": np.where(treated, "coupon", "control"),
         "left": pd.array((rng.random(n) < np.where(treated, p * (1 - effect), p)).astype(int), dtype="Int8")}
    )  # fmt: skip
    return rows, pd.DataFrame({"x": x, "noise": noise, "same": 1.0}, index=members), p


def test_planted_risk_is_found_and_constant_features_are_left_out() -> None:
    rows, features, p = planted(6000, effect=0.9)
    found: Untouched = fit_untouched(rows, features)
    assert found.model != "rate" and found.columns == ("x", "noise") and found.source == "control"
    chance = found.chance(features)
    assert np.corrcoef(special.logit(chance), special.logit(p))[0, 1] > 0.95
    assert chance.mean() == pytest.approx(
        p.mean(), rel=0.08
    )  # treated rows, who left far less, taught nothing
    assert found.log_loss[found.model] < found.log_loss["rate"]
    assert found.decision(features.head(5)) == pytest.approx(found.chance(features.head(5)), rel=0.5)
    assert len(found.decision(features.iloc[:0])) == 0


def test_no_member_is_predicted_by_a_model_that_he_or_she_taught() -> None:
    rows, features, _ = planted(3000)
    first = fit_untouched(rows, features)
    changed, fold = rows.copy(), member_fold(features.index)
    here = (fold == 2) & (np.arange(len(fold)) % 10 == 0)
    changed.loc[here, "left"] = 1 - changed.loc[here, "left"]  # what these members did is turned round
    assert fit_untouched(changed, features).folds[2](
        features.loc[here, list(first.columns)].to_numpy()
    ) == pytest.approx(first.folds[2](features.loc[here, list(first.columns)].to_numpy()))


def test_folds_hang_on_the_member_alone() -> None:
    members = pd.Index([f"m{k}" for k in range(1000)])
    fold = member_fold(members)
    assert set(fold) == set(range(FOLDS)) and np.bincount(fold).min() > 150
    assert (member_fold(members[::-1])[::-1] == fold).all()


def test_a_campaign_with_another_level_gets_its_own_intercept() -> None:
    rows, features, p = planted(8000)
    rng = np.random.default_rng(1)
    second = (rows["campaign_id"] == "c2").to_numpy()
    rows.loc[second, "left"] = (
        rng.random(second.sum()) < special.expit(special.logit(p[second]) + 0.8)
    ).astype("int8")
    found = fit_untouched(rows, features)
    at = found.at_draw(rows, features)
    held_out = (rows["action"] == "control").to_numpy()
    for campaign in (second, ~second):
        here = campaign & held_out
        assert at[here].mean() == pytest.approx(rows.loc[here, "left"].astype(float).mean(), rel=0.02)
    stranger = rows.head(3).assign(campaign_id="c9")
    assert found.at_draw(stranger, features.head(3)) == pytest.approx(found.chance(features.head(3)))


def test_few_leavers_give_one_rate_and_none_a_small_one() -> None:
    rows, features, _ = planted(400)
    rows["left"] = pd.array([1 if k < 20 else 0 for k in range(400)], dtype="Int8")
    found = fit_untouched(rows, features, min_leavers=30)
    assert found.model == "rate" and np.unique(found.decision(features)).size == 1
    nobody = fit_untouched(rows.assign(action="coupon"), features)
    assert nobody.model == "rate" and nobody.leavers == 0 and 0 < nobody.decision(features)[0] < 0.5


def test_the_same_seed_gives_the_same_chances() -> None:
    rows, features, _ = planted(2000)
    assert (
        fit_untouched(rows, features).chance(features) == fit_untouched(rows, features).chance(features)
    ).all()


def test_features_are_those_of_the_last_snapshot(programme: SimpleNamespace) -> None:
    inputs = programme.inputs({"a": [0], "b": [0]}, programme.empty("touches"))
    inputs.panel.loc[inputs.panel["member_id"] == "b", "region"] = "south"
    rows = pd.DataFrame(
        {"member_id": ["b", "a", "x"], "snapshot_on": pd.to_datetime(["2024-03-01", "2024-04-01", "2024-04-01"]),
         "sent_on": pd.to_datetime(["2024-03-11", "2024-04-01", "2024-04-05"])}
    )  # fmt: skip
    found = snapshot_features(inputs, rows)
    assert list(found.index) == ["b", "a", "x"] and found[SINCE].tolist() == [10, 0, 4]
    assert found["orders_90d"].tolist()[:2] == [1.0, 0.0] and np.isnan(found["orders_90d"].iloc[2])
    assert found[["region=north", "region=south"]].to_numpy().tolist() == [[0, 1], [1, 0], [0, 0]]
    today = decision_features(inputs)
    assert list(today.index) == ["a", "b"] and list(today.columns) == list(found.columns)


def test_without_tests_members_as_they_were_teach(programme: SimpleNamespace) -> None:
    members = [f"m{k}" for k in range(400)]
    inputs = programme.inputs({one: [0] for one in members}, programme.empty("touches"))
    risky = inputs.panel["orders_90d"] < 200
    late = inputs.panel["as_of"] > pd.Timestamp("2025-01-01")
    lot = np.random.default_rng(5).random(len(risky))
    inputs.panel["churned_in_horizon"] = pd.array(lot < np.where(risky, 0.4, 0.05), dtype="boolean")
    inputs.panel.loc[late, "churned_in_horizon"] = pd.NA
    found = fit_from_panel(inputs)
    today = decision_features(inputs)
    chance, at_risk = found.decision(today), (today["orders_90d"] < 200).to_numpy()
    assert found.source == "panel" and found.model != "rate"
    assert chance[at_risk].mean() > 4 * chance[~at_risk].mean()
