"""Figures of what a stay is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from whychurn.report.drawing.axes import money_label
from whychurn.report.drawing.theme import ACCENT, MUTED, SERIES, new_figure, themed
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METHODS: Final = {"panel": (ACCENT, "o"), "bgnbd": (SERIES[1], "s"), "goes_on": (MUTED, "^")}


@themed()
def draw_tiers(tiers: pd.DataFrame, currency: str, horizon_days: int, lang: str) -> Figure:
    """Margin a member and expected stay by tier (lifetime_tiers)."""
    rows = tiers.dropna(subset=["margin_per_member"]).iloc[::-1]
    names = [
        say(f"survival.tier_{t}", lang) if t in ("high", "middle", "low") else str(t) for t in rows["tier"]
    ]
    figure, (left, right) = new_figure(height=0.9 + 0.5 * max(len(rows), 1), columns=2)
    for axis, column, text in (
        (left, "margin_per_member", money_label("survival.axis_margin", lang, currency)),
        (right, "expected_stay_days", say("survival.axis_stay_next", lang, days=horizon_days)),
    ):
        bars = axis.barh(range(len(rows)), rows[column], color=ACCENT, height=0.6)
        axis.bar_label(bars, [f"{value:,.0f}" for value in rows[column]], padding=3, size=9)
        axis.set_xlabel(text)
        axis.margins(x=0.16)
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.grid(axis="y", visible=False)
    left.set_yticks(range(len(rows)), names)
    right.set_yticks(range(len(rows)), [""] * len(rows))
    right.set_xlim(0, horizon_days * 1.12)
    return figure


@themed()
def draw_spend(groups: pd.DataFrame, currency: str, lang: str) -> Figure:
    """Actual against forecast spend of members in groups of like forecast (lifetime_holdout_groups)."""
    figure, (axis,) = new_figure(width=6.4, height=4.0)
    shown = groups.dropna(subset=["expected", "actual"])
    top = float(shown[["expected", "actual"]].max().max()) * 1.05 if len(shown) else 1.0
    axis.plot([0, top], [0, top], color=MUTED, linestyle=":", linewidth=1.2)
    for method, (colour, marker) in METHODS.items():
        rows = shown[shown["method"] == method]
        label = say(f"survival.method_{method}", lang)
        axis.plot(rows["expected"], rows["actual"], marker, color=colour, markersize=5.5, label=label)
    axis.legend(loc="upper left", fontsize=9)
    axis.set(
        xlabel=money_label("survival.axis_expected_spend", lang, currency),
        ylabel=money_label("survival.axis_actual_spend", lang, currency),
        xlim=(0, top),
        ylim=(0, top),
    )
    for one in (axis.xaxis, axis.yaxis):
        one.set_major_locator(MaxNLocator(5))
        one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    return figure
