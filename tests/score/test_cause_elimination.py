"""Removal of a cause beside what was planted: by hand, and with the true causes of a simulated shop."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.score.cause_elimination import COLUMNS, elimination_scores, planted_survival
from whychurn.survival.competing_risks.cause_elimination import eliminate_causes
from whychurn.survival.competing_risks.cumulative_incidence import CauseWeights
from whychurn.world.lives.simulated_lives import SimulatedLives, simulate_lives
from whychurn.world.setting.programme import load_programme
from whychurn.world.setting.scenario import Scenario
from whychurn.world.truth.churn_without import stay_without

PARAMS = load_params(StudyPaths(PROJECT), {"survival": {"bootstrap": 60}})


def said(gain: float, low: float, high: float, day: int = 14, **over: object) -> pd.DataFrame:
    row = {
        "cause": "price", "stratum_kind": "all", "stratum": "all", "measure": "share", "day": day, "observed": 0.5,
        "counterfactual": 0.5 + gain, "difference": gain, "low": low, "high": high, "difference_if_independent": 2 * gain,
    }  # fmt: skip
    return pd.DataFrame([row | over])


def counts() -> pd.DataFrame:
    """Two blocks; hazards of 0.3 and 0.1 in the two weeks, half of each without price; nobody in week 2."""
    rows = [
        ("none", 0, 6.0, 2.0), ("none", 0, 4.0, 1.0), ("none", 1, 5.0, 0.5), ("none", 3, 9.0, 9.0),
        ("price", 0, 10.0, 1.5), ("price", 1, 8.0, 0.4), ("price", 3, 9.0, 9.0),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["removed", "tenure_week", "present", "left"])


def test_planted_stays_by_hand() -> None:
    stays = planted_survival(counts())
    assert {name: len(curve) for name, curve in stays.items()} == {"none": 15, "price": 15}, "up to the gap"
    assert stays["none"][[0, 7, 14]] == pytest.approx(np.exp([0, -0.3, -0.4]))
    assert stays["price"][14] == pytest.approx(np.exp(-0.2))
    scores = elimination_scores({"stated": said(0.1, 0.0, 0.2), "attributed": said(0.1, 0.0, 0.12)}, counts())
    assert scores["planted_difference"].to_numpy() == pytest.approx(np.exp(-0.2) - np.exp(-0.4))
    assert scores["covered"].tolist() == [1.0, 0.0], "0.148 lies in the first interval only"
    assert scores["source"].tolist() == ["stated", "attributed"]
    days = elimination_scores({"stated": said(1.0, 0.0, 3.0, measure="days")}, counts()).iloc[0]
    assert days["planted_observed"] == pytest.approx(stays["none"][:14].sum())


def test_nothing_is_said_beyond_the_planted_days_or_without_planted_stays() -> None:
    for table in (
        elimination_scores({"stated": said(0.1, 0.0, 0.2, day=15)}, counts()),
        elimination_scores({"stated": said(0.1, 0.0, 0.2, stratum_kind="region")}, counts()),
        elimination_scores({"stated": said(0.1, 0.0, 0.2)}, None),
        elimination_scores({}, counts()),
    ):
        assert table.empty and list(table.columns) == COLUMNS


def first_stays(lives: SimulatedLives, days: int) -> tuple[pd.DataFrame, CauseWeights]:
    """Stays as a company that knew every decision and its true causes would see them."""
    members, exits = lives.members, lives.exits
    churned = exits.decided < days
    rows = pd.DataFrame({"member_id": members.ids, "spell_no": 1, "entry": np.maximum(-members.joined, 0)})
    rows["exit"] = np.where(churned, exits.decided, days - 1) - members.joined + 1
    causes = lives.leavers[lives.leavers["spell"] == 1]
    weights = causes.assign(member_id=members.ids[causes["position"]], spell_no=1)
    stays = rows.assign(event=churned, stratum="all")
    return stays[stays["exit"] > stays["entry"]].reset_index(drop=True), CauseWeights.of(weights)


def test_with_the_true_causes_the_gains_are_the_planted_ones_and_the_naive_ones_are_not() -> None:
    params = load_params(StudyPaths(PROJECT)).world.model_copy(
        update={"members": 9000, "months": 24, "starts_on": dt.date(2024, 1, 1), "seed": 5}
    )
    scenario = Scenario.of(params, load_programme("shop"))
    lives = simulate_lives(scenario, 0, np.arange(params.members) + 1)
    stays, weights = first_stays(lives, scenario.clock.days)
    found = elimination_scores(
        {"planted": eliminate_causes({"all": stays}, weights, PARAMS, 10)},
        stay_without(scenario, lives),
    )
    early, late = (found[(found["measure"] == "share") & (found["day"] == day)] for day in (90, 730))
    assert late["cause"].tolist() == list(CAUSES)
    for rows in (early, late):
        assert rows["observed"].iloc[0] == pytest.approx(rows["planted_observed"].iloc[0], abs=0.02)
        assert np.abs(rows["difference"] - rows["planted_difference"]).max() < 0.012
    assert early["covered"].sum() >= 4
    gain, naive = (
        late[name].sum() / late["planted_difference"].sum()
        for name in ("difference", "difference_if_independent")
    )
    assert 1.0 < gain < 1.12, (
        "some leave faster from all causes: whom one takes, another would have taken sooner"
    )
    assert naive > 1.3
