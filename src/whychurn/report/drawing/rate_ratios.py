"""Rate ratios at key nodes, drawn alike for retention and survival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from whychurn.report.drawing.axes import draw_estimate
from whychurn.report.drawing.theme import ALERT, INK, MUTED, new_figure
from whychurn.report.words import say
from whychurn.report.words.readable_names import clock_bin_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_rate_ratios(nodes: pd.DataFrame, lang: str, margin: float = 1.0) -> Figure:
    """Observed to expected churn events at bins of the clocks, in rows; key nodes in the alert colour.

    Parameters
    ----------
    nodes
        Rows of ``key_nodes``, the first on top.
    margin
        Inches above and below the rows.
    """
    rows = nodes.iloc[::-1].to_dict("records")
    figure, (axis,) = new_figure(height=margin + 0.3 * len(rows))
    for place, row in enumerate(rows):
        colour = ALERT if row["is_node"] else MUTED
        draw_estimate(axis, place, (row["ratio_low"], row["ratio"], row["ratio_high"]), colour, size=6)
    axis.axvline(1, color=INK, linewidth=1)
    axis.set_yticks(range(len(rows)), [clock_bin_name(row, lang) for row in rows])
    axis.set_ylim(-0.6, len(rows) - 0.4)
    axis.set_xlabel(say("retention.axis_ratio", lang))
    axis.grid(axis="y", visible=False)
    return figure
