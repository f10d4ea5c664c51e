"""Rows with names, estimates with intervals, percentages: what matplotlib is left with."""

from __future__ import annotations

import pytest

from whychurn.report.drawing.axes import draw_estimate, name_rows, percent_axis
from whychurn.report.drawing.theme import ACCENT, new_figure


def test_the_first_row_stands_on_top() -> None:
    _, (axis,) = new_figure()
    name_rows(axis, ["first", "second", "third"], fontsize=9)
    assert [label.get_text() for label in axis.get_yticklabels()] == ["first", "second", "third"]
    assert axis.get_ylim() == (2.5, -0.5) and axis.get_yticklabels()[0].get_fontsize() == 9


def test_an_estimate_lies_on_the_line_between_its_bounds() -> None:
    _, (axis,) = new_figure()
    draw_estimate(axis, 2.0, (0.1, 0.2, 0.4), ACCENT, width=3, size=7)
    line, dot = axis.get_lines()
    assert list(line.get_xdata()) == [0.1, 0.4] and list(line.get_ydata()) == [2.0, 2.0]
    assert list(dot.get_xdata()) == [0.2] and list(dot.get_ydata()) == [2.0]
    assert (line.get_linewidth(), dot.get_markersize()) == (3, 7)


@pytest.mark.parametrize(
    ("which", "x", "y"), [("x", "12%", None), ("y", None, "12%"), ("both", "12%", "12%")]
)
def test_shares_are_told_in_percent_on_the_axis_asked_for(which: str, x: str | None, y: str | None) -> None:
    _, (axis,) = new_figure()
    percent_axis(axis, which)
    for one, text in ((axis.xaxis, x), (axis.yaxis, y)):
        assert (one.get_major_formatter()(0.123) == "12%") == (text is not None)
