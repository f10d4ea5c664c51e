"""The page on leavers asked by lot: with a draw, with too few, with none; every language, no gaps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.report.causes.charts import draw_sources
from whychurn.report.causes.sentences import interviews as sentences
from whychurn.report.page.report_page import LANG, Page
from whychurn.report.words import LANGUAGES, say, within

Tables = dict[str, pd.DataFrame]
BY_LOT = {
    "basis": "lot", "asked": 330, "answered": 205, "asked_by_lot": 320, "answered_by_lot": 200, "named_by_lot": 182,
    "coded_twice": 60, "coders_agree": 0.9, "kappa": 0.87, "reliable": 0.94, "outside": 0.09, "gamma": 1.3, "untrue": 0.1,
    "first_month": "2025-01", "last_month": "2025-12", "leavings_of_period": 900, "order_open_at": 1.12,
}  # fmt: skip


def _plan(first: float) -> pd.DataFrame:
    width = [first, 0.16, 0.14, 0.12]
    return pd.DataFrame(
        {"further": [0.0, 50, 100, 200], "answers": [0.0, 50, 100, 200], "width": width, "widest": width}
    )


def _sources(shares: pd.DataFrame) -> pd.DataFrame:
    six = shares[shares["cause"].isin(CAUSES)].reset_index(drop=True)
    table = six[["cause", "share", "low", "high"]].assign(draw_weight=0.7, power=0.8)
    for prefix, off in (("draw_", 0.01), ("model_", np.array([0.09, 0, 0, 0, 0, -0.02]))):
        for name in ("share", "low", "high"):
            table[f"{prefix}{name}"] = table[name] + off
    return table


@pytest.fixture
def shown(
    run_notebook: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, list[Any]]]:
    """Run the notebook's code on tables of results, and return what it shows."""

    def run(tables: Tables, facts: dict[str, Any], lang: str = "en") -> dict[str, list[Any]]:
        told: dict[str, list[Any]] = {"answer": [], "claim": [], "figure": [], "table": [], "headline": []}
        for kind, held in told.items():
            keep = lambda _, *given, held=held, **named: held.append((*given, *named.values()))  # noqa: E731
            monkeypatch.setattr(Page, kind, keep)
        run_notebook("55_interviews", tables, facts, lang)
        return told

    return run


@pytest.mark.parametrize("lang", LANGUAGES)
def test_with_a_draw_the_page_sets_it_beside_the_traces(
    shown: Callable[..., dict[str, list[Any]]], tables: Tables, facts: dict[str, Any], lang: str
) -> None:
    shares = tables["cause_shares"]
    told = shown(
        {"cause_shares": shares, "cause_interviews": _sources(shares), "interview_plan": _plan(0.18)},
        facts | {"interviews": BY_LOT},
        lang,
    )
    assert "182" in told["answer"][0][0]
    assert [key for key, *_ in told["headline"]] == ["how_sure.asked_by_lot"]
    assert len(told["figure"]) == 1
    assert len(told["table"]) == 2
    texts = [text for _, text in told["claim"]] + told["figure"][0][-1]
    assert any("37" in text for text in texts), "product and service: 37 % by traces alone"
    assert any("1.1" in text for text in texts)
    assert not [
        text for text in [*texts, told["answer"][0][0]] if "nan" in text or "{" in text or " –" in text
    ]


def test_without_interviews_the_order_is_said_to_be_open(
    shown: Callable[..., dict[str, list[Any]]], tables: Tables, facts: dict[str, Any]
) -> None:
    told = shown(
        {"cause_shares": tables["cause_shares"], "interview_plan": _plan(0.18)}, facts | {"interviews": None}
    )
    page = Page.open()
    first, second = say("causes.product_service", "en"), say("causes.price", "en")
    assert page.say("interviews.open_order", first=first, second=second) in told["answer"][0][0]
    assert not told["figure"]
    assert not told["headline"]
    assert say("interviews.claim_none_asked", "en") in [text for _, text in told["claim"]]


def test_with_nothing_at_all_the_page_still_stands(shown: Callable[..., dict[str, list[Any]]]) -> None:
    told = shown({}, {})
    assert told["answer"] == [(say("interviews.no_shares", "en"),)]
    assert not told["table"]


def test_a_cause_that_stands_out_is_told_as_first(
    tables: Tables, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WHYCHURN_STUDY", str(tmp_path))
    shares, page = tables["cause_shares"], Page.open()
    apart = shares.assign(low=shares["share"] - 0.001, high=shares["share"] + 0.001)
    few = facts | {"interviews": {"basis": "few", "asked": 20, "asked_by_lot": 20, "named_by_lot": 12}}
    text = sentences.basis(apart, few, page)
    assert page.say("interviews.clear_first", first=page.say("causes.product_service")) in text
    assert page.say("interviews.basis_few", named="12", least=30) in text
    assert sentences.with_basis("answer", shares.iloc[:0], few, page) == "answer"


def test_chances_that_were_not_recorded_are_told(
    tables: Tables, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WHYCHURN_STUDY", str(tmp_path))
    page = Page.open()
    told = {"interviews": BY_LOT}
    assert page.say("interviews.claim_not_by_lot", count="10") in sentences.asked_lines(told, page)
    open_order = {"interviews": BY_LOT | {"order_open_at": 1.0}}
    lines = sentences.silence_lines(tables["cause_shares"], open_order, page)
    names = {"first": page.say("causes.product_service"), "second": page.say("causes.price")}
    assert page.say("interviews.claim_order_open", **names) in lines


@pytest.mark.parametrize("lang", LANGUAGES)
def test_tables_figure_and_sentences_of_the_sources(
    tables: Tables, lang: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WHYCHURN_STUDY", str(tmp_path))
    monkeypatch.setenv(LANG, lang)
    page, sources = Page.open(), _sources(tables["cause_shares"])
    figure = draw_sources(sources, lang)
    first = figure.axes[0].get_yticklabels()[0].get_text()
    assert first == page.say("causes.product_service")
    assert len(figure.axes[0].collections) == 3
    moved = sentences.moved_lines(sources, page)
    assert within(page.say("causes.product_service")) in moved[0]
    assert sentences.moved_lines(sources.iloc[:0], page) == []
    assert len(sentences.price_lines(_plan(0.18), page)) == 3
    assert sentences.price_lines(_plan(np.nan), page) == []
    level = _plan(0.18).assign(width=0.18)
    hardly = sentences.price_lines(level, page)
    assert hardly == [page.say("interviews.answer_price_hardly", further="200", now="18")]
    table = sentences.source_table(sources, page)
    assert table["share"].is_monotonic_decreasing
    assert table["model_share"].iloc[0] == pytest.approx(0.37)
