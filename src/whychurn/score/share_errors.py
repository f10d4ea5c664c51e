"""Shares and avoidable churn of the methods against the true ones: error, coverage, ranking."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import ALL_CAUSES, CEILING, ORACLE, PLANTED, PRIOR
from whychurn.contract.results import columns_of
from whychurn.score.method_answers import MethodAnswer

COLUMNS: Final = columns_of("cause_scores")


def score_table(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """Rows of the score table (`COLUMNS`) with their types, also where there are none."""
    kinds = dict.fromkeys(COLUMNS[:3], "string") | dict.fromkeys(COLUMNS[3:], "float64")
    return pd.DataFrame(list(rows), columns=list(COLUMNS)).astype(kinds)


def planted_shares(cause: pd.Series, without: pd.DataFrame) -> dict[str, pd.Series]:
    """What was planted: ``share`` of each cause in the matched churn events, ``avoidable`` share of churn."""
    return {"share": true_shares(cause), "avoidable": true_avoidable_shares(without)}


def true_shares(cause: pd.Series) -> pd.Series:
    """Share of each of the six causes among churn events; below one in all where others left for another cause."""
    return (cause.value_counts().reindex(list(CAUSES), fill_value=0) / max(len(cause), 1)).astype("float64")


def true_avoidable_shares(churn_without: pd.DataFrame) -> pd.Series:
    """Share of churn that would not have been without the excess of each cause.

    Parameters
    ----------
    churn_without
        One row a member: p_churn, p_without_<cause>; those saved from one cause stay exposed to the others.

    Returns
    -------
    sum over members of (p_churn - p_without_k), over the sum of p_churn.
    """
    p_churn = churn_without["p_churn"]
    saved = {cause: (p_churn - churn_without[f"p_without_{cause}"]).sum() for cause in CAUSES}
    total = p_churn.sum()
    return pd.Series(saved, dtype="float64") / total if total > 0 else pd.Series(np.nan, index=list(CAUSES))


def all_share_scores(
    answers: Mapping[str, MethodAnswer], shares: pd.DataFrame, planted: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """The planted values, and of each method errors, coverage and agreement of the ranking with avoidable
    churn.

    Parameters
    ----------
    shares
        method, cause, share, low, high, avoidable_share, avoidable_low, avoidable_high; baselines have no
        row.
    planted
        As `planted_shares` returns it.
    """
    rows: list[tuple[object, ...]] = [
        (PLANTED, name, cause, values[cause], np.nan, np.nan)
        for name, values in planted.items()
        for cause in CAUSES
    ]
    rows.append((PLANTED, "hidden_share", ALL_CAUSES, 1 - planted["share"].sum(), np.nan, np.nan))
    parts = [score_table(rows)]
    with_shares = set(shares["method"])
    for method, answer in answers.items():
        for name, values in planted.items():
            if method in with_shares:
                estimates = _estimates(shares[shares["method"] == method], name)
            else:
                estimates = _baseline_estimates(method, answer, name)
            if estimates["value"].notna().any():
                parts.append(share_scores(method, estimates, values, name))
                tau = rank_agreement(estimates.set_index("cause")["value"], planted["avoidable"])
                parts.append(
                    score_table([(method, f"{name}_rank_agreement", ALL_CAUSES, tau, np.nan, np.nan)])
                )
    return pd.concat(parts, ignore_index=True)


def _estimates(shares: pd.DataFrame, name: str) -> pd.DataFrame:
    """A method's shares or avoidable churn: cause, value, low, high."""
    prefix = "" if name == "share" else "avoidable_"
    columns = ["cause", f"{prefix}share", f"{prefix}low", f"{prefix}high"]
    return shares[columns].set_axis(["cause", "value", "low", "high"], axis=1)


def _baseline_estimates(method: str, answer: MethodAnswer, name: str) -> pd.DataFrame:
    """Shares of a baseline: the mean of its probabilities; none of avoidable churn, none of methods without a row."""
    has_shares = name == "share" and method in (PRIOR, CEILING, ORACLE)
    value = answer.p.mean(axis=0) if has_shares else np.full(len(CAUSES), np.nan)
    return pd.DataFrame({"cause": CAUSES, "value": value, "low": np.nan, "high": np.nan})


def share_scores(method: str, estimates: pd.DataFrame, planted: pd.Series, name: str) -> pd.DataFrame:
    """Error and coverage of one method's shares.

    Parameters
    ----------
    estimates
        One row a cause: cause, value, low, high; nulls where the method has none.
    planted
        Cause to its planted value.
    name
        ``share`` or ``avoidable``: prefix of the measures.

    Returns
    -------
    DataFrame
        `COLUMNS`. Per cause: <name> (the estimate), <name>_error (estimate - planted; its interval shifted
        alike), <name>_covered (1 where the interval holds the planted value). In all: <name>_error_largest
        (absolute), <name>_covered (share of causes whose interval holds it). Measures that cannot be computed
        are left out.
    """
    table = estimates.set_index("cause")[["value", "low", "high"]].astype("float64").reindex(list(CAUSES))
    error = table.sub(planted.reindex(table.index), axis=0)
    inside = (error["low"] <= 0) & (error["high"] >= 0)
    covered = inside.astype("float64").where(error["low"].notna() & error["high"].notna())
    rows: list[tuple[object, ...]] = []
    for cause in table.index[table["value"].notna()]:
        rows.append((method, name, cause, *table.loc[cause]))
        rows.append((method, f"{name}_error", cause, *error.loc[cause]))
        rows.append((method, f"{name}_covered", cause, covered[cause], np.nan, np.nan))
    rows.append((method, f"{name}_error_largest", ALL_CAUSES, error["value"].abs().max(), np.nan, np.nan))
    rows.append((method, f"{name}_covered", ALL_CAUSES, covered.mean(), np.nan, np.nan))
    scores = score_table(rows)
    return scores[scores["value"].notna()].reset_index(drop=True)


def rank_agreement(values: pd.Series, planted: pd.Series) -> float:
    """Kendall's tau-b between two rankings of the causes; NaN where one of them is constant or unknown.

    Shares of a model's explanation (SHAP) and churn that a cause adds are different things: in a confounded
    programme their rankings come apart, and this says how far.
    """
    from scipy.stats import kendalltau

    both = pd.concat([values, planted], axis=1).dropna().to_numpy("float64")
    if len(both) < 3 or (both == both[0]).all(axis=0).any():
        return float("nan")
    return float(kendalltau(both[:, 0], both[:, 1]).statistic)


def interval_measures(value: Array, low: Array, high: Array, true: Array) -> dict[str, float]:
    """Of shares with intervals: error_largest and error_mean (absolute), covered (part of the intervals that hold
    the truth), width; over the causes that have them; (6,) each.
    """
    error, known = np.abs(value - true), np.isfinite(low) & np.isfinite(high)
    return {
        "error_largest": of_known(error, np.max),
        "error_mean": of_known(error, np.mean),
        "covered": of_known(np.where(known, (low <= true) & (true <= high), np.nan), np.mean),
        "width": of_known(high - low, np.mean),
    }


def of_known(values: Array, statistic: Callable[[Array], Any]) -> float:
    """`statistic` of the finite `values`; NaN where there are none."""
    known = values[np.isfinite(values)]
    return float(statistic(known)) if len(known) else float("nan")
