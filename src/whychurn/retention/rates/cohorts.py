"""Cohorts by month of joining, the same month a year before, and the weeks around campaigns."""

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.results import columns_of, empty_table, stack
from whychurn.contract.suppression import suppress_small_cells
from whychurn.retention.member_history import History, as_dates
from whychurn.retention.month_grid import month_of, monthly_sum, months_complete, present_at_month_ends
from whychurn.stats.intervals import add_wilson

COHORT_VALUES: Final = ["present", "active", "revenue", "rate", "low", "high", "active_rate", "revenue_rate"]
SEASON_COLUMNS: Final = columns_of("season_comparison")


def cohort_triangle(history: History, confidence: float, min_cell: int) -> pd.DataFrame:
    """Join month x age in months: who is still a member, who was active, what they paid.

    Only cohorts that joined while the data were recorded. Age 0 is the month of joining.

    Returns
    -------
    DataFrame
        ``size``: members of the cohort. ``present``: members at the end of the month under the main
        definition, with ``rate`` and its Wilson interval. ``active``: members with activity in the month.
        ``revenue_rate``: revenue as a share of the cohort's revenue in its month of joining. ``partial``:
        the month is not wholly observed.
    """
    joined = month_of(history, history.started)
    since = max(history.observed_from, history.leavings_from)
    followed = (joined >= 0) & (joined < history.months) & (history.started >= since)
    present = present_at_month_ends(history, history.main)[:, 1:]
    active = monthly_sum(history, history.acts) > 0
    paid = monthly_sum(history, history.payments)
    cells = [
        pd.DataFrame(
            {
                "cohort": as_dates(history.edges[[cohort]])[0],
                "age_months": np.arange(history.months - cohort),
                "size": int(who.sum()),
                "present": present[who, cohort:].sum(axis=0).astype(float),
                "active": active[who, cohort:].sum(axis=0).astype(float),
                "revenue": paid[who, cohort:].sum(axis=0),
                "partial": ~months_complete(history)[cohort:],
            }
        )
        for cohort in np.unique(joined[followed])
        for who in [followed & (joined == cohort)]
    ]
    counts = ["cohort", "age_months", "size", "present", "active", "revenue", "partial"]
    frame = add_wilson(stack(cells, counts), "present", "size", confidence)
    first = frame["revenue"].where(frame["age_months"] == 0).groupby(frame["cohort"]).transform("max")
    frame["active_rate"] = frame["active"] / frame["size"]
    frame["revenue_rate"] = frame["revenue"] / first.where(first > 0)
    return suppress_small_cells(frame, "size", COHORT_VALUES, min_cell)


def season_comparison(rates: pd.DataFrame, main: str, confidence: float) -> pd.DataFrame:
    """Monthly member-based rates beside the same month a year before (difference with its Wald interval).

    Parameters
    ----------
    rates
        What `retention_rates` returns; partial months are left out.
    """
    monthly = rates[
        (rates["definition"] == main)
        & (rates["period_kind"] == "month")
        & (rates["basis"] == "members")
        & (rates["measure"] != "retention")
        & ~rates["partial"].astype(bool)
    ]
    before = monthly.assign(period=monthly["period"] + pd.DateOffset(years=1)) if len(monthly) else monthly
    pair = monthly.merge(before, on=["measure", "period"], suffixes=("", "_then"))
    if pair.empty:
        return empty_table(SEASON_COLUMNS)
    variance = sum(
        pair[f"rate{end}"] * (1 - pair[f"rate{end}"]) / pair[f"denominator{end}"] for end in ("", "_then")
    )
    margin = stats.norm.ppf(0.5 + confidence / 2) * np.sqrt(variance)
    pair = pair.assign(year_before=pair["rate_then"], difference=pair["rate"] - pair["rate_then"])
    pair = pair.assign(low=pair["difference"] - margin, high=pair["difference"] + margin)
    pair["notable"] = (pair["low"] > 0) | (pair["high"] < 0)
    return pair[SEASON_COLUMNS].sort_values(["measure", "period"], ignore_index=True)
