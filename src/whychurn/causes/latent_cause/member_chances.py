"""Chances of the causes at each index date: of one fit, and of all resamples together.

One fit is surer of each member than it may be. So members get the mean over the resamples, each under
assumptions of its own (a bagged posterior: Breiman 1996; Huggins and Miller 2023), made less sure by a
temperature measured on programmes built otherwise (Guo et al. 2017). Their mean stays the shares'.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard, cause_hazards, told_posterior
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.latent_cause.confusion_matrices import label_log_likelihood
from whychurn.causes.latent_cause.tape_blocks import cut_rows
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

RAKING_STEPS: Final = 50


def posterior(evidence: Evidence, model: AdditiveHazard, grounds: Grounds) -> Array:
    """Posterior of the causes at each index date, given exposures and labels; (rows, 6).

    Events that the model is fitted to have theirs from the fit. Other churn events come from the same hazards
    in their decision window, members still there from the hazards of their last week and their texts.
    """
    p = np.full((len(evidence.spells.table), len(CAUSES)), np.nan)
    p[model.events] = told_posterior(evidence.history, model, grounds)
    others = np.setdiff1d(evidence.rows, model.events)
    for rows in cut_rows(others):
        p[rows] = _of_hazards(evidence.history, rows, evidence.labels.select(rows), model, grounds)
    p = p[evidence.rows]
    nothing = np.isnan(p).all(axis=1)
    if grounds.speak:
        nothing |= p.sum(axis=1) < 0.5
    p[nothing] = 1 / len(CAUSES) if grounds.speak else 0.0
    p[:, ~grounds.told] = np.nan
    return p


def _of_hazards(
    history: ExposureHistory, rows: Array, labels: NoisyLabels, model: AdditiveHazard, grounds: Grounds
) -> Array:
    """Posterior of the causes at the index dates of a block of spells, from exposures and labels; (rows, 6)."""
    x = history.at_index_date[rows]
    hazard = cause_hazards(x, model.coefficients, history.causes)
    total = hazard.sum(axis=1, keepdims=True)
    if not grounds.speak:  # what no exposure explains is of unknown cause
        hazard = cause_hazards(x, model.coefficients, history.causes, is_excess(history.names))
    log = label_log_likelihood(labels, model.confusion)
    joint = hazard * np.exp(log - log.max(axis=1, keepdims=True))
    total = joint.sum(axis=1, keepdims=True) if grounds.speak else total
    return joint / np.maximum(total, 1e-300)


def tempered(p: Array, churned: Array, shares: Array, temperature: float) -> Array:
    """Chances ``p^(1 / temperature)``, times a factor a cause so that their mean over churn events is `shares`.

    Parameters
    ----------
    p
        Rows sum to one; (rows, 6).
    churned
        Which rows are churn events.
    shares
        Sums to one; (6,).
    temperature
        One changes nothing but the mean; more than one makes chances less sure.
    """
    log = np.log(np.maximum(p, 1e-12)) / temperature
    raised = np.exp(log - log.max(axis=1, keepdims=True))
    raised /= raised.sum(axis=1, keepdims=True)
    if not churned.any():
        return raised
    for _ in range(RAKING_STEPS):  # iterative proportional fitting (Deming and Stephan 1940)
        mean = raised[churned].mean(axis=0)
        if np.abs(mean - shares).max() < 1e-6:
            break
        raised *= shares / np.maximum(mean, 1e-12)
        raised /= raised.sum(axis=1, keepdims=True)
    return raised
