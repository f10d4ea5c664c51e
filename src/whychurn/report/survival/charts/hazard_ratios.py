"""Figures of the Cox models: ratios, drifts, curves."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from whychurn.contract.causes import CAUSES
from whychurn.report.drawing.axes import name_rows, percent_axis
from whychurn.report.drawing.theme import (
    ACCENT,
    ALERT,
    CAUSE_COLOURS,
    GRID,
    INK,
    MUTED,
    new_figure,
    new_panels,
)
from whychurn.report.words import has_words, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis
    from matplotlib.figure import Figure

WIDE: Final = {"en": 46, "zh": 26}  # letters of a label in one line
RATIO_LIMITS: Final = (0.1, 10.0)  # intervals beyond are cut, with an arrow
TICKS: Final = (
    (2.0, (1.1, 1.2, 1.3, 1.5)),
    (5.0, (1.25, 1.5, 2.0, 3.0)),
    (float("inf"), (1.5, 2.0, 3.0, 5.0, 10.0)),
)


def draw_hazard_ratios(ratios: pd.DataFrame, lang: str, level: float, model: str = "after") -> Figure:
    """Forest plot of one model, strongest first within each candidate cause (hazard_ratios).

    Parameters
    ----------
    level
        ``run.false_discovery``: rows above it are hollow and grey.
    model
        "after" or "before".
    """
    rows = ratios[(ratios["model"] == model) & ratios["hazard_ratio"].notna() & (ratios["kind"] != "unknown")]
    rows = _ordered(rows)
    figure, (axis,) = new_figure(height=1.3 + 0.3 * len(rows))
    for place, row in enumerate(rows.to_dict("records")):
        clear = row["p_adjusted"] < level
        colour = CAUSE_COLOURS.get(row["cause"], INK) if clear else MUTED
        _interval(axis, place, row["low"], row["hazard_ratio"], row["high"], colour, hollow=not clear)
    _forest(axis, [_folded(row[f"label_{lang}"], lang) for _, row in rows.iterrows()], lang)
    _cause_marks(axis, rows["cause"], lang)
    return figure


def draw_drift(drift: pd.DataFrame, lang: str, tolerated: float) -> Figure:
    """How far each ratio changes from early to late, before and after (proportional_hazards).

    Parameters
    ----------
    tolerated
        `codes.MIN_HAZARD_RATIO_CHANGE`.
    """
    rows = drift.sort_values("change_before", key=lambda s: -np.abs(np.log(s)), ignore_index=True).head(12)
    figure, (axis,) = new_figure(height=1.5 + 0.32 * len(rows))
    axis.axvspan(1 / tolerated, tolerated, color=GRID, alpha=0.6, linewidth=0)
    for place, row in enumerate(rows.to_dict("records")):
        acted = row["action"] != "kept"
        axis.plot(row["change_before"], place, "o", color=ALERT if acted else MUTED, markersize=6)
        if acted and not np.isnan(row["change_after"]):
            axis.annotate(
                "",
                (row["change_after"], place),
                (row["change_before"], place),
                arrowprops={"arrowstyle": "->", "color": ACCENT},
            )
            axis.plot(row["change_after"], place, "o", color=ACCENT, markersize=6)
    first = rows.iloc[0]
    label = f"{say('survival.axis_change', lang)} ({first['late_day']:.0f} / {first['early_day']:.0f})"
    _ratio_axis(axis)
    axis.set_xlabel(label)
    name_rows(axis, [_folded(row[f"label_{lang}"], lang) for _, row in rows.iterrows()], fontsize=9)
    return figure


def draw_curves(curves: pd.DataFrame, lang: str) -> Figure:
    """Ratio against the median along each curve (spline_effects)."""
    names = list(dict.fromkeys(curves["feature"]))
    figure, axes = new_panels(len(names), min(3, len(names)), 2.9, margin=0.4)
    for axis, name in zip(axes, names, strict=True):
        rows = curves[curves["feature"] == name]
        axis.fill_between(rows["value"], rows["low"], rows["high"], color=ACCENT, alpha=0.18, linewidth=0)
        axis.plot(rows["value"], rows["hazard_ratio"], color=ACCENT, linewidth=2)
        axis.axhline(1, color=MUTED, linewidth=1)
        axis.axvline(rows["reference"].iloc[0], color=MUTED, linewidth=1, linestyle=":")
        axis.set_yscale("log")
        low, high = min(rows["low"].min(), 0.8), max(rows["high"].max(), 1.25)
        axis.set_ylim(low / 1.05, high * 1.05)
        _ratio_ticks(axis.yaxis, low, high)
        axis.set_title(_folded(rows[f"label_{lang}"].iloc[0], lang, 30 if lang == "en" else 16), fontsize=10)
        axis.xaxis.set_major_locator(MaxNLocator(4))
        if rows["unit"].iloc[0] == "share":
            percent_axis(axis)
        else:
            axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes[0].set_ylabel(say("survival.axis_hazard_ratio_short", lang))
    return figure


def draw_cause_ratios(ratios: pd.DataFrame, lang: str, level: float, most: int = 5) -> Figure:
    """The strongest ratios of each cause-specific model, a panel a cause (cause_hazard_ratios)."""
    shown = [cause for cause in CAUSES if cause in set(ratios["cause"])]
    chosen = {}
    for cause in shown:
        rows = ratios[(ratios["cause"] == cause) & ~ratios["term"].str.endswith(":unknown")]
        strength = (np.log(rows["hazard_ratio"]) / np.log(rows["high"] / rows["hazard_ratio"])).abs()
        chosen[cause] = rows.loc[strength.sort_values(ascending=False).index[:most]]
    figure, axes = new_figure(height=1.0 + (0.5 + 0.38 * most) * len(shown), rows=len(shown))
    for axis, cause in zip(axes, shown, strict=True):
        rows = chosen[cause]
        for place, row in enumerate(rows.to_dict("records")):
            clear = row["p_adjusted"] < level
            _interval(
                axis,
                place,
                row["low"],
                row["hazard_ratio"],
                row["high"],
                CAUSE_COLOURS[cause] if clear else MUTED,
                hollow=not clear,
            )
        _forest(axis, [_folded(row[f"label_{lang}"], lang) for _, row in rows.iterrows()], lang)
        axis.set_xlabel("")
        axis.set_title(say(f"causes.{cause}", lang), fontsize=10)
        limits = _common_limits(pd.concat(chosen.values()))
        axis.set_xlim(*limits)
        _ratio_ticks(axis.xaxis, *limits)
    axes[-1].set_xlabel(say("survival.axis_hazard_ratio", lang))
    return figure


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by candidate cause, the strongest first within each; levels and days kept together."""
    rank = {cause: number for number, cause in enumerate(CAUSES)}
    order = rows["cause"].map(rank).fillna(len(rank))
    strength = np.log(rows["hazard_ratio"]).abs().groupby(rows["feature"]).transform("max")
    return rows.assign(order=order, strength=strength).sort_values(
        ["order", "strength", "feature"], ascending=[True, False, True], kind="stable", ignore_index=True
    )


