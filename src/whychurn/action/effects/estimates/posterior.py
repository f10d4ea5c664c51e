"""Posterior of the free numbers: Gaussian least squares, and a spike on "does nothing" for matched causes.

The spike and slab is met by expectation propagation (Hernández-Lobato, Hernández-Lobato & Suárez 2015): each matched number
gets a Gaussian site whose moments are those of spike and slab, given what the tests and all other numbers say of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import special, stats

from whychurn.action.effects.estimates.basis import DEFAULT_BELIEF, Basis
from whychurn.contract.arrays import Array

DUD: Final = 0.3  # weight of "does nothing" of an action with matched causes
SLAB_SD: Final = 0.25  # of an action with the usual belief; of others in proportion to theirs
LEAST_BELIEF: Final = 0.1  # below which doubt shrinks no more
OTHER_SD: Final = (
    0.05  # of causes that an action is not meant for, most of which it leaves alone; of own numbers
)
UNMATCHED_SD: Final = 0.15
KAPPA_SD: Final = (0.10, 0.05)  # of what actions share, and of each one's own part
EXACT: Final = 1e10  # precision of what is known
SWEEPS: Final = 30
EMPIRICAL_FROM: Final = 4  # tested actions from which on spreads are read from them
GRID: Final = np.exp(np.linspace(-1.4, 0.7, 15))  # of a spread, over its usual value
LOG_SPREAD_SD: Final = 0.5


@dataclass(frozen=True)
class Prior:
    """Spreads of what is believed.

    Parameters
    ----------
    slab_sd
        Sd of the number of an action with the usual belief over its matched causes, if it works.
    other_sd
        Sd over the other causes.
    """

    slab_sd: float = SLAB_SD
    other_sd: float = OTHER_SD

    def slab(self, belief: Array) -> Array:
        """Sd of matched numbers with these beliefs if they work: little is believed with little spread, so that what is
        believed least is not made the best by the noise of its test; (n,).
        """
        return self.slab_sd * np.maximum(belief, LEAST_BELIEF) / DEFAULT_BELIEF

    def precision(self, basis: Basis) -> Array:
        """Precision of all numbers but the matched ones, which sites bring; (J, J)."""
        sd = {"matched": np.inf, "unmatched": UNMATCHED_SD, "kappa": np.inf}
        diagonal = np.array([sd.get(str(kind), self.other_sd) for kind in basis.kind], dtype="float64")
        matrix = np.diag(diagonal**-2.0)
        kappa = np.flatnonzero(basis.kind == "kappa")
        shared, own = KAPPA_SD
        covariance = shared**2 + own**2 * np.eye(len(kappa))
        if len(kappa):
            matrix[np.ix_(kappa, kappa)] = np.linalg.inv(covariance)
        return matrix


@dataclass(frozen=True)
class Posterior:
    """Posterior of the free numbers.

    Parameters
    ----------
    mean, covariance
        (J,) and (J, J).
    said, said_variance
        What the tests and all other numbers say of each number, its own prior apart; (J,).
    works
        Chance that a matched number is not zero; 1 of others; (J,).
    slab_mean, slab_sd
        Of a matched number if it is not zero; mean and sd of others; (J,).
    prior
        The prior met.
    """

    mean: Array
    covariance: Array
    said: Array
    said_variance: Array
    works: Array
    slab_mean: Array
    slab_sd: Array
    prior: Prior

    def quantile(self, number: int, level: float) -> float:
        """Quantile of one free number, spike included."""
        works, mean, sd = self.works[number], self.slab_mean[number], self.slab_sd[number]
        below = works * stats.norm.cdf(0.0, mean, sd)
        if level < below:
            return float(stats.norm.ppf(level / works, mean, sd))
        if level <= below + 1 - works:
            return 0.0
        return float(stats.norm.ppf((level - 1 + works) / works, mean, sd))


def fit_posterior(precision: Array, shift: Array, basis: Basis) -> Posterior:
    """Posterior from the normal equations of the rows; spreads from the actions themselves where enough were tested."""
    found = propagate(precision, shift, basis, Prior())
    prior = empirical_prior(found, basis)
    return found if prior == found.prior else propagate(precision, shift, basis, prior)


def propagate(precision: Array, shift: Array, basis: Basis, prior: Prior) -> Posterior:
    """Posterior under a given `prior`."""
    matched = np.flatnonzero(basis.kind == "matched")
    total = precision + prior.precision(basis)
    slab_sd = prior.slab(basis.belief[matched])
    site, site_shift = slab_sd**-2.0, basis.belief[matched] * slab_sd**-2.0
    for _ in range(SWEEPS):
        mean, covariance = _solved(total, shift, matched, site, site_shift)
        said, said_variance = _without(mean, covariance, matched, site, site_shift)
        moments = _spike_and_slab(said, said_variance, basis.belief[matched], slab_sd)
        precise = np.clip(1 / moments[1] - 1 / said_variance, 1e-3, EXACT)
        moved = np.abs(np.log(precise / site)).max(initial=0.0)
        site = np.sqrt(site * precise)  # half the way, on the log: steady
        site_shift = moments[0] * (site + 1 / said_variance) - said / said_variance
        if moved < 1e-4:
            break
    own = np.diag(prior.precision(basis)).copy()
    own_shift = np.zeros(basis.size)
    own[matched], own_shift[matched] = site, site_shift
    everywhere = _without(mean, covariance, np.arange(basis.size), own, own_shift)
    works, slab_mean, slab_sd = np.ones(basis.size), mean.copy(), np.sqrt(np.diag(covariance))
    if len(matched):
        works[matched], slab_mean[matched], slab_sd[matched] = moments[2:]
    return Posterior(mean, covariance, *everywhere, works, slab_mean, slab_sd, prior)


def empirical_prior(found: Posterior, basis: Basis) -> Prior:
    """Spreads that make the tests likeliest, each held near its usual value (empirical Bayes, on a grid); where fewer
    than `EMPIRICAL_FROM` actions were tested, those of `found`.
    """
    prior = found.prior
    for kind, name, usual in (("matched", "slab_sd", SLAB_SD), ("other", "other_sd", OTHER_SD)):
        numbers = np.flatnonzero(basis.kind == kind)
        if len(numbers) < EMPIRICAL_FROM:
            continue
        at, variance, belief = found.said[numbers], found.said_variance[numbers], basis.belief[numbers]
        share = prior.slab(belief) / prior.slab_sd if kind == "matched" else 1.0
        fit = []
        for factor in GRID:
            density = stats.norm.pdf(at, belief, np.sqrt(variance + (usual * factor * share) ** 2))
            if kind == "matched":
                density = DUD * stats.norm.pdf(at, 0, np.sqrt(variance)) + (1 - DUD) * density
            off = 0.5 * (np.log(factor) / LOG_SPREAD_SD) ** 2
            fit.append(float(np.log(np.maximum(density, 1e-300)).sum() - off))
        prior = replace(prior, **{name: float(usual * GRID[int(np.argmax(fit))])})
    return prior


def _solved(
    total: Array, shift: Array, numbers: Array, site: Array, site_shift: Array
) -> tuple[Array, Array]:
    """Mean and covariance with the sites added to `numbers`."""
    precise, moved = total.copy(), shift.copy()
    precise[numbers, numbers] += site
    moved[numbers] += site_shift
    covariance = np.linalg.inv(precise)
    return covariance @ moved, covariance


def _without(
    mean: Array, covariance: Array, numbers: Array, own: Array, own_shift: Array
) -> tuple[Array, Array]:
    """Mean and variance of each of `numbers` without its own prior."""
    variance = covariance[numbers, numbers]
    precise = np.maximum(1 / variance - own, 1e-6)
    return (mean[numbers] / variance - own_shift) / precise, 1 / precise


def _spike_and_slab(
    said: Array, variance: Array, belief: Array, slab_sd: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Mean, variance, chance not to be zero, and mean and sd then, of numbers known up to `variance`."""
    spike = stats.norm.logpdf(said, 0, np.sqrt(variance)) + np.log(DUD)
    slab = stats.norm.logpdf(said, belief, np.sqrt(variance + slab_sd**2)) + np.log(1 - DUD)
    works = special.expit(slab - spike)
    precise = 1 / variance + slab_sd**-2.0
    mean = (said / variance + belief * slab_sd**-2.0) / precise
    spread = works / precise + works * (1 - works) * mean**2
    return works * mean, np.maximum(spread, 1e-9), works, mean, precise**-0.5
