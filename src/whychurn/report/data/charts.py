"""Figures of the data report: the choice of a churn threshold, and what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from whychurn.report.drawing.axes import percent_axis, write_beside
from whychurn.report.drawing.theme import ACCENT, ALERT, INK, MUTED, new_figure, themed
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@themed()
def draw_threshold_curve(curve: pd.DataFrame, lang: str, chosen: float | None = None) -> Figure:
    """Share of the lapsed who come back, and share of members who count as gone, by threshold.

    Parameters
    ----------
    curve
        ``threshold_days``, ``return_share``, ``churn_share`` (shares), one row per threshold.
    chosen
        Threshold in use, days; marked where it is given.
    """
    figure, (axes,) = new_figure(8, 3.4)
    rows = curve.sort_values("threshold_days")
    lines = (("churn_share", ACCENT, "curve_gone"), ("return_share", ALERT, "curve_back"))
    for column, colour, word in lines:
        line = rows.dropna(subset=[column])
        if line.empty:  # nobody was gone for long enough to see whether they come back
            continue
        axes.plot(line["threshold_days"], line[column], color=colour, marker="o", markersize=4)
        last = line.iloc[-1]
        write_beside(
            axes,
            say(f"delivery.{word}", lang),
            (last["threshold_days"], last[column]),
            (8, 0),
            color=colour,
            va="center",
            annotation_clip=False,
        )
    if chosen is not None:
        axes.axvline(chosen, color=MUTED, linewidth=1, linestyle="--")
        label = say("delivery.curve_chosen", lang, days=f"{chosen:.0f}")
        axes.annotate(
            label,
            (chosen, 1),
            xycoords=("data", "axes fraction"),
            xytext=(5, -2),
            textcoords="offset points",
            color=INK,
            va="top",
        )
    axes.set_ylim(bottom=0)
    percent_axis(axes, "y")
    axes.set_xticks(rows["threshold_days"])
    axes.set_xlabel(say("delivery.curve_days", lang))
    axes.set_ylabel(say("delivery.curve_share", lang))
    return figure


@themed()
def draw_definitions(definitions: pd.DataFrame, lang: str) -> Figure:
    """Churn of the last year under each definition, with its interval.

    Parameters
    ----------
    definitions
        ``definition`` (as shown), ``rate``, ``low``, ``high`` (shares), ``is_main``.
    """
    rows = definitions.dropna(subset=["rate"])
    figure, (axes,) = new_figure(8, 1.3 + 0.4 * len(rows))
    for place, row in enumerate(rows.to_dict("records")):
        colour = ACCENT if row["is_main"] else MUTED
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2)
        axes.plot(row["rate"], place, "o", color=colour)
        write_beside(
            axes,
            f"{row['rate']:.1%}",
            (row["high"], place),
            (8, 0),
            va="center",
            color=INK,
            annotation_clip=False,
        )
    axes.set_yticks(range(len(rows)), rows["definition"])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.12 * rows["high"].max())
    axes.grid(axis="y", visible=False)
    percent_axis(axes)
    axes.set_xlabel(say("delivery.definitions_axis", lang))
    return figure
