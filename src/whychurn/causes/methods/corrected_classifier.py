"""The survey classifier with its noise undone: untrue answers, and answers that do not come.

The true cause is latent; what is stated depends on it through a confusion matrix with a prior (forward correction: Patrini et
al. 2017; the matrix is learned with the classifier by EM: Raykar et al. 2010). Who answers is weighted by inverse chances to answer
given what is known (Horvitz and Thompson 1952); what silence hides beyond that stays unknown.
"""

from __future__ import annotations

import numpy as np

from whychurn.causes.evidence.gather import classifier_inputs
from whychurn.causes.latent_cause.confusion import prior_speech
from whychurn.causes.methods import Attribution, Inputs, mean_shares, stated_shares
from whychurn.causes.methods.survey_classifier import fit_softmax
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams, Params
from whychurn.panel.exit_surveys import SILENT

ROUNDS, MOST = 6, 8.0  # EM rounds; an answer stands for at most so many silent leavers


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Chances of the latent cause given behaviour, texts and, where there is one, the answer."""
    evidence, stated = inputs.evidence, inputs.evidence.stated
    teaches = evidence.teaches[evidence.rows]
    p = np.tile(stated_shares(stated), (len(stated), 1))
    if (teaches & (stated >= 0)).sum() >= params.causes.min_answers:
        said = prior_speech(evidence.seen).stated
        p = _fit(classifier_inputs(inputs.table), stated, teaches, said, params.causes)
    return Attribution(p, mean_shares(p, evidence.churned, params))


def _fit(x: Array, stated: Array, teaches: Array, confusion: Array, params: CausesParams) -> Array:
    answered = stated >= 0
    weight = np.where(answered & teaches, 1 / _answer_chance(x, stated, teaches, params), 0.0)
    prior = params.survey_prior * confusion
    heard = np.ones((len(x), len(CAUSES)))
    p = np.full((len(x), len(CAUSES)), 1 / len(CAUSES))
    for _ in range(ROUNDS):
        heard[answered] = confusion.T[stated[answered]]
        joint = p * heard
        joint /= joint.sum(axis=1, keepdims=True)
        counts = np.stack([joint[stated == code].sum(axis=0) for code in range(len(CAUSES) + 1)], axis=1)
        confusion = (counts + prior) / (counts + prior).sum(axis=1, keepdims=True)
        p = fit_softmax(x, joint, weight, params)
    heard[answered] = confusion.T[stated[answered]]
    joint = p * heard
    return joint / joint.sum(axis=1, keepdims=True)


def _answer_chance(x: Array, stated: Array, teaches: Array, params: CausesParams) -> Array:
    from sklearn.linear_model import LogisticRegression

    asked = ((stated >= 0) | (stated == SILENT)) & teaches
    if not (stated[asked] == SILENT).any():
        return np.ones(len(x))
    model = LogisticRegression(C=params.classifier_c, max_iter=300, tol=1e-3).fit(
        x[asked], stated[asked] >= 0
    )
    chance = model.predict_proba(x)[:, 1]
    return np.maximum(chance, chance[asked].max() / MOST)
