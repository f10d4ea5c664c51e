"""What the figures on stays and on risk are said to show, on made-up results: found, not found, too few."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from whychurn.report.causes.sentences.robustness import method_lines
from whychurn.report.page.wording import Wording
from whychurn.report.risk.sentences import profit_lines
from whychurn.report.survival.sentences.captions import captions
from whychurn.report.survival.sentences.curves import alike_lines
from whychurn.report.survival.sentences.forecasts import calibrated, evenness, spend_lines
from whychurn.report.survival.sentences.hazard_ratios import bend_lines, cause_lines, drift_lines
from whychurn.report.words.readable_names import definition_name

PAGE = Wording("en", "CNY", 10)
COX: dict[str, Any] = {
    "reason": None,
    "tested": 5,
    "significant": 1,
    "drifting": 0,
    "early_day": 84,
    "late_day": 970,
}
COX |= {"curves": ["price"], "curves_tried": 4}
LABELS = pd.DataFrame({"feature": ["price"], "label_en": ["Price rise"]})
NO_MODEL = {"cox": {"reason": "claim_cox_none"}}


def test_definitions_agree_where_all_their_intervals_meet() -> None:
    rows = [("a", "x", 1.0, 1.2), ("b", "x", 1.1, 1.3), ("a", "y", 1.0, 1.1), ("b", "y", 1.2, 1.3)]
    effects = pd.DataFrame(rows, columns=["definition", "term", "low", "high"]).assign(measure="hazard_ratio")
    assert "Under 2 churn definitions the intervals of 1 of 2" in alike_lines(effects, PAGE)[0]
    assert alike_lines(effects.iloc[:1], PAGE) == alike_lines(effects.iloc[:0], PAGE) == []


def test_the_ratio_of_a_cause_is_told_only_where_it_is_clear() -> None:
    rows = pd.DataFrame({"cause": ["price", "natural"], "label_en": ["Rise", "Moved"], "hazard_ratio": [1.2, 0.2],
                         "low": [1.1, 0.1], "high": [1.3, 0.4], "p_adjusted": [0.01, 0.01]})  # fmt: skip
    assert cause_lines(rows, 0.05, PAGE) == [
        "Furthest from one, for **life change**: Moved, hazard ratio 0.20 [0.10–0.40]"
    ]
    assert "stands out" in cause_lines(rows.assign(p_adjusted=0.5), 0.05, PAGE)[0]


def test_drift_and_bends_are_told_of_a_model_alone() -> None:
    assert "Of 5 hazard ratios, 1 change" in drift_lines({"cox": COX}, 1.25, PAGE)[0]
    assert "1 of 4 numbers bend" in bend_lines({"cox": COX}, LABELS, PAGE)[0]
    assert "None of 4 numbers" in bend_lines({"cox": COX | {"curves": []}}, LABELS, PAGE)[0]
    assert drift_lines(NO_MODEL, 1.25, PAGE) == bend_lines(NO_MODEL, LABELS, PAGE) == []


@pytest.mark.parametrize(("p", "word"), [(0.2, "evenly"), (0.001, "unevenly")])
def test_forecasts_are_told_where_they_were_tested(p: float, word: str) -> None:
    figures = {"expected_180": 0.12, "observed_180": 0.16, "ratio_180": 0.75}
    told = {name: {"estimate": value, "low": 0.7, "high": 0.8} for name, value in figures.items()}
    found = {"status": "ok", "ibs_days": 180, "chosen": "cox", "figures": told, "d_calibration_p": {"cox": p}}
    assert f"leave {word} over" in evenness({"challenge": found}, PAGE)[0]
    assert (
        "expected 12.0% to leave, 16.0% did (ratio 0.75, 0.70 to 0.80)"
        in calibrated({"challenge": found}, PAGE)[0]
    )
    untested = {"challenge": {"status": "too_few"}}
    assert evenness(untested, PAGE) == calibrated(untested, PAGE) == []


def test_spend_forecasts_are_told_where_they_were_held_out() -> None:
    held = {
        "better": "panel",
        "window_days": 180,
        "landmark_on": "2025-07-01",
        "mae": {"panel": 407, "bgnbd": 452},
    }
    assert "erred by ¥407 a member" in spend_lines({"lifetime": {"status": "ok", "holdout": held}}, PAGE)[0]
    assert spend_lines({"lifetime": {"status": "ok"}}, PAGE) == []


def test_profit_is_told_at_its_best_or_as_none() -> None:
    lift = pd.DataFrame({"model": "xgboost", "share": [0.1, 0.2, 0.3], "profit": [50.0, 120.0, -10.0]})
    assert "the first 20.0% by score would earn most: ¥120" in profit_lines(lift, PAGE)[0]
    assert "At no share" in profit_lines(lift.assign(profit=[-1.0, -2.0, -3.0]), PAGE)[0]
    assert profit_lines(lift.assign(profit=None), PAGE) == []


def test_methods_that_put_the_same_cause_first_are_counted() -> None:
    shares = {"ours": (0.6, 0.4), "one": (0.7, 0.3), "two": (0.2, 0.8)}
    rows = [
        (name, cause, share)
        for name, pair in shares.items()
        for cause, share in zip(("price", "natural"), pair, strict=True)
    ]
    methods = pd.DataFrame(rows, columns=["method", "cause", "share"])
    assert method_lines(methods, "ours", PAGE) == ["1 of 2 other methods put price first as well"]
    same = methods.assign(share=[0.9, 0.1] * 3)
    assert method_lines(same, "ours", PAGE) == ["All 2 other methods put price first as well"]
    assert method_lines(methods[methods["method"] == "ours"], "ours", PAGE) == []


def test_a_study_without_models_still_has_captions_for_what_it_draws() -> None:
    tables = {
        "survival_tests": pd.DataFrame(columns=["notable", "stratum", "ratio", "stratum_kind"]).astype(
            {"ratio": float}
        ),
        "survival_hazard": pd.DataFrame(columns=["day", "hazard", "churn_events"]),
        "hazard_ratios": pd.DataFrame(),
    }
    facts = {"overall": {"stay_365d": 0.7, "stay_365d_low": 0.68, "stay_365d_high": 0.72, "median_days": None},
             "differ": [], "alike": [], "kind": "inactivity", **NO_MODEL,
             "challenge": {"status": "too_few", "reason": {"en": "too few"}}, "lifetime": {"status": "too_few"}}  # fmt: skip
    told = captions(lambda name: tables.get(name, pd.DataFrame()), facts, 0.05, PAGE)
    assert "70.0%" in told["stay"][0] and told["forecast"] == ["too few"]
    assert told["curves"] == told["drift"] == told["sensitivity"] == [] and "incidence" not in told


def test_a_churn_definition_has_one_name_everywhere() -> None:
    assert definition_name("inactivity_90d", "en") == "90 days of silence"
    assert definition_name("terms_14d", "zh") == "到期 14 天内未续费"
