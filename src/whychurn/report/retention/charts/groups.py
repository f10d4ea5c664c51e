"""Figures that compare groups of members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.patches import Rectangle

from whychurn.report.drawing.axes import draw_estimate, name_rows, percent_axis
from whychurn.report.drawing.rate_ratios import draw_rate_ratios
from whychurn.report.drawing.theme import ACCENT, ALERT, INK, MUTED, PAPER, SERIES, new_figure
from whychurn.report.words import has_words, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure


HANDLED_COLOURS = {"fast": SERIES[2], "slow": SERIES[4], "never": SERIES[1]}


def group_name(dimension: str, name: str, lang: str) -> str:
    """Readable name of a stratum or segment; names of the company's own are left as they are."""
    if name == "?":
        return say("retention.unknown", lang)
    translated = dimension in ("value_tier", "spend_tier", "activity_class", "rfm", "gender")
    key = f"retention.segment_{name}"
    if translated and has_words(key):
        return say(key, lang)
    return name.replace(" d", " 天") if dimension == "tenure_band" and lang == "zh" else name


def draw_strata(frame: pd.DataFrame, lang: str) -> Figure:
    """Churn by stratum with intervals, dimensions under each other; coloured where notable."""
    return _forest(frame.dropna(subset=["rate"]), "dimension", "stratum", lang, "notable")


def draw_segments(frame: pd.DataFrame, lang: str) -> Figure:
    """Churn since a year ago by segment."""
    return _forest(frame.dropna(subset=["rate"]), "kind", "segment", lang, None)


def draw_triggers(frame: pd.DataFrame, lang: str) -> Figure:
    """Observed to expected churn events after each trigger (rows of key_nodes with unit ``days_after``)."""
    return draw_rate_ratios(frame.dropna(subset=["ratio"]), lang, margin=1.1)


def draw_regions(frame: pd.DataFrame, lang: str) -> Figure:
    """Change of spend for each region and category, with the price gap to competitors below it."""
    regions, categories = sorted(frame["region"].unique()), sorted(frame["category"].unique())
    figure, (axis,) = new_figure(8.0, 0.9 + 0.52 * len(regions))
    for row in frame.to_dict("records"):
        x, y = categories.index(row["category"]), regions.index(row["region"])
        if pd.isna(row["change"]):
            continue
        clear = row["low"] > 0 or row["high"] < 0
        colour = ALERT if row["change"] < 0 else ACCENT
        face = (colour, min(0.55, 0.06 + abs(row["change"]))) if clear else (MUTED, 0.06)
        axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=face, edgecolor=PAPER))
        axis.text(
            x, y - 0.12, f"{100 * row['change']:+.0f}%", ha="center", va="center", fontsize=10, color=INK
        )
        if pd.notna(row["competitor_price_gap"]):
            gap = say("retention.label_gap", lang, gap=f"{100 * row['competitor_price_gap']:+.0f}%")
            axis.text(x, y + 0.26, gap, ha="center", va="center", fontsize=7.5, color=MUTED)
    axis.set_xticks(range(len(categories)), categories)
    axis.set_yticks(range(len(regions)), regions)
    axis.xaxis.tick_top()
    axis.set_xlim(-0.5, len(categories) - 0.5)
    axis.set_ylim(len(regions) - 0.5, -0.5)
    axis.grid(False)
    return figure


def draw_silence(frame: pd.DataFrame, lang: str) -> Figure:
    """Share of the leavers who had said nothing, by stratum (rows ``leavers`` of table silence)."""
    leavers = frame[(frame["kind"] == "leavers") & (frame["dimension"] != "all")].dropna(subset=["rate"])
    figure = _forest(leavers, "dimension", "stratum", lang, None)
    figure.axes[0].set_xlabel(say("retention.axis_silent", lang))
    return figure


def draw_outcomes(frame: pd.DataFrame, lang: str) -> Figure:
    """Share that left after a complaint, by theme and resolution (table complaint_outcomes)."""
    shown = frame[frame["resolution"] != "all"].dropna(subset=["rate"])
    themes, handled = list(dict.fromkeys(shown["theme"])), list(dict.fromkeys(shown["resolution"]))
    figure, (axis,) = new_figure(8.0, 1.4 + 0.55 * len(themes))
    for order, how in enumerate(handled):
        rows = shown[shown["resolution"] == how]
        spots = [themes.index(theme) + (order - 1) * 0.24 for theme in rows["theme"]]
        for spot, low, high in zip(spots, rows["low"], rows["high"], strict=True):
            axis.plot([low, high], [spot, spot], color=HANDLED_COLOURS[how], linewidth=1.8)
        label = say(f"retention.resolution_{how}", lang)
        axis.plot(rows["rate"], spots, "o", color=HANDLED_COLOURS[how], markersize=5, label=label)
    name_rows(axis, [say(f"retention.theme_{theme}", lang) for theme in themes])
    axis.set_xlim(left=0)
    percent_axis(axis)
    axis.set_xlabel(say("retention.axis_outcome", lang))
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3)
    return figure


def _forest(frame: pd.DataFrame, group: str, name: str, lang: str, marked: str | None) -> Figure:
    rows, heads, place = [], [], 0.0
    for dimension, part in frame.groupby(group, sort=False):
        heads.append((place, say(f"retention.{group}_{dimension}", lang)))
        place += 1
        for row in part.to_dict("records"):
            rows.append((place, group_name(str(dimension), str(row[name]), lang), row))
            place += 1
        place += 0.4
    figure, (axis,) = new_figure(8.0, 0.9 + 0.235 * place)
    for spot, _, row in rows:
        colour = ACCENT if marked is None else _colour(bool(row[marked]), row["difference"])
        draw_estimate(axis, spot, (row["low"], row["rate"], row["high"]), colour)
    ticks = [spot for spot, _, _ in rows]
    axis.set_yticks(
        [*ticks, *(spot for spot, _ in heads)], [*(text for _, text, _ in rows), *(t for _, t in heads)]
    )
    for label in axis.get_yticklabels()[len(ticks) :]:
        label.set_color(INK)
        label.set_fontweight("bold")
    axis.set_ylim(place, -0.6)
    axis.set_xlim(left=0)
    percent_axis(axis)
    axis.set_xlabel(say("retention.axis_churn", lang))
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)
    return figure


def _colour(notable: bool, difference: float) -> str:
    if not notable:
        return MUTED
    return ALERT if difference > 0 else ACCENT
