"""Sentences, figures and the notebook on what changed, on planted results in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from whychurn.contract.causes import RUNGS
from whychurn.report.page.wording import Wording
from whychurn.report.watch import charts
from whychurn.report.watch.answer import answer, headlines, open_alarms, quiet_line
from whychurn.report.watch.names import code_names, group_name, headline_name
from whychurn.report.watch.results import WatchResults, read_watch
from whychurn.report.watch.sentences import alarms, forecasts, months, received
from whychurn.report.words import LANGUAGES
from whychurn.report.words.readable_names import feature_name

Planted = Callable[[str], WatchResults]
CASES = ("alarm", "quiet", "broken", "short", "not_run")
PAGES = {lang: Wording(lang, "CNY", 10) for lang in LANGUAGES}


@pytest.fixture
def shown(run_notebook: Callable[..., dict[str, list[Any]]]) -> Callable[..., dict[str, list[Any]]]:
    """Run the notebook's code on results, and return what it shows."""
    return partial(run_notebook, "70_watch", "watch.json")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_every_case_has_a_page_without_holes(shown: Callable, planted: Planted, case: str, lang: str) -> None:
    told = shown(planted(case), lang)
    texts = [
        told["answer"][0][0],
        *(text for _, text in told["claim"]),
        *(text for _, _, text, _ in told["headline"]),
    ]
    assert not [text for text in texts if re.search(r"\bnan\b|NaT|None|\{|\}", text)]
    assert {rung for rung, _ in told["claim"]} <= set(RUNGS)
    assert len(told["figure"]) == {"not_run": 0, "short": 1}.get(case, 2)
    assert len(told["table"]) == {"alarm": 6, "not_run": 0, "short": 1}.get(case, 5)
    assert bool(told["headline"]) == (case != "not_run")


@pytest.mark.parametrize("case", CASES)
def test_both_languages_say_the_same_numbers(planted: Planted, case: str) -> None:
    told = {lang: headlines(planted(case), page) for lang, page in PAGES.items()}
    assert [(key, value, rung) for key, value, _, rung in told["en"]] == [
        (key, value, rung) for key, value, _, rung in told["zh"]
    ]
    for one, other in zip(told["en"], told["zh"], strict=True):
        without_months = (one[2], re.sub(r"\d+ 月", "", other[2]))  # which English writes as words
        numbers = [sorted(re.findall(r"\d[\d,.]*\d|\d", text)) for text in without_months]
        assert numbers[0] == numbers[1], one[0]


def test_an_alarm_says_what_since_when_what_it_costs_and_what_to_try(planted: Planted) -> None:
    results, page = planted("alarm"), PAGES["en"]
    row = open_alarms(results)[0]
    line = alarms.alarm_line(row, page)
    assert "More members leave" in line and "July 2025" in line and "1.40" in line and "[1.21–1.61]" in line
    after = [text for _, text in alarms.after_lines(row, page, "CNY")]
    assert "50" in after[0] and "¥42,000" in after[0]
    assert after[1] == "To try: `whychurn experiment run 2025-12-after-change`."


def test_all_members_come_first_and_how_sure_alarms_are_is_said_once(
    planted: Planted, shown: Callable
) -> None:
    results = planted("alarm")
    order = [(row["chart"], row["group"]) for row in open_alarms(results)]
    assert order[0] == ("leavings", "all") and order.index(("mix", "price")) < order.index(
        ("leavings", "tier:high")
    )
    claims = [text for _, text in shown(results, "en")["claim"]]
    assert sum("if nothing had changed" in text.lower() for text in claims) == 1


def test_few_members_of_an_alarm_are_not_told(planted: Planted) -> None:
    rows = {row["group"]: row for row in open_alarms(planted("alarm"))}
    assert "<10" in alarms.after_lines(rows["tier:high"], PAGES["en"], "CNY")[0][1]
    mix = alarms.alarm_line(rows["price"], PAGES["en"])
    assert "+8.0" in mix and "at least as large" in mix
    assert alarms.RUNGS[rows["price"]["chart"]] == "attributed"


def test_a_fault_of_the_data_comes_first_and_silences(planted: Planted) -> None:
    results, page = planted("broken"), PAGES["en"]
    first = headlines(results, page)[0]
    assert (
        first[0] == "changed.fault_1"
        and "`orders`" in first[2]
        and "410 rows came in, 9,000 are usual" in first[2]
    )
    assert answer(results, page).startswith("**Data fault**")
    renamed = results["watch_received"].assign(why="code_renamed:events.event_type: visit → visit_v2")
    told = received.fault_lines(WatchResults({**results.tables, "watch_received": renamed}), page)
    assert "a code was renamed, `events.event_type: visit → visit_v2`" in told[0]
    assert received.silenced_lines(results, page)[0].startswith("Departures against forecast, September 2025")
    assert received.received_table(results, page)["table"].iloc[0] == "orders"
    assert not received.usual_lines(planted("short"), page)


def test_without_alarm_the_page_says_how_small_a_change_it_could_have_seen(planted: Planted) -> None:
    results = planted("quiet")
    told = {key: (value, text) for key, value, text, _ in headlines(results, PAGES["en"])}
    value, text = told["changed.alarms"]
    assert (
        value == 0
        and "11 months were judged against 12" in text
        and "less than **25.0%** could have stayed unseen for 6 months" in text
    )
    assert quiet_line(results, PAGES["zh"], 11).startswith("目前 **0** 项预警")
    assert "**0** of 6 figures changed" in told["changed.months"][1]


