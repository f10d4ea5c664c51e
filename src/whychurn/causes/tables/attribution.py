"""Run the methods and put what the chosen one says into the tables of the results contract."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.methods import BOUNDS, Attribution, Inputs, find_method
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import CausesParams, Params

P: Final = [f"p_{cause}" for cause in CAUSES]


def run_methods(inputs: Inputs, params: Params) -> dict[str, Attribution]:
    """What each method of ``causes.methods`` says, by name; the chosen one is always among them."""
    names = dict.fromkeys([*params.causes.methods, params.causes.method])
    return {name: find_method(name)(inputs, params) for name in names}


def attributed(anchors: pd.DataFrame, p: Array, params: CausesParams) -> pd.DataFrame:
    """anchors, ``p_<cause>``, primary_cause (``unknown`` where no chance is high enough), confidence."""
    top, likeliest = (p.max(axis=1), p.argmax(axis=1)) if len(p) else (np.zeros(0), np.zeros(0, int))
    enough = named_from(p[(anchors["status"] == "churned").to_numpy()], params)[likeliest]
    named = np.where(top >= enough, np.array(CAUSES, dtype=object)[likeliest], UNKNOWN)
    table = pd.concat([anchors.reset_index(drop=True), pd.DataFrame(p, columns=P)], axis=1)
    return table.assign(primary_cause=pd.Series(named, dtype="string"), confidence=top)


def named_from(p: Array, params: CausesParams) -> Array:
    """Chance from which each cause is named, where leavers' chances are `p`: the evidence must speak for it; (6,).

    Not below ``name_from``, and odds ``name_lift`` times those of the cause among all leavers: what holds for
    everybody tells nothing of anybody.
    """
    usual = np.clip(p.mean(axis=0), 1e-6, 1 - 1e-6) if len(p) else np.full(len(CAUSES), 1 / len(CAUSES))
    odds = params.name_lift * usual / (1 - usual)
    return np.maximum(params.name_from, odds / (1 + odds))


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
