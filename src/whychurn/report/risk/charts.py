"""Figures of the risk report; titles say what the model looks at, never that it is a cause."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import RISK_MODEL, RISK_MODELS
from whychurn.labels import family_name
from whychurn.report.drawing.axes import draw_estimate, money_label, percent_axis, write_beside
from whychurn.report.drawing.theme import (
    ACCENT,
    ALERT,
    GRID,
    INK,
    MUTED,
    SERIES,
    new_figure,
    new_panels,
    themed,
)
from whychurn.report.words import say

COLOURS: Final = dict(zip(RISK_MODELS, (SERIES[0], SERIES[1], SERIES[2], SERIES[3], MUTED), strict=True))


@themed()
def draw_models(metrics: pd.DataFrame, lang: str) -> Figure:
    """AUC and log loss of every model with intervals (risk_metrics)."""
    figure, axes = new_figure(height=2.9, columns=2)
    whole = metrics[metrics["stratum_kind"] == "all"]
    for axis, metric in zip(axes, ("auc", "log_loss"), strict=True):
        measured = whole[whole["metric"] == metric].set_index("model")
        rows = measured.reindex([name for name in RISK_MODELS[::-1] if name in measured.index])
        for y, (name, row) in enumerate(rows.iterrows()):
            colour = ACCENT if name == RISK_MODEL else MUTED
            draw_estimate(axis, y, (row["low"], row["estimate"], row["high"]), colour, width=2.4, size=6)
            write_beside(axis, f"{row['estimate']:.3f}", (row["estimate"], y), (0, 6), ha="center", size=9)
        axis.set(xlabel=say(f"risk.axis_{metric}", lang), ylim=(-0.5, len(rows) - 0.3))
        axis.margins(x=0.14)
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.grid(axis="y", visible=False)
        names = (
            [say(f"risk.model_{name}", lang) for name in rows.index] if axis is axes[0] else [""] * len(rows)
        )
        axis.set_yticks(range(len(rows)), names)
    return figure


@themed()
def draw_reliability(calibration: pd.DataFrame, lang: str) -> Figure:
    """Observed rate against predicted probability, model and logistic regression (risk_calibration)."""
    figure, (axis,) = new_figure(width=6.4, height=4.2)
    top = float(calibration.loc[calibration["model"] == RISK_MODEL, ["p_mean", "high"]].max().max()) * 1.05
    axis.plot([0, top], [0, top], color=MUTED, linestyle=":", linewidth=1.2)
    write_beside(axis, say("risk.ideal", lang), (top * 0.6, top * 0.6), (12, -14), color=MUTED, size=9)
    rows = calibration[calibration["model"] == RISK_MODEL].dropna(subset=["rate"])
    errors = [rows["rate"] - rows["low"], rows["high"] - rows["rate"]]
    axis.errorbar(rows["p_mean"], rows["rate"], np.clip(errors, 0, None), fmt="o", color=ACCENT, markersize=5)
    axis.set(
        xlabel=say("risk.axis_predicted", lang),
        ylabel=say("risk.axis_observed", lang),
        xlim=(0, top),
        ylim=(0, top),
    )
    percent_axis(axis, "both")
    return figure


@themed()
def draw_lift(lift: pd.DataFrame, lang: str, capacity: float) -> Figure:
    """Share of leavers reached, and lift, by share of members contacted (risk_lift)."""
    figure, (left, right) = new_figure(height=3.5, columns=2)
    for name in RISK_MODELS:
        rows = lift[lift["model"] == name]
        style: dict[str, Any] = {"color": COLOURS[name], "linewidth": 2.2 if name == RISK_MODEL else 1.3}
        left.plot(rows["share"], rows["gain"], label=say(f"risk.model_{name}", lang), **style)
        near = rows[(rows["share"] >= 0.01) & (rows["share"] <= 0.3)]
        right.plot(near["share"], near["lift"], **style)
    for axis in (left, right):
        axis.axvline(capacity, color=MUTED, linestyle=":", linewidth=1)
    left.set(
        xlabel=say("risk.axis_contacted", lang),
        ylabel=say("risk.axis_reached", lang),
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    right.set(xlabel=say("risk.axis_contacted", lang), ylabel=say("risk.axis_lift", lang))
    right.set_ylim(bottom=0)
    left.legend(loc="lower right", fontsize=9)
    percent_axis(left, "both")
    percent_axis(right)
    return figure


@themed()
def draw_profit(lift: pd.DataFrame, lang: str, capacity: float, currency: str) -> Figure:
    """Profit by share of members contacted (risk_lift)."""
    figure, (axis,) = new_figure(height=3.4)
    for name in RISK_MODELS:
        rows = lift[lift["model"] == name]
        axis.plot(
            rows["share"],
            rows["profit"],
            color=COLOURS[name],
            linewidth=2.2 if name == RISK_MODEL else 1.3,
            label=say(f"risk.model_{name}", lang),
        )
    axis.axhline(0, color=MUTED, linewidth=1)
    axis.axvline(capacity, color=MUTED, linestyle=":", linewidth=1)
    axis.set(
        xlabel=say("risk.axis_contacted_gain", lang),
        ylabel=money_label("risk.axis_profit", lang, currency),
        xlim=(0, 1),
    )
    write_beside(
        axis, say("risk.capacity", lang), (capacity, axis.get_ylim()[0]), (4, 4), color=MUTED, size=9
    )
    axis.legend(fontsize=9)
    percent_axis(axis)
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    return figure


@themed()
def draw_backtest(backtest: pd.DataFrame, lang: str) -> Figure:
    """AUC and calibration error at each cut-off with intervals (risk_backtest)."""
    figure, axes = new_figure(height=3.0, columns=2)
    for axis, metric in zip(axes, ("auc", "ece"), strict=True):
        rows = backtest[backtest["metric"] == metric].sort_values("cutoff_on")
        at = np.arange(len(rows))
        errors = np.clip([rows["estimate"] - rows["low"], rows["high"] - rows["estimate"]], 0, None)
        axis.errorbar(at, rows["estimate"], errors, fmt="o-", color=ACCENT, linewidth=1.2, markersize=5)
        axis.set_xticks(at, [f"{day:%y-%m}" for day in rows["cutoff_on"]])
        axis.set(
            xlabel=say("risk.axis_cutoff", lang),
            ylabel=say(f"risk.axis_{metric}", lang).split("(")[0].split("（")[0],
        )
        axis.margins(x=0.08)
    axes[1].set_ylim(bottom=0)
    return figure


def draw_features(importance: pd.DataFrame, lang: str, count: int = 10) -> Figure:
    """Mean absolute contribution of the top features (risk_shap_features)."""
    rows = importance.head(count).iloc[::-1]
    return _bars(rows[f"label_{lang}"].tolist(), rows["importance"], lang)


@themed()
def draw_groups(groups: pd.DataFrame, lang: str) -> Figure:
    """Mean absolute contribution by family and by candidate cause (risk_shap_groups)."""
    figure, axes = new_figure(height=4.0, columns=2)
    for axis, grouping in zip(axes, ("family", "cause"), strict=True):
        rows = groups[groups["grouping"] == grouping].iloc[::-1]
        axis.barh(range(len(rows)), rows["importance"], color=ACCENT if grouping == "family" else SERIES[2])
        axis.set_yticks(range(len(rows)), [_group_name(grouping, name, lang) for name in rows["group"]])
        axis.set_xlabel(say("risk.axis_contribution_short", lang))
        axis.grid(axis="y", visible=False)
    return figure


@themed()
def draw_beeswarm(points: pd.DataFrame, importance: pd.DataFrame, lang: str) -> Figure:
    """SHAP contributions of the top features, a dot a member-month, coloured by value (risk_shap_points)."""
    labels = importance.set_index("feature")[f"label_{lang}"]
    names = list(dict.fromkeys(points["feature"]))[::-1]
    figure, (axis,) = new_figure(height=0.9 + 0.42 * len(names))
    classes = (("value_low", ACCENT), ("value_middle", MUTED), ("value_high", ALERT), ("value_none", INK))
    for y, name in enumerate(names):
        rows = points[points["feature"] == name]
        height = y + _swarm(rows["contribution"].to_numpy())
        group = pd.cut(rows["value_rank"], [-1, 1 / 3, 2 / 3, 2], labels=False).fillna(3)
        for number, (_, colour) in enumerate(classes):
            inside = (group == number).to_numpy()
            axis.plot(rows["contribution"][inside], height[inside], ".", color=colour, markersize=3.4)
    axis.axvline(0, color=MUTED, linewidth=1)
    axis.set_yticks(range(len(names)), [labels[name] for name in names])
    axis.set(xlabel=say("risk.axis_contribution", lang), ylim=(-0.6, len(names) - 0.4))
    axis.grid(axis="x", visible=False)
    for key, colour in classes:
        axis.plot([], [], "o", color=colour, markersize=5, label=say(f"risk.{key}", lang))
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper right", ncols=4, fontsize=9)
    return figure


@themed()
def draw_dependence(table: pd.DataFrame, importance: pd.DataFrame, lang: str) -> Figure:
    """Mean contribution and its 10-90 % range by value of the top features (risk_shap_dependence)."""
    labels = importance.set_index("feature")[f"label_{lang}"]
    names = list(dict.fromkeys(table["feature"]))
    figure, axes = new_panels(len(names), min(2, len(names)), 2.3)
    for axis, name in zip(axes, names, strict=True):
        rows = table[table["feature"] == name]
        axis.fill_between(rows["value"], rows["low"], rows["high"], color=GRID)
        axis.plot(rows["value"], rows["contribution"], "o-", color=ACCENT, markersize=4, linewidth=1.4)
        axis.axhline(0, color=MUTED, linewidth=0.8)
        axis.set(xlabel=labels[name], ylabel=say("risk.axis_contribution_short", lang))
        axis.xaxis.set_major_locator(MaxNLocator(5))
    return figure


@themed()
def draw_archetypes(archetypes: pd.DataFrame, lang: str) -> Figure:
    """Size and mean risk of the groups of members at high risk (risk_archetypes)."""
    rows = archetypes.iloc[::-1]
    figure = _bars(
        [f"{row.archetype}. {getattr(row, f'name_{lang}')}" for row in rows.itertuples()],
        rows["members"],
        lang,
    )
    axis = figure.axes[0]
    axis.set_xlabel(say("risk.axis_members", lang))
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    return figure


@themed()
def _bars(labels: list[str], sizes: pd.Series, lang: str) -> Figure:
    figure, (axis,) = new_figure(height=0.8 + 0.34 * len(labels))
    axis.barh(range(len(labels)), sizes, color=ACCENT)
    axis.set_yticks(range(len(labels)), labels)
    axis.set_xlabel(say("risk.axis_importance", lang))
    axis.grid(axis="y", visible=False)
    return figure


def _swarm(x: np.ndarray) -> np.ndarray:
    """Vertical places of dots: wider where many dots share a place, in a fixed pattern."""
    if not len(x) or np.ptp(x) == 0:
        return np.zeros(len(x))
    cell = np.floor((x - x.min()) / np.ptp(x) * 60).astype(int)
    rank = pd.Series(cell).groupby(cell).cumcount().to_numpy()
    most = max(rank.max(), 1)
    return np.where(rank % 2, 1, -1) * np.ceil(rank / 2) / most * 0.8


def _group_name(grouping: str, name: str, lang: str) -> str:
    if grouping == "family":
        return family_name(name, lang)
    return say(f"causes.{name}", lang) if name in CAUSES else say("risk.no_cause", lang)
