"""How long members stay in a future, as chances: hazards become shares that are still there, nothing is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.world.futures.future import Future
from whychurn.world.futures.standing import Standing
from whychurn.world.lives.members import Members
from whychurn.world.lives.membership_terms import term_days
from whychurn.world.setting.clock import NEVER
from whychurn.world.setting.course_calendar import calendar

_MIDDLE = 3  # day of the week on which a week's decisions fall on average


@dataclass(frozen=True)
class Terms:
    """When decisions to leave take effect, for members of one block in one future.

    Parameters
    ----------
    effective
        Number of weeks whose decisions have taken effect by the middle of each week; int (F, n). None: at once.
    leaving_on
        Last day of those who had decided before; `NEVER` for the others; (n,).
    first
        Number of the first week of the future.
    """

    effective: np.ndarray | None
    leaving_on: np.ndarray
    first: int

    def of(self, who: np.ndarray) -> Terms:
        """The same for members `who`."""
        effective = None if self.effective is None else self.effective[:, who]
        return Terms(effective, self.leaving_on[who], self.first)


def terms_of(future: Future, members: Members, standing: Standing) -> Terms:
    """When decisions of the future take effect: with terms at their end, else at once."""
    scenario, first = future.scenario, future.first
    if scenario.programme.kind == "inactivity":
        return Terms(None, standing.leaving_on, first)
    middle = 7 * (first + np.arange(future.weeks)[:, None]) + _MIDDLE
    if scenario.programme.kind == "terms":
        length = term_days(scenario.programme, members)
        over = standing.since + (middle - standing.since) // length * length - 1
    else:
        _, ends = calendar(scenario.programme, scenario.clock)
        over = np.broadcast_to(ends[np.searchsorted(ends, middle) - 1], (future.weeks, members.size))
    weeks = (over - _MIDDLE - 7 * first) // 7 + 1
    return Terms(np.clip(weeks, 0, future.weeks), standing.leaving_on, first)


def share_present(hazard: np.ndarray, terms: Terms) -> np.ndarray:
    """Chance to be on the books in the middle of each week.

    Parameters
    ----------
    hazard
        Weekly hazard of deciding to leave; (F, n).

    Returns
    -------
    ndarray
        exp of minus the hazard summed over the decisions that have taken effect; float64 (F, n).
    """
    summed = np.cumsum(hazard, axis=0, dtype="float64")
    if terms.effective is None:
        share = np.exp(hazard / 2 - summed)
    else:
        from_start = np.concatenate([np.zeros((1, hazard.shape[1])), summed])
        share = np.exp(-np.take_along_axis(from_start, terms.effective, axis=0))
    leaving = np.flatnonzero(terms.leaving_on < NEVER)
    if len(leaving):
        middle = 7 * (terms.first + np.arange(len(hazard))[:, None]) + _MIDDLE
        share[:, leaving] = middle <= terms.leaving_on[leaving]
    return share


def chance_to_leave(hazard: np.ndarray, terms: Terms, days: int) -> np.ndarray:
    """Chance that a member is off the books within `days` of the future; (n,).

    Raises
    ------
    ValueError
        If the future is shorter.
    """
    if days > 7 * len(hazard):
        raise ValueError(f"{days} days are more than the future has")
    week, rest = divmod(days, 7)
    if week == len(hazard):
        week, rest = week - 1, 7
    if terms.effective is None:
        summed = hazard[:week].sum(axis=0, dtype="float64") + hazard[week] * (rest / 7)
    else:
        from_start = np.concatenate([np.zeros((1, hazard.shape[1])), np.cumsum(hazard, 0, dtype="float64")])
        summed = np.take_along_axis(from_start, terms.effective[week][None], axis=0)[0]
    left = -np.expm1(-summed)
    return np.where(terms.leaving_on < NEVER, terms.leaving_on < 7 * terms.first + days, left)
