"""Priors of the coefficients of the additive hazard, in expected churn events.

Totals. How the causes share all churn events is assumed even (Dirichlet, `TOTAL_PRIOR` events a cause), base
and excess together, not how they share the base: a cause of which the tables hold no record gets its part
through its base. Nothing but labels and this tells the bases apart. New members leave so much more often,
whatever the cause: the early part of each base has the same ratio to it.

Exposures. Of exposures that are correlated, the ones that fit best would take all. So each is assumed to
explain the part ``EXCESS_SHARE / 6`` of all churn events that is its cause's, over the number of exposures of
the cause; never more than the data allow it (`ExposureHistory.supported`), nor than an exposure can that only
a part p of member-weeks meets, ``2p / (1 + 2p)`` (those exposed leave three times as often). That is worth
`excess_prior` events a cause (gamma).
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

TOTAL_PRIOR: Final = 15.0  # churn events of each cause that an even split of all is worth
EXCESS_SHARE: Final = 0.5  # of all churn events that exposures explain beforehand
LEAST_BASE: Final = 0.5  # churn events of a base: from none at all EM would not come back
LEAST_ASSUMED: Final = 0.002  # share of the churn events of an exposure that shows no effect at all
EXPOSED_EXCESS: Final = 2.0  # of the hazard of those who meet an exposure over that of others, at most


@dataclass(frozen=True)
class HazardPriors:
    """What the assumptions are worth, in churn events.

    Parameters
    ----------
    causes
        Cause of each column; (J,).
    base
        Columns of the bases and of their early parts.
    totals
        Events of each cause; (6,).
    excess
        Events of each exposure, zero for the bases; the columns of one exposure share them; (J,).
    exposure
        Exposure that goes with them: the prior holds also where a resample has nobody exposed; (J,).
    """

    causes: Array
    base: tuple[Array, ...]
    totals: Array
    excess: Array
    exposure: Array

    def coefficients(self, events: Array, coefficients: Array, exposure: Array) -> Array:
        """Coefficients of a higher posterior: one step of EM from `coefficients`; (J,).

        Each prior event of a cause is ascribed to its columns as the expected ones are. Of the bases, which
        the prior moves most, the step is the maximum given the excess: the root of
        ``n / b - c + a / (b + e) = 0`` for a base of b events, n of them ascribed, and an excess of e.

        Parameters
        ----------
        events
            Churn events ascribed to each column; (J,).
        exposure
            Sum of each column over all at risk; (J,).
        """
        mass = coefficients * exposure
        total = np.maximum(self._by_cause(mass), 1e-12)
        damped = 1 + self.totals.sum() / total.sum()  # bounds - log(sum of totals) from below
        prior = self.excess + (self.totals / total)[self.causes] * mass
        rate = damped * exposure + self.exposure
        new = (events + prior) / np.maximum(rate, 1e-12)
        if not self.base:
            return new
        base = np.concatenate(self.base)
        above = np.bincount(
            np.delete(self.causes, base), np.delete(new * exposure, base), minlength=len(CAUSES)
        )
        ascribed = np.bincount(self.causes[base], events[base], minlength=len(CAUSES))
        lead = ascribed + self.totals - damped * above
        split = (lead + np.sqrt(lead**2 + 4 * damped * ascribed * above)) / (2 * damped)
        split = np.maximum(split, LEAST_BASE)
        parts = np.array([events[at].sum() for at in self.base])
        for at, part in zip(self.base, parts / max(parts.sum(), 1e-12), strict=True):
            new[at] = split[self.causes[at]] * part / np.maximum(exposure[at], 1e-12)
        return new

    def log_density(self, coefficients: Array, exposure: Array) -> float:
        """Log prior density at `coefficients`, up to a constant."""
        total = self._by_cause(coefficients * exposure)
        value = float(self.totals @ np.log(np.maximum(total / max(total.sum(), 1e-300), 1e-300)))
        some = self.excess > 0
        value += float(self.excess[some] @ np.log(np.maximum(coefficients[some], 1e-300)))
        return value - float(self.exposure @ coefficients)

    def _by_cause(self, mass: Array) -> Array:
        return np.bincount(self.causes, mass, minlength=len(CAUSES))


def hazard_priors(
    history: ExposureHistory, total_shares: Array, events: float, params: CausesParams
) -> HazardPriors:
    """Priors of the exposures of `history`.

    Parameters
    ----------
    total_shares
        Prior mean of the share of each cause in all churn events; (6,), sums to one.
    events
        Number of churn events that the hazard is fitted to.
    """
    names = np.array(history.names)
    columns = (np.flatnonzero(names == name) for name in BASES)
    base = tuple(at for at in columns if len(at))
    is_excess = ~np.isin(names, BASES) & history.used
    roots = np.array([f"{cause} {root}" for cause, root in zip(history.causes, history.roots, strict=True)])
    of_cause, size = np.zeros(len(names)), np.zeros(len(names))
    for column in np.flatnonzero(is_excess):
        of_cause[column] = len(set(roots[is_excess & (history.causes == history.causes[column])]))
        size[column] = (roots[is_excess] == roots[column]).sum()
    excess = np.where(is_excess, params.excess_prior / np.maximum(of_cause * size, 1), 0.0)
    assumed = EXCESS_SHARE / (len(CAUSES) * np.maximum(of_cause, 1))
    met = EXPOSED_EXCESS * history.met
    assumed = np.minimum(assumed, np.maximum(met / (1 + met), LEAST_ASSUMED))
    if history.supported is not None:
        assumed = np.minimum(assumed, np.maximum(history.supported, LEAST_ASSUMED))
    # of each column: worth / expected events of the column, times its sum over all at risk
    factor = excess * np.maximum(size, 1) / np.maximum(assumed * events, 1e-9)
    exposure = np.where(is_excess, factor * history.totals.x.sum(axis=0), 0.0)
    return HazardPriors(history.causes, base, len(CAUSES) * TOTAL_PRIOR * total_shares, excess, exposure)