def test_no_earlier_month_and_too_few_months_are_said(planted: Planted) -> None:
    told = {key: text for key, _, text, _ in headlines(planted("short"), PAGES["en"])}
    assert told["changed.unjudged"] == "No month is judged yet: no month is over."
    assert told["changed.no_earlier"].startswith("No earlier month was kept")
    assert headlines(planted("not_run"), PAGES["en"]) == []
    assert planted("not_run").why_unjudged() == "too_short"
    quiet = planted("quiet").tables
    new = quiet | {"watch_charts": quiet["watch_charts"].query("state == 'reference'")}
    assert "all months on record are the reference" in answer(
        replace(planted("quiet"), tables=new), PAGES["en"]
    )
    assert (
        planted("quiet").chart_facts("leavings")["within_months"] == 6
        and planted("quiet").chart_facts("mix") == {}
    )
    assert "whychurn watch" in answer(planted("not_run"), PAGES["zh"])


def test_a_change_is_real_or_made_by_us(planted: Planted) -> None:
    results, page = planted("alarm"), PAGES["en"]
    lines = [
        months.change_line(row, results, page) for row in months.changed(results, "real").to_dict("records")
    ]
    assert lines[0] == "Departures: 120 → 168, **+48** [+22 to +75] since October 2025. Real."
    ours = months.change_line(months.changed(results, "made_by_us").iloc[0].to_dict(), results, page)
    assert "Made by us: model +4.0 pp; " in ours and "late data" not in ours
    table = months.month_table(results, page)
    assert table["word"].tolist()[:4] == ["real", "real", "made by us", "not told from chance"]
    assert table["now"].tolist()[3] == "¥0.31 M"
    parts = months.part_table(results, page)
    assert parts.loc[2, ["difference", "new_model", "remains"]].tolist() == ["+4.0 pp", "+4.0 pp", "+0.0 pp"]
    assert [months.rung_of(name) for name in ("leavings", "value_at_risk", "cause:price")] == [
        "described", "associated", "attributed",
    ]  # fmt: skip


def test_a_forecast_without_outcomes_holds_only_if_the_link_does(planted: Planted) -> None:
    results = planted("quiet")
    closed, coming = forecasts.forecast_lines(results, PAGES["en"])
    assert "**410** members left, 402 were forecast" in closed and "0.71 [0.68–0.74]" in closed
    assert "if the link between inputs and leaving holds" in coming and "4,100" in coming
    assert forecasts.forecast_table(results)["month"].is_monotonic_decreasing
    inputs = forecasts.input_table(results, PAGES["en"])
    assert inputs["effect"].is_monotonic_decreasing and inputs["feature"].iloc[-1] == "own_column"


def test_figures_mark_where_the_change_began(planted: Planted) -> None:
    results = planted("alarm")
    drawn = charts.leavings_of(results["watch_charts"])
    title, since = charts.leavings_title(drawn, results["watch_alarms"], "en")
    assert "July 2025" in title and since == [pd.Timestamp("2025-07-01")]
    axis = charts.draw_leavings(drawn, since, "zh").axes[0]
    assert sum(len(line.get_xdata()) for line in axis.lines if line.get_marker() == "o") == 24
    signals = charts.signals_of(results["watch_charts"])
    assert signals["order"].cat.categories[0] == "leavings:all"
    figure = charts.draw_signals(signals, "en")
    assert [bool([line for line in axis.lines if line.get_marker() == "o"]) for axis in figure.axes[:2]] == [
        True,
        True,
    ]
    quiet = planted("quiet")["watch_alarms"]
    assert charts.leavings_title(drawn.iloc[:0], quiet, "en") == (
        "Departures a month and what was forecast",
        [],
    )
    judged = drawn.assign(state="judged", low=0.0, high=[-1.0, *[1e9] * (len(drawn) - 1)])
    inside, since = charts.leavings_title(judged, quiet, "en")
    assert inside == f"Departures lay within the forecast in {len(judged) - 1} of {len(judged)} judged months"
    assert since == []


def test_signals_say_which_chart_came_nearest_to_its_limit(planted: Planted) -> None:
    signals = charts.signals_of(planted("alarm")["watch_charts"])
    assert charts.signals_title(signals, "en").startswith("Reached its limit: ")
    calm = signals.assign(signal=signals["signal"] / signals["signal"].max() * 0.5)
    assert "at 50% of it" in charts.signals_title(calm, "en") and "50%" in charts.signals_title(calm, "zh")


def test_names_of_groups_in_both_languages() -> None:
    assert [group_name(one, "en") for one in ("all", "tier:gold", "price", "orders", None)] == [
        "all members", "tier gold", "Price", "orders", "–",
    ]  # fmt: skip
    assert group_name("plan:yearly", "zh") == "yearly方案" and headline_name("cause:price", "zh") == "价格"
    assert headline_name("rate", "en") == "Churn rate" and feature_name("own_column", "en") == "own_column"
    assert code_names(["mix", None], "chart", "en")[1] == "–"


def test_a_study_that_was_never_watched_has_empty_tables(tmp_path: Path) -> None:
    from whychurn.contract.paths import StudyPaths

    results = read_watch(StudyPaths(tmp_path))
    assert results.facts == {} and results["watch_alarms"].empty and results.months("judged") == []
    assert results.told("charts") == {} and alarms.alarm_rows(results).empty
