"""The few scores by which methods are compared, one row a method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.codes import ALL_CAUSES, PLANTED
from whychurn.report.words import say_or

MEASURES: Final = (
    "skill",
    "log_loss",
    "ece",
    "accuracy_named",
    "abstained",
    "share_error_largest",
    "avoidable_error_largest",
)


def method_overview(scores: pd.DataFrame) -> pd.DataFrame:
    """Methods by log loss, best first: method and `MEASURES`, null where a method has none (cause_scores)."""
    whole = scores[(scores["cause"] == ALL_CAUSES) & (scores["method"] != PLANTED)]
    table = whole.pivot(index="method", columns="measure", values="value").reindex(columns=list(MEASURES))
    return table.sort_values("log_loss").rename_axis(columns=None).reset_index()


def method_name(method: str, lang: str) -> str:
    """Name of a method or baseline for a reader; its id where there is none."""
    return say_or(f"causes.method_{method}", lang, method)


def rankings(scores: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """Causes ranked by planted avoidable churn, and beside it by each of `methods` (cause_scores).

    Parameters
    ----------
    methods
        Such as ``shap_family`` and the report's own method. One without avoidable churn is ranked by
        its shares: that these are different things is what the table shows.

    Returns
    -------
    DataFrame
        cause, method (``planted`` first), measure (avoidable or share), value, rank (1 = largest); by planted
        rank.
        Empty where nothing was planted.
    """
    parts = []
    for method in (PLANTED, *methods):
        mine = scores[(scores["method"] == method) & scores["cause"].ne(ALL_CAUSES)]
        told = [name for name in ("avoidable", "share") if mine["measure"].eq(name).any()]
        if told:
            rows = mine.loc[mine["measure"] == told[0], ["cause", "method", "measure", "value"]]
            parts.append(rows.assign(rank=rows["value"].rank(ascending=False, method="min").astype("int64")))
    if not parts:
        return pd.DataFrame(columns=["cause", "method", "measure", "value", "rank"])
    order = parts[0].sort_values("rank")["cause"].tolist()
    table = pd.concat(parts, ignore_index=True)
    place = table["cause"].map({cause: at for at, cause in enumerate(order)}).to_numpy("int64")
    return table.iloc[np.lexsort([np.arange(len(table)), place])].reset_index(drop=True)
