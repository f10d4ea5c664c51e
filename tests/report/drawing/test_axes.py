"""Rows with names, estimates with intervals, percentages: what matplotlib is left with."""

from __future__ import annotations

import pytest

from whychurn.report.drawing.axes import draw_estimate, name_rows, percent_axis, write_beside
from whychurn.report.drawing.theme import ACCENT, new_figure, new_panels


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


def test_a_text_stands_beside_its_place_by_points() -> None:
    figure, (axis,) = new_figure()
    write_beside(axis, "peak", (0.5, 0.5), (72, 0), color=ACCENT)
    figure.canvas.draw()
    (text,) = axis.texts
    start, (x, _) = axis.transData.transform((0.5, 0.5)), text.get_window_extent().p0
    assert text.get_text() == "peak" and text.get_color() == ACCENT
    assert x - start[0] == pytest.approx(figure.dpi, abs=2)


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (4, 2, 2), (5, 3, 2)])
def test_panels_fill_a_grid_and_the_rest_of_it_stays_empty(count: int, columns: int, rows: int) -> None:
    figure, axes = new_panels(count, columns, 2.0, margin=0.5)
    assert figure.get_size_inches()[1] == 0.5 + 2.0 * rows and len(axes) == count
    assert [axis.get_visible() for axis in figure.axes] == [
        number < count for number in range(rows * columns)
    ]
