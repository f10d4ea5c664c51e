"""Cumulative incidence by cause, drawn alike for stated and for attributed causes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, PercentFormatter

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.report.drawing.theme import CAUSE_COLOURS, INK, new_figure
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NEAR: Final = 0.05  # least distance of two labels, as a share of the height


def draw_incidence(incidence: pd.DataFrame, lang: str) -> Figure:
    """Stacked cumulative incidence by cause, all members (table cause_incidence)."""
    rows = incidence[incidence["stratum_kind"] == "all"]
    table = rows.pivot_table(index="day", columns="cause", values="estimate")
    names = [name for name in CAUSES if name in table]
    order = sorted(names, key=lambda name: -table[name].iloc[-1])
    order += [UNKNOWN] if UNKNOWN in table and table[UNKNOWN].gt(0).any() else []
    figure, (axis,) = new_figure(height=4.2)
    base = np.zeros(len(table))
    labels = []
    for name in order:
        top = base + table[name].to_numpy()
        axis.fill_between(
            table.index, base, top, color=CAUSE_COLOURS[name], alpha=0.75, linewidth=0, step="post"
        )
        labels.append(((base[-1] + top[-1]) / 2, name))
        base = top
    axis.text(0.97, 0.9, say("survival.label_still", lang), transform=axis.transAxes, ha="right", color=INK)
    high = -1.0
    for middle, name in labels:
        high = max(middle, high + _NEAR)
        axis.annotate(
            say(f"causes.{name}", lang),
            (1.01, high),
            xycoords="axes fraction",
            va="center",
            fontsize=9,
            color=CAUSE_COLOURS[name],
        )
    axis.set(xlabel=say("survival.axis_day", lang), ylabel=say("survival.axis_left", lang))
    axis.set_xlim(0, float(table.index.max()))
    axis.set_ylim(0, 1)
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    return figure
