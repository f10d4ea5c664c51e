"""Arithmetic on matrices (weeks, members): counts, fading sums, time since."""

from __future__ import annotations

import numpy as np

from whychurn.contract.arrays import Array


def count(week: Array, member: Array, shape: tuple[int, int], value: Array | None = None) -> Array:
    """Sum of `value` (or number of rows) by week and member; rows outside the weeks are left out."""
    inside = (week >= 0) & (week < shape[0])
    cell = week[inside] * shape[1] + member[inside]
    weight = None if value is None else np.nan_to_num(np.asarray(value, "float64")[inside])
    return np.bincount(cell, weight, shape[0] * shape[1]).reshape(shape).astype("float32")


def fade(happened: Array, half_life: float) -> Array:
    """Sum of what happened so far, each part halved every `half_life` weeks; the week itself counts."""
    kept = np.float32(0.5 ** (1 / half_life))
    faded = np.empty_like(happened, dtype="float32")
    level = np.zeros(happened.shape[1], dtype="float32")
    for week, now in enumerate(happened):
        level = level * kept + now
        faded[week] = level
    return faded


def weeks_since(happened: Array, first: Array) -> Array:
    """Weeks since something last happened; before the first time, since week `first` of each member."""
    since = np.empty_like(happened, dtype="float32")
    level = -np.asarray(first, "float32") - 1
    for week, now in enumerate(happened):
        level = np.where(now > 0, 0, level + 1).astype("float32")
        since[week] = level
    return np.maximum(since, 0)


def runs(first: Array, last: Array) -> tuple[Array, Array]:
    """Each row repeated for its weeks from `first` to `last`, inclusive: position of the row, week."""
    length = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(first)), length)
    return row, first[row] + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)


def spread_terms(first: Array, last: Array, member: Array, shape: tuple[int, int], value: Array) -> Array:
    """Value of the term that covers each week, NaN where none does; later terms win."""
    grid = np.full(shape, np.nan, dtype="float32")
    row, week = runs(np.maximum(first, 0), np.minimum(last, shape[0] - 1))
    grid[week, member[row]] = value[row]
    return grid
