"""Figures whose rows have names: from the top down, an estimate and its interval on each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import PercentFormatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def name_rows(axis: Axes, names: Sequence[str], **text: Any) -> None:
    """Rows 0, 1, … from the top down, with their names and without lines between them; `text` as for tick labels."""
    axis.set_yticks(range(len(names)), names, **text)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)


def draw_estimate(
    axis: Axes,
    place: float,
    ends: tuple[float, float, float],
    colour: str,
    width: float = 1.8,
    size: float = 5,
) -> None:
    """A dot at the estimate in the row `place`, and a line from the lower to the upper bound; `ends` in rising order."""
    low, estimate, high = ends
    axis.plot([low, high], [place, place], color=colour, linewidth=width)
    axis.plot([estimate], [place], "o", color=colour, markersize=size)


def percent_axis(axis: Axes, which: str = "x", decimals: int | None = 0) -> None:
    """Shares as percentages on the axis `which`: ``x``, ``y`` or ``both``."""
    for name in "xy" if which == "both" else which:
        getattr(axis, f"{name}axis").set_major_formatter(PercentFormatter(1, decimals=decimals))
