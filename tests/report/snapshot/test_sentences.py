"""Sentences about a table of one row per customer, in both languages, from facts as the stage writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.page.report_page import Page
from whychurn.report.render.layout import dated
from whychurn.report.render.notebooks import find_notebooks
from whychurn.report.snapshot import charts, sentences

FACTS: dict[str, Any] = {
    "status": "ok", "customers": 700, "left": 210, "rate": {"estimate": 0.3, "low": 0.27, "high": 0.33}, "without_consent": 0,
    "headline": {"auc": {"estimate": 0.81, "low": 0.78, "high": 0.84}, "ece": {"estimate": 0.02, "low": 0.01, "high": 0.03}},
    "beats_prior": True, "beats_logistic": False, "high_risk": 44, "high_risk_from": 0.5, "scored": 490, "stated": 105,
    "tenure": {"unit": "months", "median": 31.0, "median_low": 27.0, "median_high": None},
}  # fmt: skip


@pytest.fixture(params=["en", "zh"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Page:
    return Page(StudyPaths(tmp_path), Params(), request.param)


def test_the_answer_says_how_many_how_well_and_what_it_cannot_tell(page: Page) -> None:
    answer = sentences.answer(FACTS, page)
    assert all(part in answer for part in ("700", "210", "30.0%", "81", "2.0%"))
    assert ("cannot tell" if page.lang == "en" else "无法说明") in answer
    assert sentences.rate_sentence(FACTS, page) in answer and sentences.model_sentence(FACTS, page) in answer


def test_a_few_leavers_are_not_told(page: Page) -> None:
    few = {**FACTS, "left": 4, "status": "no_model", "reason": {"en": "too few", "zh": "太少"}}
    answer = sentences.answer(few, page)
    assert "<10" in answer and "0.3" not in answer and few["reason"][page.lang] in answer
    keys = [key for key, *_ in sentences.headlines(few, page)]
    assert keys == ["how_many.left", "when.median", "how_sure.no_history"]


def test_the_verdict_follows_the_figures(page: Page) -> None:
    said = {
        sentences.verdict({**FACTS, "beats_prior": prior, "beats_logistic": logistic}, page)
        for prior, logistic in ((False, False), (True, False), (True, True))
    }
    assert len(said) == 3


def test_medians_are_open_where_the_data_end(page: Page) -> None:
    assert "31 (≥27)" in sentences.median_sentence(FACTS, page)
    none = {**FACTS, "tenure": {**FACTS["tenure"], "median": None}}
    assert "31" not in sentences.median_sentence(none, page)


def test_headlines_quote_plain_numbers(page: Page) -> None:
    lines = {key: (value, rung) for key, value, _, rung in sentences.headlines(FACTS, page)}
    assert lines["who_next.high"] == (44, "associated") and lines["how_sure.auc"] == (0.81, "described")
    assert "44" in sentences.high_sentence(FACTS, page) and "50.0%" in sentences.stated_sentence(FACTS, page)


def test_tables_put_what_was_left_out_first_and_name_the_rest(page: Page) -> None:
    columns = pd.DataFrame(
        {"column": ["fee", "goodbye"], "used": [True, False], "why": [None, "leak_value"], "value": [np.nan, 1.0],
         "bound": [np.nan, 0.97], "rows": [np.nan, 88.0]}
    )  # fmt: skip
    table = sentences.columns_table(columns, page.lang)
    assert table["column"].tolist() == ["goodbye", "fee"] and sentences.leaks(columns) == 1
    reasons = pd.DataFrame(
        {
            "reason": ["too dear", "(other)"],
            "members": [60.0, 34.0],
            "share": [0.64, 0.36],
            "low": [0.5, 0.3],
            "high": [0.7, 0.5],
        }
    )
    shown = sentences.reasons_table(reasons, page.lang)
    assert shown["reason"].iloc[0] == "too dear" and "(other)" not in set(shown["reason"])
    assert "64.0%" in sentences.stated_headline(reasons, page)[0][2]
    assert sentences.stated_headline(reasons.tail(1), page) == []
    assert len(charts.draw_reasons(shown, page.lang).axes) == 1
    curve = pd.DataFrame(
        {
            "unit": "months",
            "tenure": [0, 6, 12],
            "estimate": [1, 0.8, 0.6],
            "low": [1, 0.7, 0.5],
            "high": [1, 0.9, 0.7],
        }
    )
    assert charts.draw_tenure(curve, page.lang).axes[0].get_xlim() == (0, 12)


def test_such_a_study_has_its_own_pages_and_no_days(tmp_path: Path) -> None:
    mine = [source.name for source in find_notebooks(kind="snapshot")]
    others = [source.name for source in find_notebooks(kind="history")]
    assert mine == ["10_data", "15_snapshot"] and "15_snapshot" not in others
    study = StudyPaths(tmp_path)
    (study.interim).mkdir(parents=True)
    (study.interim / "intake.json").write_text(
        '{"tables": {"snapshot": {}}, "observed_until": null}', encoding="utf-8"
    )
    assert dated("delivery.footer", study, "Mine", "en") == "Mine. One row per customer, no dates."
