"""What was measured on programmes built otherwise, as the report quotes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.report.causes.charts.accuracy import draw_errors
from whychurn.report.causes.sentences.accuracy import (
    first_headline,
    first_lines,
    kind_of_study,
    kind_table,
    measured,
    scored,
)
from whychurn.report.causes.sentences.method_overview import method_name
from whychurn.report.causes.sentences.misspecification import by_mechanism, mechanism_lines, mechanism_table
from whychurn.report.page.wording import Wording
from whychurn.report.words import LANGUAGES, say
from whychurn.score.yardstick.measured import COLUMNS, load_yardstick
from whychurn.world.setting.mechanism import mechanism_names


@pytest.fixture(params=LANGUAGES)
def page(request: pytest.FixtureRequest) -> Wording:
    return Wording(request.param)


def row(world: str, method: str, error: float, **more: Any) -> dict[str, Any]:
    known = {
        "half": "test",
        "mechanism": "steep",
        "missing": "",
        "interviews": 0,
        "answers": 500,
        "without_records": 0,
        "share_covered": 0.9,
        "avoidable_covered": 0.8,
        "named": 0.5,
        "right": 0.61,
        "said": 0.64,
        "alarms": "",
    }
    return known | {"world": world, "method": method, "share_error_largest": error} | more


@pytest.fixture
def rows() -> pd.DataFrame:
    """Two worlds with everything, in one of which the survey is closest; one asked; one of the development half."""
    table = [
        row("a", "whychurn", 0.04, alarms="interaction"),
        row("a", "one_sixth", 0.10),
        row("a", "survey", 0.02),
        row("b", "whychurn", 0.08, null_share=0.06, null_low=0.01, mechanism="idle"),
        row("b", "one_sixth", 0.14),
        row("b", "survey", 0.06),
        row("c", "whychurn", 0.03, interviews=200),
        row("c", "one_sixth", 0.10, interviews=200),
        row("d", "whychurn", 0.50, half="development", mechanism="additive"),
        row("d", "one_sixth", 0.01, half="development", mechanism="additive"),
    ]
    return pd.DataFrame(table).reindex(columns=list(COLUMNS))


def test_the_first_word_tells_mean_worst_and_one_sixth_of_the_test_half(
    rows: pd.DataFrame, page: Wording
) -> None:
    first, better = first_lines(rows, "all_tables", page)
    for figure in ("6.0%", "8.0%", "12.0%"):
        assert figure in first
    assert "50.0%" not in first, "the development half is not quoted"
    assert method_name("survey", page.lang) == page.say("causes.method_survey")
    assert page.say("causes.method_survey") in better and "4.0%" in better and "6.0%" in better
    assert first_lines(rows, "few_answers", page) == []


def test_no_baseline_is_called_closer_that_is_not(rows: pd.DataFrame, page: Wording) -> None:
    assert len(first_lines(rows[rows["method"] != "survey"], "all_tables", page)) == 1


def test_the_index_quotes_the_same_error(rows: pd.DataFrame, page: Wording) -> None:
    ((key, value, text, rung),) = first_headline(rows, "all_tables", page)
    assert key == "how_sure.shares" and value == pytest.approx(0.06) and rung == "described"
    assert "**6.0%**" in text and "12.0%" in text
    assert first_headline(rows, "table_missing", page) == []


def test_intervals_and_names_are_told_or_that_nothing_was_measured(rows: pd.DataFrame, page: Wording) -> None:
    text, _ = measured(rows, "all_tables", page)
    for figure in ("90.0%", "80.0%", "50.0%", "61.0%", "64.0%"):
        assert figure in text
    assert measured(rows, "few_answers", page) == [page.say("causes.claim_unmeasured")]


def test_a_study_is_put_beside_worlds_with_as_much_to_go_by() -> None:
    assert kind_of_study({"answered": 500}) == "all_tables"
    assert kind_of_study({"answered": 299, "without_records": []}) == "few_answers"
    assert kind_of_study({"answered": 500, "without_records": ["price"]}) == "table_missing"
    drawn = {"basis": "lot", "answered_by_lot": 180}
    assert kind_of_study({"answered": 5, "interviews": drawn}) == "asked_200"
    assert kind_of_study({"interviews": drawn | {"basis": "few"}}) == "few_answers"
    assert kind_of_study({}) == "few_answers"


def test_the_table_has_a_row_a_kind_in_its_order(rows: pd.DataFrame, page: Wording) -> None:
    table = kind_table(rows, page)
    assert table["programme_kind"].to_list() == [
        page.say(f"causes.kind_{k}") for k in ("all_tables", "asked_200")
    ]
    assert table["worlds"].to_list() == [2, 1] and table["error_worst"].to_list() == [0.08, 0.03]
    assert table["survey"].iloc[0] == pytest.approx(0.04) and np.isnan(table["survey"].iloc[1])
    assert kind_table(rows.iloc[:0], page).empty


def test_each_way_of_building_has_a_row_worst_first(rows: pd.DataFrame, page: Wording) -> None:
    table = by_mechanism(rows)
    assert table["mechanism"].to_list() == ["idle", "steep"] and table["flagged"].to_list() == [0, 1]
    assert table["worlds"].to_list() == [1, 1], "worlds with interviews are left out"
    shown = mechanism_table(table, page)
    assert shown["noticed_by"].to_list() == [
        page.say("causes.noticed_in", flagged=n, worlds=1) for n in (0, 1)
    ]
    silent = rows[rows["world"] == "a"].assign(
        world="e", answers=0, texts=0, named=0.0, share_error_largest=np.nan
    )
    alarms, idle, nothing = mechanism_lines(pd.concat([rows, silent]), page)
    assert nothing == page.say("causes.yardstick_silent", worlds=1, told=0, named="0.0%")
    assert "6.0%" in idle and "1.0%" in idle and "1" in alarms
    assert (
        mechanism_lines(rows.iloc[:0], page) == []
        and mechanism_table(by_mechanism(rows.iloc[:0]), page).empty
    )


def test_the_figure_shows_mean_and_worst_and_every_baseline(rows: pd.DataFrame, page: Wording) -> None:
    figure = draw_errors(rows, page.lang)
    axis = figure.axes[0]
    labels = [tick.get_text() for tick in axis.get_yticklabels()]
    assert labels == [page.say("causes.kind_all_tables"), page.say("causes.kind_asked_200")]
    drawn = {line.get_label(): list(line.get_xdata()) for line in axis.lines}
    assert drawn[page.say("causes.method_whychurn")] == pytest.approx([0.06, 0.03])
    assert drawn[page.say("causes.method_survey")] == pytest.approx([0.04])
    figure.canvas.draw()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_scores_of_a_study_with_planted_causes_have_readable_names(lang: str) -> None:
    values = [
        ("mine", "skill", "all", 0.8),
        ("prior", "skill", "all", 0.0),
        ("planted", "share", "price", 0.3),
    ]
    own = scored(pd.DataFrame(values, columns=["method", "measure", "cause", "value"]), Wording(lang))
    assert say("causes.method_prior", lang) in own["method"].to_list() and len(own) == 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_ships_can_be_said(lang: str) -> None:
    shipped, page = load_yardstick(), Wording(lang)
    assert list(shipped.columns) == list(COLUMNS) and shipped["half"].isin(["development", "test"]).all()
    told = [*mechanism_lines(shipped, page), *first_lines(shipped, "all_tables", page)]
    assert not [text for text in told if "nan" in text or "{" in text]
    for name in mechanism_names("test"):
        assert say(f"causes.mechanism_{name}", lang) != name
