"""Tiers of members by expected margin."""

from typing import Final

import numpy as np

LOW: Final = "low"


def value_tiers(expected: np.ndarray, shares: dict[str, float]) -> np.ndarray:
    """Tier of each member: the `shares` from the top, in order, else "low"; None where value is unknown."""
    tiers = np.full(len(expected), LOW, dtype=object)
    known = np.isfinite(expected)
    order = np.flatnonzero(known)[np.argsort(-expected[known], kind="stable")]
    at = 0.0
    for name, share in shares.items():
        start, at = at, at + share
        tiers[order[round(start * len(order)) : round(at * len(order))]] = name
    tiers[~known] = None
    return tiers
