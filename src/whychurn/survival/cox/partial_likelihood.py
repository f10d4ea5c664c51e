"""Sums over the risk sets of Cox's partial likelihood: value, gradient, information.

A row stands in the risk sets of a run of consecutive cells. So the sums over a risk set come from adding each
row where its run begins, subtracting it where the run ends, and cumulating; and the information matrix is one
product ``X' diag(v) X`` in which ``v`` is each row's own expected number of events. A step costs ``n p²``
whatever the number of event days. Ties after Efron (1977), as in lifelines; with fractional events, the d
tied rows of a cell of total weight W stand for d terms of weight W/d, and a tied row leaves the risk set by
its weight, at most wholly.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from whychurn.survival.cox.counting_process import RiskRows


@dataclass(frozen=True)
class RiskSums:
    """What one pass over the rows gives at coefficients `beta` (standardised covariates).

    Parameters
    ----------
    risk
        exp(x b), up to a common factor, of each sorted row.
    hazard, tied_hazard
        Per cell: sum over Efron's terms of weight / denominator, and the same times the tied share.
    means
        Weighted mean of the covariates in each of Efron's terms, shape (events, p).
    """

    beta: np.ndarray
    risk: np.ndarray
    hazard: np.ndarray
    tied_hazard: np.ndarray
    means: np.ndarray
    denominator: np.ndarray
    log_likelihood: float
    gradient: np.ndarray


def sum_risks(rows: RiskRows, beta: np.ndarray, threads: int) -> RiskSums:
    """Sums over the risk sets, log likelihood and its gradient at `beta`."""
    log_risk = rows.X @ beta
    shift = float(log_risk.max())
    risk = np.exp(log_risk - shift)
    sums = _cumulated(rows, _group_sums(rows, risk, threads))
    tied_X, left = rows.X[rows.event_row], risk[rows.event_row] * np.minimum(rows.event_weight, 1.0)
    tied = _by_cell(rows, np.column_stack([left, left[:, None] * tied_X]))
    cell, share = rows.tie_cell, rows.tie_share[:, None]
    terms = sums[cell] - share * tied[cell]
    denominator, weight = terms[:, 0], rows.cell_weight[cell]
    with np.errstate(divide="ignore", invalid="ignore"):  # too long a step: the caller halves it
        means = terms[:, 1:] / denominator[:, None]
        hazard = np.bincount(cell, weights=weight / denominator, minlength=len(rows.cell_day))
        tied_hazard = np.bincount(
            cell, weights=weight * rows.tie_share / denominator, minlength=len(rows.cell_day)
        )
        value = rows.event_weight @ (log_risk[rows.event_row] - shift) - weight @ np.log(denominator)
        gradient = rows.event_weight @ tied_X - weight @ means
    return RiskSums(beta, risk, hazard, tied_hazard, means, denominator, float(value), gradient)


def information(rows: RiskRows, sums: RiskSums, threads: int) -> np.ndarray:
    """Observed information (minus the second derivative of the log likelihood), shape (p, p)."""
    weight = sums.risk * np.repeat(cumulated_over_rows(rows, sums.hazard), rows.group_rows)
    left = sums.risk[rows.event_row] * np.minimum(rows.event_weight, 1.0)
    weight[rows.event_row] -= left * sums.tied_hazard[rows.event_cell]

    def block(part: slice) -> np.ndarray:
        X = rows.X[part]
        return X.T @ (X * weight[part, None])

    total = sum(_each(block, rows.blocks, threads))
    return total - sums.means.T @ (rows.cell_weight[rows.tie_cell, None] * sums.means)


def cumulated_over_rows(rows: RiskRows, per_cell: np.ndarray) -> np.ndarray:
    """Sum of a quantity of the cells over those in which each *group* of rows is at risk; (groups, …)."""
    running = np.concatenate([np.zeros((1, *per_cell.shape[1:])), np.cumsum(per_cell, axis=0)])
    return running[rows.group_last] - running[rows.group_first]


def _group_sums(rows: RiskRows, risk: np.ndarray, threads: int) -> np.ndarray:
    """Sum of risk and of risk * X within each group, shape (groups, 1 + p)."""
    sums = np.zeros((len(rows.group_start), rows.X.shape[1] + 1))

    def block(part: slice) -> tuple[int, np.ndarray]:
        before = int(np.searchsorted(rows.group_start, part.start, side="right")) - 1
        after = int(np.searchsorted(rows.group_start, part.stop, side="left"))
        starts = np.maximum(rows.group_start[before:after] - part.start, 0)
        weight = risk[part]
        ends = np.append(starts, len(weight))  # a sparse product, as it writes no weighted copy of the rows
        weigh = csr_matrix((weight, np.arange(len(weight)), ends), shape=(len(starts), len(weight)))
        return before, np.column_stack([np.add.reduceat(weight, starts), weigh @ rows.X[part]])

    for at, of_block in _each(block, rows.blocks, threads):
        sums[at : at + len(of_block)] += of_block
    return sums


def _cumulated(rows: RiskRows, groups: np.ndarray) -> np.ndarray:
    """Sums over the risk set of each cell: add where a group begins, subtract where it ends, cumulate."""
    # in long doubles what is added cancels exactly; column by column, as sums of strided rows are slow
    change = np.zeros((groups.shape[1], len(rows.cell_day) + 1), np.longdouble)
    for column, values in enumerate(np.ascontiguousarray(groups.T)):
        for (order, starts, cells), sign in zip(rows.groups_by_cell, (1, -1), strict=True):
            change[column, cells] += sign * np.add.reduceat(values[order].astype(np.longdouble), starts)
    return np.cumsum(change, axis=1).T[:-1].astype(np.float64, order="C")


def _by_cell(rows: RiskRows, values: np.ndarray) -> np.ndarray:
    """Sums of the events' `values` in each cell; events are sorted by cell, and each cell has one."""
    starts = np.flatnonzero(np.r_[True, np.diff(rows.event_cell) > 0])
    return np.add.reduceat(values, starts, axis=0)


def _each(work: Callable[[slice], Any], parts: list[slice], threads: int) -> Iterable[Any]:
    """Results of `work`, in the order of `parts`."""
    if threads == 1 or len(parts) == 1:
        return map(work, parts)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, parts))
