"""Figure of hazard ratios of what members spoke of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.ticker import FuncFormatter, NullFormatter

from whychurn.report.drawing.axes import draw_estimate, name_rows
from whychurn.report.drawing.theme import ACCENT, MUTED, new_figure
from whychurn.report.voice.charts.topics import cut_label
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 18
TICKS = (0.25, 0.5, 0.67, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0)


def draw_effects(effects: pd.DataFrame, false_discovery: float, lang: str) -> Figure:
    """Hazard ratios with intervals on a log scale; grey where the adjusted p is not below `false_discovery`.

    Parameters
    ----------
    effects
        As `effect_story.effect_table` returns it.
    """
    far = effects["p_adjusted"].astype(float).rank(method="first")
    shown = effects[far <= MOST].reset_index(drop=True)
    figure, (axis,) = new_figure(8.0, 1.0 + 0.3 * len(shown))
    for place, row in enumerate(shown.to_dict("records")):
        colour = ACCENT if row["p_adjusted"] < false_discovery else MUTED
        draw_estimate(axis, place, (row["low"], row["hazard_ratio"], row["high"]), colour)
    axis.axvline(1.0, color=MUTED, linewidth=1.0)
    axis.set_xscale("log")
    low, high = min(0.9, shown["low"].min()), max(1.1, shown["high"].max())
    axis.set_xlim(low * 0.97, high * 1.03)
    axis.set_xticks([tick for tick in TICKS if low * 0.97 <= tick <= high * 1.03])
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    name_rows(axis, [cut_label(str(what), 44) for what in shown["what"]])
    axis.set_xlabel(say("voice.effect_axis", lang))
    return figure
