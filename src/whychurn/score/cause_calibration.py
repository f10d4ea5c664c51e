"""Calibration of the causes: among churn events given 30 % for a cause, did 30 % leave for it?"""

from typing import Final

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

COLUMNS: Final = ("cause", "bin_low", "bin_high", "members", "p_mean", "frequency", "low", "high")


def calibration_table(p: Array, y: Array, bins: int, confidence: float) -> pd.DataFrame:
    """Bins of equal width of each cause's probability.

    Parameters
    ----------
    p
        Probabilities; (n, 6).
    y
        True cause; (n,).

    Returns
    -------
    DataFrame
        `COLUMNS`; `members` counts churn events, `frequency` is the share of them that left for the cause,
        with its Wilson interval. Empty bins are left out.
    """
    rows = []
    edges = np.linspace(0, 1, bins + 1)
    for number, cause in enumerate(CAUSES):
        bin_of = np.minimum((p[:, number] * bins).astype(int), bins - 1)
        for at in np.unique(bin_of):
            inside = bin_of == at
            count, hits = int(inside.sum()), int((y[inside] == number).sum())
            interval = proportion_confint(hits, count, alpha=1 - confidence, method="wilson")
            mean = p[inside, number].mean()
            rows.append((cause, edges[at], edges[at + 1], count, mean, hits / count, *interval))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"cause": "string"})


def calibration_errors(table: pd.DataFrame) -> pd.Series:
    """Expected calibration error (Naeini et al. 2015) of each cause: mean distance of bins, weighted by events."""
    distance = (table["p_mean"] - table["frequency"]).abs() * table["members"]
    by_cause = table["cause"]
    return (distance.groupby(by_cause).sum() / table["members"].groupby(by_cause).sum()).reindex(list(CAUSES))
