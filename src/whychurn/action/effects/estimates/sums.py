"""Sufficient sums of the weighted least squares, for all members and for resamples of them at once.

Within each cell (campaign and stratum) an intercept and a slope on the chance untouched are taken out, so that only arms
drawn together are compared, however well that chance is calibrated (Frisch, Waugh & Lovell).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.action.effects.estimates.basis import Basis
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows
from whychurn.contract.arrays import Array

CHUNK: Final = 50_000  # rows whose products are held at once
SLIGHT: Final = 1e-9  # of what is taken out, for cells in which it does not vary


@dataclass(frozen=True)
class Sums:
    """Normal equations of S weightings of the rows: ``precision @ numbers = shift``.

    Parameters
    ----------
    precision
        (S, J, J).
    shift
        (S, J).
    """

    precision: Array
    shift: Array


def member_counts(members: int, resamples: int, seed: int) -> Array:
    """How often each member counts in each resample, Poisson(1); the first row is all members once;
    (1 + resamples, members).
    """
    counts = np.ones((1 + resamples, members), dtype="uint8")
    for number in range(resamples):
        counts[1 + number] = np.random.default_rng([seed, number]).poisson(1.0, members)
    return counts


def sufficient_sums(rows: RandomisedRows, basis: Basis, counts: Array, variance: Array) -> Sums:
    """Sums of ``p - left`` on the features of `basis`, within cells.

    Parameters
    ----------
    counts
        `member_counts`; (S, members).
    variance
        Of the outcome; infinite: the row is left out; (n,).
    """
    weightings, size = len(counts), basis.size
    precision, shift = np.zeros((weightings, size, size)), np.zeros((weightings, size))
    order = np.lexsort((rows.action, rows.cell))
    for cell in _runs(rows.cell[order]):
        inside = order[cell]
        out = np.zeros(
            (weightings, 2, 2 + size + 1)
        )  # what is taken out: on itself, on the features, on the response
        for arm in _runs(rows.action[inside]):
            part = inside[arm]
            at = basis.of(int(rows.action[part[0]]))
            gram = _products(rows.select(part), basis, counts, variance[part])
            out[:, :, [0, 1, *(2 + at), -1]] += gram[:, :2]
            precision[np.ix_(np.arange(weightings), at, at)] += gram[:, 2:, 2:-1]
            shift[:, at] += gram[:, 2:, -1]
        own = out[:, :, :2]
        ridge = SLIGHT * np.trace(own, axis1=1, axis2=2)[:, None, None] + 1e-12
        solved = np.linalg.solve(own + ridge * np.eye(2), out[:, :, 2:])
        taken = np.einsum("sij,sik->sjk", out[:, :, 2:-1], solved)
        precision -= taken[:, :, :-1]
        shift -= taken[:, :, -1]
    return Sums(precision, shift)


def _runs(values: Array) -> list[slice]:
    """Slices of equal values in a sorted array."""
    borders = [0, *(np.flatnonzero(np.diff(values)) + 1), len(values)]
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(borders) if b > a]


def _products(rows: RandomisedRows, basis: Basis, counts: Array, variance: Array) -> Array:
    """Weighted products of [1, p, features] with [1, p, features, response] over rows of one arm; (S, f, f + 1)."""
    action = int(rows.action[0])
    width = 3 + (len(basis.of(action)) if action >= 0 else 0)
    pairs = [(i, j) for i in range(width - 1) for j in range(width)]
    total = np.zeros((len(counts), len(pairs)))
    for start in range(0, len(rows.left), CHUNK):
        part = rows.select(slice(start, start + CHUNK))
        x = [np.ones(len(part.left)), part.p, part.p - part.left]
        if action >= 0:
            x[2:2] = list(basis.features(action, part).T)
        weight = counts[:, part.member] * (part.weight / variance[start : start + CHUNK])
        total += weight @ np.stack([x[i] * x[j] for i, j in pairs], axis=1)
    return total.reshape(len(counts), width - 1, width)
