"""What the elimination of a cause is estimated to gain, beside what it would truly gain in the simulated programme."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of

NOTHING: Final = "none"  # removed
COLUMNS: Final = columns_of("elimination_scores")


def planted_survival(counts: pd.DataFrame) -> dict[str, Array]:
    """Survival (share that stays) beyond each day 0, 1, …, as it was and without each cause.

    Parameters
    ----------
    counts
        Table ``stay_without``: removed, tenure_week, present (expected member-weeks), left (expected churn
        events).

    Returns
    -------
    ``none`` or cause -> survival by day, up to the first week without anybody: the exponential of minus the summed
    weekly hazards, even within a week.
    """
    summed = counts.groupby(["removed", "tenure_week"], observed=True)[["present", "left"]].sum()
    curves = {}
    for removed in summed.index.unique("removed"):
        weeks = summed.loc[removed]
        weeks = weeks.reindex(range(int(weeks.index.max()) + 1), fill_value=0.0)
        empty = np.flatnonzero(weeks["present"].to_numpy() <= 0)
        weeks = weeks.iloc[: empty[0]] if len(empty) else weeks
        hazard = np.r_[0.0, np.cumsum(weeks["left"] / weeks["present"])]
        days = np.arange(7 * len(weeks) + 1)
        curves[str(removed)] = np.exp(-np.interp(days, 7 * np.arange(len(hazard)), hazard))
    return curves


def elimination_scores(estimates: Mapping[str, pd.DataFrame], counts: pd.DataFrame | None) -> pd.DataFrame:
    """Estimated gains by elimination beside the planted ones.

    Parameters
    ----------
    estimates
        Source of the causes (``stated``, ``attributed``) -> table as ``cause_elimination``; rows of all members
        are read.
    counts
        Table ``stay_without``; None where nothing was planted, or leaving takes effect later than it is
        decided.

    Returns
    -------
    DataFrame
        `COLUMNS`: gain in the share that stays beyond ``day``, or in mean days out of ``day`` days; covered:
        1 where the interval holds the planted gain. Rows end with the days that the planted survival covers.
    """
    curves = {} if counts is None else planted_survival(counts)
    rows = []
    for source, table in estimates.items() if curves else ():
        for row in table[(table["stratum_kind"] == "all") & table["cause"].isin(CAUSES)].to_dict("records"):
            day = int(row["day"])
            if row["cause"] not in curves or day >= min(map(len, curves.values())):
                continue
            observed, counterfactual = (
                _measure(curves[removed], row["measure"], day) for removed in (NOTHING, row["cause"])
            )
            gain = counterfactual - observed
            covered = float(row["low"] <= gain <= row["high"])
            planted = {"planted_observed": observed, "planted_difference": gain, "covered": covered}
            rows.append(row | {"source": source} | planted)
    kinds = dict.fromkeys(("source", "cause", "measure"), "string")
    return pd.DataFrame(rows, columns=COLUMNS).astype({name: kinds.get(name, "float64") for name in COLUMNS})


def _measure(survival: Array, measure: str, day: int) -> float:
    return float(survival[day] if measure == "share" else survival[:day].sum())
