"""Who has left may come back: chances by time since leaving, and what a second life brings."""

from typing import Final

import numpy as np
from scipy.stats import norm

from whychurn.world.futures.future import Future
from whychurn.world.lives.exits import RETURN_SPREAD
from whychurn.world.lives.members import Members
from whychurn.world.lives.membership_terms import term_days
from whychurn.world.setting.course_calendar import calendar
from whychurn.world.setting.programme import Programme

_SOONEST: Final = 1e-6


def returned_by(programme: Programme, weeks: np.ndarray) -> np.ndarray:
    """Chance to have come back, unasked, within so many weeks of leaving: a share, at a log-normal time."""
    z = np.log(np.maximum(weeks, _SOONEST) / programme.return_weeks) / RETURN_SPREAD
    return programme.returning * norm.cdf(z)


def return_chances(programme: Programme, since: np.ndarray, weeks: int) -> np.ndarray:
    """Chance of each of the next `weeks` to bring back members gone since `since` weeks (n,); (weeks, n)."""
    ages = since + np.arange(weeks + 1)[:, None]
    return np.diff(returned_by(programme, ages), axis=0) / (1 - returned_by(programme, since))


def second_life_values(future: Future, members: Members, hazard: np.ndarray, tempo: float) -> np.ndarray:
    """Margin to the end of the future of a member who comes back in each week.

    Parameters
    ----------
    hazard
        Weekly hazard of a first life, without any action; (F, n).
    tempo
        Factor on it in a second life.

    Returns
    -------
    ndarray
        float32 (F + 1, n); with terms the fee is paid until the term ends in which the member decides to leave.
    """
    weeks = future.weeks
    zero = np.zeros((1, members.size))
    summed = np.concatenate([zero, np.cumsum(tempo * hazard, axis=0, dtype="float64")])
    earned = np.concatenate([zero, np.cumsum(future.margin, axis=0, dtype="float64")])
    values = np.zeros((weeks + 1, members.size), dtype="float32")
    who = np.arange(members.size)
    for week in range(weeks - 1, -1, -1):
        if future.scenario.programme.kind == "inactivity":
            here = np.exp(-(summed[week + 1] - summed[week]) / 2) * future.margin[week]
            until = np.full(members.size, week + 1)
        else:
            until = _term_until(future, members, week)
            here = earned[until, who] - earned[week]
        values[week] = here + np.exp(summed[week] - summed[until, who]) * values[until, who]
    return values


def _term_until(future: Future, members: Members, week: int) -> np.ndarray:
    """Week in which a term ends that begins in `week`, no later than the future; (n,)."""
    programme = future.scenario.programme
    if programme.kind == "terms":
        length = np.maximum(np.round(term_days(programme, members) / 7), 1).astype("int64")
    else:
        _, ends = calendar(programme, future.scenario.clock)
        day = 7 * (future.first + week)
        left = (ends[np.searchsorted(ends, day)] - day) // 7 + 1
        length = np.full(members.size, left)
    return np.minimum(week + length, future.weeks)


def value_after_leaving(programme: Programme, second: np.ndarray) -> np.ndarray:
    """Expected margin of the second life of who leaves in each week; (F + 1, n).

    Parameters
    ----------
    second
        See `second_life_values`; (F + 1, n).
    """
    weeks = len(second) - 1
    ahead = np.arange(weeks)[None, :] - np.arange(weeks + 1)[:, None]  # weeks from leaving to return
    chance = np.diff(returned_by(programme, np.arange(weeks + 1)))
    law = np.where(ahead >= 0, chance[np.clip(ahead, 0, weeks - 1)], 0.0)
    return (law @ second[:-1]).astype("float32")
