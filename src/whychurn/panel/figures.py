"""Figures of the churn definition and the snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from whychurn.contract.theme import ACCENT, ALERT, INK, MUTED, new_figure
from whychurn.contract.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_threshold_curve(curve: pd.DataFrame, lang: str, kind: str) -> Figure:
    """How many of those counted as gone come back, and how many count as gone, by threshold.

    Parameters
    ----------
    curve
        threshold_curve.parquet.
    kind
        ``inactivity`` or ``terms``.
    """
    figure, (axis,) = new_figure(8.0, 3.6)
    days = curve["threshold_days"]
    for column, colour in (("churn_share", ACCENT), ("return_share", ALERT)):
        axis.plot(days, curve[column], color=colour, marker="o", markersize=4)
    _label_ends(axis, curve, lang)
    for chosen in curve.loc[curve["chosen"], "threshold_days"]:
        axis.axvline(chosen, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        axis.annotate(
            say("panel.curve_chosen", lang, days=int(chosen)),
            (chosen, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(5, -3),
            textcoords="offset points",
            va="top",
            color=INK,
        )
    axis.set_xlabel(say("panel.grace_axis" if kind == "terms" else "panel.threshold_axis", lang))
    axis.set_ylabel(say("panel.share_axis", lang))
    axis.set_xticks(days)
    axis.set_ylim(0, None)
    axis.margins(x=0.02)
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.yaxis.set_major_locator(MaxNLocator(5))
    return figure


def _label_ends(axis: Axes, curve: pd.DataFrame, lang: str) -> None:
    """Name both lines at their right end, above their last stretch; the lower name keeps its distance."""
    taken = None
    for column, word, colour in (
        ("churn_share", "curve_churned", ACCENT),
        ("return_share", "curve_returned", ALERT),
    ):
        known = curve.dropna(subset=[column])
        if known.empty:
            continue
        height = float(known[column].tail(2).max())
        close = taken is not None and abs(height - taken) < 0.08
        axis.annotate(
            say(f"panel.{word}", lang),
            (known["threshold_days"].iloc[-1], height),
            xytext=(0, 22 if close else 7),
            textcoords="offset points",
            ha="right",
            va="bottom",
            color=colour,
        )
        taken = height


def draw_snapshots(panel: pd.DataFrame, lang: str, horizon_days: int, min_cell: int) -> Figure:
    """Members at risk at each snapshot, and the share of them that left within the horizon.

    Snapshots of fewer than `min_cell` members are left out.
    """
    by_day = panel.groupby("as_of").agg(members=("member_id", "size"), rate=("churned_in_horizon", "mean"))
    by_day = by_day[by_day["members"] >= min_cell]
    rate = by_day["rate"].astype("Float64").astype("float64")
    figure, (members, left) = new_figure(8.0, 4.2, rows=2)
    members.plot(by_day.index, by_day["members"], color=MUTED, marker="o", markersize=3)
    left.plot(by_day.index, rate, color=ACCENT, marker="o", markersize=3)
    members.set_title(say("panel.snapshot_axis", lang), loc="left")
    left.set_title(say("panel.rate_axis", lang, days=horizon_days), loc="left")
    members.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    left.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    for axis in (members, left):
        axis.set_ylim(0, None)
        if len(by_day) > 1:
            axis.set_xlim(by_day.index.min(), by_day.index.max())
        axis.yaxis.set_major_locator(MaxNLocator(4))
        axis.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=3, maxticks=7))
        axis.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m"))
    return figure
