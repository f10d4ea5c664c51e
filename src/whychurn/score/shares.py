"""Shares and avoidable churn against what was planted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import ALL_CAUSES
from whychurn.contract.results import columns_of

COLUMNS: Final = columns_of("cause_scores")


def score_table(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """Rows of the score table (`COLUMNS`) with their types, also where there are none."""
    kinds = dict.fromkeys(COLUMNS[:3], "string") | dict.fromkeys(COLUMNS[3:], "float64")
    return pd.DataFrame(list(rows), columns=list(COLUMNS)).astype(kinds)


def drawn_shares(cause: pd.Series) -> pd.Series:
    """Share of each of the six causes among leavings; below one in all where others left for a cause outside them."""
    return (cause.value_counts().reindex(list(CAUSES), fill_value=0) / max(len(cause), 1)).astype("float64")


def planted_avoidable(churn_without: pd.DataFrame) -> pd.Series:
    """Share of churn that would not have been without the excess of each cause.

    Parameters
    ----------
    churn_without
        One row a member: p_churn, p_without_<cause>; those saved from one cause stay exposed to the others.

    Returns
    -------
    sum over members of (p_churn - p_without_k), over the sum of p_churn.
    """
    total = churn_without["p_churn"].sum()
    saved = {
        cause: (churn_without["p_churn"] - churn_without[f"p_without_{cause}"]).sum() for cause in CAUSES
    }
    return pd.Series(saved, dtype="float64") / total if total > 0 else pd.Series(np.nan, index=list(CAUSES))


def share_scores(method: str, found: pd.DataFrame, planted: pd.Series, name: str) -> pd.DataFrame:
    """Error and coverage of one method's shares.

    Parameters
    ----------
    found
        One row a cause: cause, value, low, high; nulls where the method cannot tell.
    planted
        Cause to its planted value.
    name
        ``share`` or ``avoidable``: prefix of the measures.

    Returns
    -------
    DataFrame
        `COLUMNS`. Per cause: <name> (the estimate), <name>_error (estimate - planted; its interval shifted alike),
        <name>_covered (1 where the interval holds the planted value). In all: <name>_error_largest (absolute),
        <name>_covered (share of causes whose interval holds it). Measures that cannot be taken are left out.
    """
    table = found.set_index("cause")[["value", "low", "high"]].astype("float64").reindex(list(CAUSES))
    error = table.sub(planted.reindex(table.index), axis=0)
    inside = (error["low"] <= 0) & (error["high"] >= 0)
    held = inside.astype("float64").where(error["low"].notna() & error["high"].notna())
    rows: list[tuple[object, ...]] = []
    for cause in table.index[table["value"].notna()]:
        rows.append((method, name, cause, *table.loc[cause]))
        rows.append((method, f"{name}_error", cause, *error.loc[cause]))
        rows.append((method, f"{name}_covered", cause, held[cause], np.nan, np.nan))
    rows.append((method, f"{name}_error_largest", ALL_CAUSES, error["value"].abs().max(), np.nan, np.nan))
    rows.append((method, f"{name}_covered", ALL_CAUSES, held.mean(), np.nan, np.nan))
    scores = score_table(rows)
    return scores[scores["value"].notna()].reset_index(drop=True)


def rank_agreement(found: pd.Series, planted: pd.Series) -> float:
    """Kendall's tau-b between two rankings of the causes; NaN where one of them is constant or unknown.

    Shares of a model's explanation (SHAP) and churn that a cause adds are different things: in a confounded
    programme their rankings come apart, and this says how far.
    """
    from scipy.stats import kendalltau

    both = pd.concat([found, planted], axis=1).dropna().to_numpy("float64")
    if len(both) < 3 or (both == both[0]).all(axis=0).any():
        return float("nan")
    return float(kendalltau(both[:, 0], both[:, 1]).statistic)
