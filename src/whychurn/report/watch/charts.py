"""Departures against forecast, and how near each chart is to its alarm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import matplotlib.dates as mdates
import numpy as np
import pandas as pd

from whychurn.labels import join
from whychurn.report.drawing.axes import month_axis
from whychurn.report.drawing.theme import ACCENT, ALERT, INK, MUTED, PAPER, new_figure, new_panels, themed
from whychurn.report.page.components.numbers import month_name
from whychurn.report.watch.names import code_names, group_name
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS: Final = 6  # charts whose signal is drawn
_DOTS: Final = {"reference": (MUTED, MUTED), "judged": (INK, INK), "open": (PAPER, MUTED)}  # face, edge


def leavings_of(charts: pd.DataFrame) -> pd.DataFrame:
    """Rows of all leavings, by month."""
    rows = charts[charts["chart"].eq("leavings") & charts["group"].eq("all")]
    return rows.sort_values("month", ignore_index=True)


def leavings_title(rows: pd.DataFrame, alarms: pd.DataFrame, lang: str) -> tuple[str, list[pd.Timestamp]]:
    """Title of the figure of `rows` and the months in which alarms of all leavings say that the change began."""
    since = sorted(alarms.loc[alarms["chart"].eq("leavings") & alarms["group"].eq("all"), "since"].unique())
    judged = rows[rows["state"].eq("judged")]
    if not since and len(judged):
        inside = int(judged["observed"].between(judged["low"], judged["high"]).sum())
        return say("watch.figure_leavings_inside", lang, inside=inside, months=len(judged)), []
    if not since:
        return say("watch.figure_leavings", lang), []
    return say("watch.figure_leavings_alarm", lang, since=month_name(since[-1], lang)), since


def signals_of(charts: pd.DataFrame) -> pd.DataFrame:
    """Accumulated deviation of each chart and group as a share of its limit, the nearest to an alarm first.

    No rows where no month is judged yet.
    """
    rows = charts[charts["limit"].gt(0) & bool(charts["state"].eq("judged").any())]
    rows = rows.assign(
        signal=np.fmax(rows["cusum_up"].abs(), rows["cusum_down"].abs()) / rows["limit"]
    ).dropna(subset=["signal"])
    highest = (
        rows.groupby(["chart", "group"], sort=True)["signal"]
        .max()
        .sort_values(ascending=False, kind="stable")
    )
    kept = highest.index[:PANELS]
    rows = rows.set_index(["chart", "group"]).loc[kept].reset_index()
    return rows.assign(
        order=pd.Categorical(rows["chart"] + ":" + rows["group"], [":".join(key) for key in kept])
    )


def signals_title(rows: pd.DataFrame, lang: str) -> str:
    """Charts of `signals_of` that reached their limit, or the one that came nearest to it."""
    nearest = rows.groupby("order", observed=True)["signal"].max()
    reached = nearest.index[nearest >= 1]
    names = {row["order"]: _chart_name(row, lang) for row in rows.drop_duplicates("order").to_dict("records")}
    if len(reached):
        return say("watch.figure_signals_reached", lang, charts=join((names[key] for key in reached), lang))
    share = f"{100 * nearest.iloc[0]:.0f}%"
    return say("watch.figure_signals_near", lang, chart=names[nearest.index[0]], share=share)


@themed()
def draw_leavings(rows: pd.DataFrame, since: list[pd.Timestamp], lang: str) -> Figure:
    """Departures a month (rows of `leavings_of`), the forecast with its band, and where alarms say that it began."""
    figure, (axis,) = new_figure(height=3.4)
    band = say("watch.legend_band", lang)
    axis.fill_between(
        rows["month"], rows["low"], rows["high"], color=ACCENT, alpha=0.2, linewidth=0, label=band
    )
    axis.plot(rows["month"], rows["expected"], color=ACCENT, label=say("watch.legend_expected", lang))
    for state, (face, edge) in _DOTS.items():
        shown = rows[
            rows["state"].eq(state) | (rows["state"].isin(["silenced", "shown"]) & (state == "judged"))
        ]
        key = {"judged": "observed"}.get(state, state)
        if len(shown):
            axis.plot(
                shown["month"],
                shown["observed"],
                "o",
                color=edge,
                markerfacecolor=face,
                label=say(f"watch.legend_{key}", lang),
            )
    for number, month in enumerate(since):
        axis.axvline(
            float(mdates.date2num(month)),
            color=ALERT,
            linewidth=1.4,
            linestyle="--",
            label=None if number else say("watch.legend_alarm", lang),
        )
    axis.set_ylabel(say("watch.axis_leavings", lang))
    axis.set_ylim(bottom=0)
    month_axis(axis, rows["month"], 9)
    figure.legend(loc="outside upper left", ncols=3, fontsize=9, frameon=False)
    return figure


@themed()
def draw_signals(rows: pd.DataFrame, lang: str) -> Figure:
    """A panel a chart and group (rows of `signals_of`): at 1 it raises an alarm and starts again."""
    panels = list(rows.groupby("order", observed=True))
    figure, axes = new_panels(len(panels), 2, 1.7, 0.4)
    for axis, (_, path) in zip(axes, panels, strict=True):
        _signal(axis, path.sort_values("month"), lang)
    return figure


def _chart_name(row: Mapping[Any, Any] | pd.Series, lang: str) -> str:
    chart, group = code_names([row["chart"]], "chart", lang)[0], group_name(row["group"], lang)
    return chart if row["group"] == "all" else say("watch.chart_of", lang, chart=chart, group=group)


def _signal(axis: Axes, path: pd.DataFrame, lang: str) -> None:
    axis.set_title(_chart_name(path.iloc[0], lang), fontsize=10)
    axis.plot(path["month"], path["signal"], color=INK)
    axis.axhline(1, color=ALERT, linewidth=1.2)
    alarmed = path[path["signal"] >= 1]
    axis.plot(alarmed["month"], alarmed["signal"], "o", color=ALERT)
    axis.set_ylim(0, max(1.2, 1.1 * float(path["signal"].max())))
    axis.set_ylabel(say("watch.axis_signal", lang), fontsize=9)
    month_axis(axis, path["month"], 3)
