"""What the removal of a cause is said to gain, beside what it would truly gain in the simulated programme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of

AS_IT_WAS: Final = "none"
COLUMNS: Final = columns_of("removal_scores")


def planted_stays(counts: pd.DataFrame) -> dict[str, np.ndarray]:
    """Share that stays beyond each day 0, 1, …, as it was and without each cause.

    Parameters
    ----------
    counts
        Table ``stay_without``: removed, tenure_week, present (expected member-weeks), left (expected leavings).

    Returns
    -------
    ``none`` or cause -> shares by day, up to the first week without anybody: the exponential of minus the summed weekly
    hazards, even within a week.
    """
    summed = counts.groupby(["removed", "tenure_week"], observed=True)[["present", "left"]].sum()
    found = {}
    for removed in summed.index.unique("removed"):
        mine = summed.loc[removed]
        mine = mine.reindex(range(int(mine.index.max()) + 1), fill_value=0.0)
        empty = np.flatnonzero(mine["present"].to_numpy() <= 0)
        mine = mine.iloc[: empty[0]] if len(empty) else mine
        total = np.r_[0.0, np.cumsum(mine["left"] / mine["present"])]
        days = np.arange(7 * len(mine) + 1)
        found[str(removed)] = np.exp(-np.interp(days, 7 * np.arange(len(total)), total))
    return found


def removal_scores(said: Mapping[str, pd.DataFrame], counts: pd.DataFrame | None) -> pd.DataFrame:
    """Gains by removal beside the planted ones.

    Parameters
    ----------
    said
        Source of the causes (``stated``, ``attributed``) -> table as ``cause_removal``; rows of all members are read.
    counts
        Table ``stay_without``; None where nothing was planted, or leaving takes effect later than it is decided.

    Returns
    -------
    DataFrame
        `COLUMNS`: gain in the share that stays beyond ``day``, or in mean days out of ``day`` days; covered: 1 where the
        interval holds the planted gain. Rows end with the days that the planted stays cover.
    """
    stays = {} if counts is None else planted_stays(counts)
    rows = []
    for source, table in said.items() if stays else ():
        mine = table[(table["stratum_kind"] == "all") & table["cause"].isin(CAUSES)]
        for row in mine.to_dict("records"):
            day = int(row["day"])
            if row["cause"] not in stays or day >= min(map(len, stays.values())):
                continue
            now, without = (_measure(stays[name], row["measure"], day) for name in (AS_IT_WAS, row["cause"]))
            gain = without - now
            covered = float(row["low"] <= gain <= row["high"])
            rows.append(
                {**row, "source": source, "planted_now": now, "planted_gain": gain, "covered": covered}
            )
    kinds = dict.fromkeys(("source", "cause", "measure"), "string")
    return pd.DataFrame(rows, columns=COLUMNS).astype({name: kinds.get(name, "float64") for name in COLUMNS})


def _measure(stay: np.ndarray, measure: str, day: int) -> float:
    return float(stay[day] if measure == "share" else stay[:day].sum())
