"""Intervals by bootstrap over members: all rows of a member are drawn together (Field and Welsh 2007).

There are two orders of drawing, and frozen results hang on each: all resamples at once (`member_weights`),
and one after the other (`resample`, `weights_in_turn`).
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array

PART: Final = 64  # resamples whose weights are held together


def member_weights(member: Array, draws: int, seed: int) -> Array:
    """How often each row stands in each resample of members, all resamples drawn at once.

    Parameters
    ----------
    member
        Member of each row; (n,).

    Returns
    -------
    (draws, n) float32.
    """
    return np.concatenate(list(weights_in_parts(member, draws, seed)))


def weights_in_parts(member: Array, draws: int, seed: int) -> Iterator[Array]:
    """The rows of `member_weights`, some at a time."""
    codes, known = pd.factorize(member)
    if not len(known):
        yield np.ones((draws, 0), "float32")
        return
    rng, chance = np.random.default_rng(seed), np.full(len(known), 1 / len(known))
    for start in range(0, draws, PART):
        size = min(PART, draws - start)
        yield rng.multinomial(len(known), chance, size=size).astype("float32")[:, codes]


def resample(members: int, rng: np.random.Generator) -> Array:
    """How often each of `members` stands in one resample; (members,)."""
    return np.bincount(rng.integers(0, members, members), minlength=members)


def weights_in_turn(member: Array, draws: int, seed: int, whole_first: bool = False) -> Array:
    """How often each row stands in each resample of members, one resample drawn after the other.

    Parameters
    ----------
    member
        Member of each row; (n,).
    whole_first
        Put a row of ones, the sample itself, before the resamples.

    Returns
    -------
    (draws, n) or (draws + 1, n) float32.
    """
    known, codes = np.unique(member, return_inverse=True)
    rng = np.random.default_rng(seed)
    weights = np.ones((draws + whole_first, len(codes)), "float32")
    for row in range(int(whole_first), len(weights)):
        weights[row] = resample(len(known), rng)[codes]
    return weights


def resampled_means(values: Array, weights: Array) -> Array:
    """Weighted mean of `values` (n,) or (n, k) in each resample; (draws,) or (draws, k)."""
    total = weights.sum(axis=1, dtype="float64")
    summed = weights.astype("float64") @ values
    return summed / (total if values.ndim == 1 else total[:, None])


def percentiles(draws: Array, confidence: float, least_finite: float = 0.0) -> tuple[float, float]:
    """Percentile interval of the finite draws; NaN where fewer than the share `least_finite` are."""
    finite = draws[np.isfinite(draws)]
    if len(finite) < least_finite * len(draws) or not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
