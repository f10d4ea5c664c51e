"""Values of a chart as text for pointer and keyboard."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from whychurn.report.drawing.axes import draw_estimate, month_axis, name_rows, percent_axis
from whychurn.report.drawing.svg import figure_svg
from whychurn.report.drawing.theme import ACCENT, new_figure
from whychurn.report.drawing.values import MOST, value_marks


def titles(svg: str) -> list[str]:
    return re.findall(r"<rect[^>]*><title>(.*?)</title></rect>", svg)


def test_rows_tell_estimate_and_interval_and_do_not_overlap() -> None:
    figure, (axis,) = new_figure(8, 2)
    for place, ends in enumerate(((0.1, 0.2, 0.3), (0.2, 0.25, 0.4))):
        draw_estimate(axis, place, ends, ACCENT)
    name_rows(axis, ["Price & fees", "Rivals"])
    percent_axis(axis)
    axis.axvline(0.2)
    svg = figure_svg(figure, "f1", "alt")
    assert titles(svg) == ["Price &amp; fees: 20.0% [10.0%–30.0%]", "Rivals: 25.0% [20.0%–40.0%]"]
    tops = [
        tuple(map(int, box))
        for box in re.findall(r'<rect x="\d+" y="(\d+)" width="\d+" height="(\d+)"><title>', svg)
    ]
    assert tops[0][0] + tops[0][1] == pytest.approx(tops[1][0], abs=1)
    assert "<title>Rivals" not in figure_svg(figure, "f1", "alt", static=True)


def test_months_tell_each_series_by_name() -> None:
    days = pd.Series(pd.date_range("2025-01-01", periods=3, freq="MS"))
    figure, (axis,) = new_figure(8, 2)
    axis.plot(days, [1.0, 2.0, 3.5], "o-", label="members")
    axis.plot(days, [10.0, 20.0, 30.0], "o-", label="money")
    axis.plot(days[:1], [1.0], "o")
    month_axis(axis, days, 6)
    assert titles(figure_svg(figure, "f1", "alt"))[0] == "2025-01: members 1, money 10"


def test_bars_are_told_long_lines_are_thinned_and_written_charts_left_alone() -> None:
    figure, (bars, line, written) = new_figure(8, 6, rows=3)
    bars.barh([0, 1], [3, 4])
    name_rows(bars, ["a", "b"])
    line.plot(range(500), range(500))
    for place in range(31):
        written.text(place, 0, "x")
    written.plot(range(31), range(31), "o")
    found = titles(figure_svg(figure, "f1", "alt"))
    assert found[:2] == ["a: 3", "b: 4"] and 2 + MOST / 2 < len(found) <= 2 + MOST


def test_a_chart_without_marks_tells_nothing() -> None:
    figure, (axis,) = new_figure(8, 2)
    assert value_marks(figure) == ""
    axis.plot([0, 1, 2], [3, 4, 5], label="members")
    assert "members 4" in value_marks(figure)
