"""Axes that several charts share: named rows, an estimate with its interval, percentages, months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.ticker import PercentFormatter

from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def name_rows(axis: Axes, names: Sequence[str], **text: Any) -> None:
    """Label rows 0, 1, … from the top down, without grid lines; `text` as for tick labels."""
    axis.set_yticks(range(len(names)), names, **text)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)


def draw_estimate(
    axis: Axes,
    place: float,
    ends: tuple[float, float, float],
    colour: str,
    width: float = 1.8,
    size: float = 5,
) -> None:
    """Dot at the estimate in row `place`, line between the bounds; `ends` is (low, estimate, high)."""
    low, estimate, high = ends
    axis.plot([low, high], [place, place], color=colour, linewidth=width)
    axis.plot([estimate], [place], "o", color=colour, markersize=size)


def write_beside(
    axis: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], **look: Any
) -> None:
    """`text` at `shift` points from the place `at`; `look` as for `annotate`."""
    axis.annotate(text, at, shift, textcoords="offset points", **look)


def percent_axis(axis: Axes, which: str = "x", decimals: int | None = 0) -> None:
    """Shares as percentages on the axis `which`: ``x``, ``y`` or ``both``."""
    for name in "xy" if which == "both" else which:
        getattr(axis, f"{name}axis").set_major_formatter(PercentFormatter(1, decimals=decimals))


def money_label(key: str, lang: str, currency: str) -> str:
    """Words of an axis of money, without brackets where the study names no currency."""
    text = say(key, lang, currency="元" if (lang, currency) == ("zh", "CNY") else currency)
    return text if currency else text.replace(" ()", "").replace("（）", "")


def month_axis(axis: Axes, days: pd.Series, most: int) -> None:
    """At most about `most` month ticks over `days`."""
    months = max(1, (days.max() - days.min()).days // 30)
    step = next((size for size in (1, 2, 3, 6, 12, 24) if months / size <= most), 60)
    axis.xaxis.set_major_locator(mdates.MonthLocator(bymonth=range(1, 13, min(step, 12)), interval=1))
    if step > 12:
        axis.xaxis.set_major_locator(mdates.YearLocator(step // 12))
    axis.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m"))
