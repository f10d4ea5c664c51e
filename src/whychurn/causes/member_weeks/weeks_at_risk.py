"""Which weeks of a stay are looked at, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.causes.member_weeks.decision_windows import Stays
from whychurn.causes.member_weeks.matrices import runs
from whychurn.contract.arrays import Array

Span = tuple[Array, Array, Array]  # number of the stay, week, weight


@dataclass(frozen=True)
class Rows:
    """Member-weeks: position of the stay, week, weight, exposures (rows, J), and how busy the member was (`causes.pace`)."""

    stay: Array
    week: Array
    weight: Array
    x: Array
    pace: Array

    def of(self, chosen: Array) -> Rows:
        """Those of the rows that are `chosen`."""
        return Rows(
            self.stay[chosen], self.week[chosen], self.weight[chosen], self.x[chosen], self.pace[chosen]
        )


def totals(rows: Rows) -> Rows:
    """Weighted sums of the exposures by stay and pace; each of weight one, in no week."""
    paces = int(rows.pace.max(initial=0)) + 1
    cell, at = np.unique(rows.stay * paces + rows.pace, return_inverse=True)
    none = np.full(len(cell), -1)
    return Rows(cell // paces, none, np.ones(len(cell)), summed(rows, at, len(cell)), cell % paces)


def summed(rows: Rows, cell: Array, cells: int) -> Array:
    """Weighted sum of each exposure over the rows of each cell; (cells, J)."""
    columns = [np.bincount(cell, rows.weight * column, cells) for column in rows.x.T]
    return np.stack(columns, axis=1) if columns else np.zeros((cells, 0))


def weeks_at_risk(stays: Stays, mine: Array) -> Span:
    """Weeks in which each of the stays `mine` might have decided to leave, by the chance that it had not yet."""
    gone = stays.from_week[mine] >= 0
    last = np.where(gone, stays.from_week[mine] - 1, stays.last_week[mine])
    row, week = runs(stays.first_week[mine], last)
    stay, late, chance = weeks_of_decision(stays, mine[gone])
    before = _before(stay, chance)
    return (
        np.concatenate([mine[row], stay]),
        np.concatenate([week, late]),
        np.concatenate([np.ones(len(row)), 1 - before - chance / 2]),
    )


def _before(stay: Array, chance: Array) -> Array:
    """Sum of `chance` over earlier weeks of the same stay (rows in order)."""
    total = np.cumsum(chance) - chance
    first = np.concatenate([[True], stay[1:] != stay[:-1]]) if len(stay) else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(first, np.arange(len(stay)), 0)) if len(stay) else np.zeros(0, int)
    return total - total[start] if len(stay) else total


def weeks_of_decision(stays: Stays, mine: Array) -> Span:
    """Weeks in which the leavers among `mine` may have decided, by the chance of each."""
    mine = mine[stays.from_week[mine] >= 0]
    row, week = runs(stays.from_week[mine], stays.to_week[mine])
    ahead = week - stays.from_week[mine][row]
    weight = np.exp(-stays.rate[mine][row] * ahead)
    total = np.bincount(row, weight, len(mine))
    return mine[row], week, weight / total[row]


def last_weeks(stays: Stays, mine: Array) -> Span:
    """Last observed week of those among `mine` who are still there."""
    there = mine[stays.from_week[mine] < 0]
    return there, np.full(len(there), -1), np.ones(len(there))
