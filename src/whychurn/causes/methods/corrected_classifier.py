"""The survey classifier corrected for noise: untrue answers, and answers that do not come.

The true cause is latent; what is stated depends on it through a confusion matrix with a prior (forward
correction: Patrini et al. 2017; the matrix is learned with the classifier by EM: Raykar et al. 2010). Answers
are weighted by their inverse probability given what is known (Horvitz and Thompson 1952); what silence hides
beyond that stays unknown.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.evidence.classifier_table import classifier_inputs
from whychurn.causes.latent_cause.confusion_matrices import prior_confusion
from whychurn.causes.methods import Attribution, Inputs, mean_shares, stated_shares
from whychurn.causes.methods.survey_classifier import CLASSIFIER_C, MIN_ANSWERS, fit_softmax
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.panel.exit_surveys import SILENT

EM_ROUNDS: Final = 6
SURVEY_PRIOR: Final = 100.0  # answers of each cause that the prior of stated reasons is worth
MAX_RESPONSE_WEIGHT: Final = 8.0  # an answer stands for at most so many silent members


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Probability of the latent cause given behaviour, texts and, where there is one, the answer."""
    evidence, stated = inputs.evidence, inputs.evidence.stated
    in_training = evidence.in_training[evidence.rows]
    p = np.tile(stated_shares(stated), (len(stated), 1))
    if (in_training & (stated >= 0)).sum() >= MIN_ANSWERS:
        confusion = prior_confusion(evidence.labels).stated
        p = _fit(classifier_inputs(inputs.table), stated, in_training, confusion)
    return Attribution(p, mean_shares(p, evidence.churned, params))


def _fit(x: Array, stated: Array, in_training: Array, confusion: Array) -> Array:
    answered = stated >= 0
    weight = np.where(answered & in_training, 1 / _response_probability(x, stated, in_training), 0.0)
    prior = SURVEY_PRIOR * confusion
    p = np.full((len(x), len(CAUSES)), 1 / len(CAUSES))
    for _ in range(EM_ROUNDS):
        joint = _given_answers(p, stated, confusion)
        counts = np.stack([joint[stated == code].sum(axis=0) for code in range(len(CAUSES) + 1)], axis=1)
        confusion = (counts + prior) / (counts + prior).sum(axis=1, keepdims=True)
        p = fit_softmax(x, joint, weight)
    return _given_answers(p, stated, confusion)


def _given_answers(p: Array, stated: Array, confusion: Array) -> Array:
    """`p` updated by the answers; rows without one stay."""
    likelihood = np.ones_like(p)
    likelihood[stated >= 0] = confusion.T[stated[stated >= 0]]
    joint = p * likelihood
    return joint / joint.sum(axis=1, keepdims=True)


def _response_probability(x: Array, stated: Array, in_training: Array) -> Array:
    """Probability to answer given `x`, at least 1 / `MAX_RESPONSE_WEIGHT` of the largest; (rows,)."""
    from sklearn.linear_model import LogisticRegression

    asked = ((stated >= 0) | (stated == SILENT)) & in_training
    if not (stated[asked] == SILENT).any():
        return np.ones(len(x))
    model = LogisticRegression(C=CLASSIFIER_C, max_iter=300, tol=1e-3)
    p = model.fit(x[asked], stated[asked] >= 0).predict_proba(x)[:, 1]
    return np.maximum(p, p[asked].max() / MAX_RESPONSE_WEIGHT)
