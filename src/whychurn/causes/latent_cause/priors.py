"""What is assumed of the coefficients before any data.

The bases of the causes are columns alike: no exposure tells how they share what is left unexplained, only answers and texts do, and
a split that fits them best lies at an edge. So an even split is assumed, worth `base_prior` leavings of each cause (Dirichlet).

Of exposures that go together, the ones that fit best take all, and the rest get nothing. So each is assumed to explain as many leavings
as any other, together `excess_share` of all, which is worth `excess_prior` leavings of each exposure (gamma).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.causes.exposures.history import Tape
from whychurn.causes.exposures.member_block import BASES
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams


@dataclass(frozen=True)
class Priors:
    """Leavings that the assumptions are worth.

    Parameters
    ----------
    bases
        Places of the bases, and of their excess among newcomers, with the leavings of each place.
    excess
        Leavings of each exposure, zero for the bases; the columns of one exposure share them; (J,).
    exposed
        Exposure that goes with them: what is assumed holds also where a resample leaves nobody who met one; (J,).
    """

    bases: list[tuple[Array, Array]]
    excess: Array
    exposed: Array

    def coefficients(self, mass: Array, exposed: Array) -> Array:
        """Coefficients from the leavings ascribed to each exposure and its sum over all at risk, drawn to what is assumed; (J,)."""
        for at, prior in self.bases:  # of the bases only the split moves
            held = mass[at] + prior
            mass[at] = held / held.sum() * mass[at].sum()
        return (mass + self.excess) / np.maximum(exposed + self.exposed, 1e-12)

    def log(self, beta: Array) -> float:
        """Log of the assumptions at coefficients `beta`, up to a constant."""
        split = [(prior, beta[at] / max(beta[at].sum(), 1e-300)) for at, prior in self.bases]
        value = sum(float(prior @ np.log(np.maximum(share, 1e-300))) for prior, share in split)
        told = self.excess > 0
        value += float(self.excess[told] @ np.log(np.maximum(beta[told], 1e-300)))
        return value - float(self.exposed @ beta)


def priors_of(tape: Tape, split: Array | None, leavings: float, params: CausesParams) -> Priors:
    """Priors of the exposures on the tape.

    Parameters
    ----------
    split
        How the causes share the bases; even if not given; (6,), sums to one.
    leavings
        Number of leavings that teach the hazard.
    """
    even = np.full(len(CAUSES), 1 / len(CAUSES)) if split is None else split
    names = np.array(tape.names)
    places = [np.flatnonzero(names == name) for name in BASES]
    bases = [(at, len(CAUSES) * params.base_prior * even[tape.causes[at]]) for at in places if len(at)]
    met = ~np.isin(names, BASES)
    roots = np.array([f"{cause} {root}" for cause, root in zip(tape.causes, tape.roots, strict=True)])
    found, which, columns = np.unique(roots[met], return_inverse=True, return_counts=True)
    excess = np.zeros(len(names))
    excess[met] = params.excess_prior / columns[which] if len(found) else 0.0
    assumed = params.excess_share * leavings / max(len(found), 1)
    worth = params.excess_prior / max(assumed, 1e-9)
    return Priors(bases, excess, np.where(met, worth * tape.totals.x.sum(axis=0), 0.0))
