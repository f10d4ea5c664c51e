"""Which weeks of a spell are at risk or may hold the decision to leave, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.decision_windows import Spells
from whychurn.causes.member_weeks.weekly_counts import expand_weeks
from whychurn.contract.arrays import Array

WeekWeights = tuple[Array, Array, Array]  # number of the spell, week, weight


@dataclass(frozen=True)
class PersonWeeks:
    """Rows of weeks at risk (person-period data).

    Parameters
    ----------
    spell, week, weight
        Position of the spell, week, weight; (rows,).
    x
        Exposures; (rows, J).
    stratum
        Activity stratum of the member in that week; (rows,).
    """

    spell: Array
    week: Array
    weight: Array
    x: Array
    stratum: Array

    def select(self, rows: Array | slice) -> PersonWeeks:
        """Some of the rows."""
        columns = (self.spell, self.week, self.weight, self.x, self.stratum)
        return PersonWeeks(*(column[rows] for column in columns))


def totals_by_spell(rows: PersonWeeks) -> PersonWeeks:
    """Weighted sums of the exposures by spell and activity stratum; each of weight one, in no week."""
    strata = int(rows.stratum.max(initial=0)) + 1
    cell, at = np.unique(rows.spell * strata + rows.stratum, return_inverse=True)
    sums = weighted_sums(rows, at, len(cell))
    return PersonWeeks(cell // strata, np.full(len(cell), -1), np.ones(len(cell)), sums, cell % strata)


def weighted_sums(rows: PersonWeeks, cell: Array, cells: int) -> Array:
    """Weighted sum of each exposure over the rows of each cell; (cells, J)."""
    columns = [np.bincount(cell, rows.weight * column, cells) for column in rows.x.T]
    return np.stack(columns, axis=1) if columns else np.zeros((cells, 0))


def weeks_at_risk(spells: Spells, chosen: Array) -> WeekWeights:
    """Weeks in which members might have decided to leave, weighted by the probability that they had not yet.

    Parameters
    ----------
    chosen
        Numbers of the spells.
    """
    churned = spells.event_left[chosen] >= 0
    last = np.where(churned, spells.event_left[chosen] - 1, spells.last_week[chosen])
    row, week = expand_weeks(spells.first_week[chosen], last)
    spell, event_week, p = event_time_weights(spells, chosen[churned])
    found = (
        np.concatenate([chosen[row], spell]),
        np.concatenate([week, event_week]),
        np.concatenate([np.ones(len(row)), 1 - _before(spell, p) - p / 2]),
    )
    order = np.argsort(
        found[0], kind="stable"
    )  # by spell: so blocks of members follow each other without a seam
    return found[0][order], found[1][order], found[2][order]


def _before(spell: Array, p: Array) -> Array:
    """Sum of `p` over earlier weeks of the same spell (rows in order), whatever other spells there are."""
    return pd.Series(p).groupby(spell, sort=False).cumsum().to_numpy() - p


def event_time_weights(spells: Spells, chosen: Array) -> WeekWeights:
    """Weeks of the decision windows of the `chosen` spells that churned, by the probability of each week."""
    chosen = chosen[spells.event_left[chosen] >= 0]
    row, week = expand_weeks(spells.event_left[chosen], spells.event_right[chosen])
    weeks_on = week - spells.event_left[chosen][row]
    weight = np.exp(-spells.rate[chosen][row] * weeks_on)
    total = np.bincount(row, weight, len(chosen))
    return chosen[row], week, weight / total[row]


def last_observed_weeks(spells: Spells, chosen: Array) -> WeekWeights:
    """Last observed week of the `chosen` spells that go on."""
    running = chosen[spells.event_left[chosen] < 0]
    return running, np.full(len(running), -1), np.ones(len(running))
