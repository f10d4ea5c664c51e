"""Sentences and figures of the causes heard in texts: in both languages, with and without results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.report.page.wording import Wording
from whychurn.report.retention import charts as retention_figures
from whychurn.report.retention.sentences import complaints
from whychurn.report.voice.charts import text_causes as figures
from whychurn.report.voice.sentences import text_causes
from whychurn.report.words import within
from whychurn.voice.causes.survey_trained_classifier import CHECK_COLUMNS
from whychurn.voice.sentiment.from_ratings import RATED_COLUMNS
from whychurn.voice.triangulation import TRIANGULATION_COLUMNS


class Page(Wording):
    """What the sentences need of a report page."""

    def format(self, value: Any, kind: str) -> str:
        return f"{value:.0%}" if kind == "percent" else f"{value:.2f}"


@pytest.fixture(params=["en", "zh"])
def page(request) -> Page:
    return Page(request.param)


def check(kappa: dict[str, tuple[float, float, float]], weight: float) -> pd.DataFrame:
    rows = [
        {"language": "all", "method": method, "weight": weight, "n": 100.0, "accuracy": 0.5, "macro_f1": 0.4,
         "macro_f1_low": 0.3, "macro_f1_high": 0.5, "kappa": k, "kappa_low": low, "kappa_high": high}
        for method, (low, k, high) in kappa.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def test_a_method_no_better_than_counting_is_said_to_be_so(page: Page) -> None:
    better = check({"keywords": (0.1, 0.2, 0.3), "lexicon": (0.4, 0.5, 0.6)}, 0.0)
    lines = text_causes.agreement_lines(better, page)
    assert page.say("voice.said_beats_keywords", floor="0.20") in lines
    assert page.say("voice.said_lexicon_alone", weight="0%") in lines
    worse = check(
        {"keywords": (0.1, 0.2, 0.3), "lexicon": (0.3, 0.4, 0.5), "pooled": (0.15, 0.25, 0.35)}, 0.4
    )
    lines = text_causes.agreement_lines(worse, page)
    assert page.say("voice.said_not_better", floor="0.20") in lines
    assert page.say("voice.said_learned", weight="40%") in lines
    assert len(text_causes.check_table(worse, page)) == 3


def test_nothing_to_check_is_said(page: Page) -> None:
    none = check({"lexicon": (np.nan, np.nan, np.nan)}, 0.0)
    assert text_causes.agreement_lines(none, page) == [page.say("voice.said_no_reasons")]
    ratings = pd.DataFrame(columns=list(RATED_COLUMNS))
    assert text_causes.sentiment_lines(ratings, page)[0] == page.say("voice.said_no_ratings")
    sources = pd.DataFrame({"cause": list(CAUSES), "source": "texts", "verdict": "alone", "suppressed": True})
    sources = sources.reindex(columns=list(TRIANGULATION_COLUMNS))
    assert text_causes.triangulation_lines(sources, page) == [page.say("voice.said_one_source")]


def triangulation() -> pd.DataFrame:
    rows = []
    for n, cause in enumerate(CAUSES):
        verdict = ("agree", "partly", "differ")[n % 3]
        rows += [(cause, "texts", 0.1 * n, 0.1 * n, 0.1 * n, 50.0, verdict, False)]
        rows += [(cause, "interviews", 0.05 * n, 0.0, 0.3, 20.0, verdict, False)]
        rows += [(cause, "survey_reasons", np.nan, np.nan, np.nan, np.nan, verdict, True)]
    return pd.DataFrame(rows, columns=list(TRIANGULATION_COLUMNS))


def test_verdicts_name_their_causes(page: Page) -> None:
    lines = text_causes.triangulation_lines(triangulation(), page)
    assert len(lines) == 4
    assert within(page.say("causes.product_service")) in lines[0].lower()
    assert within(page.say("causes.price")) in lines[1].lower()
    assert within(page.say("causes.natural")) in lines[3], "furthest apart"
    table = text_causes.triangulation_table(triangulation(), page)
    assert list(table.columns) == ["cause", "verdict", "texts", "interviews"], (
        "a source with too few stays out"
    )


def outcomes(rates: dict[str, tuple[float, float, float]]) -> pd.DataFrame:
    rows = [
        {"theme": theme, "resolution": how, "complaints": 50.0, "members": 40.0, "churned": 5.0, "rate": rate, "low": low,
         "high": high, "suppressed": False}
        for theme in ("all", "price")
        for how, (low, rate, high) in rates.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_outcomes_are_told_as_traces(page: Page) -> None:
    apart = outcomes({"all": (0.1, 0.2, 0.3), "fast": (0.05, 0.1, 0.15), "slow": (0.2, 0.3, 0.4)})
    lines = complaints.outcome_lines(apart, 90, page)
    assert lines[-1] == page.say("retention.outcome_apart") and "30%" in lines[0]
    alike = outcomes({"fast": (0.05, 0.1, 0.15), "slow": (0.1, 0.12, 0.4)})
    assert complaints.outcome_lines(alike, 90, page)[-1] == page.say("retention.outcome_alike")
    assert complaints.outcome_lines(alike.iloc[:0], 90, page) == [page.say("retention.empty_complaints")]


@pytest.mark.parametrize(
    ("quiet", "key"), [((0.3, 0.35, 0.4), "more"), ((0.0, 0.01, 0.02), "less"), ((0.1, 0.15, 0.25), "alike")]
)
def test_silence_is_compared_with_complaints(page: Page, quiet: tuple[float, ...], key: str) -> None:
    def row(kind: str, dimension: str, stratum: str, low: float, rate: float, high: float) -> dict[str, Any]:
        return {"kind": kind, "dimension": dimension, "stratum": stratum, "members": 50.0, "numerator": 5.0, "rate": rate,
                "low": low, "high": high, "suppressed": False}  # fmt: skip

    table = pd.DataFrame(
        [
            row("leavers", "all", "all", 0.4, 0.5, 0.6),
            row("leavers", "spend_tier", "gold", 0.1, 0.2, 0.3),
            row("following", "all", "silent", *quiet),
            row("following", "all", "complained", 0.1, 0.2, 0.25),
        ]
    )
    lines = complaints.silence_lines(table, 180, 90, page)
    expected = page.say(f"retention.silent_{key}", horizon=90, quiet=f"{quiet[1]:.0%}", loud="20%")
    assert lines[-1] == expected and len(lines) == 3
    assert len(complaints.silence_table(table, page)) == 4
    assert complaints.silence_lines(table.iloc[:0], 180, 90, page) == [page.say("retention.empty_silence")]


@pytest.mark.filterwarnings("ignore:Glyph")  # text stays text in SVG; the browser has the font
def test_figures_draw(page: Page) -> None:
    from whychurn.report.drawing.theme import themed

    full = check({"majority": (0.0, 0.0, 0.0), "keywords": (0.1, 0.2, 0.3), "lexicon": (0.4, 0.5, 0.6)}, 0.0)
    shown = outcomes({"fast": (0.05, 0.1, 0.15), "slow": (0.2, 0.3, 0.4), "never": (0.1, 0.2, 0.3)})
    with themed():
        drawn = [
            figures.draw_triangulation(triangulation(), page.lang),
            figures.draw_agreement(full, page.lang),
            retention_figures.draw_outcomes(shown, page.lang),
        ]
    for figure in drawn:
        labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
        assert labels and all(labels)
        assert figure.axes[0].get_legend() is not None
