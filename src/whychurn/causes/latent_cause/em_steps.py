"""One step of EM for the additive hazard and what members say, and its log posterior."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    label_log_likelihood,
    prior_confusion,
)
from whychurn.causes.latent_cause.hazard_priors import HazardPriors, hazard_priors
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
    events, event
        Positions of the spells that ended in churn, (n,); position among them of each row of the decision windows.
    labels, weight
        Labels of the events, and how often each counts; (n,).
    at_risk
        Exposures over all weeks at risk by activity stratum; (strata, J).
    churned
        Churn events by stratum; (strata,).
    priors, prior
        Of the coefficients, and of what members say.
    """

    history: ExposureHistory
    events: Array
    event: Array
    labels: NoisyLabels
    weight: Array
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
        events, event = np.unique(history.decisions.spell, return_inverse=True)
        labels, weight = labels.select(events), counts[events]
        priors = hazard_priors(history, assumed.total_shares, float(weight.sum()), params)
        prior = assumed.confusion or prior_confusion(labels)
        at_risk, churned = _by_stratum(history, counts)
        return cls(history, events, event, labels, weight, at_risk, churned, priors, prior, assumed, params)

    def step(self, state: Array) -> tuple[Array, float, Array]:
        """Next state, log posterior and shares of the causes at the given one."""
        beta, factor, confusion = self.unpacked(state)
        exposure, assumed = factor @ self.at_risk, self.assumed
        share, p, value = self.expected(beta, confusion)
        value += float(self.churned @ np.log(factor)) - float(exposure @ beta)
        value += self.priors.log_density(beta, exposure)
        value += confusion_log_density(confusion, self.prior, assumed.answers_worth, assumed.response_spread)
        weighted = p * self.weight[:, None]
        beta = self.priors.coefficients(beta * share, beta, exposure)
        beta[~self.history.used] = 0.0
        factor, beta = _with_frailty(self.churned, self.at_risk, beta, self.params)
        said = fit_confusion(
            self.labels, weighted, confusion, self.prior, assumed.answers_worth, assumed.response_spread
        )
        return self.packed(beta, factor, said), value, weighted.sum(axis=0) / max(self.weight.sum(), 1e-9)

    def expected(self, beta: Array, confusion: ConfusionMatrices) -> tuple[Array, Array, float]:
        """Events ascribed to each exposure over its coefficient, posterior of each event, log likelihood of events."""
        log = label_log_likelihood(self.labels, confusion)
        top = log.max(axis=1, keepdims=True)
        share, p, density = _expect(self.history, self.event, beta, np.exp(log - top), self.weight)
        return share, p, float(self.weight @ (np.log(np.maximum(density, 1e-300)) + top[:, 0]))

    def even(self) -> Array:
        """Coefficients with all causes alike, and all exposures of a cause alike; (J,)."""
        history, exposure = self.history, self.at_risk.sum(axis=0)
        columns = np.bincount(history.causes[history.used], minlength=K)
        even = (
            1 / (K * np.maximum(columns, 1))[history.causes] * self.weight.sum() / np.maximum(exposure, LEAST)
        )
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


def _by_stratum(history: ExposureHistory, counts: Array) -> tuple[Array, Array]:
    """Exposures over all weeks at risk, and churn events, by activity stratum; (strata, J) and (strata,)."""
    totals, decisions = history.totals, history.decisions
    strata = int(max(totals.stratum.max(initial=0), decisions.stratum.max(initial=0))) + 1
    chosen = (totals.stratum == stratum for stratum in range(strata))
    at_risk = np.stack([counts[totals.spell[rows]] @ totals.x[rows] for rows in chosen])
    weight = counts[decisions.spell] * decisions.weight
    return at_risk, np.bincount(decisions.stratum, weight, strata)


def _with_frailty(churned: Array, at_risk: Array, beta: Array, params: CausesParams) -> tuple[Array, Array]:
    """Frailty of each stratum, one on average over the expected events, and matching coefficients."""
    expected = at_risk @ beta
    factor = frailty(churned, expected, params.pace.prior)
    mean = float(factor @ expected) / max(float(expected.sum()), 1e-300)
    return (factor / mean, beta * mean) if mean > 0 else (factor, beta)


def _expect(
    history: ExposureHistory, event: Array, beta: Array, likelihood: Array, weight: Array
) -> tuple[Array, Array, Array]:
    """One E-step: events ascribed to each exposure over its coefficient, posterior of each event, its
    density.
    """
    x, window = history.decisions.x, history.decisions.weight
    of_cause = np.eye(K, dtype="float32")[history.causes]
    by_cause = (x @ (of_cause * beta[:, None]).astype("float32")) * window[:, None].astype("float32")
    joint = by_cause * likelihood[event]
    density = np.bincount(event, joint.sum(axis=1), len(likelihood))
    safe = np.maximum(density, 1e-300)
    p = np.stack([np.bincount(event, column, len(likelihood)) for column in joint.T], axis=1) / safe[:, None]
    claim = (likelihood * (weight / safe)[:, None])[event] * window[:, None]  # (rows, 6)
    share = ((claim.astype("float32").T @ x) * of_cause.T).sum(axis=0)
    return share, p, density
