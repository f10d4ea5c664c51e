"""Answers, claims, numbers and tables as a notebook writes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.report.page import report_page as page_module
from whychurn.report.page.formats import ROUND, display_width, format_interval, format_value, text_language
from whychurn.report.page.html_pieces import claim_line
from whychurn.report.page.html_table import FIRST_ROWS, MOST_ROWS, table_html
from whychurn.report.page.page_like import PageLike
from whychurn.report.page.report_page import RECORD, Page


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    pieces: list[str] = []
    monkeypatch.setattr(page_module, "display", lambda piece: pieces.append(piece.data))
    return pieces


@pytest.fixture
def page(tmp_path: Path, shown: list[str]) -> Page:
    del shown
    study = StudyPaths(tmp_path)
    return Page(study, load_params(study), "en")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (0.1234, "percent", "12.3%"),
        (0.0004, "percent", "0.04%"),
        (-0.021, "points", "−2.1 pp"),
        (1234567.8, "money", "¥1,234,568"),
        (12.5, "money", "¥12.50"),
        (-3, "money", "−¥3"),
        (1234.4, "int", "1,234"),
        (0.01234, "number", "0.0123"),
        (1234.5, "number", "1,234"),
        (90, "days", "90 days"),
        (pd.Timestamp("2025-03-04 12:00"), "date", "2025-03-04"),
        (pd.Timestamp("2025-03-04"), "month", "2025-03"),
        (True, "flag", "yes"),
        (None, "int", "–"),
        (np.nan, "percent", "–"),
        (pd.NaT, "date", "–"),
        (pd.NA, "flag", "–"),
        (["a"], "text", "['a']"),
    ],
)
def test_format_value(value: object, kind: str, expected: str) -> None:
    assert format_value(value, kind, "en", "CNY") == expected


def test_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(WhychurnError, match="percent"):
        format_value(1, "percentage", "en")


def test_unknown_currency_is_written_out() -> None:
    assert format_value(1000, "money", "en", "XYZ") == "1,000 XYZ"


def test_words_of_a_member_stand_in_their_own_language() -> None:
    html = _table(pd.DataFrame({"text": ["太慢了", "too slow"]}), formats={"text": "quote"})
    assert 'lang="zh" data-verbatim>太慢了' in html and 'lang="en" data-verbatim>too slow' in html


def test_text_is_escaped_but_strong_and_code_are_kept(page: Page, shown: list[str]) -> None:
    page.answer("**9** of <10> & `x`\n\nsecond")
    assert "<p><strong>9</strong> of &lt;10&gt; &amp; <code>x</code></p><p>second</p>" in shown[0]


def test_claim_needs_a_rung_of_the_ladder(page: Page, shown: list[str]) -> None:
    page.claim("associated", "x goes with y")
    assert "Model" in shown[0] and 'data-rung="associated"' in shown[0]
    assert "wc-rung" not in claim_line("associated", "x goes with y", "en", marked=False)
    assert shown[0].count('class="on"') == 2
    with pytest.raises(WhychurnError, match="proved"):
        page.claim("proved", "x")


def test_missing_results_are_none_and_missing_facts_empty(page: Page) -> None:
    assert page.results("risk_scores") is None
    assert page.processed("panel") is None
    assert page.facts("panel") == {}


def test_facts_and_results_are_read_from_their_folders(page: Page) -> None:
    for folder, name in (("interim", "intake"), ("processed", "panel"), ("results", "risk")):
        path = page.study.root / "data" / folder / f"{name}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"from": folder}), encoding="utf-8")
        assert page.facts(name) == {"from": folder}
    write_table(pd.DataFrame({"x": [1]}), page.study.results / "t.parquet")
    found = page.results("t")
    assert found is not None
    assert found["x"].tolist() == [1]


def test_results_of_an_older_version_are_refused(page: Page) -> None:
    page.study.results.mkdir(parents=True)
    pd.DataFrame({"x": [1]}).to_parquet(page.study.results / "t.parquet")
    with pytest.raises(WhychurnError, match="older version"):
        page.results("t")


def test_small_numbers_of_members_are_withheld(page: Page) -> None:
    assert [page.members(n) for n in (0, 1, 9, 10, 1200)] == ["0", "<10", "<10", "10", "1,200"]


def test_unanswered_names_the_missing_table(page: Page, shown: list[str]) -> None:
    questions = [
        {"id": "complaints", "answerable": False, "missing": ["feedback"], "missing_columns": []},
        {"id": "returns", "answerable": False, "missing": [], "missing_columns": ["orders.returned"]},
        {"id": "who_left", "answerable": True, "missing": [], "missing_columns": []},
    ]
    path = page.study.interim / "intake.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"questions": questions}), encoding="utf-8")
    for question in ("complaints", "returns", "who_left", "not_asked"):
        page.unanswered(question)
    assert len(shown) == 2
    assert "complain" in shown[0]
    assert "<code>feedback</code> is missing" in shown[0]
    assert "orders.returned" in shown[1]


def test_headlines_are_recorded_only_when_rendering(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(RECORD, raising=False)
    page.headline("how_many.a", np.int64(3), "**3** left")
    assert not list(tmp_path.rglob("*.json"))
    monkeypatch.setenv(RECORD, str(tmp_path / "r.json"))
    page.headline("cost.b", np.float64(0.5), "half", rung="associated")
    recorded = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert recorded == {
        "how_many.a": {"value": 3, "rung": "described", "text": "**3** left"},
        "cost.b": {"value": 0.5, "rung": "associated", "text": "half"},
    }
    with pytest.raises(WhychurnError, match="how_many"):
        page.headline("churn", 1, "x")


def test_unknown_language_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYCHURN_LANG", "fr")
    with pytest.raises(WhychurnError, match="en, zh"):
        Page.open()


def _table(frame: pd.DataFrame, **options: object) -> str:
    given = {"name": "t", "number": 1, "title": "T", "rung": "described", "lang": "en", "currency": "CNY"}
    return table_html(frame, **{**given, "min_cell": 10, **options})  # type: ignore[arg-type]


def test_table_withholds_small_cells_and_says_so() -> None:
    frame = pd.DataFrame(
        {"who": ["a", "b"], "n": [50.0, None], "rate": [0.5, None], "suppressed": [False, True]}
    )
    html = _table(frame, formats={"n": "int", "rate": "percent"})
    assert ">b</td>" in html
    assert "&lt;10</td>" in html
    assert "fewer than 10 members" in html
    assert "suppressed" not in html


def test_table_without_small_cells_has_no_note() -> None:
    frame = pd.DataFrame({"who": ["a"], "n": [None], "suppressed": [False]})
    html = _table(frame, formats={"n": "int"})
    assert "&lt;10" not in html
    assert "fewer than" not in html
    assert "–</td>" in html


def test_table_keeps_raw_numbers_for_sorting_and_escapes_text() -> None:
    frame = pd.DataFrame({"<who>": ["<script>"], "p": [0.12345], "flag": [True]})
    html = _table(frame, formats={"p": "percent"})
    assert 'data-v="0.12345"' in html
    assert 'data-v="1"' in html
    assert "<script>" not in html
    assert "&lt;who&gt;" in html


def test_a_table_of_more_than_a_screen_can_be_searched() -> None:
    short, long = (_table(pd.DataFrame({"x": range(rows)})) for rows in (FIRST_ROWS, FIRST_ROWS + 1))
    assert "wc-search" not in short and long.count("wc-search") == 1 and "<select" not in long


def test_table_folds_rows_beyond_the_limit_and_stays_small() -> None:
    frame = pd.DataFrame({"x": range(MOST_ROWS + 5)})
    html = _table(frame, limit=10)
    assert html.count('class="wc-more"') == MOST_ROWS - 10
    assert f"of {MOST_ROWS + 5} rows" in html
    assert "Show all" not in _table(frame.head(10), limit=10)


def test_empty_table_says_so() -> None:
    assert "Nothing to list" in _table(pd.DataFrame({"x": []}))


def test_an_interval_is_left_open_where_the_data_do_not_reach() -> None:
    row = {"estimate": 513.2, "low": 508.0, "high": 518.4}
    whole = "{:.0f}".format
    assert format_interval(row, whole) == "513 [508–518]"
    assert format_interval(row | {"low": -2}, whole) == "513 [-2, 518]", "a dash would read as a minus"
    assert format_interval(row, whole, shape=ROUND) == "513 (508–518)"
    assert format_interval(row | {"high": np.nan}, whole) == "513 (≥508)"
    assert format_interval(row | {"low": None}, whole) == "513 (≤518)"
    assert format_interval(row | {"low": np.nan, "high": np.nan}, whole) == "513 (–)"
    assert format_interval(row | {"estimate": np.nan}, whole) == "–"
    assert format_interval({"a": 1, "b": 0, "c": 2}, whole, ("a", "b", "c"), "{}: {} to {}") == "1: 0 to 2"


def test_a_page_offers_what_sentences_need_of_it(page: Page) -> None:
    needed: PageLike = page
    names = {name for name in vars(PageLike) if not name.startswith("_")} | set(PageLike.__annotations__)
    assert names == {"lang", "confidence", "say", "format", "members"}
    assert all(hasattr(needed, name) for name in names)


def test_a_chinese_character_is_as_wide_as_two_letters_and_makes_a_text_chinese() -> None:
    assert [display_width(text) for text in ("", "abc", "客服 ok")] == [0, 3, 7]
    assert [text_language(text) for text in ("too slow", "客服 ok", "")] == ["en", "zh", "en"]
