"""When an effect begins and how fast it fades, from the same tests read after 30, 90 and 180 days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.action.playbook.read import HALF_LIFE_WEEKS, Entry
from whychurn.contract.arrays import Array

DAYS: Final = (30, 90, 180)
ONSETS: Final = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 6.0])  # weeks
ONSET_MEAN: Final = 1.0  # weeks, exponential prior
HALF_LIVES: Final = np.exp(np.linspace(np.log(1.5), np.log(104.0), 41))  # weeks
LOG_SD: Final = 0.7  # of the half-life about what is believed: half to twice
TOLD_FROM: Final = 0.75  # half-life is told by tests where its log is surer than this share of `LOG_SD`
STEP: Final = 0.25  # weeks


@dataclass(frozen=True)
class Decay:
    """Course of an effect.

    Parameters
    ----------
    onset_weeks, half_life_weeks
        Weeks until it begins; weeks in which it halves from then on.
    known
        Whether the tests tell the half-life; else it is what is believed.
    """

    onset_weeks: float
    half_life_weeks: float
    known: bool


def assumed_decay(half_life_weeks: float = HALF_LIFE_WEEKS) -> Decay:
    """The course believed of an action that no test tells of."""
    return Decay(0.0, half_life_weeks, False)


def believed_decay(entries: Mapping[str, Entry], name: str) -> Decay:
    """The course that the playbook believes of an action, by name of its entries."""
    return assumed_decay(entries[name].half_life_weeks) if name in entries else assumed_decay()


def fit_decay(effects: Array, covariance: Array, rates: Array, believed: float = HALF_LIFE_WEEKS) -> Decay:
    """Onset and half-life from effects at `DAYS`, by their posterior on a grid.

    An action that takes a share e g(t) off the hazard h changes the chance to have left by day T by about
    ``-(1 - F(T)) e int_0^T h g``, F being the chance of those held out; e is left free.

    Parameters
    ----------
    effects, covariance
        Changes of the chance to leave at `DAYS`, (3,), and their covariance, (3, 3).
    rates
        Chance of those held out at `DAYS`; (3,).
    believed
        Half-life in weeks that the prior is centred on.
    """
    shape = _shapes(rates)
    inverse = np.linalg.pinv(covariance)
    size = np.einsum("oht,tu,ohu->oh", shape, inverse, shape)
    along = np.einsum("oht,tu,u->oh", shape, inverse, effects)
    misfit = effects @ inverse @ effects - along**2 / size
    off = np.log(HALF_LIVES / believed) / LOG_SD
    log = -misfit / 2 - np.log(size) / 2 - off**2 / 2 - ONSETS[:, None] / ONSET_MEAN
    p = np.exp(log - log.max())
    p /= p.sum()
    of_half_life = p.sum(axis=0)
    mean = float(of_half_life @ np.log(HALF_LIVES))
    sd = float(np.sqrt(of_half_life @ (np.log(HALF_LIVES) - mean) ** 2))
    if sd >= TOLD_FROM * LOG_SD:
        return assumed_decay(believed)
    return Decay(float(p.sum(axis=1) @ ONSETS), float(np.exp(mean)), True)


def _shapes(rates: Array) -> Array:
    """What each onset and half-life on the grid makes of the three effects, 1 at 90 days; (onsets, half-lives, 3)."""
    weeks = np.arange(0.0, DAYS[-1] / 7, STEP) + STEP / 2
    known = np.concatenate([[0.0], -np.log1p(-np.clip(rates, 0, 0.99))])
    total = np.interp(np.append(weeks - STEP / 2, weeks[-1] + STEP / 2), np.array([0, *DAYS]) / 7, known)
    hazard = np.maximum(np.diff(total), 1e-9)
    since = weeks[None, None, :] - ONSETS[:, None, None]
    strength = np.where(since >= 0, 0.5 ** (np.maximum(since, 0) / HALF_LIVES[None, :, None]), 0.0)
    sums = np.cumsum(strength * hazard, axis=2)
    at = [int(np.searchsorted(weeks, day / 7)) - 1 for day in DAYS]
    shape = (1 - rates) * sums[:, :, at]
    return shape / np.maximum(shape[:, :, 1:2], 1e-12)
