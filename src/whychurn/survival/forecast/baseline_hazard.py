"""Hazard by day (Kaplan-Meier, Nelson-Aalen or Breslow), carried on as a constant where the data end."""

from dataclasses import dataclass

import numpy as np

from whychurn.survival.numbers_at_risk import at_risk


@dataclass(frozen=True)
class DailyHazard:
    """Hazard by day of a clock; day t stands at position t.

    Parameters
    ----------
    cumulative
        Cumulative hazard up to and with each day, carried on beyond `supported`.
    supported
        Last day on which enough members were at risk.
    """

    cumulative: np.ndarray
    supported: int

    def between(self, start: np.ndarray, days: int) -> np.ndarray:
        """Cumulative hazard from `start` to each of the next 0 … `days` days, shape (n, days + 1)."""
        rate = self.cumulative[-1] - self.cumulative[-2]
        extra = max(0, int(start.max(initial=0)) + days + 1 - len(self.cumulative))
        whole = np.r_[self.cumulative, self.cumulative[-1] + rate * np.arange(1, extra + 1)]
        return whole[start[:, None] + np.arange(days + 1)] - whole[start][:, None]


@dataclass(frozen=True)
class Extrapolation:
    """Beyond the last day with `min_at_risk` at risk, the mean of the `tail_days` before it goes on."""

    min_at_risk: int
    tail_days: int


def daily_hazard(
    entry: np.ndarray,
    stop: np.ndarray,
    event: np.ndarray,
    beyond: Extrapolation,
    relative_hazard: np.ndarray | None = None,
) -> DailyHazard:
    """Hazard by day from rows at risk in (entry, stop], whole days.

    Parameters
    ----------
    relative_hazard
        exp(x b) of each row, for Breslow's baseline (a sum); None for Kaplan-Meier (a product, ``-log(1 - d/n)``).
    """
    size = int(stop.max()) + 2
    weight = np.ones(len(entry)) if relative_hazard is None else relative_hazard
    change = np.bincount(entry + 1, weight, size + 1) - np.bincount(stop + 1, weight, size + 1)
    risk, count = np.cumsum(change)[:size], at_risk(entry, stop, days=size - 1)
    events = np.bincount(stop[event], minlength=size).astype("float64")
    step = np.divide(events, risk, out=np.zeros(size), where=(events > 0) & (risk > 0))
    if relative_hazard is None:
        step = -np.log1p(-np.minimum(step, 1 - 1e-9))
    enough = np.flatnonzero(count >= beyond.min_at_risk)
    supported = int(enough[-1]) if len(enough) else size - 1
    step = step[: supported + 1]
    carried = float(step[max(1, supported + 1 - beyond.tail_days) :].mean()) if supported else 0.0
    return DailyHazard(np.cumsum(np.r_[step, carried]), supported)
