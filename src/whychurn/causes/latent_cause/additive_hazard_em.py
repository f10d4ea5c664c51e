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

from dataclasses import dataclass

import numpy as np

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.accelerated_em import accelerated_em
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.latent_cause.confusion_matrices import ConfusionMatrices
from whychurn.causes.latent_cause.em_steps import Assumptions, EmSteps
from whychurn.causes.latent_cause.tape_blocks import cut_events
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams


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
    steps, moved
        EM steps taken; largest move of a share in the last cycle of them.
    """

    coefficients: Array
    confusion: ConfusionMatrices
    p: Array
    events: Array
    frailty: Array
    steps: int
    moved: float


def fit_additive(
    history: ExposureHistory,
    labels: NoisyLabels,
    params: CausesParams,
    start: AdditiveHazard | None = None,
    counts: Array | None = None,
    assumptions: Assumptions | None = None,
) -> AdditiveHazard:
    """Fit coefficients and what members say by EM, until shares move less than ``causes.tolerance``.

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
    counts = np.ones(len(labels.stated)) if counts is None else counts
    em = EmSteps.of(history, labels, counts, assumptions or Assumptions(), params)
    if start is None:
        begun = em.packed(em.even(), np.ones(len(em.churned)), em.prior)
    else:
        begun = em.packed(start.coefficients, start.frailty, start.confusion)
    found = accelerated_em(em.step, begun, em.importance, params.tolerance, params.max_steps)
    beta, factor, confusion = em.unpacked(found.state)
    p = em.posterior(beta, confusion)
    return AdditiveHazard(beta, confusion, p, em.events, factor, found.steps, found.moved)


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
    events, event, cuts = cut_events(history.decisions.spell)
    p = np.zeros((len(model.events), len(CAUSES)))
    for which, rows in cuts:
        x, window = history.decisions.x[rows], history.decisions.weight[rows]
        hazard = cause_hazards(x, model.coefficients, history.causes)
        counted = hazard if part is None else cause_hazards(x, model.coefficients, history.causes, part)
        at, size = event[rows] - which.start, which.stop - which.start
        total = np.bincount(at, hazard.sum(axis=1) * window, size)
        sums = [np.bincount(at, column * window, size) for column in counted.T]
        p[np.searchsorted(model.events, events[which])] = (
            np.stack(sums, axis=1) / np.maximum(total, 1e-300)[:, None]
        )
    return p


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
