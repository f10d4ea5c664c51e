"""The additive hazard taught by interviews, on other leavers than those whose chances it gives.

What coders heard enters the fit as an observation of the cause (`confusion_matrices.HEARD`): backgrounds,
exposures and the habits of the exit survey learn from it. Leavers asked are split in two; each half gets its
chances from the fit that the other half taught, so that an estimate which compares answers with chances stays
valid (cross-fitting: Zrnic and Candès 2024, cross-prediction-powered inference). Silence adds nothing: the
draw does not depend on the cause, given what the model knows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.interviews.interview_answers import Interviews
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard, fit_additive
from whychurn.causes.latent_cause.member_chances import posterior
from whychurn.causes.methods import Inputs
from whychurn.contract.arrays import Array
from whychurn.contract.params import Params


def taught_chances(inputs: Inputs, p: Array, model: AdditiveHazard, params: Params) -> Array:
    """Chances of the causes at each index date after teaching, own interviews left out; (rows, 6).

    `p` moves as the posterior of the single fit does, on the log scale.

    Parameters
    ----------
    p
        The method's chances; (rows, 6).
    model
        The fit behind them, where each of the two begins.
    """
    grounds, interviews = inputs.grounds, inputs.evidence.interviews
    if interviews is None or not interviews.named.any() or np.isnan(p).any():
        return p
    evidence = grounds.applied(inputs.evidence)
    half = _halves(interviews, params.run.seed)
    before = posterior(evidence, model, grounds)
    after = np.stack([_taught(evidence, model, inputs, params, half == part) for part in (0, 1)])
    half = half[evidence.rows]
    new = np.where(half[:, None] < 0, after.mean(axis=0), np.where(half[:, None] == 0, after[1], after[0]))
    moved = p * new / np.maximum(before, 1e-12)
    return moved / moved.sum(axis=1, keepdims=True)


def _halves(interviews: Interviews, seed: int) -> Array:
    """Half of each spell whose answer names a cause, 0 or 1; -1 for all others; (n,)."""
    half = np.full(len(interviews.status), -1)
    named = np.flatnonzero(interviews.named)
    half[np.random.default_rng([seed, len(named)]).permutation(named)] = np.arange(len(named)) % 2
    return half


def _taught(
    evidence: Evidence, model: AdditiveHazard, inputs: Inputs, params: Params, teaching: Array
) -> Array:
    interviews = evidence.interviews
    heard = interviews.coded * teaching[:, None] if interviews else None
    taught = replace(evidence, labels=replace(evidence.labels, heard=heard))
    settings = inputs.grounds.settings(params.causes)
    fit = fit_additive(taught.history, taught.labels, settings, model)
    return posterior(taught, fit, inputs.grounds)
