"""One look for all figures: real text in SVG, colours that the page swaps in dark mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from whychurn.contract.causes import CAUSES, UNKNOWN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The report replaces these exact hex values by CSS variables: use no other colour in a figure.
INK: Final = "#1d2530"
MUTED: Final = "#5d6876"
GRID: Final = "#dfe4ea"
PAPER: Final = "#fdfdfe"
# Okabe-Ito order, shades with contrast on light and dark paper; told apart by the colour-blind.
SERIES: Final[tuple[str, ...]] = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a5cc0")
CAUSE_COLOURS: Final = {**dict(zip(CAUSES, SERIES, strict=False)), UNKNOWN: MUTED}
ACCENT: Final = SERIES[0]
ALERT: Final = SERIES[1]
VARIABLES: Final[dict[str, str]] = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    PAPER: "--paper",
    **{colour: f"--series-{number}" for number, colour in enumerate(SERIES, start=1)},
}
FONTS: Final = [
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "sans-serif",
]


@contextmanager
def themed() -> Iterator[None]:
    """Matplotlib settings of a whychurn figure, for the duration of a block."""
    import matplotlib as mpl
    from cycler import cycler

    settings: Any = {
        "svg.fonttype": "none",  # text stays text, so the browser draws Chinese
        "text.parse_math": False,  # $0-$50 is a band of prices, not a formula
        "svg.hashsalt": "whychurn",  # same data, same bytes
        "font.family": "sans-serif",
        "font.size": 10.5,
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "legend.frameon": False,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.prop_cycle": cycler(color=SERIES),
    }
    with mpl.rc_context(settings):
        yield


def new_figure(
    width: float = 8.0, height: float = 3.6, rows: int = 1, columns: int = 1
) -> tuple[Figure, list[Axes]]:
    """Figure in the common look, without the pyplot registry, and its axes in reading order.

    Parameters
    ----------
    width, height
        Inches; 8 fills the column of a report.
    """
    from matplotlib.figure import Figure

    with themed():
        figure = Figure(figsize=(width, height), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False)
    return figure, list(grid.ravel())


def new_panels(
    count: int, columns: int, panel_height: float, margin: float = 0.0
) -> tuple[Figure, list[Axes]]:
    """Figure of `count` panels in `columns` columns, and their axes; places without a panel stay empty.

    Parameters
    ----------
    panel_height, margin
        Inches for a row of panels, and for what stands around all of them.
    """
    rows = -(-count // columns)
    figure, axes = new_figure(height=margin + panel_height * rows, rows=rows, columns=columns)
    for axis in axes[count:]:
        axis.set_visible(False)
    return figure, axes[:count]
