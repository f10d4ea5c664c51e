"""Priors of the coefficients of the additive hazard.

The background hazards of the causes are columns alike: no exposure tells how they share what is left
unexplained, only labels do, and a split that fits these best lies at an edge. So an even split is assumed,
worth `BACKGROUND_PRIOR` churn events of each cause (Dirichlet).

Of exposures that are correlated, the ones that fit best take all, and the rest get nothing. So each is
assumed to explain as many churn events as any other, together `EXCESS_SHARE` of all, which is worth
`excess_prior` events each (gamma). Where the data say that an exposure can explain no more than so many
(`ExposureHistory.supported`), no more is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.causes.exposures.block_exposures import BASES
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams

BACKGROUND_PRIOR: Final = 15.0  # churn events of each cause that an even split of the background is worth
LEAST_ASSUMED: Final = 0.002  # share of the churn events of an exposure that shows no effect at all
EXCESS_SHARE: Final = 0.7  # of all churn events that exposures explain beforehand: more than half, not all


@dataclass(frozen=True)
class HazardPriors:
    """Churn events that the assumptions are worth.

    Parameters
    ----------
    background
        Columns of the background hazard, and of its early-tenure part, with the events of each column.
    excess
        Events of each exposure, zero for the background; the columns of one exposure share them; (J,).
    exposure
        Exposure that goes with them: the prior holds also where a resample has nobody exposed; (J,).
    """

    background: list[tuple[Array, Array]]
    excess: Array
    exposure: Array

    def coefficients(self, events: Array, exposure: Array) -> Array:
        """Posterior mode from the events ascribed to each column and its sum over all at risk; (J,)."""
        for at, prior in self.background:  # of the background only the split moves
            mass = events[at] + prior
            events[at] = mass / mass.sum() * events[at].sum()
        return (events + self.excess) / np.maximum(exposure + self.exposure, 1e-12)

    def log_density(self, coefficients: Array) -> float:
        """Log prior density at `coefficients`, up to a constant."""
        value = 0.0
        for at, prior in self.background:
            share = coefficients[at] / max(coefficients[at].sum(), 1e-300)
            value += float(prior @ np.log(np.maximum(share, 1e-300)))
        some = self.excess > 0
        value += float(self.excess[some] @ np.log(np.maximum(coefficients[some], 1e-300)))
        return value - float(self.exposure @ coefficients)


def hazard_priors(
    history: ExposureHistory, background_shares: Array, events: float, params: CausesParams
) -> HazardPriors:
    """Priors of the exposures of `history`.

    Parameters
    ----------
    background_shares
        Prior mean of the share of each cause in the background hazard; (6,), sums to one.
    events
        Number of churn events that the hazard is fitted to.
    """
    names = np.array(history.names)
    columns = [np.flatnonzero(names == name) for name in BASES]
    worth = len(CAUSES) * BACKGROUND_PRIOR * background_shares
    background = [(at, worth[history.causes[at]]) for at in columns if len(at)]
    is_excess = ~np.isin(names, BASES) & history.used
    roots = [f"{cause} {root}" for cause, root in zip(history.causes, history.roots, strict=True)]
    exposures, which, size = np.unique(np.array(roots)[is_excess], return_inverse=True, return_counts=True)
    excess = np.zeros(len(names))
    excess[is_excess] = params.excess_prior / size[which] if len(exposures) else 0.0
    assumed = np.full(len(names), EXCESS_SHARE / max(len(exposures), 1))
    if history.supported is not None:
        assumed = np.minimum(assumed, np.maximum(history.supported, LEAST_ASSUMED))
    factor = params.excess_prior / np.maximum(assumed * events, 1e-9)
    return HazardPriors(background, excess, np.where(is_excess, factor * history.totals.x.sum(axis=0), 0.0))
