"""What lasts of a member's surroundings beyond a week, and no table shows: drawn once, kept in every future."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from whychurn.world.setting.clock import Clock

_EARLIEST: Final = -8  # week in which a period that still runs in the window may have begun
_NONE: Final = 10**4  # week of what does not happen


class LastingTraits:
    """Traits by name: drawn when first asked for, the same ever after.

    Parameters
    ----------
    kept
        Traits of an earlier window, which are not drawn again.
    """

    def __init__(self, kept: Mapping[str, np.ndarray] | None = None) -> None:
        self.values: dict[str, np.ndarray] = dict(kept or {})

    def once(self, name: str, draw: Callable[[], np.ndarray]) -> np.ndarray:
        """Trait `name`, from `draw` where it is not there yet."""
        if name not in self.values:
            self.values[name] = draw()
        return self.values[name]


def _periods(
    weeks: tuple[int, int], share: float, length: tuple[int, int], n: int, rng: np.random.Generator
) -> np.ndarray:
    """First and last (exclusive) week of a period that `share` of members have once; (1, 2, n).

    Parameters
    ----------
    weeks
        First and last (exclusive) week in which it may begin.
    length
        Least and largest (exclusive) length in weeks.
    """
    start = np.where(rng.random(n) < share, rng.integers(*weeks, n), _NONE)
    return np.stack([start, start + rng.integers(*length, n)])[None]


def first_periods(
    clock: Clock, share: float, length: tuple[int, int], n: int, rng: np.random.Generator
) -> np.ndarray:
    """Periods of a window, those that run when it begins included; (1, 2, n)."""
    return _periods((_EARLIEST, clock.weeks), share, length, n, rng)


def later_periods(
    weeks: tuple[int, int], share: float, length: tuple[int, int], n: int, rng: np.random.Generator
) -> np.ndarray:
    """Periods that begin after a window of `weeks[0]` weeks, as often a week as in it; (1, 2, n)."""
    more = share * (weeks[1] - weeks[0]) / (weeks[0] - _EARLIEST)
    return _periods(weeks, min(more, 1.0), length, n, rng)


def in_period(periods: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Whether each of `weeks` (w,) lies in one of the periods (k, 2, n); (w, n)."""
    week = weeks[:, None]
    inside = np.zeros((len(weeks), periods.shape[2]), dtype=bool)
    for start, end in periods:
        inside |= (week >= start) & (week < end)
    return inside
