"""Leavings lined up for scoring: the drawn cause, the simulator's posterior, and each method's answer as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError

KEYS: Final = ["member_id", "spell_no"]
PROBABILITIES: Final = [f"p_{cause}" for cause in CAUSES]
CHURNED: Final = "churned"
AT_RISK: Final = "at_risk"


@dataclass(frozen=True)
class Answer:
    """What one method says of the leavings.

    Parameters
    ----------
    p
        Probabilities of the six causes; (n, 6), null where the method has no row.
    named
        Code of the primary cause, -1 for `unknown` or no row; (n,).
    """

    p: np.ndarray
    named: np.ndarray

    def rows(self, mask: np.ndarray) -> Answer:
        """The leavings of `mask` only."""
        return Answer(self.p[mask], self.named[mask])


def attributed_leavings(attributions: pd.DataFrame, status: str = CHURNED) -> pd.DataFrame:
    """Leavings (or members at risk) that any method speaks of: member_id, spell_no, anchor_on.

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


def answers(attributions: pd.DataFrame, keys: pd.DataFrame, status: str = CHURNED) -> dict[str, Answer]:
    """Each method's answer for the rows of `keys` (member_id, spell_no)."""
    found = {}
    for method, rows in attributions[attributions["status"] == status].groupby(
        "method", sort=False, observed=True
    ):
        mine = keys[KEYS].merge(rows[[*KEYS, *PROBABILITIES, "primary_cause"]], on=KEYS, how="left")
        named = mine["primary_cause"].map({cause: code for code, cause in enumerate(CAUSES)})
        found[str(method)] = Answer(
            mine[PROBABILITIES].to_numpy("float64", na_value=np.nan),
            named.fillna(-1).to_numpy("int64"),
        )
    return found


def drawn_codes(cause: pd.Series) -> np.ndarray:
    """Code of each drawn cause, -1 for one outside the six; (n,)."""
    codes = {name: code for code, name in enumerate(CAUSES)}
    return np.array([codes.get(name, -1) for name in cause], dtype="int64")


def posterior(leavings: pd.DataFrame) -> np.ndarray:
    """The simulator's posterior over the six causes, given that it is one of them; (n, 6)."""
    q = leavings[PROBABILITIES].to_numpy("float64")
    return q / q.sum(axis=1, keepdims=True)
