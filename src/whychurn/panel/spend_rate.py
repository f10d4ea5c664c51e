"""What a member spends a day, from what was known on the snapshot day."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

YEAR: Final = 365
MIN_DAYS: Final = 90  # newer members' spend is spread over at least this long


def daily_spend(rows: pd.DataFrame) -> np.ndarray:
    """Spend of the last year per day of it that the member was there (currency a day, one a row).

    Parameters
    ----------
    rows
        spend_365d (currency), tenure_days. Members of less than a year are taken at the rate of their own
        time, at least `MIN_DAYS` long so that one first basket is not a year of baskets.

    Returns
    -------
    NaN where no spend is known.
    """
    if "spend_365d" not in rows:
        return np.full(len(rows), np.nan)
    spend = pd.to_numeric(rows["spend_365d"], errors="coerce").astype("float64")
    tenure = pd.to_numeric(rows.get("tenure_days", pd.Series(YEAR, index=rows.index)), errors="coerce")
    days = tenure.astype("float64").fillna(YEAR).clip(MIN_DAYS, YEAR)
    return (spend.clip(lower=0) / days).to_numpy()
