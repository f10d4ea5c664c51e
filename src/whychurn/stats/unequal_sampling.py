"""Samples of a fixed size in which each unit has a chance of its own: how large the chances are, and the draw."""

import numpy as np

from whychurn.contract.arrays import Array


def inclusion_probabilities(size: Array, budget: float) -> Array:
    """Chance of each unit, proportional to `size`, at most one, with sum `budget`; (n,).

    Units whose chance would exceed one are taken for sure, and the rest of the budget is divided among the
    others, until none exceeds one (Särndal, Swensson & Wretman 1992, *Model Assisted Survey Sampling*, 3.6).

    Parameters
    ----------
    size
        Positive measure of each unit; (n,).
    budget
        Expected number of units drawn; from n on all are taken for sure.

    Raises
    ------
    ValueError
        If a size is not positive.
    """
    size = np.asarray(size, dtype=float)
    if (size <= 0).any():
        raise ValueError("each size must be positive")
    sure = np.full(len(size), len(size) <= budget)
    while not sure.all():
        left = budget - sure.sum()
        chances = np.where(sure, 1.0, left * size / size[~sure].sum())
        over = chances > 1
        if not over.any():
            return chances
        sure |= over
    return np.ones(len(size))


def systematic_sample(chances: Array, rng: np.random.Generator) -> Array:
    """Draw each unit with its chance, as many as the chances sum to (the next whole number below or above); (n,) bool.

    Systematic sampling of units in random order: the running sum of the chances takes a unit each time it passes
    the next whole number from a uniform start on (Madow 1949, *Annals of Mathematical Statistics* 20; random
    order: Hartley & Rao 1962, same journal 33).
    """
    chances = np.asarray(chances, dtype=float)
    order = rng.permutation(len(chances))
    running = np.cumsum(chances[order])
    if len(running) and abs(running[-1] - round(running[-1])) < 1e-6:
        running *= round(running[-1]) / running[-1]  # rounding errors take no unit away
        running[-1] = round(running[-1])
    passed = np.floor(np.concatenate([[0.0], running]) + rng.random())
    drawn = np.zeros(len(chances), dtype=bool)
    drawn[order] = np.diff(passed) > 0
    return drawn
