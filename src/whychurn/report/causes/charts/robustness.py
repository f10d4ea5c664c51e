"""Figures that put the answer to the test: other methods, other definitions, other sources, rivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.ticker import MaxNLocator

from whychurn.contract.causes import CAUSES
from whychurn.report.drawing.axes import name_rows, percent_axis
from whychurn.report.drawing.theme import CAUSE_COLOURS, GRID, MUTED, SERIES, new_figure
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS: Final = {"numbers": "o", "survey": "s", "texts": "D", "interviews": "^"}


def draw_side_by_side(
    table: pd.DataFrame, key: str, names: Mapping[str, str], strong: str, lang: str
) -> Figure:
    """Share of each cause under every method or variant, a panel a cause, with intervals where there are any.

    Parameters
    ----------
    table
        cause_methods or cause_sensitivity: `key`, cause, share, and low, high where known.
    names
        Value of `key` -> readable name, in drawing order.
    strong
        The value that the report stands on: drawn in its colour, with a line through all others.
    """
    order = list(names)
    figure, axes = new_figure(height=0.9 + 2 * (0.45 + 0.235 * len(order)), rows=2, columns=3)
    most = table[[name for name in ("share", "high") if name in table]].max().max()
    for place, (axis, cause) in enumerate(zip(axes, CAUSES, strict=True)):
        rows = table[table["cause"] == cause].set_index(key).reindex(order)
        _dots(axis, rows, strong, CAUSE_COLOURS[cause])
        axis.set_title(say(f"causes.{cause}", lang), fontsize=10)
        name_rows(axis, list(names.values()) if place % 3 == 0 else [""] * len(order), fontsize=8.5)
        axis.set_xlim(0, float(most) * 1.03)
        percent_axis(axis)
        axis.xaxis.set_major_locator(MaxNLocator(4))
    return figure


def _dots(axis: Axes, rows: pd.DataFrame, strong: str, colour: str) -> None:
    for place, (name, row) in enumerate(rows.iterrows()):
        if pd.isna(row["share"]):
            continue
        shade = colour if name == strong else MUTED
        if name == strong:
            axis.axvline(row["share"], color=shade, linewidth=0.9, linestyle=":")
        if "low" in row and pd.notna(row["low"]) and pd.notna(row["high"]):
            axis.plot([row["low"], row["high"]], [place, place], color=shade, linewidth=1.6)
        axis.plot([row["share"]], [place], "o", color=shade, markersize=5 if name == strong else 4)


def draw_triangulation(table: pd.DataFrame, sources: Sequence[str], lang: str) -> Figure:
    """Share of each cause by source: the numbers, surveys, texts, interviews (cause_triangulation)."""
    rows = table.set_index("cause").reindex([cause for cause in CAUSES if cause in set(table["cause"])])
    rows = rows.sort_values("numbers", ascending=False)
    figure, (axis,) = new_figure(height=1.5 + 0.4 * len(rows))
    for place, (_, row) in enumerate(rows.iterrows()):
        held = row[list(sources)].astype("float64").dropna()
        axis.plot(
            [held.min(), held.max()],
            [place, place],
            color=GRID,
            linewidth=3,
            solid_capstyle="round",
            zorder=1,
        )
    for number, source in enumerate(sources):
        values = rows[source].astype("float64").to_numpy()
        label = say(f"causes.source_{source}", lang)
        axis.plot(values, range(len(rows)), MARKS[source], color=SERIES[number], markersize=7, label=label)
    name_rows(axis, [say(f"causes.{cause}", lang) for cause in rows.index])
    axis.set_xlim(left=0)
    percent_axis(axis)
    figure.legend(loc="outside upper left", ncols=2, fontsize=9, frameon=False)
    return figure
