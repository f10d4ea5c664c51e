"""Figures of the causes heard in texts: how well they agree with labels, and with other sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import TEXT_CLASSIFIERS, TRIANGULATION_SOURCES
from whychurn.report.drawing.axes import name_rows, percent_axis
from whychurn.report.drawing.theme import MUTED, SERIES, new_figure
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = dict(zip(TRIANGULATION_SOURCES, SERIES, strict=False))


def draw_triangulation(frame: pd.DataFrame, lang: str) -> Figure:
    """Share of each cause by source, with intervals, one colour a source.

    Parameters
    ----------
    frame
        Table ``triangulation``, with behaviour or without.
    """
    shown = frame.dropna(subset=["share"])
    sources = [source for source in TRIANGULATION_SOURCES if source in set(shown["source"])]
    figure, (axis,) = new_figure(8.0, 1.4 + 0.17 * len(CAUSES) * (len(sources) + 1))
    for order, source in enumerate(sources):
        rows = shown[shown["source"] == source]
        spots = [
            CAUSES.index(cause) + (order - (len(sources) - 1) / 2) * 0.8 / len(sources)
            for cause in rows["cause"]
        ]
        _intervals(axis, rows, spots, _COLOURS[source], say(f"voice.said_source_{source}", lang))
    name_rows(axis, [say(f"causes.{cause}", lang) for cause in CAUSES])
    axis.set_xlim(left=0)
    percent_axis(axis)
    axis.set_xlabel(say("voice.said_axis_share", lang))
    axis.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=2 if len(sources) > 3 else max(1, len(sources)),
        frameon=False,
    )
    return figure


def draw_agreement(frame: pd.DataFrame, lang: str) -> Figure:
    """Cohen's kappa of each method with stated reasons, all languages together, then each.

    Parameters
    ----------
    frame
        Table ``text_cause_check``.
    """
    shown = frame.dropna(subset=["kappa"])
    methods = [method for method in TEXT_CLASSIFIERS if method in set(shown["method"])]
    languages = [language for language in ("all", "zh", "en") if language in set(shown["language"])]
    figure, (axis,) = new_figure(8.0, 1.3 + 0.42 * len(methods))
    for order, language in enumerate(languages):
        rows = shown[shown["language"] == language]
        spots = [
            methods.index(method) + (order - (len(languages) - 1) / 2) * 0.25 for method in rows["method"]
        ]
        bounds = rows.rename(columns={"kappa_low": "low", "kappa_high": "high", "kappa": "share"})
        _intervals(axis, bounds, spots, SERIES[order], say(f"voice.said_language_{language}", lang))
    axis.axvline(0, color=MUTED, linewidth=0.8)
    name_rows(axis, [say(f"voice.said_method_{method}", lang) for method in methods])
    axis.set_xlabel(say("voice.said_axis_kappa", lang))
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3, frameon=False)
    return figure


def _intervals(axis: Axes, rows: pd.DataFrame, spots: list[float], colour: str, label: str) -> None:
    for spot, low, high in zip(spots, rows["low"], rows["high"], strict=True):
        axis.plot([low, high], [spot, spot], color=colour, linewidth=1.8)
    axis.plot(rows["share"], spots, "o", color=colour, markersize=5, label=label)
