"""The report on causes runs to its end whatever the study has: all tables, none, empty ones, or only withheld cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import RUNGS
from whychurn.report.causes.sentences.accuracy import KIND_FORMATS
from whychurn.report.causes.sentences.misspecification import COLUMNS
from whychurn.report.page.report_page import Page
from whychurn.report.words import LANGUAGES, say
from whychurn.score.yardstick.measured import load_yardstick

Tables = dict[str, pd.DataFrame]
MEASURED = load_yardstick()["half"].eq("test").any()  # elsewhere, the same for every study


class Told:
    """What a page was given to show."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.claims: list[tuple[str, str]] = []
        self.figures: list[str] = []
        self.tables: list[pd.DataFrame] = []
        self.headlines: list[str] = []


@pytest.fixture
def tell(run_notebook: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    """Run the notebook's code on tables of results, and return what it shows."""

    def run(tables: Tables, facts: dict[str, Any], lang: str = "en") -> Told:
        told = Told()
        monkeypatch.setattr(Page, "answer", lambda _, text: told.answers.append(text))
        monkeypatch.setattr(Page, "claim", lambda _, rung, text: told.claims.append((rung, text)))
        monkeypatch.setattr(
            Page,
            "figure",
            lambda _, figure, title, **rest: told.figures.append(drawn(told, figure, title, **rest)),
        )
        monkeypatch.setattr(Page, "table", lambda _, frame, **_rest: told.tables.append(frame))
        monkeypatch.setattr(Page, "headline", lambda _, key, *_rest, **_named: told.headlines.append(key))
        run_notebook("50_causes", tables, facts, lang)
        return told

    return run


def drawn(told: Told, figure: Any, title: str, **rest: Any) -> str:
    assert rest["rung"] in RUNGS and len(rest["alt"]) > 10
    figure.canvas.draw()
    told.claims += [(rest["rung"], text) for text in rest.get("found", ())]
    return title


@pytest.mark.parametrize("lang", LANGUAGES)
def test_with_all_tables_every_section_has_its_figure(
    tell: Callable[..., Told], tables: Tables, facts: dict[str, Any], lang: str
) -> None:
    told = tell(tables, facts, lang)
    first, *others = told.figures[: len(told.figures) - MEASURED]
    assert say("causes.engagement", lang) in first
    names = ["stated", "incidence", "rivals", "gap", "triangulation", "stability", "methods"]
    assert len(others) == len(names)
    assert not set(others) & {say(f"causes.figure_{name}", lang) for name in names}, (
        "titles say what was found"
    )
    assert {rung for rung, _ in told.claims} == {"described", "associated", "attributed"}
    assert len([key for key in told.headlines if key != "how_sure.shares"]) == 4
    assert len(told.tables) == 8 + 2 * MEASURED
    assert not [text for _, text in told.claims if "nan" in text or "{" in text]


@pytest.mark.parametrize("kind", ["absent", "empty"])
def test_without_rows_the_page_says_that_it_cannot_tell(
    tell: Callable[..., Told], tables: Tables, kind: str
) -> None:
    told = tell({} if kind == "absent" else {name: table.iloc[:0] for name, table in tables.items()}, {})
    assert told.answers == [say("causes.answer_none", "en")]
    assert told.figures in ([], [say("causes.figure_errors", "en")]) and not told.headlines
    elsewhere = [["programme_kind", *KIND_FORMATS], COLUMNS]
    assert [list(table) for table in told.tables] == (elsewhere if MEASURED else [])
    texts = [text for _, text in told.claims]
    for key in (
        "claim_untold",
        "claim_no_stories",
        "claim_no_market",
    ):
        assert any(text == say(f"causes.{key}", "en") for text in texts), key


def test_withheld_cells_are_neither_drawn_nor_told(
    tell: Callable[..., Told], tables: Tables, facts: dict[str, Any]
) -> None:
    hidden = {}
    for name, table in tables.items():
        if "suppressed" in table:
            numbers = [column for column in table.select_dtypes("number") if column != "at_risk"]
            table = table.assign(suppressed=True, **dict.fromkeys(numbers, np.nan))
        hidden[name] = table
    hidden["cause_stories"] = tables["cause_stories"].iloc[:0]
    told = tell(hidden, facts)
    for name in ("stated", "rivals", "gap"):
        assert say(f"causes.figure_{name}", "en") not in told.figures
    assert any(say("causes.engagement", "en") in title for title in told.figures)


def test_few_leavers_without_survey_text_or_market_get_an_answer_with_its_limits(
    tell: Callable[..., Told], tables: Tables
) -> None:
    wide = tables["cause_shares"].assign(
        churn_events=20.0, avoidable_share=np.nan, avoidable_low=np.nan, avoidable_high=np.nan
    )
    limit = {"key": "few_leavers", "en": "Only 20 members left.", "zh": "仅有 20 名会员离开。"}
    lone = tables["cause_triangulation"].assign(survey=np.nan, texts=np.nan, agree=np.nan)
    told = tell(
        {"cause_shares": wide, "cause_triangulation": lone},
        {"churn_events": 20, "answered_share": 0.0, "method": "additive_hazard", "limits": [limit]},
    )
    assert "Of 20 departures" in told.answers[0] and "fewer would have left" not in told.answers[0]
    texts = [text for _, text in told.claims]
    assert "Only 20 members left." in texts
    assert say("causes.claim_one_source", "en") in texts
