"""Figures of how long members stay: curves with the numbers at risk below, hazard, definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from whychurn.report.drawing.axes import percent_axis
from whychurn.report.drawing.theme import ACCENT, ALERT, INK, MUTED, SERIES, new_figure
from whychurn.report.words import say
from whychurn.report.words.readable_names import stratum_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST: Final = 12  # strata whose numbers stand below the curves
LEGEND_CHARACTERS: Final = 100  # what fits beside each other above a figure
_YEAR: Final = 365
_BELOW: Final = 46  # points from the axis to the first line of numbers below it
_LINE: Final = 11.5  # points from line to line
_NEAR: Final = 6  # days between a tick and the row that tells its number


def draw_stay(curves: pd.DataFrame, lang: str) -> Figure:
    """The curve of all stays with its band, and the numbers at risk below (survival_curves)."""
    rows = curves[curves["stratum_kind"] == "all"]
    figure, (axis,) = new_figure(height=3.9)
    _curve(axis, rows, ACCENT)
    axis.fill_between(
        rows["day"], rows["low"], rows["high"], step="post", color=ACCENT, alpha=0.18, linewidth=0
    )
    _frame(axis, lang, float(rows["day"].max()))
    axis.set_ylabel(say("survival.axis_stay", lang))
    _numbers(axis, [(say("survival.at_risk", lang), MUTED, rows)])
    return figure


def draw_strata(curves: pd.DataFrame, kinds: list[str], lang: str) -> Figure:
    """One panel a kind of stratum: its curves, named at their numbers at risk (survival_curves)."""
    lines = {
        kind: min(curves.loc[curves["stratum_kind"] == kind, "stratum"].nunique(), MOST) for kind in kinds
    }
    count = -(-len(kinds) // 2)
    tallest = [max(lines[kind] for kind in kinds[2 * row : 2 * row + 2]) for row in range(count)]
    figure, axes = new_figure(
        height=sum(3.0 + 0.17 * most for most in tallest), rows=count, columns=min(2, len(kinds))
    )
    for axis in axes[len(kinds) :]:
        axis.set_visible(False)
    longest = float(curves.loc[curves["stratum_kind"].isin(kinds), "day"].max())
    for axis, kind in zip(axes, kinds, strict=False):
        mine = curves[curves["stratum_kind"] == kind]
        table = []
        for number, (stratum, rows) in enumerate(mine.groupby("stratum", sort=True)):
            colour = SERIES[number] if number < len(SERIES) else MUTED
            _curve(axis, rows, colour)
            if number < MOST:
                table.append((stratum_name(kind, str(stratum), lang), colour, rows))
        axis.set_title(say(f"survival.kind_{kind}", lang))
        _frame(axis, lang, longest, step=_YEAR)
        _numbers(axis, table)
    return figure


def draw_hazard(hazard: pd.DataFrame, nodes: pd.DataFrame, lang: str) -> Figure:
    """Hazard per 1,000 members and day over the stay (survival_hazard), key nodes of tenure marked.

    Parameters
    ----------
    nodes
        Rows of ``key_nodes`` with the clock ``tenure`` that are nodes; may be empty.
    """
    figure, (axis,) = new_figure(height=3.2)
    axis.fill_between(
        hazard["day"], 1000 * hazard["low"], 1000 * hazard["high"], color=ACCENT, alpha=0.18, linewidth=0
    )
    axis.plot(hazard["day"], 1000 * hazard["hazard"], color=ACCENT, linewidth=1.8)
    if len(nodes):
        middle = (nodes["bin_start"] + nodes["bin_end"]) / 2
        axis.plot(
            middle,
            1000 * nodes["rate"],
            "o",
            color=ALERT,
            markersize=6,
            label=say("survival.label_node", lang),
        )
        axis.legend(fontsize=9, frameon=False)
    axis.set(xlabel=say("survival.axis_day", lang), ylabel=say("survival.axis_hazard", lang))
    top = max(float(np.nanquantile(hazard["high"], 0.98)), float(hazard["hazard"].max()))
    axis.set_ylim(0, 1150 * top or 1)
    axis.set_xlim(0, float(hazard["day"].max()))
    axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    return figure


def draw_sensitivity(table: pd.DataFrame, names: Mapping[str, str], lang: str) -> Figure:
    """Ratios and shares under each churn definition, side by side (survival_sensitivity).

    Parameters
    ----------
    names
        Definition -> readable name, in the order of the legend.
    """
    measures = [name for name in ("hazard_ratio", "left_from") if name in set(table["measure"])]
    most = max(table.loc[table["measure"] == name, "term"].nunique() for name in measures)
    abreast = len(names) if sum(map(len, names.values())) <= LEGEND_CHARACTERS else 1
    lines = len(names) // abreast
    figure, axes = new_figure(height=1.1 + 0.2 * lines + 0.34 * most, columns=len(measures))
    for axis, measure in zip(axes, measures, strict=True):
        rows = table[table["measure"] == measure]
        terms = list(dict.fromkeys(rows["term"]))
        for number, definition in enumerate(names):
            mine = rows[rows["definition"] == definition].set_index("term").reindex(terms)
            y = np.arange(len(terms)) + 0.2 * (number - (len(names) - 1) / 2)
            axis.hlines(y, mine["low"], mine["high"], color=SERIES[number], linewidth=1.4)
            axis.plot(mine["estimate"], y, "o", color=SERIES[number], markersize=4, label=names[definition])
        axis.set_yticks(range(len(terms)), [term_name(str(term), lang) for term in terms], fontsize=9)
        axis.set_ylim(len(terms) - 0.5, -0.5)
        axis.set_title(say(f"survival.measure_{measure}", lang), fontsize=10)
        axis.grid(axis="y", visible=False)
        if measure == "hazard_ratio":
            axis.axvline(1, color=INK, linewidth=1)
        else:
            axis.set_xlim(left=0)
            percent_axis(axis)
    handles = axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper right", ncols=abreast, fontsize=9, frameon=False)
    return figure


def term_name(term: str, lang: str) -> str:
    """Readable name of ``region=<name>`` or of a cause."""
    kind, _, name = term.partition("=")
    if not name:
        return say(f"causes.{kind}", lang)
    return say("retention.unknown", lang) if name == "?" else name


def _curve(axis: Axes, rows: pd.DataFrame, colour: str) -> None:
    axis.step(rows["day"], rows["estimate"], where="post", color=colour, linewidth=1.7)


def _frame(axis: Axes, lang: str, longest: float, step: int = 180) -> None:
    ticks = np.arange(0, longest + 1, step)
    axis.set_xticks(ticks, [f"{tick:.0f}" for tick in ticks])
    axis.set_xlim(0, longest)
    axis.set_ylim(0, 1.02)
    percent_axis(axis, "y")
    axis.set_xlabel(say("survival.axis_day", lang))


def _numbers(axis: Axes, table: list[tuple[str, str, pd.DataFrame]]) -> None:
    """Numbers at risk at the ticks, a line a stratum in its colour, below the label of the axis."""
    where = axis.get_xaxis_transform()
    look: dict[str, Any] = {
        "textcoords": "offset points",
        "va": "center",
        "fontsize": 8,
        "annotation_clip": False,
    }
    for number, (name, colour, rows) in enumerate(table):
        y = -_BELOW - _LINE * number
        axis.annotate(name, (0, 0), (-18, y), xycoords="axes fraction", ha="right", color=colour, **look)
        for tick in axis.get_xticks():
            away = (rows["day"] - tick).abs()
            if len(away) and away.min() <= _NEAR:
                text = f"{rows['at_risk'].iloc[int(away.argmin())]:,.0f}"
                axis.annotate(text, (tick, 0), (0, y), xycoords=where, ha="center", color=colour, **look)
