"""Lining up and scoring a handful of leavings, each figure worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import CEILING, MAJORITY, ORACLE, PRIOR
from whychurn.contract.params import Params
from whychurn.score.baselines import baseline_probabilities
from whychurn.score.method_answers import MethodAnswer
from whychurn.score.out_of_scope import at_risk_scores, hidden_scores
from whychurn.score.probability_metrics import event_metrics
from whychurn.score.results import calibrated, calibration_scores, empty_scorecard
from whychurn.score.share_errors import COLUMNS, all_share_scores, of_known, planted_shares, score_table
from whychurn.score.upper_bound_classifier import drawn_rows, fit_logistic, fit_trees, mix_candidates

K = len(CAUSES)
P = [f"p_{cause}" for cause in CAUSES]
EVEN = np.full((4, K), 1 / K)
Y = np.array([0, 0, 1, 2])
SURE = MethodAnswer(np.eye(K)[Y], Y)


def test_baselines_say_the_shares_and_the_commonest() -> None:
    found = baseline_probabilities(Y, EVEN, None)
    assert set(found) == {MAJORITY, PRIOR, ORACLE} and found[PRIOR][3].tolist() == [0.5, 0.25, 0.25, 0, 0, 0]
    assert (found[MAJORITY] == np.eye(K)[0]).all() and found[ORACLE] is EVEN
    assert CEILING in baseline_probabilities(Y, EVEN, EVEN)


def test_a_statistic_is_of_what_is_known() -> None:
    assert of_known(np.array([np.nan, 1.0, 3.0]), np.mean) == 2
    assert np.isnan(of_known(np.full(2, np.nan), np.max))


def test_an_answer_of_some_rows() -> None:
    some = SURE.rows(Y == 0)
    assert some.p.shape == (2, K) and some.primary.tolist() == [0, 0]


def test_scores_of_one_that_is_right_and_one_that_cannot_tell(params: Params) -> None:
    silent = MethodAnswer(EVEN, np.full(4, -1))
    table = event_metrics({"sure": SURE, "silent": silent}, Y, np.eye(K)[Y], np.arange(4), params)
    found = table.set_index(["method", "measure"])["value"]
    assert found["silent", "log_loss"] == pytest.approx(np.log(K)) and found["sure", "log_loss"] < 0.1
    assert (
        found["sure", "accuracy"] == 1
        and found["silent", "abstained"] == 1
        and found["sure", "abstained"] == 0
    )
    assert found["silent", "brier"] == pytest.approx((5 / 6) ** 2 + 5 / 36)


def test_where_leavings_for_another_cause_went(params: Params) -> None:
    """One of four left for none of the six; the method gave it to the third cause."""
    hidden = np.array([False, False, False, True])
    answer = MethodAnswer(SURE.p, np.array([0, 0, -1, 2]))
    found = hidden_scores({"sure": answer}, hidden, params.score).set_index(["measure", "cause"])["value"]
    assert found["hidden_mass", CAUSES[2]] == pytest.approx(0.25, abs=0.01)
    assert found["hidden_abstained", "all"] == 0 and found["others_abstained", "all"] == pytest.approx(1 / 3)
    assert hidden_scores({"sure": answer}, np.zeros(4, bool), params.score).empty


def test_members_still_there_are_held_against_their_hazards(params: Params) -> None:
    keys = pd.DataFrame(
        {"member_id": ["a", "b"], "spell_no": 1, "status": "at_risk", "anchor_on": pd.Timestamp("2024-01-01")}
    )
    said = keys.assign(method="even", primary_cause="unknown", **dict.fromkeys(P, 1 / K))
    there = pd.DataFrame(np.eye(K)[[0, 3]], columns=P).assign(member_id=["a", "b"])
    found = at_risk_scores(said, there, params.score).set_index("method")["value"]
    assert found["even"] == pytest.approx(np.log(K)) and found["oracle"] < 0.1
    assert at_risk_scores(said, there.assign(member_id="x").iloc[:1], params.score).empty


def test_shares_against_what_was_planted() -> None:
    without = pd.DataFrame({"p_churn": [0.5, 0.5], **{f"p_without_{cause}": [0.5, 0.5] for cause in CAUSES}})
    without["p_without_price"] = [0.25, 0.5]
    planted = planted_shares(pd.Series(["price", "price", "natural", "elsewhere"]), without)
    assert planted["share"]["price"] == 0.5 and planted["share"].sum() == 0.75
    assert planted["avoidable"]["price"] == 0.25 and planted["avoidable"]["natural"] == 0
    shares = pd.DataFrame({"method": "m", "cause": CAUSES, "share": 1 / K, "low": 0.0, "high": 0.4})
    shares[["avoidable_share", "avoidable_low", "avoidable_high"]] = np.nan
    table = all_share_scores({"m": MethodAnswer(EVEN, Y)}, shares, planted).set_index(
        ["method", "measure", "cause"]
    )["value"]
    assert table["m", "share_error", "price"] == pytest.approx(1 / K - 0.5)
    assert table["m", "share_covered", "price"] == 0 and table["m", "share_covered", "natural"] == 1
    assert table["planted", "hidden_share", "all"] == pytest.approx(0.25)


def test_calibration_of_one_that_is_always_right(params: Params) -> None:
    table = calibration_scores(
        [calibrated("sure", SURE, Y, params), calibrated("even", MethodAnswer(EVEN, Y), Y, params)]
    )
    found = table.set_index(["method", "cause"])["value"]
    assert found["sure", "all"] < 0.01 and found["even", CAUSES[0]] == pytest.approx(0.5 - 1 / K)


def test_an_empty_card_has_its_columns() -> None:
    card = empty_scorecard()
    assert list(card.scores) == list(COLUMNS) and card.scores.empty and card.calibration.empty
    row = score_table([("m", "share", "price", 1, 0, 2)])
    assert row["value"].dtype == "float64" and row["method"].dtype == "string"


def test_rows_that_a_ceiling_learns_from_are_drawn_once_and_by_seed() -> None:
    chosen = np.arange(100) % 4 > 0
    assert np.array_equal(drawn_rows(chosen, 75, 1), np.flatnonzero(chosen))
    few, again, other = drawn_rows(chosen, 20, 1), drawn_rows(chosen, 20, 1), drawn_rows(chosen, 20, 2)
    assert np.array_equal(few, again) and not np.array_equal(few, other)
    assert len(np.unique(few)) == 20 and (np.diff(few) > 0).all() and chosen[few].all()


def test_ceilings_learn_a_cause_that_one_column_gives_away(params: Params) -> None:
    """Even of causes that nobody left for they say something: nothing."""
    y = np.repeat([0, 3], 60)
    x = np.column_stack([np.where(y == 3, 1.0, -1.0), np.zeros(120)])
    both = fit_logistic(x, y, np.array([[1.0, 0], [-1, np.nan]]), [0.01, 1.0])
    logistic = both[1.0]
    assert both[0.01][0, 3] < logistic[0, 3], "shrunk more"
    assert logistic[0, 3] > 0.9 and logistic[1, 0] > 0.9 and not logistic[:, [1, 2, 4, 5]].any()
    trees = fit_trees(x, y, np.array([[1.0, 0], [-1, 0]]), 2, params.score.ceiling, params.run.seed)
    assert set(trees) == set(params.score.ceiling.rounds) and trees[max(trees)].argmax(axis=1).tolist() == [
        3,
        0,
    ]


def test_the_mixture_is_chosen_by_the_other_folds(params: Params) -> None:
    """Trees are right on both folds, one logistic on none: the mixture of each fold leans on the trees."""
    y, fold = np.tile([0, 1], 20), np.repeat([0, 1], 20)
    right, wrong = np.eye(K)[y], np.eye(K)[1 - y]
    mixed = mix_candidates({("logistic", "1"): wrong, ("trees", "2"): right}, y, fold, params.score)
    most = max(params.score.ceiling.weights)
    assert (mixed[np.arange(40), y] > most - 0.05).all() and mixed.sum(axis=1) == pytest.approx(1)
