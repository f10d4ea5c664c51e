"""Resamples of members that do not depend on which members are read together."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse, stats

from whychurn.contract.arrays import Array

_MOST: Final = 12  # times one member is drawn at most; beyond lies a chance of 1e-10
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def member_uniforms(member_ids: Array, draws: Array, seed: int) -> Array:
    """A number in [0, 1) for each member and draw, from a hash of both.

    Parameters
    ----------
    member_ids
        Ids; (n,).
    draws
        Numbers of the draws; (k,).

    Returns
    -------
    (n, k) float64.

    Notes
    -----
    SplitMix64 (Steele, Lea & Flood 2014, OOPSLA) over the hash of the id plus the draw's place in its sequence.
    """
    hashed = pd.util.hash_array(np.asarray(member_ids, dtype=object)).astype("uint64")
    with np.errstate(over="ignore"):
        steps = (np.asarray(draws, "uint64") + np.uint64(1 + seed * 1_000_003)) * _GOLDEN
        bits = hashed[:, None] + steps[None, :]
        bits = (bits ^ (bits >> np.uint64(30))) * _MIX[0]
        bits = (bits ^ (bits >> np.uint64(27))) * _MIX[1]
        bits ^= bits >> np.uint64(31)
    return (bits >> np.uint64(11)).astype("float64") * 2.0**-53


def member_draws(member_ids: Array, draws: int, seed: int) -> Array:
    """How often each member stands in the sample itself and in each resample.

    Poisson bootstrap (Chamandy et al. 2012): each member's count is drawn for itself, mean 1, so that sums over
    blocks of members are those of all members at once.

    Returns
    -------
    (n, draws + 1) int64; the first column is ones, the sample itself.
    """
    chances = stats.poisson.cdf(np.arange(_MOST), 1.0)
    counts = np.searchsorted(chances, member_uniforms(member_ids, np.arange(draws), seed), side="right")
    return np.column_stack([np.ones(len(member_ids), "int64"), counts.astype("int64")])


def drawn_sums(cell: Array, member: Array, amount: Array, drawn: Array, cells: int) -> Array:
    """Sums of whole numbers by cell, in the sample and in each resample.

    Parameters
    ----------
    cell, member, amount
        Cell of each row, place of its member in `drawn`, and what it adds; (rows,) of whole numbers.
    drawn
        As `member_draws` gives them; (members, draws + 1).

    Returns
    -------
    (draws + 1, cells) int64: whole, so sums of blocks add up to the last digit.
    """
    shape = (cells, len(drawn))
    table = sparse.csr_matrix((amount.astype("int64"), (cell, member)), shape=shape)
    return np.ascontiguousarray((table @ drawn).T)
