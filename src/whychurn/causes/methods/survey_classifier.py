"""A classifier trained on answered surveys: stated reasons from behaviour, texts and market, applied to the
silent.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.evidence.classifier_table import classifier_inputs
from whychurn.causes.methods import Attribution, Inputs, mean_shares, stated_shares
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params

MIN_ANSWERS: Final = 30  # fewer answered surveys train no classifier
CLASSIFIER_C: Final = 0.02  # inverse ridge: some hundred inputs, often fewer answers


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Probabilities of a multinomial logistic model of the stated reason (ridge), without answers "other"."""
    evidence, stated = inputs.evidence, inputs.evidence.stated
    usable = (stated >= 0) & (stated < len(CAUSES)) & evidence.in_training[evidence.rows]
    p = np.tile(stated_shares(stated), (len(stated), 1))
    if usable.sum() >= MIN_ANSWERS and len(np.unique(stated[usable])) > 1:
        target = np.eye(len(CAUSES))[np.where(usable, stated, 0)]
        p = fit_softmax(classifier_inputs(inputs.table), target, usable)
    return Attribution(p, mean_shares(p, evidence.churned, params))


def fit_softmax(x: Array, target: Array, weight: Array, c: float = CLASSIFIER_C) -> Array:
    """Multinomial logistic regression on soft labels; probabilities for all rows; (rows, 6).

    Parameters
    ----------
    x
        Standardised inputs; (rows, features).
    target
        Probabilities to learn; (rows, 6).
    weight
        Weight of each row; rows of weight 0 are predicted only.
    c
        Inverse strength of the ridge.
    """
    from sklearn.linear_model import LogisticRegression

    weight = np.asarray(weight, float)
    row, label = np.nonzero((target > 1e-3) & (weight > 0)[:, None])
    present = np.unique(label)
    p = np.zeros((len(x), len(CAUSES)))
    if len(present) < 2:
        p[:, present] = 1.0
        return p
    model = LogisticRegression(C=c, max_iter=300, tol=1e-3)
    model.fit(x[row], label, sample_weight=target[row, label] * weight[row])
    p[:, present] = model.predict_proba(x)
    return p
