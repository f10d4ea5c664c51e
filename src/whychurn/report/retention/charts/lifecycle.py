"""Figures of the life cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from whychurn.contract.codes import LIFECYCLE_STAGES
from whychurn.report.drawing.axes import money_label, month_axis, percent_axis, write_beside
from whychurn.report.drawing.theme import ACCENT, ALERT, INK, MUTED, PAPER, new_figure
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_stages(frame: pd.DataFrame, lang: str) -> Figure:
    """Share of all members in each stage over the months, one small panel per stage."""
    figure, axes = new_figure(8.0, 3.8, rows=2, columns=4)
    top = float(frame["share"].max()) * 1.1
    for axis, stage in zip(axes, LIFECYCLE_STAGES, strict=True):
        rows = frame[frame["stage"] == stage].sort_values("on")
        colour = ALERT if stage in ("at_risk", "lapsed") else ACCENT
        axis.plot(rows["on"], rows["share"], color=colour, linewidth=1, linestyle=":")
        axis.plot(rows["on"], rows["share"].mask(rows["partial"]), color=colour, linewidth=1.8)
        axis.fill_between(rows["on"], 0, rows["share"].fillna(0.0), color=colour, alpha=0.15, linewidth=0)
        axis.set_ylim(0, top if top > 0 else 1)
        axis.set_title(say(f"retention.stage_{stage}", lang), loc="left", fontsize=10)
        percent_axis(axis, "y")
        axis.yaxis.set_major_locator(MaxNLocator(4))
        month_axis(axis, frame["on"], 2)
        axis.tick_params(labelsize=8.5)
    figure.supylabel(say("retention.axis_share_members", lang), fontsize=10, color=INK)
    return figure


def draw_moves(frame: pd.DataFrame, lang: str) -> Figure:
    """Transition shares between stages as a heat map; small cells stay blank.

    Parameters
    ----------
    frame
        Pooled rows of ``lifecycle`` (no month).
    """
    names = [
        stage for stage in LIFECYCLE_STAGES if stage in set(frame["from_stage"]) | set(frame["to_stage"])
    ]
    place = {stage: number for number, stage in enumerate(names)}
    figure, (axis,) = new_figure(8.0, 1.2 + 0.42 * len(names))
    for row in frame.dropna(subset=["rate"]).to_dict("records"):
        x, y = place[str(row["to_stage"])], place[str(row["from_stage"])]
        axis.add_patch(
            Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=(ACCENT, 0.04 + 0.6 * row["rate"]), edgecolor=PAPER)
        )
        text = f"{100 * row['rate']:.0f}%" if row["rate"] >= 0.0095 else f"{100 * row['rate']:.1f}%"
        axis.text(x, y, text, ha="center", va="center", fontsize=9, color=INK)
    labels = [say(f"retention.stage_{stage}", lang) for stage in names]
    axis.set_xticks(range(len(names)), labels, fontsize=9)
    axis.set_yticks(range(len(names)), labels, fontsize=9)
    axis.set_xlim(-0.5, len(names) - 0.5)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set_xlabel(say("retention.axis_to", lang))
    axis.set_ylabel(say("retention.axis_from", lang))
    axis.grid(False)
    return figure


def draw_steps(frame: pd.DataFrame, lang: str, currency: str) -> Figure:
    """Money of the members who lapsed from each stage, the weakest step in the alert colour."""
    rows = frame[frame["members_lost"].fillna(0) > 0].iloc[::-1].reset_index(drop=True)
    figure, (axis,) = new_figure(8.0, 1.0 + 0.42 * len(rows))
    money = rows["revenue_lost"].fillna(0.0)
    colours = [ALERT if weakest else ACCENT for weakest in rows["weakest"]]
    axis.barh(rows.index, money, color=colours, height=0.62)
    for place, row in enumerate(rows.to_dict("records")):
        label = say("retention.label_members_lost", lang, members=f"{row['members_lost']:,.0f}")
        write_beside(axis, label, (money[place], place), (5, 0), va="center", fontsize=9, color=MUTED)
    axis.set_yticks(rows.index, [say(f"retention.stage_{stage}", lang) for stage in rows["stage"]])
    axis.set_xlim(0, max(1.0, float(money.max()) * 1.2))
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.set_xlabel(money_label("retention.axis_money_lost", lang, currency))
    axis.grid(axis="y", visible=False)
    return figure


def draw_second_purchase(frame: pd.DataFrame, lang: str) -> Figure:
    """Share of new buyers who bought again, by days since the first purchase."""
    rows = frame.dropna(subset=["share"])
    figure, (axis,) = new_figure(8.0, 3.0)
    axis.fill_between(
        rows["day"], rows["low"], rows["high"], step="post", color=ACCENT, alpha=0.2, linewidth=0
    )
    axis.step(rows["day"], rows["share"], where="post", color=ACCENT, linewidth=1.8)
    median = rows["median_day"].iloc[0]
    if pd.notna(median):
        axis.plot([median], [0.5], "o", color=ALERT, markersize=6)
        text = say("retention.label_half", lang, day=f"{median:.0f}")
        write_beside(axis, text, (median, 0.5), (10, -4), fontsize=9.5, color=ALERT)
    axis.set_ylim(0, 1)
    axis.set_xlim(left=0)
    percent_axis(axis, "y")
    axis.set_xlabel(say("retention.axis_days_first", lang))
    axis.set_ylabel(say("retention.axis_bought_again", lang))
    return figure
