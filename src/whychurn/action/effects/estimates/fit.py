"""Effects of all actions, tested or believed, with draws that carry what resamples of members say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from whychurn.action.effects.estimates.basis import Basis, Believed, build_basis
from whychurn.action.effects.estimates.posterior import (
    DUD,
    EXACT,
    KAPPA_SD,
    OTHER_SD,
    UNMATCHED_SD,
    Posterior,
    Prior,
    fit_posterior,
)
from whychurn.action.effects.estimates.randomised_rows import LEAST_CHANCE, RandomisedRows
from whychurn.action.effects.estimates.sums import Sums, member_counts, sufficient_sums
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

LEVELS: Final = (0.025, 0.975)


@dataclass(frozen=True)
class Fit:
    """Efficacies of A actions, those of tests and those of belief alone.

    Parameters
    ----------
    actions
        Names.
    theta, theta_low, theta_high
        (A, 6).
    theta_draws
        (R, A, 6).
    kappa, kappa_draws
        (A,) and (R, A).
    p_works, bayes_factor
        (A,); see `Effects`.
    spreads
        Spreads met, for the facts.
    """

    actions: list[str]
    theta: Array
    theta_low: Array
    theta_high: Array
    theta_draws: Array
    kappa: Array
    kappa_draws: Array
    p_works: Array
    bayes_factor: Array
    spreads: Mapping[str, float]

    def beside(self, other: Fit) -> Fit:
        """These actions, then those of `other`."""
        joined = {
            name: np.concatenate(
                [getattr(self, name), getattr(other, name)], axis=-2 if "theta" in name else -1
            )
            for name in (
                "theta",
                "theta_low",
                "theta_high",
                "theta_draws",
                "kappa",
                "kappa_draws",
                "p_works",
                "bayes_factor",
            )
        }
        return Fit(
            actions=[*self.actions, *other.actions], spreads={**self.spreads, **other.spreads}, **joined
        )


def fit_effects(rows: RandomisedRows, believed: Mapping[str, Believed], resamples: int, seed: int) -> Fit:
    """Efficacies of the actions in `rows`, and of those that are `believed` only.

    Parameters
    ----------
    believed
        Belief by action; an action of the rows without one may act on all causes alike, either way.
    resamples
        Resamples of members, each with a draw of its own from what is believed (posterior bootstrap: Fong, Lyddon &
        Holmes 2019).
    """
    prior = believed_only(
        {name: believed[name] for name in sorted(set(believed) - set(rows.actions))}, resamples, seed
    )
    if not rows.actions:
        return prior
    basis = build_basis(rows, believed)
    counts = member_counts(int(rows.member.max()) + 1, resamples, seed)
    first = sufficient_sums(rows, basis, counts[:1], rows.variance)
    found = fit_posterior(first.precision[0], first.shift[0], basis)
    sums = sufficient_sums(rows, basis, counts, _variance_at(rows, basis, found))
    found = fit_posterior(sums.precision[0], sums.shift[0], basis)
    return _of_tests(rows.actions, basis, found, _draws(sums, basis, found, seed)).beside(prior)


def believed_only(entries: Mapping[str, Believed], resamples: int, seed: int) -> Fit:
    """Efficacies of actions that no test tells of: what is believed, and draws of it."""
    rng = np.random.default_rng([seed, 1 << 20])
    flags = np.array([one.flags for one in entries.values()]).reshape(len(entries), len(CAUSES))
    belief = np.array([one.belief for one in entries.values()]).reshape(len(entries), 1)
    matched = np.asarray(flags.any(axis=1, keepdims=True))
    side = np.where(matched, OTHER_SD, UNMATCHED_SD)
    slab_sd = Prior().slab(belief)
    shape = (resamples, len(entries))
    at_work: Array = rng.random(shape) < 1 - DUD
    drawn = np.where(at_work, belief[:, 0] + slab_sd[:, 0] * rng.standard_normal(shape), 0.0)
    other = side[:, 0] * rng.standard_normal(shape)
    shared, own = KAPPA_SD
    kappa = shared * rng.standard_normal((resamples, 1)) + own * rng.standard_normal(shape)
    slab, beside = flags * slab_sd, (1 - flags) * side
    return Fit(
        actions=list(entries),
        theta=(1 - DUD) * belief * flags,
        theta_low=np.minimum(flags * belief - 1.96 * slab, 0) - 1.96 * beside,
        theta_high=flags * belief + 1.96 * (slab + beside),
        theta_draws=drawn[:, :, None] * flags + other[:, :, None] * (1 - flags),
        kappa=np.zeros(len(entries)),
        kappa_draws=kappa,
        p_works=np.where(matched[:, 0], (1 - DUD) * special.ndtr((belief / slab_sd)[:, 0]), 0.5),
        bayes_factor=np.ones(len(entries)),
        spreads={},
    )


def _variance_at(rows: RandomisedRows, basis: Basis, found: Posterior) -> Array:
    """Variance of the outcome at the first fit, for one Newton step more; rows whose chance is clipped say nothing."""
    theta, kappa = basis.theta(found.mean, len(rows.actions)), basis.kappa(found.mean)
    treated = rows.action >= 0
    at = np.where(treated, rows.action, 0)
    removed = np.where(treated, (rows.q * theta[at]).sum(axis=1) - kappa[at] * rows.d, 0.0)
    chance = rows.p * (1 - removed)
    clipped = np.clip(chance, LEAST_CHANCE, 1 - LEAST_CHANCE)
    return np.where((chance < 0) | (chance > 1), np.inf, clipped * (1 - clipped))


def _of_tests(names: list[str], basis: Basis, found: Posterior, draws: Array) -> Fit:
    actions = len(names)
    bounds = np.zeros((2, actions, len(CAUSES)))
    works, before = np.zeros(actions), np.full(actions, 0.5)
    for action in range(actions):
        at = basis.of(action)
        for cause in range(len(CAUSES)):
            bounds[:, action, cause] = _interval(found, basis, at, cause)
        works[action] = found.works[at[0]] * special.ndtr(found.slab_mean[at[0]] / found.slab_sd[at[0]])
        if basis.kind[at[0]] == "matched":
            before[action] = (1 - DUD) * special.ndtr(
                basis.belief[at[0]] / found.prior.slab(basis.belief[at[0]])
            )
    return Fit(
        actions=names,
        theta=basis.theta(found.mean, actions),
        theta_low=bounds[0],
        theta_high=bounds[1],
        theta_draws=basis.theta(draws, actions),
        kappa=basis.kappa(found.mean),
        kappa_draws=basis.kappa(draws),
        p_works=works,
        bayes_factor=works / np.maximum(1 - works, 1e-9) * (1 - before) / before,
        spreads={"slab_sd": found.prior.slab_sd, "other_sd": found.prior.other_sd},
    )


def _interval(found: Posterior, basis: Basis, at: Array, cause: int) -> tuple[float, float]:
    """Interval of one efficacy: of its number, or of the sum where the cause has one of its own as well."""
    numbers = at[basis.causes[at, cause] > 0]
    if len(numbers) == 1:
        return found.quantile(numbers[0], LEVELS[0]), found.quantile(numbers[0], LEVELS[1])
    mean = found.mean[numbers].sum()
    half = 1.96 * np.sqrt(found.covariance[np.ix_(numbers, numbers)].sum())
    return float(mean - half), float(mean + half)


def _draws(sums: Sums, basis: Basis, found: Posterior, seed: int) -> Array:
    """One draw a resample: its rows, and a prior mean drawn from the prior; matched numbers are zero as often as the
    posterior has them; (R, J).
    """
    resamples = len(sums.shift) - 1
    rng = np.random.default_rng([seed, 1 << 21])
    prior = found.prior.precision(basis)
    matched = np.flatnonzero(basis.kind == "matched")
    slab_sd = found.prior.slab(basis.belief[matched])
    free = np.setdiff1d(np.arange(basis.size), matched)
    spread = np.linalg.cholesky(np.linalg.inv(prior[np.ix_(free, free)]))
    # evenly spread over the draws: chance says how many are zero, lot says which
    even = (rng.permuted(np.tile(np.arange(resamples), (len(matched), 1)), axis=1) + rng.random()) / max(
        resamples, 1
    )
    draws = np.zeros((resamples, basis.size))
    for number in range(resamples):
        at_work = np.less(even[:, number], found.works[matched])
        centre = np.zeros(basis.size)
        centre[free] = spread @ rng.standard_normal(len(free))
        slab = basis.belief[matched] + slab_sd * rng.standard_normal(len(matched))
        centre[matched] = np.where(at_work, slab, 0.0)
        precise = prior.copy()
        precise[matched, matched] = np.where(at_work, slab_sd**-2.0, EXACT)
        total = sums.precision[1 + number] + precise
        draws[number] = np.linalg.solve(total, sums.shift[1 + number] + precise @ centre)
        draws[number, matched[~at_work]] = 0.0  # known to be nothing: what is left of a division has no sign
    return draws
