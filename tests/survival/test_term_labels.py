"""Names of the terms of Cox regression in both languages, and how columns become terms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from whychurn.survival.hazard_ratios.covariates import Covariate, Term, as_numbers
from whychurn.survival.hazard_ratios.cox_model import named_terms, spline_columns, start_stop, stratum_keys
from whychurn.survival.hazard_ratios.term_labels import amount, feature_label, step_text, term_label

RISE = Covariate(
    "price_rise", "number", 0.1, False, "share", "price", "Price rise", "涨价幅度", 0.0, True, 0.2
)
REGION = Covariate(
    "region", "category", 1, False, "", None, "Region", "地区", 0, False, 0, ("north", "south", "other")
)


def test_a_step_is_said_in_its_unit() -> None:
    assert step_text(RISE, "en") == "10 points" and step_text(RISE, "zh") == "10 个百分点"
    assert step_text(replace(RISE, unit="days", step=30), "zh") == "30 天"
    assert step_text(replace(RISE, unit="", step=1500), "en") == "1,500"
    assert step_text(replace(RISE, unit="", step=52, standardised=True), "en") == "standard deviation (52)"
    assert amount(0.034, RISE, "en") == "3.4%" and amount(12.3, replace(RISE, unit=""), "en") == "12"


def test_a_term_says_what_is_compared_with_what() -> None:
    number, unknown = RISE.terms()
    assert term_label(number, RISE, "en") == "Price rise, per 10 points"
    assert term_label(unknown, RISE, "zh") == "涨价幅度：未知"
    south, other = REGION.terms()
    assert term_label(south, REGION, "en") == "Region: south against north"
    assert term_label(other, REGION, "en") == "Region: other or unknown against north"
    assert feature_label(REGION, "zh") == "地区"


def test_columns_become_numbers() -> None:
    assert as_numbers(pd.Series([True, None, False], dtype="boolean")) == pytest.approx(
        [1, np.nan, 0], nan_ok=True
    )
    assert as_numbers(pd.Series(["1.5", "x", None])) == pytest.approx([1.5, np.nan, np.nan], nan_ok=True)


def test_strata_are_combinations_with_the_unknown_as_one_of_them() -> None:
    frame = pd.DataFrame({"region": ["n", None], "channel": ["app", "web"]})
    assert stratum_keys(frame, ("region", "channel")).tolist() == ["n|app", "other|web"]
    assert stratum_keys(frame, ()).tolist() == ["", ""]


def test_rows_for_the_fit_keep_members_and_strata_apart() -> None:
    rows = pd.DataFrame(
        {
            "member_id": ["a", "b", "a"],
            "entry": [0, 0, 30],
            "exit": [30, 10, 50],
            "event": [False, True, True],
            "region": ["s", "n", "s"],
        }
    )
    data = start_stop(rows, [RISE.terms()[0]], np.zeros((3, 1)), ("region",))
    assert data.stratum is not None and data.stratum.tolist() == [1, 0, 1]
    assert data.cluster.tolist() == [0, 1, 0] and data.event.tolist() == [0, 1, 1]
    assert data.entry.tolist() == [0, 0, 30] and data.terms == ("price_rise",)


def test_bends_are_straight_below_the_first_knot() -> None:
    values = np.array([[-3.0], [-2], [-1], [0.5], [1], [3]])
    terms, columns = spline_columns([Term("x", "x", "number", "")], values, "x", np.array([-1.0, 0, 1]))
    assert [term.name for term in terms] == ["x:bend1"] and columns.shape == (6, 1)
    assert columns[:3].ravel() == pytest.approx(np.zeros(3)) and columns[-1, 0] > columns[4, 0] > 0


def test_an_error_names_its_terms() -> None:
    from whychurn.contract.errors import WhychurnError

    assert named_terms(WhychurnError("no maximum", column="a, b:bend1")) == ["a", "b:bend1"]
    assert named_terms(WhychurnError("no event")) == []
