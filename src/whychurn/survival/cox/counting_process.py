"""Start-stop rows made ready for Cox regression: sorted by the event days for which each is at risk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from whychurn.contract.errors import WhychurnError

BLOCK: Final = 32768  # rows worked on at once: small enough for the cache


@dataclass(frozen=True)
class StartStop:
    """Rows ``(entry, stop]`` in which covariates do not change.

    Parameters
    ----------
    terms
        Names of the p columns of `X`.
    X
        Covariates, shape (n, p), float32 or float64.
    entry, stop
        Days on the time scale, shape (n,); entry < stop.
    event
        0 no event at `stop`; 1 event; a fraction where an event counts in part (the probability that it has
        the cause in question); above 1 where an event stands for others (inverse-probability weights). Shape
        (n,).
    stratum
        Codes 0, 1, …: each stratum has a baseline hazard of its own. None: one stratum.
    cluster
        Codes 0, 1, … of whom a row belongs to, for the robust variance. None: no robust variance.
    """

    terms: tuple[str, ...]
    X: np.ndarray
    entry: np.ndarray
    stop: np.ndarray
    event: np.ndarray
    stratum: np.ndarray | None = None
    cluster: np.ndarray | None = None


@dataclass(frozen=True)
class RiskRows:
    """Rows of a `StartStop` that stand in at least one risk set, sorted by the risk sets they stand in.

    A *cell* is one stratum on one day with an event. A row is at risk in the cells ``first … last - 1``; rows
    with equal first and last lie side by side and form a *group*.

    Parameters
    ----------
    order
        Position in the `StartStop` of each sorted row.
    X
        Standardised covariates (mean 0, variance 1 over these rows), shape (rows, p).
    scale, span
        Standard deviation, and largest minus smallest value, of each covariate as given; shape (p,).
    group_start, group_first, group_last
        Where each group begins, and its cells.
    cell_day
        Day of each cell.
    event_row, event_cell, event_weight
        Sorted position, cell and weight of the rows that end in an event, sorted by cell.
    """

    terms: tuple[str, ...]
    order: np.ndarray
    X: np.ndarray
    scale: np.ndarray
    span: np.ndarray
    group_start: np.ndarray
    group_first: np.ndarray
    group_last: np.ndarray
    cell_day: np.ndarray
    event_row: np.ndarray
    event_cell: np.ndarray
    event_weight: np.ndarray

    @property
    def blocks(self) -> list[slice]:
        """Slices of the sorted rows."""
        rows = len(self.order)
        return [slice(at, min(at + BLOCK, rows)) for at in range(0, rows, BLOCK)]

    @cached_property
    def group_rows(self) -> np.ndarray:
        """Number of rows in each group."""
        return np.diff(np.append(self.group_start, len(self.order)))

    def with_term(self, term: str, values: np.ndarray) -> RiskRows:
        """The same rows with one more covariate, `values` in the order of the rows as they were given.

        Raises
        ------
        WhychurnError
            If it is the same in every row at risk of an event.
        """
        sorted_values = np.asarray(values, dtype=np.float64)[self.order]
        column, scale, span = _standardise(sorted_values[:, None], (term,))
        return replace(
            self,
            terms=(*self.terms, term),
            X=np.column_stack([self.X, column]),
            scale=np.append(self.scale, scale),
            span=np.append(self.span, span),
        )

    @cached_property
    def groups_by_cell(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Groups sorted by their first, and by their last cell: the order, where each cell starts, the cells."""
        sorted_groups = []
        for cells in (self.group_first, self.group_last):
            order = np.argsort(cells, kind="stable")
            starts = np.flatnonzero(np.r_[True, np.diff(cells[order]) > 0])
            sorted_groups.append((order, starts, cells[order][starts]))
        return sorted_groups

    @cached_property
    def tie_cell(self) -> np.ndarray:
        """Cell of each event, once more for each event that ties with it: the terms of Efron's sum."""
        return np.repeat(np.arange(len(self.cell_day)), self.cell_events)

    @cached_property
    def tie_share(self) -> np.ndarray:
        """0, 1/d, …, (d-1)/d within a cell of d events."""
        ends = np.cumsum(self.cell_events)
        place = np.arange(len(self.tie_cell)) - np.repeat(ends - self.cell_events, self.cell_events)
        return place / self.cell_events[self.tie_cell]

    @cached_property
    def cell_events(self) -> np.ndarray:
        """Rows that end in an event in each cell, whatever its weight."""
        return np.bincount(self.event_cell, minlength=len(self.cell_day))

    @cached_property
    def cell_weight(self) -> np.ndarray:
        """Mean weight of the events of each cell."""
        total = np.bincount(self.event_cell, weights=self.event_weight, minlength=len(self.cell_day))
        return total / self.cell_events


