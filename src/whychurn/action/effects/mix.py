"""The mix of causes of each member on a day, or the programme's shares for all where causes cannot be told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

Q_COLUMNS = [f"p_{cause}" for cause in CAUSES]
WHOLE_COLUMNS = [f"whole_{cause}" for cause in CAUSES]


def cause_mix(inputs: ActionInputs, member_id: pd.Series, day: pd.Series) -> pd.DataFrame:
    """Share of each cause in the member's chance to leave, as known before `day`; columns p_<cause>, rows sum to one.

    Each member's mix comes from a fit that this member's own leaving did not teach. Where causes cannot be told
    (`causes_told`), and for members whom no table tells of, it is the programme's shares.
    """
    return mixes(inputs, member_id, day)[Q_COLUMNS]


def mixes(inputs: ActionInputs, member_id: pd.Series, day: pd.Series) -> pd.DataFrame:
    """As `cause_mix`, and beside it whole_<cause>: the mix from one fit to all members, own leavings among them."""
    shares = programme_shares(inputs)
    columns = [*Q_COLUMNS, *WHOLE_COLUMNS]
    if inputs.mix_at is None or not len(member_id):
        return pd.DataFrame(np.tile(shares, (len(member_id), 2)), columns=columns)
    found = inputs.mix_at(member_id, day)
    found = found.reindex(columns=columns)
    for names in (Q_COLUMNS, WHOLE_COLUMNS):
        values = found[names].to_numpy("float64")
        if names == WHOLE_COLUMNS and np.isnan(values).all():
            values = found[Q_COLUMNS].to_numpy("float64")
        total = values.sum(axis=1, keepdims=True)
        known = np.isfinite(total) & (total > 0)
        values = np.where(known, values / np.where(known, total, 1.0), shares)
        found[names] = values
    return found.reset_index(drop=True)


def causes_told(inputs: ActionInputs) -> bool:
    """Whether the mix differs between members; else effects are averages and nobody is chosen by cause."""
    return inputs.mix_at is not None


def programme_shares(inputs: ActionInputs) -> Array:
    """Shares of the six causes, what is unknown of them spread evenly; (6,), sum one."""
    table = inputs.cause_shares
    share = table.set_index("cause")["share"].reindex(CAUSES).to_numpy("float64")
    known = np.where(np.isfinite(share), share, 0.0)
    missing = ~np.isfinite(share)
    if missing.any():
        known = np.where(missing, max(1 - known.sum(), 0.0) / missing.sum(), known)
    return known / known.sum() if known.sum() > 0 else np.full(len(CAUSES), 1 / len(CAUSES))
