"""Shares by traces alone, by leavers asked by lot, and by both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from whychurn.report.drawing.axes import name_rows, percent_axis
from whychurn.report.drawing.theme import INK, MUTED, SERIES, new_figure
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# prefix of the columns, word, colour, distance from the middle of the row
SOURCES: Final = (
    ("model_", "model", MUTED, -0.24),
    ("draw_", "draw", SERIES[1], 0.0),
    ("", "both", INK, 0.24),
)


def draw_sources(table: pd.DataFrame, lang: str) -> Figure:
    """Share and interval of each cause by every source (table cause_interviews), largest first."""
    rows = table.sort_values("share", ascending=False, kind="stable")
    figure, (axis,) = new_figure(height=1.4 + 0.62 * len(rows))
    for prefix, word, colour, off in SOURCES:
        share = rows[f"{prefix}share"].to_numpy("float64")
        places = [place + off for place in range(len(rows))]
        axis.hlines(places, rows[f"{prefix}low"], rows[f"{prefix}high"], color=colour, linewidth=1.6)
        axis.plot(
            share, places, "o", color=colour, markersize=5, label=say(f"interviews.source_{word}", lang)
        )
    name_rows(axis, [say(f"causes.{cause}", lang) for cause in rows["cause"]])
    axis.set_xlim(left=0)
    percent_axis(axis)
    figure.legend(loc="outside upper left", ncols=3, fontsize=9, frameon=False)
    return figure
