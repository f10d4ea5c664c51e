"""Figure of the accuracy measured on programmes built otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from whychurn.report.causes.sentences.method_overview import method_name
from whychurn.report.drawing.axes import name_rows, percent_axis
from whychurn.report.drawing.theme import ACCENT, INK, MUTED, new_figure
from whychurn.report.words import say
from whychurn.score.yardstick.measured import KINDS, OURS, RIVALS, by_kind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS: Final = dict(zip(RIVALS, ("|", "s", "x", "^"), strict=True))


def draw_errors(rows: pd.DataFrame, lang: str) -> Figure:
    """Largest error of a share by kind of programme: mean and worst of the project, means of the baselines.

    Parameters
    ----------
    rows
        As `score.yardstick.measured.load_yardstick` returns them; the test half is drawn.
    """
    table = by_kind(rows).set_index("method")
    kinds = [kind for kind in KINDS if kind in set(table["kind"])]
    place = {kind: at for at, kind in enumerate(kinds)}
    figure, (axis,) = new_figure(height=1.6 + 0.5 * len(kinds), columns=1)
    for name, mark in MARKS.items():
        mine = table.loc[table.index == name]
        where = mine["kind"].map(place)
        colour, label = (INK if mark == "|" else MUTED), method_name(name, lang)
        axis.plot(mine["share_error_largest"], where, mark, color=colour, markersize=9, label=label)
    ours = table.loc[table.index == OURS]
    where = ours["kind"].map(place)
    axis.hlines(where, ours["share_error_largest"], ours["error_worst"], color=ACCENT, linewidth=2)
    axis.plot(
        ours["share_error_largest"], where, "o", color=ACCENT, markersize=8, label=method_name(OURS, lang)
    )
    name_rows(axis, [say(f"causes.kind_{kind}", lang) for kind in kinds])
    axis.set_xlim(left=0)
    percent_axis(axis)
    axis.set_xlabel(say("causes.yardstick_axis", lang))
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure
