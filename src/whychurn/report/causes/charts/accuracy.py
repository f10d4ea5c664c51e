"""Figure of the accuracy measured on planted programmes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from whychurn.contract.codes import CEILING, PRIOR
from whychurn.report.causes.sentences.method_overview import method_name
from whychurn.report.drawing.axes import name_rows
from whychurn.report.drawing.theme import ACCENT, INK, MUTED, new_figure
from whychurn.report.words import say
from whychurn.score.benchmark import ADDITIVE, ALL, of_base_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN: Final = (-1.0, 2.0)  # skill beyond is drawn at the edge, with an arrow
FLAT: Final = ("majority", PRIOR, CEILING)  # fixed by definition, or far below: lines and text say it


def draw_skill(table: pd.DataFrame, chosen: str, lang: str, program: str = ALL) -> Figure:
    """Skill of each method by difficulty, with the range over worlds; 0 is the true shares, 1 the ceiling.

    Parameters
    ----------
    table
        As `score.benchmark.load_benchmark` returns it.
    chosen
        The method that the report stands on; drawn stronger.
    """
    rows = of_base_size(table)
    rows = rows[(rows["program"] == program) & (rows["mechanism"] == ADDITIVE) & ~rows["method"].isin(FLAT)]
    levels = (
        rows[["difficulty", "survey_answered"]]
        .drop_duplicates()
        .sort_values("survey_answered", ascending=False)
    )
    order = rows.groupby("method")["skill"].mean().sort_values(ascending=False).index.to_list()
    figure, axes = new_figure(height=1.3 + 0.36 * len(order), columns=len(levels))
    for place, (axis, level) in enumerate(zip(axes, levels.itertuples(index=False), strict=True)):
        mine = rows[rows["difficulty"] == level.difficulty].set_index("method").reindex(order)
        _panel(axis, mine, chosen)
        names = [method_name(method, lang) for method in order] if place == 0 else [""] * len(order)
        name_rows(axis, names)
        title = say(f"causes.yardstick_{level.difficulty}", lang, answered=f"{level.survey_answered:.0%}")
        axis.set_title(title, fontsize=10)
    axes[len(axes) // 2].set_xlabel(say("causes.yardstick_axis_skill", lang))
    return figure


def _panel(axis: Axes, rows: pd.DataFrame, chosen: str) -> None:
    low, high = SHOWN
    for line in (0, 1):
        axis.axvline(line, color=INK, linewidth=1, linestyle="--")
    for place, (method, row) in enumerate(rows.iterrows()):
        colour = ACCENT if method == chosen else MUTED
        span = np.clip([row["skill_low"], row["skill_high"]], low, high)
        axis.plot(span, [place, place], color=colour, linewidth=2.4 if method == chosen else 1.6)
        if row["skill"] < low or row["skill"] > high:
            mark, at = ("<", low) if row["skill"] < low else (">", high)
            axis.plot([at], [place], mark, color=colour, markersize=6, clip_on=False)
        else:
            axis.plot([row["skill"]], [place], "o", color=colour, markersize=7 if method == chosen else 5)
    axis.set_xlim(low, high)
    axis.set_xticks([-1, 0, 1, 2])
