"""Figures of a table of one row per customer: the curve by tenure, stated reasons, groups of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from whychurn.report.drawing.axes import draw_estimate, percent_axis
from whychurn.report.drawing.theme import ACCENT, new_figure
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST: Final = 46  # characters of a name beside an axis


def draw_tenure(curve: pd.DataFrame, lang: str) -> Figure:
    """Share who stay at least so long, with its band (snapshot_tenure)."""
    figure, (axis,) = new_figure(height=3.4)
    axis.step(curve["tenure"], curve["estimate"], where="post", color=ACCENT, linewidth=2)
    axis.fill_between(
        curve["tenure"], curve["low"], curve["high"], step="post", color=ACCENT, alpha=0.18, linewidth=0
    )
    unit = say(f"snapshot.unit_{curve['unit'].iloc[0]}", lang)
    axis.set(xlabel=say("snapshot.axis_tenure", lang, unit=unit), ylabel=say("snapshot.axis_stay", lang))
    axis.set(ylim=(0, 1.02), xlim=(0, float(curve["tenure"].max())))
    axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    percent_axis(axis, "y")
    return figure


def draw_groups(groups: pd.DataFrame, lang: str) -> Figure:
    """Mean absolute contribution of groups of columns that go together (snapshot_groups)."""
    rows = groups.head(12).iloc[::-1]
    figure, (axis,) = new_figure(height=0.8 + 0.36 * len(rows))
    axis.barh(range(len(rows)), rows["importance"], color=ACCENT)
    axis.set_yticks(range(len(rows)), [_short(name) for name in rows["group"]])
    axis.set_xlabel(say("risk.axis_importance", lang))
    axis.grid(axis="y", visible=False)
    return figure


def draw_reasons(reasons: pd.DataFrame, lang: str) -> Figure:
    """Share of the leavers who state each reason, with intervals (`sentences.reasons_table`)."""
    rows = reasons.dropna(subset=["share"]).head(12).iloc[::-1]
    figure, (axis,) = new_figure(height=0.9 + 0.34 * len(rows))
    for place, row in enumerate(rows.to_dict("records")):
        draw_estimate(axis, place, (row["low"], row["share"], row["high"]), ACCENT, size=6)
    axis.set_yticks(np.arange(len(rows)), [_short(name) for name in rows["reason"]])
    axis.set_xlabel(say("snapshot.axis_reasons", lang))
    axis.set_xlim(left=0)
    axis.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    axis.grid(axis="y", visible=False)
    percent_axis(axis)
    return figure


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
