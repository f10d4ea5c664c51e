"""Figures of competition: where and when rivals pull, and whether price gaps and churn move together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from whychurn.report.causes.charts.shares import date_axis
from whychurn.report.drawing.axes import percent_axis
from whychurn.report.drawing.theme import ACCENT, ALERT, CAUSE_COLOURS, MUTED, new_figure, new_panels
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_REGIONS: Final = 8  # panels that can be read


def draw_rivals(pulls: pd.DataFrame, lang: str) -> Figure:
    """Leavings for a rival for 1 000 members by month, a panel a region; behind them how busy rivals were.

    Parameters
    ----------
    pulls
        Rows of `rival_story.pulls`.
    """
    regions = pulls.groupby("region")["churn_events"].sum().nlargest(MOST_REGIONS).index.sort_values()
    columns = min(3 if len(regions) <= 6 else 4, len(regions))
    figure, axes = new_panels(len(regions), columns, 1.9, margin=0.7)
    most = float(pulls["pull"].max()) * 1.05 or 1.0
    for place, (axis, region) in enumerate(zip(axes, regions, strict=True)):
        rows = pulls[pulls["region"] == region].sort_values("month")
        _busy(axis, rows, pulls["competitor_activity"], most)
        axis.plot(rows["month"], rows["pull"], color=CAUSE_COLOURS["competition"], linewidth=2)
        axis.set_title(str(region), fontsize=10)
        axis.set_ylim(0, most)
        date_axis(axis, pulls["month"])
        if place % columns:
            axis.set_yticklabels([])
        else:
            axis.set_ylabel(say("causes.axis_pull", lang), fontsize=9)
    return figure


def _busy(axis: Axes, rows: pd.DataFrame, all_activity: pd.Series, most: float) -> None:
    low, high = all_activity.min(), all_activity.max()
    if pd.notna(low) and high > low:
        scaled = (rows["competitor_activity"] - low) / (high - low) * most
        axis.fill_between(rows["month"], 0, scaled, color=MUTED, alpha=0.22, linewidth=0)


def draw_gap(groups: pd.DataFrame, lang: str) -> Figure:
    """Monthly share that leaves, by how much cheaper rivals are (`rival_story.gap_groups`)."""
    figure, (axis,) = new_figure(height=2.9)
    axis.plot(groups["competitor_price_gap"], groups["hazard"], color=ACCENT, linewidth=1.2, alpha=0.6)
    for row in groups.to_dict("records"):
        axis.plot([row["competitor_price_gap"]] * 2, [row["low"], row["high"]], color=ACCENT, linewidth=1.8)
        axis.plot([row["competitor_price_gap"]], [row["hazard"]], "o", color=ACCENT, markersize=6)
    if groups["competitor_price_gap"].min() < 0 < groups["competitor_price_gap"].max():
        axis.axvline(0, color=ALERT, linewidth=1, linestyle=":")
    percent_axis(axis)
    percent_axis(axis, "y", decimals=1)
    axis.set_xlabel(say("causes.axis_gap", lang))
    axis.set_ylabel(say("causes.axis_hazard", lang))
    axis.set_ylim(bottom=0)
    return figure
