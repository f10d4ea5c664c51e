"""Figures of the causes from which stays end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.ticker import MaxNLocator

from whychurn.contract.causes import CAUSES
from whychurn.report.drawing.axes import draw_estimate, name_rows, percent_axis
from whychurn.report.drawing.theme import ACCENT, ALERT, CAUSE_COLOURS, INK, new_figure
from whychurn.report.words import say
from whychurn.report.words.readable_names import stratum_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NEAR: Final = 0.05  # least distance of two labels, as a share of the height


def draw_cause_strata(rows: pd.DataFrame, lang: str) -> Figure:
    """Share that has left from each cause by a day, a panel a cause, a dot with interval a stratum.

    Parameters
    ----------
    rows
        Rows of cause_incidence at one day.
    """
    keys = list(dict.fromkeys(zip(rows["stratum_kind"], rows["stratum"], strict=True)))
    names = [
        stratum_name(kind, stratum, lang) if kind != "all" else say("survival.kind_all", lang)
        for kind, stratum in keys
    ]
    shown = [name for name in CAUSES if name in set(rows["cause"])]
    figure, axes = new_figure(height=0.9 + 2 * (0.5 + 0.19 * len(keys)), rows=2, columns=3)
    for number, (axis, cause) in enumerate(zip(axes, shown, strict=False)):
        mine = rows[rows["cause"] == cause].set_index(["stratum_kind", "stratum"])
        for place, key in enumerate(keys):
            row = mine.loc[key]
            colour = INK if key[0] == "all" else CAUSE_COLOURS[cause]
            draw_estimate(axis, place, (row["low"], row["estimate"], row["high"]), colour, width=1.5, size=4)
        axis.set_title(say(f"causes.{cause}", lang), fontsize=10)
        name_rows(axis, names if number % 3 == 0 else [""] * len(keys), fontsize=9)
        axis.set_xlim(left=0)
        percent_axis(axis, decimals=None)
        axis.xaxis.set_major_locator(MaxNLocator(3))
    return figure


def draw_removal(removal: pd.DataFrame, lang: str) -> Figure:
    """Days gained if a cause were removed, beside the naive count (cause_elimination, measure days)."""
    rows = removal.sort_values("difference").reset_index(drop=True)
    figure, (axis,) = new_figure(height=1.1 + 0.46 * len(rows))
    for place, row in enumerate(rows.to_dict("records")):
        for shift, colour, gain, low, high in (
            (0.14, ACCENT, "difference", "low", "high"),
            (-0.14, ALERT, "difference_if_independent", "if_independent_low", "if_independent_high"),
        ):
            y = place + shift
            axis.plot([row[low], row[high]], [y, y], color=colour, linewidth=1.8)
            first = place == 0
            label = say(f"survival.label_{gain}", lang) if first else None
            axis.plot([row[gain]], [y], "o", color=colour, markersize=6, label=label)
    axis.set_yticks(range(len(rows)), [say(f"causes.{cause}", lang) for cause in rows["cause"]])
    axis.set_xlabel(say("survival.axis_gain", lang, days=f"{rows['day'].iloc[0]:.0f}"))
    axis.set_xlim(left=0)
    axis.grid(axis="y", visible=False)
    axis.legend(loc="lower right", fontsize=9, frameon=False)
    return figure
