"""Programmes drawn at the level of monthly counts: leavings, causes, tiers and silent members of 36 months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.contract.arrays import Array
from whychurn.watch.charts.figures import LEAST_RATIO
from whychurn.watch.limits.standard import Figures

MONTHS: Final = 36
REFERENCE: Final = 12
DRAWS: Final = 100
NOISE, SEASON = 0.06, 0.05  # month to month, and over the year, that no forecast knows
RIGHT: Final = 0.6  # weight of the true cause in a posterior; the rest is the usual mix
SHARES: Final = np.array([0.25, 0.22, 0.15, 0.15, 0.13, 0.10])
TIERS: Final = np.array([0.2, 0.3, 0.5])
LEAVING, SILENT = 0.025, 0.06  # of members a month


@dataclass(frozen=True)
class Planted:
    """A change from month `REFERENCE` + `after` on: leavings times `factor`, one cause plus `points` of them."""

    factor: float = 1.0
    points: float = 0.0
    after: int = 6


@dataclass(frozen=True)
class Programme:
    """Counts of one programme: leavings by month, cause and tier, and silent members, with what is expected."""

    leavings: Array
    causes: Array
    tiers: Array
    silent: Array
    expected: float
    members: int


def draw_programme(members: int, planted: Planted, rng: np.random.Generator) -> Programme:
    """One programme; what is planted changes the number of leavings or moves one cause's share."""
    changed = np.arange(MONTHS) >= REFERENCE + planted.after
    season = SEASON * np.sin(2 * np.pi * np.arange(MONTHS) / 12 + rng.uniform(0, 2 * np.pi))
    expected = LEAVING * members
    level = np.exp(rng.normal(0, NOISE, MONTHS) + season) * np.where(changed, planted.factor, 1.0)
    leavings = rng.poisson(expected * level)
    shares = SHARES.copy()
    shares[0] += planted.points
    shares[1:] *= (1 - shares[0]) / shares[1:].sum()
    true = np.where(changed[:, None], shares, SHARES)
    causes = np.stack([rng.multinomial(n, p) for n, p in zip(leavings, true, strict=True)])
    tiers = np.stack([rng.multinomial(n, TIERS) for n in leavings])
    silent = rng.binomial(members, SILENT * np.exp(rng.normal(0, NOISE, MONTHS) + season))
    return Programme(leavings, causes, tiers, silent, expected, members)


def figures_of(programme: Programme, rng: np.random.Generator) -> dict[str, Figures]:
    """Charts of one programme as the project judges them; each count drawn again is Poisson about itself."""

    def ratios(counts: Array, expected: Array | float) -> Figures:
        counts, expected = counts.reshape(MONTHS, 1), np.asarray(expected)
        drawn = rng.poisson(counts, (DRAWS, *counts.shape))
        value, draws = (np.log((one + 0.5) / (expected + 0.5)) for one in (counts, drawn))
        return Figures(value, draws, np.broadcast_to(expected, MONTHS), LEAST_RATIO)

    def attributed(counts: Array) -> Array:
        return RIGHT * counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1) + (1 - RIGHT) * SHARES

    drawn = rng.poisson(programme.causes, (DRAWS, *programme.causes.shape))
    mix = Figures(attributed(programme.causes), attributed(drawn), programme.leavings, 0.0, pooled=True)
    charts = {"leavings": ratios(programme.leavings, programme.expected), "mix": mix}
    charts["silent"] = ratios(programme.silent, SILENT * programme.members)
    for tier, share in enumerate(TIERS):
        if share * programme.expected >= 20:
            charts[f"tier {tier + 1}"] = ratios(programme.tiers[:, tier], share * programme.expected)
    return charts
