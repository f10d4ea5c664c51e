"""Effects of actions and gains of policies about zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from whychurn.report.action.names import code_name
from whychurn.report.drawing.axes import draw_estimate, money_label, name_rows
from whychurn.report.drawing.theme import ACCENT, ALERT, INK, MUTED, SERIES, new_figure, themed
from whychurn.report.words import say
from whychurn.report.words.readable_names import action_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS: Final = {"proven": SERIES[2], "harm": ALERT, "open": MUTED}


@themed()
def draw_effects(rows: pd.DataFrame, lang: str) -> Figure:
    """Members kept of 1,000 contacted by each action (rows of `effect_rows`), most first."""
    figure, (axis,) = new_figure(height=1.1 + 0.36 * len(rows))
    for place, row in enumerate(rows.to_dict("records")):
        draw_estimate(axis, place, (row["low"], row["value"], row["high"]), _COLOURS[row["verdict"]])
    name_rows(axis, [action_name(action, lang) for action in rows["action"]])
    _about_zero(axis)
    axis.set_xlabel(say("action.axis_kept", lang))
    return figure


@themed()
def draw_policies(rows: pd.DataFrame, lang: str, currency: str) -> Figure:
    """Gain of each policy for 1,000 members (rows of `policy_rows`); contacting nobody is zero."""
    figure, (axis,) = new_figure(height=1.1 + 0.4 * len(rows))
    for place, row in enumerate(rows.to_dict("records")):
        colour = ACCENT if row["policy"] == "plan" else INK
        draw_estimate(axis, place, (row["low"], row["value"], row["high"]), colour)
    name_rows(axis, [code_name("policy", policy, lang) for policy in rows["policy"]])
    _about_zero(axis)
    known = bool(rows["money"].iloc[0])
    axis.set_xlabel(
        money_label("action.axis_gain", lang, currency) if known else say("action.axis_kept", lang)
    )
    return figure


def _about_zero(axis: Axes) -> None:
    axis.axvline(0, color=MUTED, linewidth=1.2)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace("-", "−"))
