"""What a chart shows at each row or each place of its axis, as text for a pointer: read from the chart itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.container import BarContainer
from matplotlib.dates import DateFormatter
from matplotlib.ticker import FixedLocator, FuncFormatter, PercentFormatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

MOST: Final = 26  # places of one axis; of more, every second, third … is told
_WRITTEN: Final = 30  # a chart with so many texts has its values in it
Point = tuple[float, float, str]  # place along the axis, value, name of the series


def value_marks(figure: Figure) -> str:
    """Invisible fields over the marks of all axes, each with its values as a title; empty where there is nothing to tell."""
    height = 72 * figure.get_size_inches()[1]
    drawn = "".join(_fields(axes, height) for axes in figure.axes if axes.get_visible())
    return f'<g class="values" style="fill: none; pointer-events: all">{drawn}</g>' if drawn else ""


def _fields(axes: Axes, height: float) -> str:
    if len(axes.texts) > _WRITTEN:
        return ""
    rows = isinstance(axes.yaxis.get_major_locator(), FixedLocator) and axes.yaxis_inverted()
    along, across = (axes.yaxis, axes.xaxis) if rows else (axes.xaxis, axes.yaxis)
    found: dict[float, list[Point]] = {}
    for point in _points(axes, rows):
        found.setdefault(round(point[0]) if rows else point[0], []).append(point)
    places = sorted(found)
    places = places[:: max(1, math.ceil(len(places) / MOST))]
    names = _names(along) if rows else {}
    frame, write, place = axes.get_window_extent(), _writer(across), _writer(along)
    spans = _spans(axes, write) if rows else {}
    ends = [float(_pixels(axes, at, rows)) for at in places]
    drawn = ""
    for number, at in enumerate(places):
        name = names.get(round(at), "") if rows else place(at)
        text = f"{name}: {_told(found[at], write)} {spans.get(round(at), '')}".strip()
        low = frame.y0 if rows else frame.x0
        high = frame.y1 if rows else frame.x1
        low, high = _between(ends, number, low, high)
        box = (
            (frame.x0, height - high, frame.width, high - low)
            if rows
            else (low, height - frame.y1, high - low, frame.height)
        )
        x, y, wide, tall = (f"{side:.0f}" for side in box)
        drawn += f'<rect x="{x}" y="{y}" width="{wide}" height="{tall}"><title>{escape(text)}</title></rect>'
    return drawn


def _points(axes: Axes, rows: bool) -> Iterable[Point]:
    """Estimates of lines with several places or with markers, and of bars."""
    for line in axes.lines:
        x, y = (
            np.asarray(data, dtype=float) for data in (line.get_xdata(orig=False), line.get_ydata(orig=False))
        )
        if line.get_transform() != axes.transData or (
            len(x) == 2 and line.get_marker() in ("None", None, "")
        ):
            continue
        name = str(line.get_label())
        label = "" if name.startswith("_") else name
        yield from (
            (b, a, label) if rows else (a, b, label)
            for a, b in zip(x, y, strict=True)
            if math.isfinite(a + b)
        )
    for group in axes.containers:
        if isinstance(group, BarContainer):
            label = "" if str(group.get_label()).startswith("_") else str(group.get_label())
            for bar in group:
                middle = bar.get_y() + bar.get_height() / 2 if rows else bar.get_x() + bar.get_width() / 2
                yield middle, bar.get_width() if rows else bar.get_height(), label


def _spans(axes: Axes, write: Callable[[float], str]) -> dict[int, str]:
    """Row -> its interval; rows with several have none."""
    found: dict[int, list[str]] = {}
    for line in axes.lines:
        x, y = (np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float))
        if line.get_transform() == axes.transData and len(x) == 2 and y[0] == y[1] and np.isfinite(x).all():
            found.setdefault(round(y[0]), []).append(f"[{write(x.min())}–{write(x.max())}]")
    return {row: texts[0] for row, texts in found.items() if len(texts) == 1}


def _told(points: list[Point], write: Callable[[float], str]) -> str:
    """Values with the names of their series; what has no name and stands there with one is left out."""
    named = {write(value) for _, value, name in points if name}
    told = [
        f"{name} {write(value)}".strip() for _, value, name in points if name or write(value) not in named
    ]
    return ", ".join(dict.fromkeys(told))


def _names(axis: Axis) -> dict[int, str]:
    ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=False)
    return {round(float(at)): label.get_text().replace("\n", " ") for at, label in ticks}


def _writer(axis: Axis) -> Callable[[float], str]:
    """Writes a value as the axis does, with a decimal more where it shows percentages."""
    formatter: Any = axis.get_major_formatter()
    if isinstance(formatter, PercentFormatter):
        return lambda value: f"{100 * value / formatter.xmax:.1f}%".replace("-", "−")
    if isinstance(formatter, DateFormatter | FuncFormatter):
        return lambda value: str(formatter(value, 0))
    return lambda value: f"{value:,.4g}".replace("-", "−")


def _pixels(axes: Axes, at: float, rows: bool) -> float:
    return axes.transData.transform((0, at) if rows else (at, 0))[1 if rows else 0]


def _between(ends: list[float], number: int, low: float, high: float) -> tuple[float, float]:
    """Half way to the neighbours; `ends` may fall, as rows do from the top."""
    near = sorted(ends)
    place = near.index(ends[number])
    before = (near[place - 1] + near[place]) / 2 if place else low
    after = (near[place] + near[place + 1]) / 2 if place + 1 < len(near) else high
    return max(before, low), min(after, high)
