"""How well snapshots were forecast: as their windows closed, and as the chances alone would have it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.stats.bootstrap import percentiles
from whychurn.watch.charts.counts import SCORE_BINS, SCORE_STEP, Counts

MIDDLES = 1 / (1 + np.exp(-(np.arange(SCORE_BINS) - SCORE_BINS // 2 + 0.5) * SCORE_STEP))


def area_under_curve(hits: Array, misses: Array) -> Array:
    """Chance that a leaver's forecast lies above a stayer's, ties a half; over the last axis, bins from low to high."""
    below = np.cumsum(misses, axis=-1) - misses
    pairs = hits.sum(axis=-1) * misses.sum(axis=-1)
    won = (hits * (below + 0.5 * misses)).sum(axis=-1)
    return np.divide(won, pairs, out=np.full(np.shape(pairs), np.nan), where=pairs > 0)


def forecast_table(
    counts: Counts, snapshots: pd.DatetimeIndex, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Rows of `watch_forecast`, one a snapshot.

    Returns
    -------
    DataFrame
        month (day of the snapshot), members, auc with interval (members resampled), brier, leavings: where the window
        has closed. expected_auc, expected_brier, expected_leavings: from calibrated chances alone, right if the link
        between features and leaving holds, blind to its change.

    Notes
    -----
    Confidence-based performance estimation (CBPE, NannyML); chances are read in bins of `SCORE_STEP` log-odds.
    """
    closed = counts["closed"]
    hits, misses = closed[..., 1], closed[..., 0]
    draws = area_under_curve(hits, misses)
    everybody = closed[0].sum(axis=2) + counts["unknown"]
    members, known = everybody.sum(axis=1), closed[0].sum(axis=(1, 2)) > 0
    left = hits[0].sum(axis=1)
    shown = known & (left >= min_cell)
    brier = (hits[0] * (1 - MIDDLES) ** 2 + misses[0] * MIDDLES**2).sum(axis=1)
    bounds = np.array([percentiles(draws[1:, at], confidence) for at in range(len(snapshots))]).reshape(-1, 2)
    size = np.maximum(members, 1)
    table = pd.DataFrame(
        {
            "month": snapshots,
            "members": members,
            "auc": draws[0],
            "auc_low": bounds[:, 0],
            "auc_high": bounds[:, 1],
            "expected_auc": area_under_curve(everybody * MIDDLES, everybody * (1 - MIDDLES)),
            "brier": brier / size,
            "expected_brier": (everybody * MIDDLES * (1 - MIDDLES)).sum(axis=1) / size,
            "leavings": left.astype("float64"),
            "expected_leavings": (everybody * MIDDLES).sum(axis=1),
        }
    )
    told = ["auc", "auc_low", "auc_high", "brier", "leavings"]
    table.loc[~shown, told] = np.nan
    return table[table["members"] >= min_cell].reset_index(drop=True)
