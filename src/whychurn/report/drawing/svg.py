"""Matplotlib figures as inline SVG: real text, the page's colours, ids of their own."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, Any, Final

from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.text import Text

from whychurn.report.drawing.svg_minify import minify_svg
from whychurn.report.drawing.theme import FONTS, PAPER, VARIABLES, themed
from whychurn.report.drawing.values import value_marks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FULL_WIDTH: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\u3000-\u303f]")
_FAMILY: Final = re.compile(r"font-family: [^;\"]*(?:; )?")
_GROUP_ID: Final = re.compile(r'<g id="[^"]*"')
_HEX: Final = re.compile(r"#[0-9a-f]{6}\b", re.IGNORECASE)
_STYLE: Final = re.compile(r'style="[^"]*"')
_ATTRIBUTE: Final = re.compile(r'\b(fill|stroke)="(#[0-9a-f]{6})"')  # no variables outside a style
_PAGE_COLOURS: Final = {**VARIABLES, "#000000": "--ink", "#ffffff": "--paper"}
_COLUMN: Final = 576  # points of a figure that fills the column of a page
_TAG: Final = re.compile(r"<[a-zA-Z][^<>]*>", re.DOTALL)
_DECIMALS: Final = re.compile(r"(\.\d\d)\d+")
_REFERENCE: Final = re.compile(r'(\bid="|url\(#|(?:xlink:)?href="#)([\w-]+)')
_HEADER: Final = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA: Final = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_GLOBAL_STYLE: Final = re.compile(r"\s*<defs>\s*<style type=\"text/css\">.*?</style>\s*</defs>", re.DOTALL)
_COMMENT: Final = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_OPENING: Final = re.compile(r"<svg[^>]*>", re.DOTALL)


def figure_svg(figure: Figure, prefix: str, alt: str, *, static: bool = False) -> str:
    """`figure` as an SVG element for a page, equal bytes for equal input.

    Parameters
    ----------
    figure
        Drawn with `contract.theme.new_figure` and only theme colours.
    prefix
        Put before every id, so that several figures on one page do not share clip paths.
    alt
        What the figure shows, for those who cannot see it.
    static
        Keep the hex colours and name the fonts (for an SVG file); otherwise colours become CSS variables,
        which the page changes in dark mode, and the font is the page's.
    """
    drawn, values = _draw(figure)
    body = _COMMENT.sub("", _GLOBAL_STYLE.sub("", _METADATA.sub("", _HEADER.sub("", drawn))))
    opening = _OPENING.match(body)
    assert opening is not None, "matplotlib wrote no <svg> element"
    inner = _GROUP_ID.sub("<g", body[opening.end() :].strip())  # nothing refers to a group
    inner = _with_ids(inner, prefix)
    inner = _TAG.sub(lambda tag: _DECIMALS.sub(r"\1", " ".join(tag.group().split())), inner)
    inner = _FAMILY.sub("", inner)  # named once, or the page's own
    if not static:
        inner = _STYLE.sub(_page_style, _ATTRIBUTE.sub(r'style="\1: \2"', inner))
    inner = minify_svg(re.sub(r">\s+<", "><", inner))
    if not static:
        inner = inner.removesuffix("</svg>") + f"{values}</svg>"
    width, height = (round(72 * side, 2) for side in figure.get_size_inches())
    share = min(1.0, width / _COLUMN)
    fonts = ", ".join(name if name == "sans-serif" else f"'{name}'" for name in FONTS)
    size = (
        f'font-family="{fonts}"'
        if static
        else f'style="width:{100 * share:.4g}%;--least:{34 * share:.3g}rem"'
    )
    paper = (
        f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>' if static else ""
    )  # readable on dark pages too
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" {size} role="img" '
        f'stroke-linejoin="round" aria-label="{escape(alt)}"><title>{escape(alt)}</title>{paper}{inner}'
    )


def _with_ids(inner: str, prefix: str) -> str:
    """Ids and what refers to them, short and with the prefix."""
    known: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        name = known.setdefault(match[2], f"{prefix}-{len(known)}")
        return f"{match[1].removeprefix('xlink:')}{name}"

    return _REFERENCE.sub(renamed, inner)


def _page_style(match: re.Match[str]) -> str:
    def variable(colour: re.Match[str]) -> str:
        name = _PAGE_COLOURS.get(colour.group().lower())
        return f"var({name})" if name else colour.group()

    return _HEX.sub(variable, match.group())


def _draw(figure: Figure) -> tuple[str, str]:
    """SVG text of `figure`, with Chinese characters one em wide whatever fonts are installed; `value_marks` of it."""
    target = io.StringIO()
    before = figure.dpi
    with themed():
        figure.dpi = 72
        for text in figure.findobj(Text):
            text.set_parse_math(False)  # those made outside of the theme as well
        width, height = figure.get_size_inches()
        renderer = _Renderer(72 * width, 72 * height, target, image_dpi=150, metadata={"Date": None})
        _Canvas(figure, renderer)
        _pull_in_labels(figure, renderer)
        figure.draw(renderer)
        values = value_marks(figure)
        renderer.finalize()
        FigureCanvasSVG(figure)
        figure.dpi = before
    return target.getvalue(), values


def _pull_in_labels(figure: Figure, renderer: _Renderer) -> None:
    """Move a long x label sideways into the figure: layout engines only look at height."""
    width = 72 * figure.get_size_inches()[0]
    long = [axes for axes in figure.axes if axes.xaxis.label.get_window_extent(renderer).width > width / 3]
    engine = figure.get_layout_engine()
    if not long:
        return
    if engine is not None:
        engine.execute(figure)
    for axes in long:
        label, frame = axes.xaxis.label, axes.get_window_extent(renderer)
        half = label.get_window_extent(renderer).width / 2
        middle = min(max((frame.x0 + frame.x1) / 2, half + 2), width - half - 2)
        label.set_x((middle - frame.x0) / frame.width)


class _Renderer(RendererSVG):
    """Measures a full-width character as one em: matplotlib's font has no glyph for it, the browser's has."""

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        count = len(_FULL_WIDTH.findall(s))
        if not count:
            return super().get_text_width_height_descent(s, prop, ismath)
        _, height, descent = super().get_text_width_height_descent(_FULL_WIDTH.sub("M", s), prop, ismath)
        rest = _FULL_WIDTH.sub("", s)
        width = super().get_text_width_height_descent(rest, prop, ismath)[0] if rest.strip() else 0.0
        return width + count * prop.get_size_in_points(), height, descent


class _Canvas(FigureCanvasSVG):
    """Hands the layout engine the same renderer that draws, so that both measure alike."""

    def __init__(self, figure: Figure, renderer: _Renderer) -> None:
        super().__init__(figure)
        self._renderer = renderer

    def get_renderer(self) -> _Renderer:
        return self._renderer
