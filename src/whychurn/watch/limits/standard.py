"""Monthly figures in standard deviations of what the reference months show, and the limit of their chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.contract.arrays import Array
from whychurn.watch.limits.cusum import SLACK, run_cusum

REFERENCE_MONTHS: Final = 12
LEAST_REFERENCE: Final = 6
STRETCH: Final = 24  # months over which one chart may alarm by chance in `FALSE_ALARMS`
# of simulated stretches; .10 of unchanged programmes then alarm, for twelve months say little of the rarest ones
FALSE_ALARMS: Final = 0.07
RUNS: Final = 500
LEAST_LIMIT: Final = 2.0
SEEN_WITHIN: Final = 6  # months
SEEN_SHARE: Final = 0.8


@dataclass(frozen=True)
class Figures:
    """One chart's figures; its series are judged together.

    Parameters
    ----------
    value
        Figure of each month, on the scale on which it is judged; (months, series).
    draws
        The same in each resample of members; (draws, months, series).
    size
        What the sampling variance is inverse to: leavings to be expected, or members; (months,).
    least_spread
        Standard deviation beyond chance that is assumed at least.
    pooled
        Whether the series share what months differ beyond chance.
    two_sided
        Whether less counts as well as more.
    """

    value: Array
    draws: Array
    size: Array
    least_spread: float
    pooled: bool = False
    two_sided: bool = True


@dataclass(frozen=True)
class Limit:
    """What a chart is judged by: mean and standard deviation, the limit of its CUSUM, the change it would see."""

    mean: Array
    spread: Array
    height: float
    smallest: float
    z: Array


def spread_beyond(value: Array, chance: Array, least: float, pooled: bool) -> Array:
    """Variance between reference months beyond sampling; (..., series).

    Parameters
    ----------
    value, chance
        Figures and their sampling variance; (..., months, series).
    least
        Standard deviation that is assumed at least.
    pooled
        One variance for all series, their mean.
    """
    extra = value.var(axis=-2, ddof=1) - chance.mean(axis=-2)
    if pooled:
        extra = np.broadcast_to(extra.mean(axis=-1, keepdims=True), extra.shape)
    return np.maximum(extra, least**2)


def wider(reference_months: int) -> float:
    """Factor on standard deviations for a reference of fewer than `REFERENCE_MONTHS` months."""
    return 1.0 + 1.0 / reference_months if reference_months < REFERENCE_MONTHS else 1.0


def judge(figures: Figures, reference: Array, seed: int) -> Limit:
    """Standardise all months by the reference months, and set the limit by simulation.

    Parameters
    ----------
    figures
        Months in order, finite in the reference months.
    reference
        Which months are the reference, at least two; (months,) of bool.

    Notes
    -----
    variance = sampling variance by resampled members, as in the reference months + what reference months differ beyond it. The limit is the
    height that `FALSE_ALARMS` of `RUNS` simulated charts pass within `STRETCH` months: their months are reference
    months drawn with replacement, each with a resample of its members, and mean and variance are estimated anew
    from as many simulated reference months, so that the limit allows for a reference that is itself estimated.
    """
    usual, known = figures.value[reference], figures.draws[:, reference]
    chance = _chance(figures, reference)
    beyond = spread_beyond(usual, chance[reference], figures.least_spread, figures.pooled)
    mean, factor = usual.mean(axis=0), wider(len(usual))
    spread = factor * np.sqrt(chance + beyond)
    simulated = _simulated(figures, usual, known, chance[reference], beyond, seed) / factor
    sums = run_cusum(simulated, np.inf, two_sided=figures.two_sided)
    highest = np.maximum(sums.up, sums.down).max(axis=(1, 2))
    height = max(float(np.quantile(highest, 1 - FALSE_ALARMS)), LEAST_LIMIT)
    typical = float(np.median(spread[reference]))
    smallest = typical * _smallest_shift(simulated[:, :SEEN_WITHIN], height)
    return Limit(mean, spread, height, smallest, (figures.value - mean) / spread)


def _chance(figures: Figures, reference: Array) -> Array:
    """Sampling variance of each month if nothing had changed: that of the reference months, by its size."""
    unit = figures.draws[:, reference].var(axis=0) * figures.size[reference, None]
    return np.asarray(unit.mean(axis=0) / np.maximum(figures.size, 1.0)[:, None])


def _simulated(
    figures: Figures, usual: Array, known: Array, chances: Array, beyond: Array, seed: int
) -> Array:
    """Standardised figures of simulated unchanged stretches; (RUNS, STRETCH, series)."""
    rng = np.random.default_rng(seed)
    months = len(usual)
    off = usual - usual.mean(axis=0)
    total = off.var(axis=0, ddof=1)
    # what is left of a month's deviation once chance is taken out, which the resample puts back
    scale = np.sqrt(np.divide(beyond, total, out=np.ones_like(total), where=total > 0))
    off = off * np.minimum(scale, 1.0)
    noise = known - known.mean(axis=0)
    at = rng.integers(0, months, (RUNS, months + STRETCH))
    drawn = rng.integers(0, len(known), at.shape)
    value, chance = off[at] + noise[drawn, at], chances[at]
    before, after = slice(None, months), slice(months, None)
    extra = spread_beyond(value[:, before], chance[:, before], figures.least_spread, figures.pooled)
    centre = value[:, before].mean(axis=1, keepdims=True)
    return (value[:, after] - centre) / np.sqrt(chance[:, after] + extra[:, None])


def _smallest_shift(z: Array, height: float) -> float:
    """Lasting change of the first series, in standard deviations, that `SEEN_SHARE` of the runs see in time."""
    low, high = SLACK, 12.0
    while high - low > 0.02:  # a larger change is seen in more runs
        shift = (low + high) / 2
        moved = z.copy()
        moved[:, :, 0] += shift
        seen = run_cusum(moved, height).alarm.any(axis=1).mean() >= SEEN_SHARE
        low, high = (low, shift) if seen else (shift, high)
    return high
