"""Whole members drawn for a fit that needs no more rows."""

from __future__ import annotations

import numpy as np
import pandas as pd


def sample_members(members: pd.Series, rows: int, seed: int) -> np.ndarray:
    """Mask of all rows of randomly chosen members, about `rows` rows."""
    if len(members) <= rows:
        return np.ones(len(members), dtype=bool)
    codes, names = pd.factorize(members, sort=True)
    share = rows / len(members)
    return (np.random.default_rng(seed).random(len(names)) < share)[codes]
