"""What a member spends and pays a day, from what was known on the snapshot day."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.panel.covered_terms import covered_terms

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


def daily_fee(memberships: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Daily price (currency) of a member's term, the latest begun before the day; 0 without one, and where it
    has no end: its price has no period.
    """
    if memberships.empty:
        return np.zeros(len(rows))
    memberships = covered_terms(memberships)
    price = memberships["price_paid"].fillna(memberships["list_price"]).astype("float64")
    length = (memberships["ends_on"] - memberships["starts_on"]).dt.days + 1
    terms = memberships[["member_id", "starts_on", "ends_on"]].assign(
        fee=(price / length.clip(lower=1)).to_numpy()
    )
    terms = terms.dropna(subset=["starts_on", "fee"]).sort_values("starts_on")
    dated = rows[["member_id", "as_of"]].reset_index(drop=True).assign(position=range(len(rows)))
    dated = dated.sort_values("as_of")
    terms = terms.astype({"member_id": dated["member_id"].dtype, "starts_on": dated["as_of"].dtype})
    running = pd.merge_asof(
        dated, terms, left_on="as_of", right_on="starts_on", by="member_id", allow_exact_matches=False
    )
    return running.sort_values("position")["fee"].fillna(0.0).to_numpy()
