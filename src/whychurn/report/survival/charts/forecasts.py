"""Figures of the forward tests: which model forecasts the stay best, and how well calibrated it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from whychurn.report.drawing.axes import draw_estimate, percent_axis, write_beside
from whychurn.report.drawing.theme import ACCENT, INK, MUTED, SERIES, new_figure, themed
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODELS: Final = ("km", "cox", "cox_landmark", "boosted")
COLOURS: Final = {"km": MUTED, "cox": SERIES[3], "cox_landmark": SERIES[2], "boosted": ACCENT}


@themed()
def draw_forecasts(scores: pd.DataFrame, chosen: str, lang: str) -> Figure:
    """Integrated Brier score and AUC by horizon, of every model on the main test day (survival_model_comparison)."""
    figure, (left, right) = new_figure(height=3.2, columns=2)
    main = scores[scores["main"].astype(bool)]
    _draw_ibs(left, main, chosen, lang)
    auc = main[main["metric"] == "auc"]
    horizons = sorted(auc["horizon_days"].unique())
    present = [name for name in MODELS if name in set(auc["model"])]
    for place, name in enumerate(present):
        rows = auc[auc["model"] == name].set_index("horizon_days").reindex(horizons)
        at = np.arange(len(horizons)) + (place - (len(present) - 1) / 2) * 0.14
        right.vlines(at, rows["low"], rows["high"], color=COLOURS[name], linewidth=2)
        right.plot(at, rows["estimate"], "o", color=COLOURS[name], markersize=5)
    right.axhline(0.5, color=MUTED, linestyle=":", linewidth=1)
    right.set_xticks(range(len(horizons)), [str(days) for days in horizons])
    right.set_xlabel(say("survival.column_horizon_days", lang))
    right.set(ylabel=say("survival.axis_auc_days", lang), ylim=(0.45, 1.02))
    right.grid(axis="x", visible=False)
    return figure


def _draw_ibs(axis: Axes, main: pd.DataFrame, chosen: str, lang: str) -> None:
    rows = main[main["metric"] == "ibs"].set_index("model").to_dict("index")
    present = [name for name in reversed(MODELS) if name in rows]
    for y, name in enumerate(present):
        row = rows[name]
        draw_estimate(axis, y, (row["low"], row["estimate"], row["high"]), COLOURS[name], width=2.4, size=6)
        write_beside(
            axis,
            f"{row['estimate']:.4f}",
            (row["estimate"], y),
            (0, 6),
            ha="center",
            size=9,
            weight="bold" if name == chosen else "normal",
        )
    days = int(next(iter(rows.values()))["horizon_days"])
    axis.set(xlabel=say("survival.axis_ibs", lang, days=days), ylim=(-0.5, len(present) - 0.3))
    axis.set_yticks(range(len(present)), [say(f"survival.model_{name}", lang) for name in present])
    axis.margins(x=0.14)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.grid(axis="y", visible=False)


@themed()
def draw_forecast_calibration(groups: pd.DataFrame, chosen: str, lang: str) -> Figure:
    """Observed against forecast churn of the chosen model, a panel a horizon (survival_calibration)."""
    mine = groups[(groups["model"] == chosen) & groups["main"].astype(bool)].dropna(subset=["observed"])
    horizons = sorted(mine["horizon_days"].unique())
    figure, axes = new_figure(height=3.0, columns=max(len(horizons), 1))
    for axis, horizon in zip(axes, horizons, strict=False):
        rows = mine[mine["horizon_days"] == horizon]
        low, high = rows["low"].fillna(rows["observed"]), rows["high"].fillna(rows["observed"])
        top = float(max(rows["predicted"].max(), high.max())) * 1.05 or 1.0
        axis.plot([0, top], [0, top], color=MUTED, linestyle=":", linewidth=1.2)
        spread = np.clip([rows["observed"] - low, high - rows["observed"]], 0, None)
        axis.errorbar(rows["predicted"], rows["observed"], spread, fmt="o", color=ACCENT, markersize=4.5)
        axis.set(xlim=(0, top), ylim=(0, top), title=say("survival.panel_days", lang, days=horizon))
        axis.set_xlabel(say("survival.axis_predicted", lang))
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.yaxis.set_major_locator(MaxNLocator(4))
        percent_axis(axis, "both")
    axes[0].set_ylabel(say("survival.axis_observed", lang))
    return figure


@themed()
def draw_spread(spread: pd.DataFrame, lang: str) -> Figure:
    """D-calibration: share of members in each bin of their forecast survival (survival_d_calibration)."""
    main = spread[spread["main"].astype(bool)]
    present = [name for name in MODELS if name in set(main["model"])]
    figure, axes = new_figure(height=2.6, columns=max(len(present), 1))
    top = float(main["share"].max()) * 1.08
    for axis, name in zip(axes, present, strict=False):
        rows = main[main["model"] == name].sort_values("from_share")
        width = rows["to_share"] - rows["from_share"]
        axis.bar(
            rows["from_share"], rows["share"], width * 0.92, align="edge", color=COLOURS[name], alpha=0.85
        )
        axis.axhline(1 / len(rows), color=INK, linestyle=":", linewidth=1.2)
        axis.set(xlim=(0, 1), ylim=(0, top))
        axis.set_title(say(f"survival.model_{name}", lang), size=8.5)
        axis.xaxis.set_major_locator(MaxNLocator(2))
        percent_axis(axis, "y")
        if axis is not axes[0]:
            axis.tick_params(labelleft=False)
    axes[0].set_ylabel(say("survival.axis_members_share", lang))
    figure.supxlabel(say("survival.axis_own_curve", lang), size=10)
    return figure
