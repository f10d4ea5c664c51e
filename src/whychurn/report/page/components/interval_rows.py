"""Estimates with their intervals, a row each: text keeps its size on a phone, nothing is scaled."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from whychurn.contract.errors import WhychurnError
from whychurn.report.page.components.blocks import tag
from whychurn.report.page.components.numbers import signed
from whychurn.report.page.formats import display_width
from whychurn.report.page.html_pieces import inline

_STEPS: Final = (1.0, 2.0, 2.5, 5.0)
_TICKS: Final = 5  # at most so many steps
_ABREAST: Final = 28  # letters of all tick labels that a phone has room for


@dataclass(frozen=True)
class IntervalRow:
    """One estimate.

    Parameters
    ----------
    name, sub
        What it is of, and a second line below.
    value, low, high
        In the units of the axis; all finite.
    text, between
        Value and interval as the reader sees them.
    rung
        Of the estimate.
    beside
        A second line below the value.
    verdict
        A tag (`blocks.TAGS`), or none.
    detail
        Shown on hover and on focus.
    mark
        A second value on the axis that the estimate is held against.
    """

    name: str
    value: float
    low: float
    high: float
    text: str
    between: str
    rung: str
    sub: str = ""
    beside: str = ""
    verdict: str = ""
    detail: str = ""
    mark: float = math.nan


def interval_rows(
    rows: Sequence[IntervalRow],
    lang: str,
    ends: tuple[str, str] = ("", ""),
    *,
    tick: Callable[[float], str] = signed,
    look: str = "",
    within: Sequence[float] = (),
) -> str:
    """Rows on one axis that holds zero.

    Parameters
    ----------
    ends
        What lies to the left and to the right of zero, in words; empty where values are never negative.
    tick
        Writes a number below the axis.
    look
        ``compact``: without axis and second lines, for the index; ``stroke`` and ``ring``: the shape of the mark.
    within
        Further values that the axis holds, so that two blocks share one scale.

    Raises
    ------
    WhychurnError
        If an estimate has no interval.
    """
    open_ended = [row.name for row in rows if not all(map(math.isfinite, (row.value, row.low, row.high)))]
    if open_ended:
        raise WhychurnError(f"no interval for {', '.join(open_ended)}", remedy="leave the row out")
    marks = [row.mark for row in rows if math.isfinite(row.mark)]
    low, high, step = axis_range([*within, *marks, *(end for row in rows for end in (row.low, row.high))])
    drawn = "".join(_row(row, low, high, lang, look, step) for row in rows)
    return f'<div class="iv-rows {look}">{drawn}{_axis(low, high, step, ends, tick)}</div>'


def axis_range(values: Sequence[float]) -> tuple[float, float, float]:
    """Ends and step of an axis that holds zero and `values`, in round numbers."""
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    power = 10 ** math.floor(math.log10(span / _TICKS))
    steps = [base for base in _STEPS if base != 2.5 or power >= 10]  # below, ticks would need decimals
    step = next((base * power for base in steps if base * power * _TICKS >= span), 10 * power)
    return math.floor(low / step) * step, math.ceil(high / step) * step or step, step


def _row(row: IntervalRow, low: float, high: float, lang: str, look: str, step: float) -> str:
    compact = look == "compact"
    marks = f" {tag(row.verdict, lang)}" if row.verdict else ""
    sub = f"<small>{inline(row.sub)}</small>" if row.sub and not compact else ""
    beside = f"<small>{inline(row.beside)}</small>" if row.beside and not compact else ""
    focus = ' tabindex="0"' if row.detail and not compact else ""
    detail = f'<span class="iv-detail">{inline(row.detail)}</span>' if row.detail and not compact else ""
    colour = f" iv-{row.verdict}" if row.verdict in ("proven", "harm") else ""
    return (
        f'<div class="iv-row{colour}"{focus} data-claim data-rung="{escape(row.rung)}">'
        f'<div class="iv-name"><b>{inline(row.name)}</b>{marks}{sub}</div>{_marks(row, low, high, step, look)}'
        f'<div class="iv-value"><b>{inline(row.text)}</b> <span>{escape(row.between)}</span>{beside}</div>'
        f"{detail}</div>"
    )


def _marks(row: IntervalRow, low: float, high: float, step: float, look: str) -> str:
    def place(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.2f}%"

    label = escape(f"{row.name}: {row.text} {row.between}")
    grid = "".join(
        f'<line class="{"zero" if abs(at) < step / 2 else "tick"}" x1="{place(at)}" x2="{place(at)}" y1="0" y2="100%"/>'
        for at in _ticks(low, high, step)
    )
    if math.isfinite(row.mark):
        at = place(row.mark)
        grid += f'<line class="link" x1="{at}" x2="{place(row.value)}" y1="50%" y2="50%"/>' + (
            f'<circle class="ring" cx="{at}" cy="50%" r="5"/>'
            if look == "ring"
            else f'<line class="mark" x1="{at}" x2="{at}" y1="20%" y2="80%"/>'
        )
    return (
        f'<svg role="img" aria-label="{label}" width="100%" height="26">{grid}'
        f'<line class="span" x1="{place(row.low)}" x2="{place(row.high)}" y1="50%" y2="50%"/>'
        f'<circle cx="{place(row.value)}" cy="50%" r="5"/></svg>'
    )


def _ticks(low: float, high: float, step: float) -> list[float]:
    return [low + step * number for number in range(round((high - low) / step) + 1)]


def _axis(low: float, high: float, step: float, ends: tuple[str, str], tick: Callable[[float], str]) -> str:
    names = {at: tick(round(at, 10)) for at in _ticks(low, high, step)}
    marks = "".join(
        f'<span style="left:{100 * (at - low) / (high - low):.2f}%">{escape(name)}</span>'
        for at, name in names.items()
    )
    wide = (
        " wide" if sum(map(display_width, names.values())) > _ABREAST else ""
    )  # a phone leaves every other out
    left, right = (inline(text) for text in ends)
    words = f'<div class="iv-ends"><span>← {left}</span><span>{right} →</span></div>' if left else ""
    return f'<div class="iv-axis" aria-hidden="true"><div class="iv-scale{wide}">{marks}</div></div>{words}'
