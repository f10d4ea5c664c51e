"""Causes by group and over time: mean posteriors of churned members, with intervals and tests."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.tables.attributions_and_shares import P
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.stats.multiple_testing import benjamini_hochberg

KINDS: Final = {"tier": "spend_tier", "region": "region", "channel": "channel"}
TENURE_BORDERS: Final = (0, 90, 180, 365, 730, 10**6)
TENURE_BANDS: Final = ("0-90", "90-180", "180-365", "365-730", "730+")
SEASONS: Final = dict(
    enumerate(["winter"] * 2 + ["spring"] * 3 + ["summer"] * 3 + ["autumn"] * 3 + ["winter"], 1)
)
MIN_TEST: Final = 8  # members on each side that a test needs, whatever the smallest cell


def tenure_bands(tenure_days: pd.Series) -> pd.Series:
    """Band of each tenure (`TENURE_BANDS`, days); null where it is not known."""
    days = tenure_days.astype("float64")
    return pd.cut(days, list(TENURE_BORDERS), right=False, labels=list(TENURE_BANDS)).astype("string")


def churned_strata(churned: pd.DataFrame) -> pd.DataFrame:
    """Columns tier, region, channel, tenure, season of each churned member; null where not known.

    Parameters
    ----------
    churned
        anchor_on, tenure_days (at the index date) and the panel's columns.
    """
    strata = {kind: churned[name].astype("string") for kind, name in KINDS.items() if name in churned}
    strata["tenure"] = tenure_bands(churned["tenure_days"])
    strata["season"] = churned["anchor_on"].dt.month.map(SEASONS).astype("string")
    return pd.DataFrame(strata)


def cause_groups(p: Array, strata: pd.DataFrame, min_cell: int, confidence: float) -> pd.DataFrame:
    """Mean posteriors by stratum.

    Returns
    -------
    DataFrame
        kind, stratum, cause, share, low, high (normal, over members), leavings, q (Benjamini-Hochberg over
        all groups, of Hotelling's test that the mean differs from that of the other churned members),
        suppressed.
    """
    values = ["share", "low", "high", "churn_events", "p_adjusted"]
    columns = ["kind", "stratum", "cause", *values, "suppressed"]
    parts, tests = [], []
    for kind in map(str, strata.columns):
        for stratum, index in strata.groupby(kind, sort=True).indices.items():
            group, others = p[index], np.delete(p, index, axis=0)
            small = len(group) < min_cell
            means = _means(group, confidence)
            parts.append(means.assign(kind=kind, stratum=str(stratum), suppressed=small))
            enough = min(len(group), len(others)) >= max(min_cell, MIN_TEST)
            tests.append(_hotelling_p_value(group, others) if enough else np.nan)
    if not parts:
        return pd.DataFrame(columns=columns)
    q = np.repeat(benjamini_hochberg(np.array(tests)), len(CAUSES))
    table = pd.concat(parts, ignore_index=True).assign(p_adjusted=q)
    table.loc[table["suppressed"], values] = np.nan
    return table[columns].astype(dict.fromkeys(("kind", "stratum", "cause"), "string"))


def _means(p: Array, confidence: float) -> pd.DataFrame:
    z = stats.norm.ppf((1 + confidence) / 2)
    mean, error = p.mean(axis=0), p.std(axis=0) / np.sqrt(max(len(p), 1))
    low, high = np.clip(mean - z * error, 0, 1), np.clip(mean + z * error, 0, 1)
    return pd.DataFrame(
        {"cause": CAUSES, "share": mean, "churn_events": float(len(p)), "low": low, "high": high}
    )


def _hotelling_p_value(one: Array, other: Array) -> float:
    """p value of equal means of two samples on the simplex (Hotelling 1931, large sample)."""
    told = ~np.isnan(other).any(axis=0)
    free = np.flatnonzero(told)[:-1] if told.all() else np.flatnonzero(told)  # all six sum to one
    if not len(free):
        return float("nan")
    gap = (one.mean(axis=0) - other.mean(axis=0))[free]
    spread = np.cov(one[:, free].T) / len(one) + np.cov(other[:, free].T) / len(other)
    return float(stats.chi2.sf(gap @ np.linalg.pinv(np.atleast_2d(spread)) @ gap, len(gap)))


def cause_months(p: Array, left_on: pd.Series, min_cell: int, confidence: float) -> pd.DataFrame:
    """Mean posteriors by month of churn: month, cause, share, low, high, leavings, suppressed."""
    month = left_on.dt.to_period("M").dt.to_timestamp()
    parts = [
        _means(p[index], confidence).assign(month=at, suppressed=len(index) < min_cell)
        for at, index in month.groupby(month).indices.items()
    ]
    values = ["share", "low", "high", "churn_events"]
    columns = ["month", "cause", *values, "suppressed"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    table.loc[table["suppressed"].astype(bool), values] = np.nan
    return table[columns].astype({"cause": "string"})


def cause_change(p: Array, left_on: pd.Series, confidence: float) -> pd.DataFrame:
    """Second half of the churn events in time against the first.

    Returns
    -------
    DataFrame
        cause, first_half, second_half, difference, low, high (normal), q (Benjamini-Hochberg); empty with
        fewer than two events in a half.
    """
    columns = ["cause", "first_half", "second_half", "difference", "low", "high", "p_adjusted"]
    late = (left_on > left_on.median()).to_numpy()
    if late.sum() < 2 or (~late).sum() < 2:
        return pd.DataFrame(columns=columns)
    first, second = p[~late], p[late]
    gap = second.mean(axis=0) - first.mean(axis=0)
    error = np.sqrt(first.var(axis=0) / len(first) + second.var(axis=0) / len(second))
    q = benjamini_hochberg(2 * stats.norm.sf(np.abs(gap) / np.maximum(error, 1e-12)))
    margin = stats.norm.ppf((1 + confidence) / 2) * error
    causes = pd.Series(CAUSES, dtype="string")
    values = (causes, first.mean(axis=0), second.mean(axis=0), gap, gap - margin, gap + margin, q)
    return pd.DataFrame(dict(zip(columns, values, strict=True)))


def told_rows(table: pd.DataFrame, told: Array) -> pd.DataFrame:
    """Rows of the causes that can be told; `told` is in order of `CAUSES`, (6,)."""
    names = [cause for cause, can in zip(CAUSES, told, strict=True) if can]
    return table[table["cause"].isin(names)].reset_index(drop=True)


def churned_posteriors(members: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    """Churned rows of `member_causes`, and their posteriors; (n, 6)."""
    churned = members[members["status"] == "churned"].reset_index(drop=True)
    return churned, churned[P].to_numpy("float64")
