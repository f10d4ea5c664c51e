"""A classifier on answered surveys: learns stated reasons from behaviour, texts and market, applies them to the silent."""

from __future__ import annotations

import numpy as np

from whychurn.causes.evidence.gather import classifier_inputs
from whychurn.causes.methods import Attribution, Inputs, mean_shares, stated_shares
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams, Params


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Chances of a multinomial logistic model of the stated reason (ridge), answers "other" left out."""
    evidence, stated = inputs.evidence, inputs.evidence.stated
    usable = (stated >= 0) & (stated < len(CAUSES)) & evidence.teaches[evidence.rows]
    p = np.tile(stated_shares(stated), (len(stated), 1))
    if usable.sum() >= params.causes.min_answers and len(np.unique(stated[usable])) > 1:
        p = fit_softmax(
            classifier_inputs(inputs.table),
            np.eye(len(CAUSES))[np.where(usable, stated, 0)],
            usable,
            params.causes,
        )
    return Attribution(p, mean_shares(p, evidence.churned, params))


def fit_softmax(x: Array, target: Array, weight: Array, params: CausesParams) -> Array:
    """Multinomial logistic regression on soft labels; chances for all rows; (rows, 6).

    Parameters
    ----------
    x
        Standardised inputs; (rows, features).
    target
        Chances that are learned; (rows, 6).
    weight
        Weight of each row; 0 teaches nothing.
    """
    from sklearn.linear_model import LogisticRegression

    row, label = np.nonzero((target > 1e-3) & (np.asarray(weight, float) > 0)[:, None])
    known = np.unique(label)
    p = np.zeros((len(x), len(CAUSES)))
    if len(known) < 2:
        p[:, known] = 1.0
        return p
    model = LogisticRegression(C=params.classifier_c, max_iter=300, tol=1e-3)
    model.fit(x[row], label, sample_weight=target[row, label] * np.asarray(weight, float)[row])
    p[:, known] = model.predict_proba(x)
    return p
