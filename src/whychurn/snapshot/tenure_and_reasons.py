"""How stays end by tenure, and the reasons that leavers state: counted, without a model."""

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table
from whychurn.contract.snapshot.leaving_words import tenure_unit
from whychurn.contract.suppression import suppress_small_cells
from whychurn.stats.intervals import add_wilson
from whychurn.survival.nonparametric.kaplan_meier import crossing, kaplan_meier

LEAST: Final = 20  # customers at risk where the curve begins and ends
MAX_POINTS: Final = 240  # of the curve that is written
MAX_REASONS: Final = 30
OTHER_REASONS: Final = "(other)"  # reasons of too few leavers to be shown one by one
MONTHS: Final = 12


def unit_of(source: str | None, params: Params) -> str:
    """Unit of tenure: as set, else as the name of its column says, else months."""
    if params.snapshot.tenure_unit != "auto":
        return params.snapshot.tenure_unit
    return (tenure_unit(source) if source else None) or "months"


def tenure_curve(frame: pd.DataFrame, unit: str, params: Params) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Share who stay at least so long (Kaplan-Meier), with the median; stayers count as "at least this long".

    Parameters
    ----------
    frame
        left, tenure (in `unit`, as of today for stayers); rows without a tenure are left out.

    Returns
    -------
    Table snapshot_tenure, and facts: unit (years of parts become months), median, median_low, median_high.
    """
    rows = frame.loc[frame["tenure"].notna(), ["tenure", "left"]]
    tenure = rows["tenure"].to_numpy(dtype="float64")
    if unit == "years" and (tenure % 1 != 0).any():
        tenure, unit = tenure * MONTHS, "months"
    # who left after 3 whole months is gone in the fourth: at "3" all of them still count as having stayed 3
    stays = pd.DataFrame(
        {
            "entry": np.zeros(len(rows), dtype="int64"),
            "exit": np.floor(tenure).astype("int64") + 1,
            "event": rows["left"].to_numpy(dtype=bool),
        }
    )
    facts: dict[str, Any] = {"unit": unit, "median": None, "median_low": None, "median_high": None}
    curve = (
        kaplan_meier(stays, max(LEAST, params.privacy.min_cell), params.run.confidence) if len(rows) else None
    )
    if curve is None or not stays["event"].any():
        return empty_table(columns_of("snapshot_tenure")), facts
    median = [None if np.isnan(value) else float(value) for value in crossing(curve, 0.5)]
    facts |= dict(zip(("median", "median_low", "median_high"), median, strict=True))
    table = pd.DataFrame(
        {
            "unit": unit,
            "tenure": curve.days,
            "estimate": curve.estimate,
            "low": curve.low,
            "high": curve.high,
            "at_risk": curve.at_risk,
        }
    )
    step = -(-len(table) // MAX_POINTS)
    return table.iloc[::step].reset_index(drop=True), facts


def stated_reasons(frame: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Table snapshot_reasons: leavers by the reason they state, most first; reasons of few leavers are one row."""
    stated = frame.loc[frame["left"].astype(bool), "reason"].dropna().astype(str).str.strip()
    if stated.empty:
        return empty_table(columns_of("snapshot_reasons"))
    counts = stated.value_counts()
    shown = counts[counts >= params.privacy.min_cell].sort_index().sort_values(ascending=False, kind="stable")
    shown = shown.head(MAX_REASONS)
    while 0 < counts.sum() - shown.sum() < params.privacy.min_cell and len(shown):
        shown = shown.iloc[:-1]  # or the difference to the total would tell the few
    rest = int(counts.sum() - shown.sum())
    names, sizes = [*shown.index], [*shown.to_list()]
    if rest:
        names, sizes = [*names, OTHER_REASONS], [*sizes, rest]
    table = pd.DataFrame({"reason": names, "members": sizes})
    table = add_wilson(table.assign(stated=len(stated)), "members", "stated", params.run.confidence)
    table = suppress_small_cells(table, "members", ["rate", "low", "high"], params.privacy.min_cell)
    return table.rename(columns={"rate": "share"})[columns_of("snapshot_reasons")]
