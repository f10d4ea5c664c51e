"""Contacted and not contacted members made alike in what is on record: overlap-weighted, doubly robust.

Li, Morgan & Zaslavsky (2018): members count by how open it was whether they would be contacted, so that those whom the
campaign would surely, or surely not, have chosen hardly count. What is not on record is not made alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from whychurn.action.effects.without_lot.comparable import Compared
from whychurn.contract.arrays import Array

FOLDS: Final = 5
STRENGTH: Final = 0.02  # inverse of the penalty (C) of both regressions
EDGE: Final = 0.01
NO_OVERLAP: Final = 0.95  # chance to be contacted from which on nobody comparable was left out
Z: Final = 1.96


@dataclass(frozen=True)
class Overlap:
    """Overlap-weighted comparison of one campaign.

    Parameters
    ----------
    effect, se
        Difference of the chance to leave, and its standard error.
    no_overlap
        Share of the contacted whose chance to be contacted is above `NO_OVERLAP`.
    chance
        Chance of each row to be contacted; (n,).
    residual
        Outcome less what is expected of it uncontacted; (n,).
    imbalance
        Largest standardised difference of a feature after weighting.
    """

    effect: float
    se: float
    no_overlap: float
    chance: Array
    residual: Array
    imbalance: float


def overlap_effect(compared: Compared, seed: int) -> Overlap:
    """Effect among members whose contact was open, cross-fitted; needs contacted and uncontacted of at least `FOLDS`."""
    treated, left, x = compared.treated, compared.left, compared.features
    chance, expected = np.empty(len(left)), np.empty((len(left), 2))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for teach, attempt in folds.split(x, treated):
        chance[attempt] = _fitted(x[teach], treated[teach], x[attempt])
        for arm in (0, 1):
            mine = teach[treated[teach] == arm]
            expected[attempt, arm] = _fitted(x[mine], left[mine], x[attempt])
    chance = np.clip(chance, EDGE, 1 - EDGE)
    weight = chance * (1 - chance)
    score = (expected[:, 1] - expected[:, 0]) * weight
    score += treated * (1 - chance) * (left - expected[:, 1])
    score -= (1 - treated) * chance * (left - expected[:, 0])
    effect = float(score.sum() / weight.sum())
    influence = (score - effect * weight) / weight.mean()
    balance = np.where(treated == 1, 1 - chance, chance)
    means = [np.average(x[treated == arm], axis=0, weights=balance[treated == arm]) for arm in (0, 1)]
    return Overlap(
        effect=effect,
        se=float(influence.std() / np.sqrt(len(left))),
        no_overlap=float((chance[treated == 1] > NO_OVERLAP).mean()),
        chance=chance,
        residual=left - expected[:, 0],
        imbalance=float(np.abs(means[1] - means[0]).max(initial=0.0)),
    )


def _fitted(x: Array, y: Array, at: Array) -> Array:
    """Chance of y by a logistic regression, at other rows; the mean where y does not vary or nothing is known."""
    if not 0 < y.sum() < len(y) or not x.shape[1]:
        return np.full(len(at), float(y.mean()))
    model = LogisticRegression(C=STRENGTH, max_iter=300).fit(x, y)
    return np.asarray(model.predict_proba(at)[:, 1])
