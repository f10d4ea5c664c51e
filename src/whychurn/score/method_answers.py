"""Answers of the methods lined up with the churn events that they are scored on, and the true causes as codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError

KEYS: Final = ["member_id", "spell_no"]
PROBABILITIES: Final = [f"p_{cause}" for cause in CAUSES]
CODES: Final = {cause: code for code, cause in enumerate(CAUSES)}
CHURNED: Final = "churned"
AT_RISK: Final = "at_risk"


@dataclass(frozen=True)
class MethodAnswer:
    """Answer of one method about the churn events.

    Parameters
    ----------
    p
        Probabilities of the six causes; (n, 6), null where the method has no row.
    primary
        Code of the primary cause, -1 for `unknown` or no row; (n,).
    """

    p: Array
    primary: Array

    def rows(self, mask: Array) -> MethodAnswer:
        """The churn events of `mask` only."""
        return MethodAnswer(self.p[mask], self.primary[mask])


def attributed_events(attributions: pd.DataFrame, status: str = CHURNED) -> pd.DataFrame:
    """Churn events (or members at risk) that any method attributes: member_id, spell_no, anchor_on.

    Raises
    ------
    WhychurnError
        If a method has two rows for one of them.
    """
    rows = attributions[attributions["status"] == status]
    twice = rows.duplicated(["method", *KEYS])
    if twice.any():
        raise WhychurnError(
            "a method attributes one leaving twice",
            file="attributions.parquet",
            column="method, member_id, spell_no",
            rows=int(twice.sum()),
            remedy="write one row for each method and leaving",
        )
    return rows.drop_duplicates(KEYS)[[*KEYS, "anchor_on"]].sort_values(KEYS, ignore_index=True)


def method_answers(
    attributions: pd.DataFrame, keys: pd.DataFrame, status: str = CHURNED
) -> dict[str, MethodAnswer]:
    """Each method's answer for the rows of `keys` (member_id, spell_no)."""
    answers = {}
    rows = attributions[attributions["status"] == status]
    for method, of_method in rows.groupby("method", sort=False, observed=True):
        columns = of_method[[*KEYS, *PROBABILITIES, "primary_cause"]]
        aligned = keys[KEYS].merge(columns, on=KEYS, how="left")
        p = _shared_out(aligned[PROBABILITIES].to_numpy("float64", na_value=np.nan))
        answers[str(method)] = MethodAnswer(p, cause_codes(aligned["primary_cause"]))
    return answers


def _shared_out(p: Array) -> Array:
    """What a method leaves open of a leaving, shared evenly by the six causes; rows without any answer stay null."""
    known = np.isfinite(p).any(axis=1)
    filled = np.nan_to_num(p[known])
    p[known] = filled + np.maximum(1 - filled.sum(axis=1, keepdims=True), 0) / len(CAUSES)
    return p


def cause_codes(cause: pd.Series) -> Array:
    """Code of each cause, -1 for one outside the six; (n,)."""
    return cause.astype("string").map(CODES).fillna(-1).to_numpy("int64")


def true_posterior(events: pd.DataFrame) -> Array:
    """The simulator's posterior over the six causes, given that it is one of them; (n, 6)."""
    q = events[PROBABILITIES].to_numpy("float64")
    return q / q.sum(axis=1, keepdims=True)
