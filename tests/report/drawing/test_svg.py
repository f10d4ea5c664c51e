"""Figures as inline SVG: real text, theme colours as variables, room for Chinese."""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ET

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.textpath import TextPath

from whychurn.report.drawing.svg import figure_svg
from whychurn.report.drawing.svg_minify import minify_svg
from whychurn.report.drawing.theme import ACCENT, SERIES, VARIABLES, new_figure, themed

SVG = "{http://www.w3.org/2000/svg}"


def _bars(labels: list[str], title: str = "Title") -> Figure:
    with themed():
        figure, (axes,) = new_figure(8, 3)
        axes.barh(labels, range(1, len(labels) + 1), color=ACCENT, hatch="//")
        axes.set_title(title)
        axes.set_xlabel("members")
    return figure


HOSTILE = [
    "$0-$50",
    "$x_1^{2$",
    r"$\frac{a}{$",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "{0}{name}",
    "%(name)s %d",
    "=1+2",
    "a & 'b' \"c\"",
]


def test_words_that_look_like_code_are_drawn_as_words() -> None:
    figure, (axes,) = new_figure(8, 4)
    axes.barh(HOSTILE, range(len(HOSTILE)))  # as charts do, outside of the theme
    axes.set_title(HOSTILE[0])
    texts = [text.text for text in ET.fromstring(figure_svg(figure, "f1", HOSTILE[3])).iter(f"{SVG}text")]
    assert set(HOSTILE) <= set(texts)


def test_text_stays_text_and_is_well_formed() -> None:
    root = ET.fromstring(figure_svg(_bars(["产品与服务", "价格"], "流失原因"), "f1", 'bars "a" < b'))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "产品与服务" in texts
    assert "流失原因" in texts
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'bars "a" < b'
    assert root.find(f"{SVG}title") is not None
    assert root.get("viewBox") == "0 0 576 216"


def test_theme_colours_become_variables_and_no_other_colour_is_left() -> None:
    svg = figure_svg(_bars(["a", "b"]), "f1", "x")
    assert "var(--series-1)" in svg
    assert "var(--ink)" in svg
    assert not {colour for colour in re.findall(r"#[0-9a-f]{6}", svg) if colour in VARIABLES}
    assert not re.findall(r"<(?:metadata|style|!--)", svg)


def test_static_svg_keeps_colours_and_names_chinese_fonts() -> None:
    svg = figure_svg(_bars(["a", "b"]), "f1", "x", static=True)
    assert SERIES[0] in svg
    assert "var(--" not in svg
    assert "Noto Sans CJK SC" in svg


def test_same_figure_gives_same_bytes_and_ids_of_two_figures_differ() -> None:
    first, again = (figure_svg(_bars(["a", "b"]), "f1", "x") for _ in range(2))
    other = figure_svg(_bars(["a", "b"]), "f2", "x")
    assert first == again
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    used = set(re.findall(r"url\(#([^)]+)\)", first)) | set(re.findall(r'href="#([^"]+)"', first))
    assert used
    assert used <= ids[0]


def test_chinese_labels_get_one_em_a_character_whatever_fonts_exist() -> None:
    """The left margin must hold the label at full width: 10.5 pt a character, with no glyph warning on the way."""
    label = "会员流失原因分类说明文字共十六字"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        root = ET.fromstring(figure_svg(_bars([label, "价格"]), "f1", "x"))
    text = next(element for element in root.iter(f"{SVG}text") if element.text == label)
    right_edge = float(text.get("x", "0"))
    assert "text-anchor:end" in text.get("style", "")
    assert right_edge - len(label) * 10.5 >= -0.5, "the label would be cut at the left"


def test_latin_text_is_measured_as_matplotlib_does() -> None:
    """Figures without Chinese keep matplotlib's own layout."""
    figure = _bars(["alpha", "beta"])
    svg = ET.fromstring(figure_svg(figure, "f1", "x"))
    text = next(element for element in svg.iter(f"{SVG}text") if element.text == "alpha")
    figure.dpi = 72
    figure.draw_without_rendering()
    drawn = next(item for item in figure.findobj(Text) if item.get_text() == "alpha")
    assert float(text.get("x", "0")) == pytest.approx(drawn.get_window_extent().x1, abs=1.5)


def test_long_label_below_a_narrow_axis_is_pulled_inside() -> None:
    """Wide tick labels push the axis to the right; its own label would leave the figure there."""
    figure = _bars(["a rather long name of a feature that takes half of the width", "b"])
    label = "Contribution to the score (log-odds; to the right raises the risk)"
    figure.axes[0].set_xlabel(label)
    root = ET.fromstring(figure_svg(figure, "f1", "x"))
    text = next(element for element in root.iter(f"{SVG}text") if element.text == label)
    width = TextPath((0, 0), label, size=10.5).get_extents().width
    assert "text-anchor:middle" in text.get("style", "")
    assert float(text.get("x", "0")) + width / 2 <= 576
    assert float(text.get("x", "0")) - width / 2 >= 0


def test_short_svg_shows_the_same_shapes_in_fewer_bytes() -> None:
    with themed():
        figure, (axes,) = new_figure(8, 3)
        axes.plot(range(40), [number**0.5 for number in range(40)], marker="o", color=ACCENT)
    svg = figure_svg(figure, "f1", "x")
    root = ET.fromstring(svg)
    parents = {child: parent for parent in root.iter() for child in parent}
    dots = [use for use in root.iter(f"{SVG}use") if "style" not in use.attrib]
    assert len(dots) == 40, "one marker a point"
    assert all("var(--series-1)" in parents[dot].get("style", "") for dot in dots), (
        "the group says the colour"
    )
    assert all(element.attrib for element in root.iter(f"{SVG}g")), "no group that says nothing"
    assert "rotate(-0" not in svg


def test_compact_by_hand() -> None:
    long = (
        '<g><g clip-path="url(#c)"><use x="1.25" style="fill: red"/><use x="2.25" style="fill: red"/></g></g>'
        '<g><use x="3" style="fill: red"/><text transform="rotate(-0 3 4)" x="3.25">a</text></g>'
        '<path d="M 1.26 -0.01 L 10.00 2.5 "/><text transform="rotate(-30 1 2)">b</text>'
    )
    assert minify_svg(long) == (
        '<g clip-path="url(#c)"><g style="fill:red"><use x="1.25"/><use x="2.25"/></g></g>'
        '<use x="3" style="fill:red"/><text x="3.25">a</text>'
        '<path d="M1.3 0L10 2.5"/><text transform="rotate(-30 1 2)">b</text>'
    )
