"""Causes by group and over time: means of the leavers' chances, with intervals and tests."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.tables.attribution import P
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.stats.multiple_testing import benjamini_hochberg

KINDS: Final = {"tier": "spend_tier", "region": "region", "channel": "channel"}
TENURE_BANDS: Final = ((0, 90), (90, 180), (180, 365), (365, 730), (730, 10**6))
SEASONS: Final = {12: "winter", 1: "winter", 2: "winter", 3: "spring", 4: "spring", 5: "spring"} | {
    6: "summer", 7: "summer", 8: "summer", 9: "autumn", 10: "autumn", 11: "autumn"
}  # fmt: skip


def strata_of(leavers: pd.DataFrame) -> pd.DataFrame:
    """Columns tier, region, channel, tenure, season of each leaver; null where not known.

    Parameters
    ----------
    leavers
        anchor_on, tenure_days (at the anchor) and the panel's columns.
    """
    found = {kind: leavers[name].astype("string") for kind, name in KINDS.items() if name in leavers}
    days = leavers["tenure_days"].astype("float64")
    band = pd.Series(pd.NA, index=leavers.index, dtype="string")
    for low, high in TENURE_BANDS:
        name = f"{low}-{high}" if high < 10**6 else f"{low}+"
        band = band.mask(((days >= low) & (days < high)).fillna(False), name)
    found["tenure"] = band
    found["season"] = leavers["anchor_on"].dt.month.map(SEASONS).astype("string")
    return pd.DataFrame(found)


def cause_groups(p: Array, strata: pd.DataFrame, min_cell: int, confidence: float) -> pd.DataFrame:
    """Mean chances by stratum.

    Returns
    -------
    DataFrame
        kind, stratum, cause, share, low, high (normal, over leavers), leavings, q (Benjamini-Hochberg over all groups, of
        Hotelling's test that the mean chances differ from those of the other leavers), suppressed.
    """
    z = stats.norm.ppf((1 + confidence) / 2)
    parts, tests = [], []
    for kind in map(str, strata.columns):
        for stratum, index in strata.groupby(kind, sort=True).indices.items():
            mine = p[index]
            parts.append(
                _means(mine, z).assign(kind=kind, stratum=str(stratum), suppressed=len(mine) < min_cell)
            )
            rest = np.delete(p, index, axis=0)
            tests.append(_different(mine, rest) if min(len(mine), len(rest)) >= max(min_cell, 8) else np.nan)
    if not parts:
        return pd.DataFrame(
            columns=["kind", "stratum", "cause", "share", "low", "high", "leavings", "q", "suppressed"]
        )
    q = np.repeat(benjamini_hochberg(np.array(tests)), len(CAUSES))
    table = pd.concat(parts, ignore_index=True).assign(q=q)
    blank = ["share", "low", "high", "leavings", "q"]
    table.loc[table["suppressed"], blank] = np.nan
    return table[["kind", "stratum", "cause", *blank, "suppressed"]].astype(
        dict.fromkeys(("kind", "stratum", "cause"), "string")
    )


def _means(p: Array, z: float) -> pd.DataFrame:
    mean, error = p.mean(axis=0), p.std(axis=0) / np.sqrt(max(len(p), 1))
    return pd.DataFrame(
        {
            "cause": CAUSES, "share": mean, "leavings": float(len(p)),
            "low": np.clip(mean - z * error, 0, 1), "high": np.clip(mean + z * error, 0, 1),
        }
    )  # fmt: skip


def _different(one: Array, other: Array) -> float:
    """p value of equal means of two samples on the simplex (Hotelling, large sample)."""
    gap = (one.mean(axis=0) - other.mean(axis=0))[:-1]
    spread = np.cov(one[:, :-1].T) / len(one) + np.cov(other[:, :-1].T) / len(other)
    return float(stats.chi2.sf(gap @ np.linalg.pinv(spread) @ gap, len(gap)))


def cause_months(p: Array, left_on: pd.Series, min_cell: int, confidence: float) -> pd.DataFrame:
    """Mean chances by month of leaving: month, cause, share, low, high, leavings, suppressed."""
    z = stats.norm.ppf((1 + confidence) / 2)
    month = left_on.dt.to_period("M").dt.to_timestamp()
    parts = [
        _means(p[index], z).assign(month=at, suppressed=len(index) < min_cell)
        for at, index in month.groupby(month).indices.items()
    ]
    columns = ["month", "cause", "share", "low", "high", "leavings", "suppressed"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    table.loc[table["suppressed"].astype(bool), ["share", "low", "high", "leavings"]] = np.nan
    return table[columns].astype({"cause": "string"})


def cause_change(p: Array, left_on: pd.Series, confidence: float) -> pd.DataFrame:
    """Second half of the leavings in time against the first: cause, first_half, second_half, difference, low, high, q."""
    z = stats.norm.ppf((1 + confidence) / 2)
    late = (left_on > left_on.median()).to_numpy()
    if late.sum() < 2 or (~late).sum() < 2:
        return pd.DataFrame(columns=["cause", "first_half", "second_half", "difference", "low", "high", "q"])
    first, second = p[~late], p[late]
    gap = second.mean(axis=0) - first.mean(axis=0)
    error = np.sqrt(first.var(axis=0) / len(first) + second.var(axis=0) / len(second))
    q = benjamini_hochberg(2 * stats.norm.sf(np.abs(gap) / np.maximum(error, 1e-12)))
    return pd.DataFrame(
        {
            "cause": pd.Series(CAUSES, dtype="string"), "first_half": first.mean(axis=0), "second_half": second.mean(axis=0),
            "difference": gap, "low": gap - z * error, "high": gap + z * error, "q": q,
        }
    )  # fmt: skip


def stated_against(p: Array, stated: Array, min_cell: int) -> pd.DataFrame:
    """From what was stated to what the evidence says: stated, cause, leavings (sum of chances), share (of the row), suppressed."""
    names = {**dict(enumerate(CAUSES)), len(CAUSES): "other", -1: "silent", -2: "not_asked"}
    rows = []
    for code, name in names.items():
        mine = p[stated == code]
        for number, cause in enumerate(CAUSES):
            small = len(mine) < min_cell
            total, share = (
                (np.nan, np.nan) if small else (float(mine[:, number].sum()), float(mine[:, number].mean()))
            )
            rows.append(
                {"stated": name, "cause": cause, "leavings": total, "share": share, "suppressed": small}
            )
    return pd.DataFrame(rows).astype({"stated": "string", "cause": "string"})


def leavers_chances(members: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    """Leavings of `member_causes`, and their chances; (n, 6)."""
    gone = members[members["status"] == "churned"].reset_index(drop=True)
    return gone, gone[P].to_numpy("float64")
