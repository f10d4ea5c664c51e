"""Whether strata differ in how long their members stay: log-rank tests that allow for left truncation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.arrays import Array
from whychurn.contract.results import columns_of, empty_table, typed
from whychurn.survival.risk_set import at_risk, benjamini_hochberg, leavings

COLUMNS: Final = columns_of("survival_tests", "suppressed")
OVERALL: Final = "all"
_NOISE: Final = 1e-9  # share of the largest eigenvalue below which one counts as zero


@dataclass(frozen=True)
class LogRank:
    """Leavings observed and expected by group (k), the covariance of their differences (k, k), and the test."""

    groups: list[str]
    observed: Array
    expected: Array
    covariance: Array
    chi2: float
    df: int
    p: float


def log_rank(entry: Array, exit_: Array, event: Array, group: Array) -> LogRank:
    """Test of equal hazards in all groups, in counting-process form.

    On each day with leavings the expected number of a group is its share of those at risk (entry < day <= exit), with the
    hypergeometric covariance. Rows may enter late and change their group from row to row (Mantel and Byar 1974).
    lifelines' log-rank has no entry; without late entries both agree. A group that is never at risk together with
    another one carries no information and costs no degree of freedom.
    """
    names = sorted({str(name) for name in group})
    days = int(exit_.max(initial=0))
    masks = [np.asarray(group == name) for name in names]
    number = np.array([at_risk(entry[mask], exit_[mask], days=days) for mask in masks])
    left = np.array([leavings(exit_[mask], event[mask].astype(float), days) for mask in masks])
    n, d = number.sum(axis=0), left.sum(axis=0)
    seen = (d > 0) & (n > 1)
    n, d, number, left = n[seen], d[seen], number[:, seen], left[:, seen]
    share = number / n
    factor = d * (n - d) / (n - 1)
    covariance = np.diag((share * factor).sum(axis=1)) - (share * factor) @ share.T
    observed, expected = left.sum(axis=1), (share * d).sum(axis=1)
    difference = observed - expected
    values, vectors = np.linalg.eigh(covariance)
    told = values > max(_NOISE * values.max(initial=0.0), _NOISE)
    df = int(told.sum()) if len(names) > 1 else 0
    chi2 = float((((difference @ vectors)[told]) ** 2 / values[told]).sum()) if df else np.nan
    p = float(stats.chi2.sf(chi2, df)) if df else np.nan
    return LogRank(names, observed, expected, covariance, chi2, df, p)


def compare_strata(strata: Mapping[str, pd.DataFrame], false_discovery: float, min_cell: int) -> pd.DataFrame:
    """Log-rank tests within each kind of stratum.

    Returns
    -------
    DataFrame
        `COLUMNS`: a row with stratum ``all`` tests whether any strata of the kind differ; the others compare one
        stratum with the rest of its kind. ``ratio``: leavings observed / expected if all stayed alike. ``q``:
        Benjamini-Hochberg over the overall tests, and apart from them over the strata. Strata of fewer members than
        `min_cell` are left out of every test.
    """
    tables = [_compare(kind, rows, min_cell) for kind, rows in strata.items() if kind != OVERALL]
    filled = [table for table in tables if len(table)]
    if not filled:
        return empty_table(COLUMNS)
    table = pd.concat(filled, ignore_index=True)
    whole = (table["stratum"] == OVERALL).to_numpy()
    q = np.full(len(table), np.nan)
    for part in (whole, ~whole):
        q[part] = benjamini_hochberg(table["p"].to_numpy(float)[part])
    return typed(table.assign(q=q, notable=q < false_discovery)[COLUMNS])


def _compare(kind: str, rows: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    members = rows.groupby("stratum")["member_id"].nunique()
    kept = rows[rows["stratum"].isin(members[members >= min_cell].index)]
    if kept["stratum"].nunique() < 2:
        return pd.DataFrame()
    entry, exit_, event = (kept[name].to_numpy() for name in ("entry", "exit", "event"))
    test = log_rank(entry, exit_, event, kept["stratum"].to_numpy(dtype=object))
    variance = np.diag(test.covariance)
    with np.errstate(divide="ignore", invalid="ignore"):
        chi2 = np.where(variance > 0, (test.observed - test.expected) ** 2 / variance, np.nan)
        ratio = test.observed / test.expected
    single = pd.DataFrame({"stratum": test.groups, "observed": test.observed, "expected": test.expected})
    single = single.assign(ratio=ratio, chi2=chi2, df=1, p=stats.chi2.sf(chi2, 1))
    single["members"] = single["stratum"].map(members)
    total = {"stratum": OVERALL, "members": kept["member_id"].nunique(), "observed": test.observed.sum()}
    total |= {"expected": test.expected.sum(), "chi2": test.chi2, "df": test.df, "p": test.p}
    return pd.concat([pd.DataFrame([total]), single], ignore_index=True).assign(stratum_kind=kind)
