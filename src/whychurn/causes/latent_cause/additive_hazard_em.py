"""The additive cause-specific hazard, with the cause of each churn event latent, fitted by EM.

The hazard of a member in a week is ``f * sum_j b_j x_j`` (additive hazards, Aalen 1989) with exposures ``x_j
>= 0`` that belong to one cause each and coefficients ``b_j >= 0`` (an exposure never protects). The frailty
f, which cancels in the causes, is that of members as active (`exposures.activity_rate`). Members who stay
inform the fit as much as those who leave. Given the exposures the cause of a churn event is k with
probability ``sum_{j in k} b_j x_j / sum_j b_j x_j``; survey answers and texts are noisy labels of it. All
unknowns are found together by EM (Dempster, Laird and Rubin 1977): additive hazards make every step closed
form, as in positron tomography (Shepp and Vardi 1982): a coefficient is the number of events ascribed to its
exposure over the exposure of all members at risk.

What labels and exposures leave open is settled by priors, see `hazard_priors` and `confusion_matrices`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.exposures.activity_rate import frailty
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.latent_cause.confusion_matrices import (
    RESPONSE_SPREAD,
    SURVEY_PRIOR,
    ConfusionMatrices,
    fit_confusion,
    label_log_likelihood,
    prior_confusion,
)
from whychurn.causes.latent_cause.hazard_priors import hazard_priors
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams

# where few answer, EM creeps: a single step gains little long before the end
LOOK_BACK: Final = 10


@dataclass(frozen=True)
class Assumptions:
    """What is assumed before any data; a resample draws other values (`share_intervals`).

    Parameters
    ----------
    confusion
        Prior of the confusion matrices; `prior_confusion` if not given.
    background_shares
        Prior mean of the share of each cause in the background hazard; even if not given; (6,).
    survey_prior, response_spread
        See `fit_confusion`.
    """

    confusion: ConfusionMatrices | None = None
    background_shares: Array = field(default_factory=lambda: np.full(len(CAUSES), 1 / len(CAUSES)))
    survey_prior: float = SURVEY_PRIOR
    response_spread: float = RESPONSE_SPREAD


@dataclass(frozen=True)
class AdditiveHazard:
    """The fitted model.

    Parameters
    ----------
    coefficients
        Churn events a week and unit of (scaled) exposure; (J,).
    confusion
        What members say given the cause.
    p
        Posterior of the causes of each churn event, in order of `events`; (n, 6).
    events
        Positions of the spells of training members that ended in churn; (n,).
    frailty
        Factor on all hazards, by activity stratum; (strata,).
    steps, relative_gain
        EM steps taken; relative gain of the log likelihood over the last `LOOK_BACK` of them.
    """

    coefficients: Array
    confusion: ConfusionMatrices
    p: Array
    events: Array
    frailty: Array
    steps: int
    relative_gain: float


def fit_additive(
    history: ExposureHistory,
    labels: NoisyLabels,
    params: CausesParams,
    start: AdditiveHazard | None = None,
    counts: Array | None = None,
    assumptions: Assumptions | None = None,
) -> AdditiveHazard:
    """Fit coefficients and confusion matrices by EM.

    Parameters
    ----------
    history
        Exposures; the spells in ``history.risk`` and ``history.decisions`` are fitted.
    labels
        Labels of all spells.
    start
        Where to begin; all causes and exposures alike if not given.
    counts
        How often each spell counts (a bootstrap sample); once if not given; (spells,).
    """
    assumed = assumptions or Assumptions()
    counts = np.ones(len(labels.stated)) if counts is None else counts
    events, event = np.unique(history.decisions.spell, return_inverse=True)
    labels, weight = labels.select(events), counts[events]
    at_risk, churned = _by_stratum(history, counts)
    factor = start.frailty if start else np.ones(len(churned))
    exposure = factor @ at_risk
    prior = assumed.confusion or prior_confusion(labels)
    beta, confusion = (
        (start.coefficients, start.confusion) if start else (_even(exposure, weight.sum(), history), prior)
    )
    of_cause = np.eye(len(CAUSES), dtype="float32")[history.causes]
    priors = hazard_priors(history, assumed.background_shares, float(weight.sum()), params)
    values, gain, p, steps = [-np.inf] * LOOK_BACK, np.inf, np.zeros((len(events), len(CAUSES))), 0
    for steps in range(1, params.max_steps + 1):  # noqa: B007  returned below
        log = label_log_likelihood(labels, confusion)
        top = log.max(axis=1, keepdims=True)
        share, p, density = _expect(history, event, beta, np.exp(log - top), of_cause, weight)
        value = float(weight @ (np.log(np.maximum(density, 1e-300)) + top[:, 0]) - exposure @ beta)
        value += float(churned @ np.log(factor)) + priors.log_density(beta)
        beta = priors.coefficients(beta * share, exposure)
        factor, beta = _with_frailty(churned, at_risk, beta, params)
        exposure = factor @ at_risk
        confusion = fit_confusion(
            labels, p * weight[:, None], prior, assumed.survey_prior, assumed.response_spread
        )
        gain = (value - values[-LOOK_BACK]) / max(abs(value), 1.0)
        values.append(value)
        if abs(gain) < params.tolerance:
            break
    return AdditiveHazard(beta, confusion, p, events, factor, steps, gain)


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


def _even(exposure: Array, events: float, history: ExposureHistory) -> Array:
    """Coefficients with all causes alike, and all exposures of a cause alike."""
    columns = np.bincount(history.causes[history.used], minlength=len(CAUSES))
    even = 1 / (len(CAUSES) * np.maximum(columns, 1))[history.causes] * events / np.maximum(exposure, 1e-12)
    return np.where(history.used, even, 0.0)


def _expect(
    history: ExposureHistory, event: Array, beta: Array, likelihood: Array, of_cause: Array, weight: Array
) -> tuple[Array, Array, Array]:
    """One E-step: events ascribed to each exposure over its coefficient, posterior of each event, its
    density.
    """
    x, window = history.decisions.x, history.decisions.weight
    by_cause = (x @ (of_cause * beta[:, None]).astype("float32")) * window[:, None].astype("float32")
    joint = by_cause * likelihood[event]
    density = np.bincount(event, joint.sum(axis=1), len(likelihood))
    safe = np.maximum(density, 1e-300)
    p = np.stack([np.bincount(event, column, len(likelihood)) for column in joint.T], axis=1) / safe[:, None]
    claim = (likelihood * (weight / safe)[:, None])[event] * window[:, None]  # (rows, 6)
    share = ((claim.astype("float32").T @ x) * of_cause.T).sum(axis=0)
    return share, p, density


def told_posterior(history: ExposureHistory, model: AdditiveHazard, grounds: Grounds) -> Array:
    """Posterior of the causes of each churn event, null for causes that cannot be told; (n, 6).

    Without words only what exposures explain is told; what is missing from one is of unknown cause.
    """
    if grounds.speak:
        return model.p
    return np.where(grounds.told, posterior_of_exposures(history, model, is_excess(history.names)), np.nan)


def posterior_of_exposures(
    history: ExposureHistory, model: AdditiveHazard, part: Array | None = None
) -> Array:
    """Chance of each cause of each churn event from exposures alone; (n, 6).

    Parameters
    ----------
    part
        As `cause_hazards` takes it: with some columns only, rows sum to less than one.
    """
    decisions, causes = history.decisions, history.causes
    event = np.searchsorted(model.events, decisions.spell)
    hazard = cause_hazards(decisions.x, model.coefficients, causes)
    counted = hazard if part is None else cause_hazards(decisions.x, model.coefficients, causes, part)
    total = np.bincount(event, hazard.sum(axis=1) * decisions.weight, len(model.events))
    sums = [np.bincount(event, column * decisions.weight, len(model.events)) for column in counted.T]
    return np.stack(sums, axis=1) / np.maximum(total, 1e-300)[:, None]


def cause_hazards(x: Array, coefficients: Array, causes: Array, part: Array | None = None) -> Array:
    """Hazard of each cause; (rows, 6).

    Parameters
    ----------
    x
        Exposures; (rows, J).
    causes
        Cause of each exposure; (J,).
    part
        How much of each exposure counts, 0 to 1; all of it if not given; (J,).
    """
    counted = coefficients if part is None else part * coefficients
    return (x @ (np.eye(len(CAUSES))[causes] * counted[:, None]).astype("float32")).astype("float64")