def prepare_rows(data: StartStop) -> RiskRows:
    """Check the rows, find the risk sets of each, sort and standardise.

    Raises
    ------
    WhychurnError
        If lengths differ, a row ends before it begins, a value is missing or infinite, there is no event, or
        a covariate is constant.
    """
    _check(data)
    cells, first, last, M, days = _cells(data)
    kept = np.flatnonzero(first < last)
    key = first[kept].astype(np.int64) * (len(cells) + 1) + last[kept]
    by_key = np.argsort(key, kind="stable")
    order, key = kept[by_key], key[by_key]
    group_start = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    X, scale, span = _standardise(_sorted_covariates(data, order), data.terms)
    event = data.event[order]
    event_row = np.flatnonzero(event > 0)
    event_cell = last[order[event_row]] - 1
    by_cell = np.argsort(event_cell, kind="stable")
    return RiskRows(
        terms=data.terms,
        order=order,
        X=X,
        scale=scale,
        span=span,
        group_start=group_start,
        group_first=first[order[group_start]],
        group_last=last[order[group_start]],
        cell_day=days[cells % M],
        event_row=event_row[by_cell],
        event_cell=event_cell[by_cell],
        event_weight=event[event_row[by_cell]].astype(np.float64),
    )


def _cells(data: StartStop) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, np.ndarray]:
    """Codes ``stratum * M + day`` of the cells, first and last cell of each row, M, the event days."""
    has_event = data.event > 0
    days = np.unique(data.stop[has_event])
    M = len(days) + 1
    stratum = np.zeros(1, np.int64) if data.stratum is None else data.stratum.astype(np.int64)
    begin = stratum * M + np.searchsorted(days, data.entry, side="right")
    end = stratum * M + np.searchsorted(days, data.stop, side="right")
    cells = np.unique(end[has_event] - 1)
    first = np.searchsorted(cells, begin).astype(np.int32)
    return cells, first, np.searchsorted(cells, end).astype(np.int32), M, days


def _sorted_covariates(data: StartStop, order: np.ndarray) -> np.ndarray:
    X = np.empty((len(order), len(data.terms)))
    for at in range(0, len(order), BLOCK):
        X[at : at + BLOCK] = data.X[order[at : at + BLOCK]]
    for at, term in enumerate(data.terms):
        if not np.isfinite(X[:, at].sum()):
            raise WhychurnError(
                "a covariate has missing or infinite values",
                column=term,
                rows=int((~np.isfinite(data.X[:, at])).sum()),
                remedy="fill them, or drop the rows",
            )
    return X


def _standardise(X: np.ndarray, terms: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`X` standardised in place; scale and span of what it was."""
    mean = X.mean(axis=0)
    span = X.max(axis=0) - X.min(axis=0)
    for term, middle, width in zip(terms, mean, span, strict=True):
        if width <= 1e-12 * max(1.0, abs(middle)):
            raise WhychurnError(
                "a covariate is the same in every row at risk of an event", column=term, remedy="leave it out"
            )
    X -= mean
    scale = np.sqrt(np.einsum("ij,ij->j", X, X) / len(X))
    X /= scale
    return X, scale, span


def _check(data: StartStop) -> None:
    rows, columns = data.X.shape
    lengths = {len(data.entry), len(data.stop), len(data.event), rows}
    lengths |= {len(codes) for codes in (data.stratum, data.cluster) if codes is not None}
    if len(lengths) > 1 or columns != len(data.terms):
        raise WhychurnError("start-stop rows do not fit together: arrays of different lengths")
    if not (np.isfinite(data.entry).all() and np.isfinite(data.stop).all() and np.isfinite(data.event).all()):
        raise WhychurnError(
            "start-stop rows have missing days or events", remedy="drop the rows without days"
        )
    backwards = int((data.entry >= data.stop).sum())
    if backwards:
        raise WhychurnError("start-stop rows end before they begin", column="stop", rows=backwards)
    if (data.event < 0).any():
        raise WhychurnError("weights of events are negative", column="event")
    if not (data.event > 0).any():
        raise WhychurnError(
            "no event: nobody left in these rows, so nothing can be said of what shortens the stay",
            column="event",
            rows=rows,
            remedy="take a longer period or a shorter waiting time in the definition of churn",
        )
