"""From a change of the chance to leave to days that a member stays longer.

With h the daily hazard of who is not contacted, and r the share of it that a contact removes at first,

    gain(r) = sum over t < H of [S(t | touched) - S(t | untouched)],   S(t | touched) = exp(-h t + h r G(t)),

where G(t) is the effect so far: none before the onset, halving every half-life after it. A member kept keeps his or her
own hazard. Two slips that this avoids: counting only the leavings of the follow-up (with a half-life of 12 weeks an
effect does about 1.8 times as much in all), and counting a whole year for everybody kept (at a chance of 25 % in 90 days
a member kept is worth 215 of 365 days).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.action.effects.undecided import MOST_P
from whychurn.action.playbook.read import HALF_LIFE_WEEKS
from whychurn.contract.arrays import Array

STEP_DAYS: Final = 7.0
MOST_REMOVED: Final = 0.98  # of the hazard, whatever several contacts and a fresh effect would add up to


@dataclass(frozen=True)
class Decay:
    """How an effect comes and goes.

    Parameters
    ----------
    onset_weeks, half_life_weeks
        Weeks before it begins, and weeks in which it halves after that.
    effect_days
        Days of follow-up over which measured effects are means.
    """

    onset_weeks: float
    half_life_weeks: float
    effect_days: int

    def so_far(self, days: Array) -> Array:
        """Days of full effect up to each of `days` since the contact, in units of the mean of the follow-up."""
        return (
            self._area(days)
            / max(float(self._area(np.array(float(self.effect_days)))), 1e-9)
            * self.effect_days
        )

    def _area(self, days: Array) -> Array:
        rate = np.log(2) / (7 * self.half_life_weeks)
        return -np.expm1(-rate * np.maximum(days - 7 * self.onset_weeks, 0)) / rate


def daily_hazard(p: Array, days: int) -> Array:
    """Constant hazard a day behind a chance `p` to leave within `days`."""
    return -np.log1p(-np.clip(p, 0, MOST_P)) / days


def hazard_removed(p: Array, change: Array) -> Array:
    """Mean share of the hazard over the follow-up behind a change of the chance `p` to leave; negative: added."""
    before = np.log1p(-np.clip(p, 1e-9, MOST_P))
    return 1 - np.log1p(-np.clip(p + change, 0, MOST_P)) / before


def days_kept(p: Array, removed: Array, decay: Decay, value_days: int) -> Array:
    """Days within `value_days` that a member stays longer for one contact.

    Parameters
    ----------
    p
        Chance to leave untouched within ``decay.effect_days``; (n,).
    removed
        Share of the hazard removed, as a mean over the follow-up; below zero the contact makes leaving likelier;
        (n,) or (R, n).

    Returns
    -------
    Array
        The shape of `removed`.
    """
    return _over_weeks(p, [(removed, decay, 0.0)], value_days)


def days_kept_by_two(
    p: Array, first: tuple[Array, Decay], second: tuple[Array, Decay], gap_days: float, value_days: int
) -> Array:
    """The same for two contacts, the second `gap_days` after the first; what is left of the hazard multiplies."""
    return _over_weeks(p, [(*first, 0.0), (*second, gap_days)], value_days)


def share_in_time(left: Array, length: Array, effect_days: int, value_days: int) -> Array:
    """Share of the days kept that lies within `value_days`, where who decides to leave stays to the end of the term.

    Parameters
    ----------
    left, length
        Days to the end of the running term, and its days; NaN of members who leave as they decide; (n,).

    Notes
    -----
    For an effect with the half-life that is assumed where tests do not tell one.
    """
    middle = np.arange(STEP_DAYS / 2, value_days, STEP_DAYS)
    edges = np.append(0.0, middle + STEP_DAYS / 2)
    course = np.diff(Decay(0.0, HALF_LIFE_WEEKS, effect_days).so_far(edges))
    left, length = np.where(np.isnan(left), 0.0, left)[:, None], np.maximum(length, 1.0)[:, None]
    end = np.where(middle < left, left, left + length * np.ceil((middle - left) / length))
    end = np.where(np.isnan(end), middle, end)
    return np.asarray((np.maximum(value_days - end, 0.0) @ course) / ((value_days - middle) @ course))


def _over_weeks(p: Array, contacts: list[tuple[Array, Decay, float]], value_days: int) -> Array:
    h = daily_hazard(p, contacts[0][1].effect_days)
    edges = np.append(np.arange(0, value_days, STEP_DAYS), float(value_days))
    steps = np.diff(edges)
    untouched, total = np.ones_like(h), 0.0
    touched = np.ones(np.broadcast_shapes(h.shape, *(np.shape(one[0]) for one in contacts)))
    areas = [np.diff(decay.so_far(np.maximum(edges - late, 0))) for _, decay, late in contacts]
    for number, step in enumerate(steps):
        left = 1.0
        for (removed, _, _), area in zip(contacts, areas, strict=True):
            left = left * (1 - np.minimum(np.asarray(removed) * (area[number] / step), MOST_REMOVED))
        now_untouched = untouched * np.exp(-h * step)
        now_touched = touched * np.exp(-h * step * left)
        total = total + (touched + now_touched - untouched - now_untouched) * (step / 2)
        untouched, touched = now_untouched, now_touched
    return np.asarray(total)