def _interval(
    axis: Axes, place: int, low: float, value: float, high: float, colour: str, hollow: bool
) -> None:
    bottom, top = RATIO_LIMITS
    axis.plot([max(low, bottom), min(high, top)], [place, place], color=colour, linewidth=1.8)
    axis.plot(
        np.clip(value, bottom, top),
        place,
        "o",
        color=colour,
        markersize=5.5,
        markerfacecolor="none" if hollow else colour,
    )
    for end, mark, beyond in ((bottom, "<", low < bottom), (top, ">", high > top)):
        if beyond:
            axis.plot(end, place, mark, color=colour, markersize=5)


def _forest(axis: Axes, labels: list[str], lang: str) -> None:
    axis.axvline(1, color=MUTED, linewidth=1)
    _ratio_axis(axis)
    axis.set_xlabel(say("survival.axis_hazard_ratio", lang))
    name_rows(axis, labels, fontsize=9)


def _ratio_axis(axis: Axes) -> None:
    axis.set_xscale("log")
    low, high = axis.get_xlim()
    axis.set_xlim(min(low, 0.8), max(high, 1.25))
    _ratio_ticks(axis.xaxis, *axis.get_xlim())


def _ratio_ticks(axis: XAxis | YAxis, low: float, high: float) -> None:
    """Round ratios at readable distances, mirrored below one."""
    steps = next(steps for span, steps in TICKS if high / low < span)
    axis.set_major_locator(FixedLocator(sorted({1 / step for step in steps} | {1.0} | set(steps))))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2g}"))
    axis.set_minor_locator(NullLocator())


def _cause_marks(axis: Axes, causes: pd.Series, lang: str) -> None:
    """The candidate cause, written at the right of its first row, with a line above it."""
    filled = causes.fillna("").astype(str).tolist()
    for place, cause in enumerate(filled):
        if place and cause == filled[place - 1]:
            continue
        if place:
            axis.axhline(place - 0.5, color=GRID, linewidth=0.8)
        if cause and has_words(f"causes.{cause}"):
            name, beside = say(f"causes.{cause}", lang), ("axes fraction", "data")
            axis.annotate(
                name, (1.01, place), xycoords=beside, va="center", fontsize=9, color=CAUSE_COLOURS[cause]
            )


def _folded(label: str, lang: str, width: int | None = None) -> str:
    return "\n".join(textwrap.wrap(label, width or WIDE[lang]))


def _common_limits(rows: pd.DataFrame) -> tuple[float, float]:
    low, high = rows["low"].min(), rows["high"].max()
    return max(min(low, 0.8) / 1.05, RATIO_LIMITS[0] / 1.1), min(
        max(high, 1.25) * 1.05, RATIO_LIMITS[1] * 1.1
    )
