"""One step of EM for the additive hazard and what members say, and its log posterior."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from functools import reduce
from typing import Final

import numpy as np

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.exposures.activity_rate import frailty
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.confusion_matrices import (
    RESPONSE_SPREAD,
    ConfusionMatrices,
    OverStatement,
    confusion_log_density,
    fit_confusion,
    prior_confusion,
)
from whychurn.causes.latent_cause.hazard_priors import HazardPriors, hazard_priors
from whychurn.causes.latent_cause.tape_blocks import TapeBlock, cut_tape, expect_block, posterior_block
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams

K: Final = len(CAUSES)
LEAST: Final = 1e-12  # a coefficient or a chance this small is none, and has a logarithm


@dataclass(frozen=True)
class Assumptions:
    """What is assumed before any data; a resample draws other values (`resampled_fits`).

    Parameters
    ----------
    confusion
        Prior of what members say; `prior_confusion` if not given.
    total_shares
        Prior mean of the share of each cause in all churn events; even if not given; (6,).
    answers_worth, response_spread
        See `fit_confusion`.
    """

    confusion: ConfusionMatrices | None = None
    total_shares: Array = field(default_factory=lambda: np.full(K, 1 / K))
    answers_worth: float = 1.0
    response_spread: float = RESPONSE_SPREAD


@dataclass(frozen=True)
class EmSteps:
    """What the steps of EM need.

    Parameters
    ----------
    events
        Positions of the spells that ended in churn; (n,).
    blocks
        The tape, for the E-step.
    weight
        How often all churn events together count.
    at_risk
        Exposures over all weeks at risk by activity stratum; (strata, J).
    churned
        Churn events by stratum; (strata,).
    priors, prior
        Of the coefficients, and of what members say.
    """

    history: ExposureHistory
    events: Array
    blocks: list[TapeBlock]
    weight: float
    at_risk: Array
    churned: Array
    priors: HazardPriors
    prior: ConfusionMatrices
    assumed: Assumptions
    params: CausesParams

    @classmethod
    def of(
        cls,
        history: ExposureHistory,
        labels: NoisyLabels,
        counts: Array,
        assumed: Assumptions,
        params: CausesParams,
    ) -> EmSteps:
        """Gather them; parameters as `additive_hazard_em.fit_additive` takes them."""
        events, blocks = cut_tape(history, labels, counts)
        weight = float(counts[events].sum())
        priors = hazard_priors(history, assumed.total_shares, weight, params)
        prior = assumed.confusion or prior_confusion(labels.select(events))
        strata = [rows.stratum.max(initial=0) for rows in (history.totals, history.decisions)]
        sums = [block.at_risk(int(max(strata)) + 1) for block in blocks]
        at_risk, churned = (reduce(np.add, parts) for parts in zip(*sums, strict=True))
        return cls(history, events, blocks, weight, at_risk, churned, priors, prior, assumed, params)

    def step(self, state: Array) -> tuple[Array, float, Array]:
        """Next state, log posterior and shares of the causes at the given one."""
        beta, factor, confusion = self.unpacked(state)
        exposure, assumed = factor @ self.at_risk, self.assumed
        expected = (expect_block(block, self.history.causes, beta, confusion) for block in self.blocks)
        sums = reduce(operator.add, expected)
        value = sums.log_likelihood
        value += float(self.churned @ np.log(factor)) - float(exposure @ beta)
        value += self.priors.log_density(beta, exposure)
        value += confusion_log_density(confusion, self.prior, assumed.answers_worth, assumed.response_spread)
        beta = self.priors.coefficients(beta * sums.claimed, beta, exposure)
        beta[~self.history.used] = 0.0
        factor, beta = _with_frailty(self.churned, self.at_risk, beta, self.params)
        said = fit_confusion(sums.said, confusion, self.prior, assumed.answers_worth, assumed.response_spread)
        return self.packed(beta, factor, said), value, sums.causes / max(self.weight, 1e-9)

    def posterior(self, beta: Array, confusion: ConfusionMatrices) -> Array:
        """Posterior of the causes of each churn event; (n, 6)."""
        return np.concatenate(
            [posterior_block(block, self.history.causes, beta, confusion) for block in self.blocks]
        )

    def even(self) -> Array:
        """Coefficients with all causes alike, and all exposures of a cause alike; (J,)."""
        history, exposure = self.history, self.at_risk.sum(axis=0)
        columns = np.bincount(history.causes[history.used], minlength=K)
        even = 1 / (K * np.maximum(columns, 1))[history.causes] * self.weight / np.maximum(exposure, LEAST)
        return np.where(history.used, even, 0.0)

    def packed(self, beta: Array, factor: Array, confusion: ConfusionMatrices) -> Array:
        """One vector of logarithms, on which long steps are taken."""
        said = (confusion.answers, confusion.before, confusion.after)
        parts = [beta, factor, confusion.response_rates]
        parts += [np.array([one.true, *one.habit]) for one in said]
        return np.log(np.maximum(np.concatenate(parts), LEAST**2))

    def unpacked(self, state: Array) -> tuple[Array, Array, ConfusionMatrices]:
        """Coefficients, frailty and what members say, each within its bounds."""
        sizes = np.cumsum([len(self.history.names), len(self.churned), K, K + 2, K + 2])
        beta, factor, rates, *said = np.split(np.exp(np.minimum(state, 50.0)), sizes)
        beta = np.where(self.history.used, beta, 0.0)
        told = [OverStatement(min(float(one[0]), 1 - 1e-6), one[1:] / one[1:].sum()) for one in said]
        return beta, factor, ConfusionMatrices(np.clip(rates, 1e-3, 1 - 1e-3), *told)

    def importance(self, state: Array) -> Array:
        """Expected events behind each element of a state: what few explain does not set the length of steps."""
        beta, factor, _ = self.unpacked(state)
        others = np.full(len(state) - len(beta), 0.0)
        return np.concatenate([beta * (factor @ self.at_risk), others])


def _with_frailty(churned: Array, at_risk: Array, beta: Array, params: CausesParams) -> tuple[Array, Array]:
    """Frailty of each stratum, one on average over the expected events, and matching coefficients."""
    expected = at_risk @ beta
    factor = frailty(churned, expected, params.pace.prior)
    mean = float(factor @ expected) / max(float(expected.sum()), 1e-300)
    return (factor / mean, beta * mean) if mean > 0 else (factor, beta)
