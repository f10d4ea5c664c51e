"""Small lines by month with their bands, side by side on one scale; events are thin verticals with a word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from whychurn.report.page.components.interval_rows import axis_range
from whychurn.report.page.html_pieces import inline


@dataclass(frozen=True)
class SmallLine:
    """One series.

    Parameters
    ----------
    name, beside
        What it is of, and what was found of it.
    values, low, high
        One entry a month of `small_lines`; NaN where a month is not told.
    rung
        Of the estimates.
    events
        Place of the month (0 the first) and a word; a word is written once.
    """

    name: str
    beside: str
    values: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    rung: str
    events: Sequence[tuple[int, str]] = ()


def small_lines(lines: Sequence[SmallLine], months: Sequence[pd.Timestamp]) -> str:
    """All series as HTML; grey lines mark the same values in each."""
    _, top, step = axis_range([value for line in lines for value in line.high if math.isfinite(value)])
    return f'<div class="sl-all">{"".join(_panel(line, months, top, step) for line in lines)}</div>'


def scale_steps(lines: Sequence[SmallLine]) -> list[float]:
    """Values at which the grey lines stand."""
    _, top, step = axis_range([value for line in lines for value in line.high if math.isfinite(value)])
    return [step * place for place in range(1, round(top / step))]


def _panel(line: SmallLine, months: Sequence[pd.Timestamp], top: float, step: float) -> str:
    last = max(len(months) - 1, 1)

    def at(place: int, value: float) -> str:
        return f"{100 * place / last:.2f} {100 - 100 * value / top:.2f}"

    grid = "".join(
        f'<path class="tick" d="M0 {100 - 100 * k * step / top:.2f}H100"/>'
        for k in range(1, round(top / step))
    )
    drawn = ""
    for run in _runs(line.values):
        there, back = (
            " L".join(at(n, ends[n]) for n in way) for ends, way in ((line.high, run), (line.low, run[::-1]))
        )
        drawn += f'<path class="band" d="M{there} L{back}Z"/>'
        drawn += f'<path class="curve" d="M{" L".join(at(n, line.values[n]) for n in run)}"/>'
    events = "".join(f'<path class="event" d="M{100 * n / last:.2f} 0V100"/>' for n, _ in line.events)
    words = ", ".join(dict.fromkeys(word for _, word in line.events))
    label = escape(f"{line.name}: {line.beside}".replace("**", ""))
    return (
        f'<div class="sl" data-claim data-rung="{escape(line.rung)}"><p><b>{inline(line.name)}</b> <span>{inline(line.beside)}</span></p>'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{label}"><title>{label}</title>{grid}{drawn}{events}</svg>'
        f"<div><span>{months[0]:%Y-%m}</span>{f'<em>{inline(words)}</em>' if words else ''}<span>{months[-1]:%Y-%m}</span></div></div>"
    )


def _runs(values: Sequence[float]) -> list[list[int]]:
    """Stretches of months that are told."""
    runs: list[list[int]] = [[]]
    for place, value in enumerate(values):
        if math.isfinite(value):
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
