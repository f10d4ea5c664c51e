"""Figures of the topics: how much of each, how shares moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.ticker import MaxNLocator

from whychurn.contract.causes import CAUSES
from whychurn.report.drawing.axes import percent_axis
from whychurn.report.drawing.theme import ACCENT, ALERT, CAUSE_COLOURS, MUTED, new_figure, new_panels
from whychurn.report.page.formats import display_width
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BARS: Final = 16
COLUMNS: Final = 2


def draw_topics(frame: pd.DataFrame, lang: str) -> Figure:
    """Share of the largest topics, coloured by the cause that their texts name.

    Parameters
    ----------
    frame
        Table ``topics``.
    """
    shown = frame[~frame["suppressed"]].nlargest(BARS, "share").iloc[::-1]
    colours = {**CAUSE_COLOURS, "none": MUTED}
    figure, (axis,) = new_figure(8.0, 1.3 + 0.27 * len(shown))
    axis.barh(
        range(len(shown)), shown["share"], color=[colours[cause] for cause in shown["cause"]], height=0.7
    )
    axis.set_yticks(range(len(shown)), [cut_label(label, 44) for label in shown[f"label_{lang}"]])
    percent_axis(axis)
    axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_xlabel(say("voice.topic_axis_share", lang))
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)
    for cause in (*CAUSES, "none"):
        if cause in set(shown["cause"]):
            name = say("voice.topic_cause_none", lang) if cause == "none" else say(f"causes.{cause}", lang)
            axis.barh([0], [0], color=colours[cause], label=name)
    axis.legend(
        loc="upper center", bbox_to_anchor=(0.35, -0.75 / (0.27 * len(shown) + 0.6)), ncols=3, frameon=False
    )
    return figure


def draw_months(
    months: pd.DataFrame, changes: pd.DataFrame, topics: pd.DataFrame, chosen: list[int], lang: str
) -> Figure:
    """Monthly share of some topics, a panel each, with the weeks in which the share changed.

    Parameters
    ----------
    months, changes, topics
        Tables ``topic_months``, ``topic_changes``, ``topics``.
    chosen
        Topics, in the order of the panels.
    """
    names = topics.set_index("topic_id")[f"label_{lang}"]
    figure, axes = new_panels(len(chosen), COLUMNS, 1.75, margin=0.4)
    for axis, topic in zip(axes, chosen, strict=True):
        mine = months[months["topic_id"] == topic].sort_values("month")
        axis.plot(mine["month"], mine["share"], color=ACCENT, marker="o", markersize=3)
        for week in changes.loc[changes["topic_id"] == topic, "week"] if len(changes) else []:
            axis.axvline(week, color=ALERT, linestyle="--", linewidth=1.2)
        axis.set_title(cut_label(names[topic], 40), loc="left", fontsize=9.5)
        axis.set_ylim(
            0, 1.15 * max(0.01, float(mine["share"].max()) if mine["share"].notna().any() else 0.01)
        )
        percent_axis(axis, "y")
        axis.yaxis.set_major_locator(MaxNLocator(3))
        axis.xaxis.set_major_locator(mdates.MonthLocator(interval=max(1, months["month"].nunique() // 4)))
        axis.set_xlim(months["month"].min(), months["month"].max())
        axis.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m"))
        axis.tick_params(labelsize=8.5)
    return figure


def cut_label(label: str, most: int) -> str:
    """A label that fits; a Chinese character is as wide as two letters."""
    width, kept = 0, ""
    for letter in label:
        width += display_width(letter)
        if width > most:
            return kept.rstrip(" ,、") + "…"
        kept += letter
    return label
