"""Churn by stratum: who leaves more than the rest."""

import re
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.results import columns_of, empty_table
from whychurn.contract.suppression import suppress_small_cells
from whychurn.retention.member_history import History, as_dates
from whychurn.retention.month_grid import left_between, months_complete
from whychurn.stats.intervals import add_wilson, difference_from_rest
from whychurn.stats.multiple_testing import benjamini_hochberg

DIMENSIONS: Final = (
    "age_band", "region", "spend_tier", "channel", "category_main", "tenure_band", "plan", "gender",
)  # fmt: skip
COLUMNS: Final = columns_of("strata", "suppressed")
SHOWN: Final = ["churners", "rate", "low", "high", "difference", "p_value", "p_adjusted", "spend_lost"]


def churn_by_stratum(
    history: History,
    panel: pd.DataFrame,
    tenure_days: list[int],
    confidence: float,
    false_discovery: float,
    min_cell: int,
) -> pd.DataFrame:
    """Share of the members at a snapshot who left in the (up to) 12 complete months after it, by stratum.

    Parameters
    ----------
    panel
        Monthly snapshots of consenting members, with the strata columns and ``tenure_days``.
    tenure_days
        Upper bounds of the tenure bands.

    Returns
    -------
    DataFrame
        One row per stratum: Wilson interval, difference from all others, p (pooled z-test), q
        (Benjamini-Hochberg over all strata), ``notable`` where q is below `false_discovery`.
        ``spend_lost``: what those who left had paid in the 365 days before the snapshot.
    """
    span = observed_span(history, panel)
    if span is None:
        return suppress_small_cells(empty_table(COLUMNS), "members", SHOWN, min_cell)
    first, after = span
    start = as_dates(history.edges[[first]])[0]
    members = snapshot_before(with_tenure_band(panel, tenure_days), start)
    code = history.ids.get_indexer(pd.Index(members["member_id"].astype(object)))
    left = left_between(history, history.main, first, after)
    table = stratify(members.assign(left=left[code]), confidence)
    table["notable"] = table["p_adjusted"].lt(false_discovery) & table["members"].ge(min_cell)
    table = table.assign(from_on=start, until_on=as_dates(history.edges[[after]])[0])[COLUMNS]
    return suppress_small_cells(table, "members", SHOWN, min_cell)


def observed_span(history: History, panel: pd.DataFrame) -> tuple[int, int] | None:
    """Edge positions of the first snapshot of strata and of its end, at most 12 complete months later."""
    complete = np.flatnonzero(months_complete(history))
    if panel.empty or not len(complete):
        return None
    after = int(complete[-1]) + 1
    snapshots = np.isin(as_dates(history.edges).to_numpy(), panel["as_of"].unique())
    possible = [int(edge) for edge in np.flatnonzero(snapshots) if after - 12 <= edge < after]
    return (possible[0], after) if possible else None


def snapshot_before(panel: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Rows of the panel's snapshot on `day`."""
    return panel[panel["as_of"] == day]


def with_tenure_band(panel: pd.DataFrame, tenure_days: list[int]) -> pd.DataFrame:
    """`panel` with a text column ``tenure_band`` of ``tenure_days``, such as ``90-179 d``."""
    bounds = [0, *tenure_days]
    labels = [f"{low}-{high - 1} d" for low, high in pairwise(bounds)]
    edges = [-np.inf, *tenure_days, np.inf]
    band = pd.cut(
        panel["tenure_days"].astype(float), edges, labels=[*labels, f"{bounds[-1]}+ d"], right=False
    )
    return panel.assign(tenure_band=band.astype("string"))


def stratify(members: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Counts and rates of the flag ``left`` by stratum, each against all others of its dimension."""
    parts = [
        _dimension(members, name) for name in DIMENSIONS if name in members and members[name].notna().any()
    ]
    if not parts:
        return pd.DataFrame(
            columns=[name for name in COLUMNS if name not in ("from_on", "until_on", "notable")]
        )
    table = add_wilson(pd.concat(parts, ignore_index=True), "churners", "members", confidence)
    return table.assign(p_adjusted=benjamini_hochberg(table["p_value"].to_numpy(float)))


def _dimension(members: pd.DataFrame, name: str) -> pd.DataFrame:
    left = members["left"].astype(float)
    spend = members["spend_365d"].astype(float).fillna(0.0) if "spend_365d" in members else 0.0 * left
    stratum = members[name].astype("string").fillna("?").rename("stratum")
    rows = pd.DataFrame({"left": left, "spend": left * spend, "stratum": stratum}).groupby(
        "stratum", sort=True
    )
    table = rows.agg(
        members=("left", "size"), churners=("left", "sum"), spend_lost=("spend", "sum")
    ).reset_index()
    table = table.iloc[np.argsort([_place(str(text)) for text in table["stratum"]], kind="stable")]
    hits, trials = table["churners"].to_numpy(), table["members"].to_numpy()
    difference, p = difference_from_rest(hits, trials, float(hits.sum()), float(trials.sum()))
    return table.assign(dimension=name, difference=difference, p_value=p)


def _place(stratum: str) -> float:
    """Bands in the order of their lower bound, names as they are, unknown last."""
    digits = re.match(r"\d+", stratum)
    return np.inf if stratum == "?" else float(digits.group()) if digits else 0.0
