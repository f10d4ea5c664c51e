"""Coefficients that change with tenure: rows split at tenure bands, terms times the log tenure of the band.

Within a band every member at risk has the same value of the clock, so the model stays an exact Cox model: the
sums over risk sets need no covariate that changes inside a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from whychurn.survival.cox.counting_process import StartStop

# Days at which the log tenure of an interaction changes: monthly at first, where the hazard changes fastest
TENURE_BANDS: Final = (30, 60, 90, 120, 150, 180, 240, 300, 365, 450, 545, 640, 730, 910, 1095, 1460)


@dataclass(frozen=True)
class TenureClock:
    """A step function of tenure that follows its logarithm.

    Parameters
    ----------
    bounds
        Days at which the value changes, ascending.
    values
        Mean log tenure of the band's events less that of the centre, where it is zero; one more than `bounds`.
    """

    bounds: np.ndarray
    values: np.ndarray

    def at(self, day: np.ndarray | float) -> np.ndarray:
        """Value for the days of the band (bound, next bound]."""
        return self.values[np.searchsorted(self.bounds, day, side="left")]


def tenure_clock(
    event_day: np.ndarray, event_weight: np.ndarray, centre: float, bounds: Sequence[int] = TENURE_BANDS
) -> TenureClock:
    """Clock whose bands hold the mean log tenure of their events; bounds outside the events have no band.

    Parameters
    ----------
    centre
        Day at which the coefficient of the term itself is read.
    """
    days = np.maximum(event_day, 1.0)
    inner = np.array(sorted(bound for bound in bounds if days.min() <= bound < days.max()), dtype=float)
    band = np.searchsorted(inner, days, side="left")
    weight = np.bincount(band, weights=event_weight, minlength=len(inner) + 1)
    total = np.bincount(band, weights=event_weight * np.log(days), minlength=len(inner) + 1)
    edges = np.log(np.r_[days.min(), inner, days.max()])
    middles = (edges[:-1] + edges[1:]) / 2  # where a band has no event
    means = np.divide(total, weight, out=middles, where=weight > 0)
    return TenureClock(inner, means - np.log(centre))


def split_at_bands(data: StartStop, clock: TenureClock) -> tuple[StartStop, np.ndarray]:
    """Rows cut where the clock changes, and the row of each piece. Events stay with the last piece."""
    first = np.searchsorted(clock.bounds, data.entry, side="right")
    last = np.searchsorted(clock.bounds, data.stop, side="left")
    pieces = last - first + 1
    source = np.repeat(np.arange(len(data.entry)), pieces)
    position = np.arange(len(source)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    band = first[source] + position
    edges = np.r_[-np.inf, clock.bounds, np.inf]
    entry = np.maximum(data.entry[source], edges[band])
    stop = np.minimum(data.stop[source], edges[band + 1])
    split = replace(
        data,
        X=data.X[source],
        entry=entry,
        stop=stop,
        event=np.where(position == pieces[source] - 1, data.event[source], 0.0),
        stratum=None if data.stratum is None else data.stratum[source],
        cluster=None if data.cluster is None else data.cluster[source],
    )
    return split, source


def add_tenure_terms(data: StartStop, terms: list[str], clock: TenureClock) -> StartStop:
    """`data`, split, with a column ``<term>:tenure`` for each of `terms`: the term times the clock."""
    split, _ = split_at_bands(data, clock)
    value = clock.at(split.stop)
    at = [data.terms.index(term) for term in terms]
    return replace(
        split,
        terms=(*data.terms, *(f"{term}:tenure" for term in terms)),
        X=np.column_stack([split.X, split.X[:, at] * value[:, None]]),
    )
