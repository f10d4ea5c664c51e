"""Leavings that a constant hazard puts on each occasion to leave."""

import numpy as np
from scipy.optimize import brentq

from whychurn.contract.arrays import Array


def fit_hazard(length: Array, events: int) -> float:
    """Hazard h a day with sum(1 - exp(-h x length)) = `events`, for intervals of `length` days; inf where all end."""
    if events <= 0 or not len(length):
        return 0.0
    if events >= len(length):
        return float("inf")
    return float(brentq(lambda h: (1 - np.exp(-h * length)).sum() - events, 0.0, 1e3))


def expected_leavings(length: Array, taken: Array) -> Array:
    """Chance of leaving in the `length` days before each occasion, 1 - exp(-h x length); h fits the number `taken`."""
    length = np.maximum(length, 1).astype(float)
    return 1 - np.exp(-fit_hazard(length, int(taken.sum())) * length)
