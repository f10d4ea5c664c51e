"""Rows that methods are tried on: for each row and action a score whose mean is the effect of the action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from whychurn.action.effects.estimates.randomised_rows import RandomisedRows
from whychurn.contract.arrays import Array


@dataclass(frozen=True)
class HeldOut:
    """Doubly robust scores of the change of the chance to leave.

    Parameters
    ----------
    scores
        ``(left - p) (1[drawn for a] / e_a - 1[held out] / e_0)``, mean: effect of action a; zero where it was not
        offered; (n, A).
    contrast
        The second factor; (n, A).
    residual
        The first one; (n,).
    offered
        Whether the row's cell has the action, and somebody held out; (n, A).
    cell, member, fold
        Campaign and stratum; member; which earlier waves taught the predictions, 0 and up; (n,).
    actions
        Names.
    """

    scores: Array
    contrast: Array
    residual: Array
    offered: Array
    cell: Array
    member: Array
    fold: Array
    actions: list[str]


def held_out(rows: RandomisedRows) -> HeldOut:
    """Scores of `rows`; e are the shares of the arms in their cell."""
    cells, arms = int(rows.cell.max(initial=-1)) + 1, len(rows.actions) + 1
    size = np.bincount(rows.cell * arms + rows.action + 1, minlength=cells * arms).reshape(cells, arms)
    chance = size / np.maximum(size.sum(axis=1, keepdims=True), 1)
    offered = ((size[:, 1:] > 0) & (size[:, :1] > 0))[rows.cell]
    inverse = 1 / np.where(chance > 0, chance, np.inf)[rows.cell]
    drawn = (rows.action[:, None] == np.arange(arms - 1)) * inverse[:, 1:]
    contrast = np.where(offered, drawn - (rows.action == -1)[:, None] * inverse[:, :1], 0.0)
    residual = rows.left - rows.p
    return HeldOut(
        residual[:, None] * contrast,
        contrast,
        residual,
        offered,
        rows.cell,
        rows.member,
        np.zeros_like(rows.cell),
        rows.actions,
    )


def joined(parts: Sequence[HeldOut]) -> HeldOut:
    """Rows of several folds as one; cells of different folds stay apart, members are the same."""
    names = sorted({name for part in parts for name in part.actions})
    first = np.cumsum([0, *(int(part.cell.max(initial=-1)) + 1 for part in parts)])

    def placed(values: Array, part: HeldOut) -> Array:
        return columns_as(values, part.actions, names)

    return HeldOut(
        np.concatenate([placed(part.scores, part) for part in parts]),
        np.concatenate([placed(part.contrast, part) for part in parts]),
        np.concatenate([part.residual for part in parts]),
        np.concatenate([placed(part.offered, part) for part in parts]).astype(bool),
        np.concatenate([part.cell + start for part, start in zip(parts, first, strict=False)]),
        np.concatenate([part.member for part in parts]),
        np.repeat(np.arange(len(parts)), [len(part.member) for part in parts]),
        names,
    )


def columns_as(values: Array, given: Sequence[str], names: Sequence[str]) -> Array:
    """Columns of `values`, named `given`, in the order of `names`; zero where there is none; (n, names)."""
    placed = np.zeros((len(values), len(names)))
    for column, name in enumerate(given):
        placed[:, names.index(name)] = values[:, column]
    return placed
