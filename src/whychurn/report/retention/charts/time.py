"""Figures along the calendar and along members' lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from whychurn.report.drawing.axes import month_axis
from whychurn.report.drawing.theme import ACCENT, ALERT, INK, MUTED, PAPER, new_figure, new_panels
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEASURES: Final = ("churn", "renewal", "repurchase", "reactivation")


def draw_rates(frame: pd.DataFrame, lang: str) -> Figure:
    """Monthly rates of one definition, a panel per measure, by members and by revenue.

    Parameters
    ----------
    frame
        Rows of ``retention_rates`` with ``period_kind`` month and one definition.
    """
    shown = [name for name in MEASURES if frame.loc[frame["measure"] == name, "rate"].notna().any()]
    figure, axes = new_figure(8.0, 0.6 + 1.9 * len(shown), rows=len(shown))
    for axis, measure in zip(axes, shown, strict=True):
        for basis, colour in (("members", ACCENT), ("revenue", ALERT)):
            rows = frame[(frame["measure"] == measure) & (frame["basis"] == basis)].sort_values("period")
            _rate_line(axis, rows, colour, say(f"retention.basis_{basis}", lang))
        mine = frame[frame["measure"] == measure]
        axis.set_ylim(0, _top(mine["rate"], mine["high"]))
        _label_ends(axis)
        axis.set_title(say(f"retention.measure_{measure}", lang), loc="left")
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        axis.yaxis.set_major_locator(MaxNLocator(4))
        month_axis(axis, frame["period"], 9)
    return figure


def draw_cohorts(frame: pd.DataFrame, lang: str, value: str = "rate") -> Figure:
    """Share by month of joining and months since; the colour deepens with the share.

    Parameters
    ----------
    value
        ``rate`` (members still there) or ``revenue_rate`` (revenue against the month of joining).
    """
    deepest = max(1.0, float(frame[value].max()))
    cohorts = [pd.Timestamp(day) for day in np.sort(frame["cohort"].unique())]
    ages = int(frame["age_months"].max()) + 1
    figure, (axis,) = new_figure(8.0, 1.2 + 0.24 * len(cohorts))
    place = {cohort: number for number, cohort in enumerate(cohorts)}
    size = 7.5 if ages <= 26 else 5.5
    for row in frame.dropna(subset=[value]).to_dict("records"):
        left, top = row["age_months"] - 0.5, place[row["cohort"]] - 0.5
        edge = INK if row["partial"] else PAPER
        axis.add_patch(
            Rectangle(
                (left, top),
                1,
                1,
                facecolor=(ACCENT, 0.05 + 0.6 * row[value] / deepest),
                edgecolor=edge,
                lw=0.6,
                joinstyle="round",
                clip_on=False,
            )
        )
        label = f"{100 * row[value]:.0f}"
        axis.text(
            row["age_months"],
            place[row["cohort"]],
            label,
            ha="center",
            va="center",
            fontsize=size,
        )
    axis.set_xlim(-0.5, ages - 0.5)
    axis.set_ylim(len(cohorts) - 0.5, -0.5)
    step = max(1, len(cohorts) // 12)
    axis.set_yticks(range(0, len(cohorts), step), [cohort.strftime("%Y-%m") for cohort in cohorts[::step]])
    axis.set_xticks(range(0, ages, 3))
    axis.set_xlabel(say("retention.axis_age", lang))
    axis.set_ylabel(say("retention.axis_cohort", lang))
    axis.grid(False)
    return figure


def draw_hazard(frame: pd.DataFrame, lang: str) -> Figure:
    """Leavings per 1,000 member-days on each clock of days, key nodes marked.

    Parameters
    ----------
    frame
        Rows of ``key_nodes`` with unit ``days``.
    """
    frame = frame.dropna(subset=["rate"])
    clocks = list(frame["clock"].unique())
    figure, axes = new_figure(8.0, 0.5 + 2.4 * len(clocks), rows=len(clocks))
    for axis, clock in zip(axes, clocks, strict=True):
        rows = frame[frame["clock"] == clock]
        week = rows["bin_start"] / 7
        rate, low, high, smooth = (1000 * rows[name] for name in ("rate", "low", "high", "smoothed"))
        axis.vlines(week, low, high, color=MUTED, linewidth=0.7, alpha=0.6)
        axis.plot(week, rate, "o", color=MUTED, markersize=2.5)
        axis.plot(week, smooth, color=ACCENT, linewidth=1.8)
        node = rows["is_node"].to_numpy(bool)
        axis.plot(week[node], rate[node], "o", color=ALERT, markersize=6)
        settled = rows["members"] >= rows["members"].max() / 20  # few members make the wildest weeks
        axis.set_ylim(0, _top(rate[settled], smooth[settled]))
        axis.set_title(say(f"retention.clock_{clock}", lang), loc="left")
        axis.set_xlabel(say("retention.axis_weeks_joined", lang))
    figure.supylabel(say("retention.axis_hazard", lang), fontsize=10, color=INK)
    return figure


def draw_study(frame: pd.DataFrame, lang: str) -> Figure:
    """Weekly means of leavers and matched stayers; the band is the interval of their difference."""
    frame = frame.dropna(subset=["difference"])
    measures = list(frame["measure"].unique())
    figure, axes = new_panels(len(measures), 2, 2.1, margin=0.6)
    for number, (axis, measure) in enumerate(zip(axes, measures, strict=True)):
        part = frame[frame["measure"] == measure].sort_values("week")
        week = part["week"]
        axis.fill_between(
            week,
            part["controls"] + part["low"],
            part["controls"] + part["high"],
            color=ALERT,
            alpha=0.2,
            lw=0,
        )
        axis.plot(
            week, part["churners"], color=ALERT, linewidth=1.8, label=say("retention.label_leavers", lang)
        )
        axis.plot(
            week, part["controls"], color=ACCENT, linewidth=1.8, label=say("retention.label_stayers", lang)
        )
        axis.set_title(say(f"retention.behaviour_{measure}", lang), loc="left")
        axis.set_ylim(bottom=0)
        axis.set_xlim(week.min(), 0)
        axis.yaxis.set_major_locator(MaxNLocator(4))
        if number == 0:
            lines = axis.get_lines()
            figure.legend(
                lines,
                [str(line.get_label()) for line in lines],
                loc="outside upper right",
                ncols=2,
                frameon=False,
            )
        if number >= len(measures) - 2:
            axis.set_xlabel(say("retention.axis_week_before", lang))
    return figure


def _rate_line(axis: Axes, rows: pd.DataFrame, colour: str, label: str) -> None:
    axis.fill_between(rows["period"], rows["low"], rows["high"], color=colour, alpha=0.15, linewidth=0)
    axis.plot(rows["period"], rows["rate"], color=colour, linewidth=1.6, label=label)
    for partial, face in ((False, colour), (True, PAPER)):
        points = rows[rows["partial"].astype(bool) == partial]
        axis.plot(
            points["period"],
            points["rate"],
            "o",
            markersize=3.5,
            markerfacecolor=face,
            markeredgecolor=colour,
        )


def _top(values: pd.Series, bounds: pd.Series) -> float:
    """Upper end of an axis that shows every value, and intervals up to 1.6 times the largest."""
    most = float(values.max()) if values.notna().any() else 0.0
    wanted = min(float(bounds.max()), 1.6 * most) if bounds.notna().any() else most
    return 1.08 * max(most, wanted) or 1.0


def _label_ends(axis: Axes) -> None:
    """Write each line's name beside its end, apart where ends lie close together."""
    apart, top = 0.14, axis.get_ylim()[1]
    ends = []
    for line in axis.get_lines():
        values = np.asarray(line.get_ydata(), float)
        values = values[np.isfinite(values)]
        if not str(line.get_label()).startswith("_") and len(values):
            ends.append((min(values[-1] / top, 1.0), line))
    ends.sort(key=lambda end: end[0])
    heights = [height for height, _ in ends]
    if len(heights) == 2 and heights[1] - heights[0] < apart:
        low = min(max((sum(heights) - apart) / 2, 0.03), 1.0 - apart)
        heights = [low, low + apart]
    for height, (_, line) in zip(heights, ends, strict=True):
        axis.annotate(
            str(line.get_label()),
            (1.01, height),
            xycoords="axes fraction",
            va="center",
            color=str(line.get_color()),
            fontsize=9,
        )
