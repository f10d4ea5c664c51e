"""Whether strata differ in how long their members stay: log-rank tests that allow for left truncation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.results import columns_of, stack
from whychurn.survival.numbers_at_risk import at_risk, events_by_day

COLUMNS: Final = columns_of("survival_tests", "suppressed")
OVERALL: Final = "all"
NEGLIGIBLE: Final = 1e-9  # share of the largest eigenvalue below which one counts as zero


@dataclass(frozen=True)
class LogRank:
    """Observed and expected churn events by group (k,), covariance of their differences (k, k), the test."""

    groups: list[str]
    observed: np.ndarray
    expected: np.ndarray
    covariance: np.ndarray
    chi2: float
    df: int
    p: float


def log_rank(entry: np.ndarray, exit_: np.ndarray, event: np.ndarray, group: np.ndarray) -> LogRank:
    """Test of equal hazards in all groups, in counting-process form (Mantel 1966).

    On each day with events the expected number of a group is its share of those at risk (entry < day <=
    exit), with the hypergeometric covariance. Rows may enter late and change their group from row to row
    (Mantel and Byar 1974). lifelines' log-rank has no entry; without late entries both agree. A group that is
    never at risk together with another one carries no information and costs no degree of freedom.
    """
    names = sorted({str(name) for name in group})
    days = int(exit_.max(initial=0))
    masks = [np.asarray(group == name) for name in names]
    number = np.array([at_risk(entry[mask], exit_[mask], days=days) for mask in masks])
    events = np.array([events_by_day(exit_[mask], event[mask].astype(float), days) for mask in masks])
    n, d = number.sum(axis=0), events.sum(axis=0)
    counts = (d > 0) & (n > 1)
    n, d, number, events = n[counts], d[counts], number[:, counts], events[:, counts]
    share = number / n
    factor = d * (n - d) / (n - 1)
    covariance = np.diag((share * factor).sum(axis=1)) - (share * factor) @ share.T
    observed, expected = events.sum(axis=1), (share * d).sum(axis=1)
    values, vectors = np.linalg.eigh(covariance)
    informative = values > max(NEGLIGIBLE * values.max(initial=0.0), NEGLIGIBLE)
    df = int(informative.sum()) if len(names) > 1 else 0
    turned = ((observed - expected) @ vectors)[informative]
    chi2 = float((turned**2 / values[informative]).sum()) if df else np.nan
    p = float(stats.chi2.sf(chi2, df)) if df else np.nan
    return LogRank(names, observed, expected, covariance, chi2, df, p)


def logrank_by_stratum(
    strata: Mapping[str, pd.DataFrame], false_discovery: float, min_cell: int
) -> pd.DataFrame:
    """Log-rank tests within each kind of stratum.

    Returns
    -------
    DataFrame
        `COLUMNS`: a row with stratum ``all`` tests whether any strata of the kind differ; the others compare
        one stratum with the rest of its kind. ``ratio``: events observed / expected if all had one hazard.
        ``q``: adjusted over the overall tests, and apart from them over the strata (Benjamini and Hochberg
        1995). Strata of fewer members than `min_cell` are left out of every test.
    """
    tests = [_tests_of_kind(kind, rows, min_cell) for kind, rows in strata.items() if kind != OVERALL]
    table = stack(tests, COLUMNS)
    overall, p = (table["stratum"] == OVERALL).to_numpy(bool), table["p_value"].to_numpy(float)
    for family in (overall, ~overall):
        tested = family & np.isfinite(p)
        if tested.any():
            table.loc[tested, "p_adjusted"] = stats.false_discovery_control(p[tested])
    return table.assign(notable=table["p_adjusted"] < false_discovery)


def _tests_of_kind(kind: str, rows: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    members = rows.groupby("stratum")["member_id"].nunique()
    large = rows[rows["stratum"].isin(members[members >= min_cell].index)]
    if large["stratum"].nunique() < 2:
        return pd.DataFrame()
    entry, exit_, event = (large[name].to_numpy() for name in ("entry", "exit", "event"))
    test = log_rank(entry, exit_, event, large["stratum"].to_numpy(dtype=object))
    variance = np.diag(test.covariance)
    with np.errstate(divide="ignore", invalid="ignore"):
        chi2 = np.where(variance > 0, (test.observed - test.expected) ** 2 / variance, np.nan)
        ratio = test.observed / test.expected
    single = pd.DataFrame({"stratum": test.groups, "observed": test.observed, "expected": test.expected})
    single = single.assign(ratio=ratio, chi2=chi2, df=1, p_value=stats.chi2.sf(chi2, 1))
    single["members"] = single["stratum"].map(members)
    whole = {"stratum": OVERALL, "members": large["member_id"].nunique(), "observed": test.observed.sum()}
    whole |= {"expected": test.expected.sum(), "chi2": test.chi2, "df": test.df, "p_value": test.p}
    return pd.concat([pd.DataFrame([whole]), single], ignore_index=True).assign(stratum_kind=kind)
