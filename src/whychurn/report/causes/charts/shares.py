"""Figures of the share of each cause: beside avoidable churn, by month, against stated reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from matplotlib.dates import DateFormatter, MonthLocator
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from whychurn.contract.causes import CAUSES
from whychurn.report.causes.sentences.shares import ranked
from whychurn.report.drawing.axes import name_rows, percent_axis
from whychurn.report.drawing.theme import ACCENT, CAUSE_COLOURS, INK, new_figure
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STATED: Final = (*CAUSES, "other", "silent", "not_asked")


def draw_shares(shares: pd.DataFrame, lang: str) -> Figure:
    """Share of each cause with its interval and what is named, and beside it the churn that could be avoided.

    Parameters
    ----------
    shares
        Table cause_shares. What is not named belongs to the evidence and is no bar; changes of life are beyond
        reach, so nothing of them is drawn as avoidable.
    """
    rows = ranked(shares)
    rows.loc[rows["cause"] == "natural", "avoidable_share"] = float("nan")
    figure, (left, right) = new_figure(height=1.25 + 0.44 * len(rows), columns=2)
    for place, row in enumerate(rows.to_dict("records")):
        _share_bar(left, place, row)
        _bar(
            right,
            place,
            row["avoidable_share"],
            CAUSE_COLOURS[row["cause"]],
            row["avoidable_low"],
            row["avoidable_high"],
        )
    name_rows(left, [say(f"causes.{cause}", lang) for cause in rows["cause"]])
    name_rows(right, [""] * len(rows))
    for axis, title in ((left, "axis_share"), (right, "axis_avoidable")):
        axis.set_title(say(f"causes.{title}", lang), fontsize=10)
        axis.set_xlim(left=0)
        percent_axis(axis)
        axis.xaxis.set_major_locator(MaxNLocator(6))
    most = max(left.get_xlim()[1], right.get_xlim()[1])
    left.set_xlim(0, most)
    right.set_xlim(0, most)
    return figure


def _share_bar(axis: Axes, place: int, row: Mapping[Any, Any]) -> None:
    colour = CAUSE_COLOURS[str(row["cause"])]
    if pd.notna(row["share"]):
        _bar(axis, place, row["share"], colour, row["low"], row["high"])
    elif pd.notna(row["high"]):  # no point: only what is left for the cause
        axis.plot([row["low"], row["high"]], [place, place], color=INK, linewidth=1.2, linestyle=":")
    axis.barh(place, row["named_share"], height=0.28, color=colour)


def _bar(axis: Axes, place: int, value: float, colour: str, low: float, high: float) -> None:
    if pd.isna(value):
        return
    axis.barh(place, value, height=0.62, color=colour, alpha=0.35)
    if pd.notna(low) and pd.notna(high):
        axis.plot([low, high], [place, place], color=INK, linewidth=1.6)
    axis.plot([value], [place], "o", color=INK, markersize=4.5)


def draw_stated(stated: pd.DataFrame, lang: str) -> Figure:
    """Stated reason (rows) against attributed cause (columns), as shares of the row (table cause_stated)."""
    rows = stated[~stated["suppressed"].astype(bool) & stated["share"].notna()]
    names = [name for name in STATED if name in set(rows["stated"])]
    figure, (axis,) = new_figure(height=1.3 + 0.38 * len(names))
    cells = {(row["stated"], row["cause"]): row for row in rows.to_dict("records")}
    for (name, cause), cell in cells.items():
        x, y = CAUSES.index(cause), names.index(name)
        own = name == cause
        shade = min(0.06 + 0.7 * float(cell["share"]), 0.76)
        axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, linewidth=0, facecolor=ACCENT, alpha=shade))
        if own:
            axis.add_patch(
                Rectangle((x - 0.48, y - 0.48), 0.96, 0.96, fill=False, edgecolor=INK, linewidth=1.2)
            )
        axis.text(x, y, f"{cell['share']:.0%}", ha="center", va="center", fontsize=9, color=INK)
    totals = rows.groupby("stated")["churn_events"].sum()
    labels = [f"{_stated(name, lang)} ({totals[name]:,.0f})" for name in names]
    axis.set_yticks(range(len(names)), labels)
    axis.set_xticks(
        range(len(CAUSES)), [_folded(say(f"causes.{cause}", lang)) for cause in CAUSES], fontsize=9
    )
    axis.xaxis.tick_top()
    axis.set_xlim(-0.5, len(CAUSES) - 0.5)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.grid(visible=False)
    axis.tick_params(length=0)
    for side in axis.spines.values():
        side.set_visible(False)
    return figure


def _stated(name: str, lang: str) -> str:
    return say(f"causes.{name}" if name in CAUSES else f"causes.stated_{name}", lang)


def _folded(label: str) -> str:
    """A label of several words in two lines."""
    first, _, rest = label.partition(" ")
    return f"{first} and\n{rest[4:]}" if rest.startswith("and ") else f"{first}\n{rest}".strip()


def date_axis(axis: Axes, months: pd.Series) -> None:
    """At most four months written below a narrow panel."""
    count = 12 * (months.max().year - months.min().year) + months.max().month - months.min().month + 1
    step = next((step for step in (1, 2, 3, 4, 6) if count <= 4 * step), 12)
    axis.xaxis.set_major_locator(MonthLocator(bymonth=range(1, 13, step)))
    axis.xaxis.set_major_formatter(DateFormatter("%Y-%m"))
    edge = pd.Timedelta(days=20)  # one month alone would stretch over years
    axis.set_xlim(months.min() - edge, months.max() + edge)
    axis.tick_params(axis="x", labelsize=8)
