"""Run the methods and put what the chosen one says into the tables of the results contract."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.methods import BOUNDS, Attribution, Inputs, find_method
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.sections import CausesParams

Array = np.ndarray[Any, Any]
P: Final = [f"p_{cause}" for cause in CAUSES]


def run_methods(inputs: Inputs, params: CausesParams) -> dict[str, Attribution]:
    """What each method of ``causes.methods`` says, by name; the chosen one is always among them."""
    names = dict.fromkeys([*params.methods, params.method])
    return {name: find_method(name)(inputs, params) for name in names}


def attributed(anchors: pd.DataFrame, p: Array, params: CausesParams) -> pd.DataFrame:
    """anchors, ``p_<cause>``, primary_cause (``unknown`` where no chance reaches ``name_from``), confidence."""
    top = p.max(axis=1) if len(p) else np.zeros(0)
    names = np.array(CAUSES, dtype=object)[p.argmax(axis=1)] if len(p) else np.zeros(0, dtype=object)
    named = np.where(top >= params.name_from, names, UNKNOWN)
    table = pd.concat([anchors.reset_index(drop=True), pd.DataFrame(p, columns=P)], axis=1)
    return table.assign(primary_cause=pd.Series(named, dtype="string"), confidence=top)


def attributions_table(
    anchors: pd.DataFrame, found: dict[str, Attribution], params: CausesParams
) -> pd.DataFrame:
    """`attributed` of every method, one below the other, with the column ``method`` in front."""
    parts = [attributed(anchors, what.p, params).assign(method=name) for name, what in found.items()]
    table = pd.concat(parts, ignore_index=True).astype({"method": "string"})
    return table[["method", *anchors.columns, *P, "primary_cause"]]


def shares_table(found: dict[str, Attribution]) -> pd.DataFrame:
    """method, cause, share and bounds of every method."""
    parts = [what.shares.assign(method=name) for name, what in found.items()]
    table = pd.concat(parts, ignore_index=True).astype(
        {"method": "string", **dict.fromkeys(BOUNDS, "float64")}
    )
    return table[["method", "cause", *BOUNDS]]


def cause_shares(shares: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """The chosen method's shares, the part of leavings that is named for each cause, and the row ``unknown``.

    ``share`` counts every leaving by its chances and sums to one over the six; ``named`` counts leavings whose cause is named, and
    sums to one with the row ``unknown``.
    """
    gone = members[members["status"] == "churned"]
    named = gone["primary_cause"].value_counts(normalize=True)
    table = pd.concat([shares, pd.DataFrame({"cause": [UNKNOWN]})], ignore_index=True)
    table = table.assign(named=table["cause"].map(named).fillna(0.0), leavings=float(len(gone)))
    return table.astype({"cause": "string"})
