"""One world scored by hand: errors, coverage, skill and names against figures worked out beside the code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from yardstick_rows import (
    Attributed,
    PlantedEvents,
    interval_measures,
    naming_measures,
    planted_events,
    share_measures,
    world_rows,
)

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.score.ground_truth import GroundTruth
from whychurn.score.method_answers import PROBABILITIES, MethodAnswer
from whychurn.score.yardstick.measured import COLUMNS, MEASURES, ONE_SIXTH, OURS

TRUE = np.array([0.4, 0.3, 0.2, 0.1, 0.0, 0.0])
PLANTED = PlantedEvents(
    pd.DataFrame(), np.tile(TRUE, (4, 1)), TRUE, np.array([0.2, 0.1, 0.1, 0.05, 0.0, 0.0])
)


def estimates(share: list[float], half: float) -> pd.DataFrame:
    table = pd.DataFrame({"share": share}, index=list(CAUSES))
    return table.assign(low=table["share"] - half, high=table["share"] + half)


def test_errors_coverage_and_width_of_shares() -> None:
    found = share_measures(estimates([0.30, 0.32, 0.2, 0.1, 0.05, 0.03], 0.04), PLANTED)
    assert found["share_error_largest"] == pytest.approx(0.10)
    assert found["share_error_mean"] == pytest.approx((0.10 + 0.02 + 0 + 0 + 0.05 + 0.03) / 6)
    assert found["error_product_service"] == pytest.approx(-0.10) and found["error_price"] == pytest.approx(
        0.02
    )
    assert found["share_covered"] == pytest.approx(4 / 6), "of six, the first and the fifth miss"
    assert found["share_width"] == pytest.approx(0.08)
    assert found["null_share"] == pytest.approx(0.05) and found["null_low"] == pytest.approx(0.01)
    assert np.isnan(found["avoidable_error_largest"]) and np.isnan(found["avoidable_covered"])


def test_measures_are_of_the_intervals_that_there_are() -> None:
    true, value = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.35, np.nan])
    found = interval_measures(
        value, value - np.array([0.2, 0.01, 0.1]), value + np.array([0.2, np.nan, 0.1]), true
    )
    assert found == pytest.approx({"error_largest": 0.1, "error_mean": 0.075, "covered": 1.0, "width": 0.4})


def test_a_share_that_is_not_told_has_no_error() -> None:
    table = estimates([0.45, np.nan, np.nan, np.nan, np.nan, np.nan], 0.04)
    found = share_measures(table, PLANTED)
    assert found["share_error_largest"] == pytest.approx(0.05) and found["share_covered"] == 0
    untold = share_measures(table.iloc[:0], PLANTED)
    assert np.isnan(untold["share_error_largest"]) and np.isnan(untold["error_price"])


def test_avoidable_churn_has_columns_of_its_own() -> None:
    table = estimates([1 / 6] * 6, 0.0).assign(avoidable_share=0.1, avoidable_low=0.0, avoidable_high=0.15)
    found = share_measures(table, PLANTED)
    assert found["avoidable_error_largest"] == pytest.approx(0.1)
    assert found["avoidable_covered"] == pytest.approx(5 / 6) and found["avoidable_width"] == pytest.approx(
        0.15
    )


def test_names_are_right_where_they_are_the_cause_for_which_members_left() -> None:
    causes = pd.Series([CAUSES[0], CAUSES[0], "hidden"])
    happened = replace(PLANTED, events=pd.DataFrame({"cause": causes})).happened
    assert happened.tolist() == [[1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0] * 6]
    p = np.full((3, 6), 0.04)
    p[0, 0] = p[1, 1] = 0.8
    found = naming_measures(MethodAnswer(p, np.array([0, 1, -1])), happened)
    assert found == {"named": pytest.approx(2 / 3), "right": pytest.approx(0.5), "said": pytest.approx(0.8)}
    nobody = naming_measures(MethodAnswer(p, np.full(3, -1)), happened)
    assert nobody["named"] == 0 and np.isnan(nobody["right"])


def world(sure: float, n: int = 120) -> tuple[Attributed, GroundTruth]:
    """Members who left for the first two causes in turn; ours gives `sure` to the true one."""
    ids = pd.Series([f"m{at:03d}" for at in range(n)], dtype="string")
    day, truth = pd.Timestamp("2025-01-01"), np.arange(n) % 2
    q = np.zeros((n, 6))
    q[np.arange(n), truth] = 1.0
    causes = pd.DataFrame(q, columns=PROBABILITIES).assign(
        member_id=ids, spell=1, status="churned", decided_on=day, left_on=day, cause=np.array(CAUSES)[truth]
    )
    without = pd.DataFrame(
        {"member_id": ids, "p_churn": 0.5} | {f"p_without_{cause}": 0.5 for cause in CAUSES}
    )
    p = np.zeros((n, 6))
    p[np.arange(n), truth], p[np.arange(n), 1 - truth] = sure, 1 - sure
    members = pd.DataFrame(p, columns=PROBABILITIES).assign(
        member_id=ids, spell_no=1, status="churned", anchor_on=day, primary_cause=causes["cause"]
    )
    shares = pd.DataFrame({"cause": CAUSES, "share": p.mean(axis=0), "low": 0.0, "high": 1.0})
    survey = members.assign(method="survey", **dict(zip(PROBABILITIES, [0.5, 0.5, 0, 0, 0, 0], strict=True)))
    checks = pd.DataFrame({"check": ["a", "b", "b"], "flagged": [False, True, True]})
    evidence = members[["member_id", "spell_no", "status"]].assign(x_none=np.arange(n) % 7)
    found = Attributed(shares, members, survey, shares.assign(method="survey"), evidence, checks)
    return found, GroundTruth(causes, without)


def test_rows_of_a_world_hold_one_method_each(params: Params) -> None:
    found, truth = world(0.9)
    planted = planted_events(found.attributions, truth)
    assert planted.share == pytest.approx([0.5, 0.5, 0, 0, 0, 0]) and planted.avoidable == pytest.approx(
        np.zeros(6)
    )
    table = world_rows({"world": "w"}, found, planted, params).set_index("method")
    assert table.index.to_list() == [OURS, "survey", ONE_SIXTH] and {*table} <= {*COLUMNS}
    assert {*MEASURES} - {*table} == {"seconds"}, "time is taken where the stage runs"
    ours, survey = table.loc[OURS], table.loc["survey"]
    assert survey["skill_oracle"] == pytest.approx(0, abs=1e-6), "it says the true shares of everybody"
    # log loss of .9 against .5, of certainty against .5, floors aside
    assert ours["skill_oracle"] == pytest.approx(1 - np.log(0.9) / np.log(0.5), abs=0.01)
    assert ours["claim"] == pytest.approx(np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1), abs=0.02)
    assert ours["right"] == 1 and ours["said"] == pytest.approx(0.9) and survey["claim"] == pytest.approx(0)
    assert ours["alarms"] == "b" and survey["alarms"] == ""
    assert table.loc[ONE_SIXTH, "share_error_largest"] == pytest.approx(1 / 3)
