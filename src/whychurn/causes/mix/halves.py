"""The half of the members that each belongs to, for cross-fitting."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.contract.arrays import Array

HALVES: Final = 2


def member_half(member_id: pd.Series) -> Array:
    """Half of each member, 0 or 1: by a hash of the id, so that it is the same everywhere; (n,)."""
    return (pd.util.hash_array(member_id.astype(object).to_numpy()) % HALVES).astype("int64")
