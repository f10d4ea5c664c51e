"""The page `sure`: what was measured elsewhere, who was asked, whether chances hold, what each number counts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, typed
from whychurn.report.causes.sentences.accuracy import measured_worlds
from whychurn.report.page.wording import Wording
from whychurn.report.sure.accuracy import names_block, of_hundred, shares_block
from whychurn.report.sure.bases import bases
from whychurn.report.sure.body import chances_block, sure_body, sure_title
from whychurn.report.why.results import WhyResults, read_why
from whychurn.report.words import LANGUAGES

LOT = {
    "churn_events": 1000,
    "from_words": True,
    "answered": 400,
    "interviews": {
        "basis": "lot",
        "answered_by_lot": 190,
        "asked_by_lot": 300,
        "named_by_lot": 188,
        "leavings_of_period": 700,
        "first_month": "2025-01",
        "last_month": "2025-06",
        "outside": 0.02,
    },
}


@pytest.fixture
def empty(tmp_path: Path) -> WhyResults:
    """A study for which no stage has run."""
    study = StudyPaths(tmp_path)
    return read_why(study, load_params(study))


def page(lang: str = "en") -> Wording:
    return Wording(lang, "CNY", 10)


def test_of_a_hundred_departures_right_wrong_and_open_add_up() -> None:
    counts = of_hundred(LOT)
    assert counts is not None and counts["right"] + counts["wrong"] + counts["open"] == 100
    worlds = measured_worlds("asked_200")
    assert counts["worlds"] == len(worlds.dropna(subset=["named", "right"]))
    assert counts["right"] == round(100 * (worlds["named"] * worlds["right"]).mean())
    assert set(worlds["half"]) == {"test"}, "programmes that numbers were set on are not quoted"


def test_a_kind_of_programme_is_told_with_its_worst_and_its_best() -> None:
    html = names_block(LOT, page())
    right = 100 * measured_worlds("asked_200")["right"].dropna()
    assert f"{right.mean():,.0f}</b> <span>[{right.min():.0f}–{right.max():.0f}]" in html
    assert html.count("<b>200 leavers asked by lot (like this one)</b>") == 1
    errors = shares_block(LOT, page())
    assert 'class="mark"' in errors and re.search(r"off by \d+ of 100; guessing one sixth each", errors)


def calibration(off: float) -> pd.DataFrame:
    rows = [
        {
            "model": "xgboost",
            "bin": n,
            "p_mean": p,
            "rate": p + off,
            "low": p + off - 0.01,
            "high": p + off + 0.01,
        }
        for n, p in enumerate((0.05, 0.1, 0.2, 0.4))
    ]
    return typed(pd.DataFrame(rows).reindex(columns=columns_of("risk_calibration")))


def test_chances_hold_or_are_off() -> None:
    assert "The chances to leave hold: in 4 of 4" in chances_block(calibration(0.0), page())
    off = chances_block(calibration(0.05), page())
    assert "only in 0 of 4" in off and "Near 20 of 100" in off and "25</b> <span>[24–26]" in off
    assert "bk-missing" in chances_block(calibration(0).head(0), page())


def test_bases_count_what_each_number_counts(empty: WhyResults) -> None:
    left = {
        "member_id": ["a", "a", "b", "c"],
        "left_on": pd.to_datetime(["2025-02-01", "2025-09-01", "2024-03-01", "2025-05-01"]),
    }
    churners = (
        pd.DataFrame(left).assign(is_main=[True, True, True, False]).reindex(columns=columns_of("churners"))
    )
    rate = {
        "members": 900.0,
        "numerator": 300.0,
        "period": "2025-01-01",
        "period_end": "2026-01-01",
        "rate": 1 / 3,
        "low": 0.3,
        "high": 0.4,
    }
    index = replace(empty.index, retention={"churn_last_12_months": rate}, causes=LOT)
    study = replace(
        empty,
        index=index,
        tables=dict(empty.tables) | {"churners": churners},
        survival={"stays": 950, "churn_events": 400, "members": 930},
        min_cell=0,
    )
    table = bases(study, Wording("en", "CNY", 0))
    assert list(table["number"]) == ["900 → 300", "1", "3", "1,000", "400"]
    assert (
        "2 departures" in table["counts"][1]
        and "2 members" in table["counts"][2]
        and "31 December 2025" in table["counts"][0]
    )
    assert "<10" in bases(study, page())["number"].tolist()
    assert bases(empty, page()).empty


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_study_without_causes_says_so_and_still_explains_the_words(empty: WhyResults, lang: str) -> None:
    html = sure_body(empty, ["**Which?** `orders` is missing"], page(lang))
    assert html.count("bk-missing") == 2 and 'id="rungs"' in html and "<code>orders</code> is missing" in html
    assert html.count("wc-steps") >= 4
    assert len(sure_title(empty, page(lang))) == 1


def test_the_title_counts_what_is_right_and_what_is_left_open(empty: WhyResults) -> None:
    row = {"cause": "price", "share": 0.3, "low": 0.2, "high": 0.4, "churn_events": 1000}
    shares = typed(pd.DataFrame([row]).reindex(columns=columns_of("cause_shares")))
    study = replace(empty, index=replace(empty.index, causes=LOT, shares=shares))
    counts = of_hundred(LOT) or {}
    assert (
        str(counts["right"]) in sure_title(study, page())[0]
        and str(counts["open"]) in sure_title(study, page())[1]
    )
    html = sure_body(study, [], page())
    assert "Leavers drawn by lot were asked" in html and "188" in html and 'id="unanswered"' not in html
