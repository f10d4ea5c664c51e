"""A test week by week, as if somebody had looked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

import pandas as pd

from whychurn.report.drawing.axes import percent_axis
from whychurn.report.drawing.theme import ACCENT, INK, MUTED, new_figure, themed
from whychurn.report.page.components.numbers import bracketed, signed
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say
from whychurn.report.words.readable_names import action_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST: Final = 2  # paths that the report draws


def peeks_of(peeks: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Campaign and path of the tests followed by most members, at most `MOST`."""
    if peeks.empty:
        return
    reached = peeks.groupby(["campaign_id", "action"])["n"].max().sort_values(ascending=False, kind="stable")
    for campaign, action in reached.index[:MOST]:
        path = peeks[(peeks["campaign_id"] == campaign) & (peeks["action"] == action)]
        yield str(campaign), path.sort_values("week")


def peeks_title(path: pd.DataFrame, name: str, page: PageLike) -> str:
    """What looking every week at a test of campaign `name` shows: the last difference, and which interval left zero when."""
    last = path.iloc[-1]
    points = partial(signed, digits=1)
    ends = bracketed(100 * last["fixed_low"], 100 * last["fixed_high"], page.lang, points)
    effect = f"{points(100 * last['effect'])} {ends}"
    campaign = page.say("action.all_campaigns") if name == "all" else name
    words = {"action": action_name(last["action"], page.lang), "campaign": campaign, "effect": effect}
    for kind in ("always", "fixed"):
        clear = path[path[f"{kind}_low"].gt(0) | path[f"{kind}_high"].lt(0)]
        if len(clear):
            return page.say(f"action.figure_peeks_{kind}", week=f"{clear['week'].iloc[0]:.0f}", **words)
    return page.say("action.figure_peeks_never", week=f"{last['week']:.0f}", **words)


@themed()
def draw_peeks(path: pd.DataFrame, lang: str) -> Figure:
    """Difference in leavers by week, with the interval for one look and the one that holds at every look."""
    figure, (axis,) = new_figure(height=3.0)
    axis.axhline(0, color=MUTED, linewidth=1.2)
    bands = (("always", MUTED, 0.25), ("fixed", ACCENT, 0.3))
    for name, colour, strength in bands:
        ends = path[f"{name}_low"], path[f"{name}_high"]
        label = say(f"action.peek_{name}", lang)
        axis.fill_between(path["week"], *ends, color=colour, alpha=strength, linewidth=0, label=label)
    axis.plot(path["week"], path["effect"], color=INK)
    axis.set(xlabel=say("action.axis_weeks", lang), ylabel=say("action.axis_left", lang))
    percent_axis(axis, "y", None)
    figure.legend(loc="outside upper left", ncols=2, fontsize=9, frameon=False)
    return figure
