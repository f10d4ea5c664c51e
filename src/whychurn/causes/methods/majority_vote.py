"""Majority vote of the sources: survey, texts after the exit, texts before it, behaviour and market."""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.methods import Attribution, Inputs, mean_shares, normalised
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params

ABSTAINS: Final = -1
CLEAR: Final = 2.0  # exposures vote from so many times their usual level on
PRIOR_VOTES: Final = 0.5  # votes that the shares of all votes are worth


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Share of the votes of each member's sources, shrunk to the shares of all votes."""
    votes = source_votes(inputs)
    counts = np.stack([(votes == number).sum(axis=1) for number in range(len(CAUSES))], axis=1).astype(float)
    total = counts[inputs.evidence.churned].sum(axis=0)[None, :]
    shares = normalised(total, np.full(len(CAUSES), 1 / len(CAUSES)))[0]
    p = normalised(counts + PRIOR_VOTES * shares, shares)
    return Attribution(p, mean_shares(p, inputs.evidence.churned, params))


def source_votes(inputs: Inputs) -> Array:
    """Cause that each source votes for, `ABSTAINS` where it does not.

    Returns
    -------
    (rows, 4): survey, texts after the exit, texts before it, behaviour.
    """
    evidence = inputs.evidence
    labels = evidence.labels.select(evidence.rows)
    stated = np.where((labels.stated >= 0) & (labels.stated < len(CAUSES)), labels.stated, ABSTAINS)
    texts = (_text_vote(labels.exit_texts), _text_vote(labels.texts_before_exit))
    return np.stack([stated, *texts, _exposure_vote(evidence)], axis=1)


def _text_vote(weight: Array) -> Array:
    """Cause with the largest weight, where that is larger than the weight of none of the six."""
    by_cause = weight[:, : len(CAUSES)]
    enough = by_cause.max(axis=1) > np.maximum(weight[:, -1], 1e-9)
    return np.where(enough, by_cause.argmax(axis=1), ABSTAINS)


def _exposure_vote(evidence: Evidence) -> Array:
    """Cause with the exposures furthest above their usual level."""
    history, exposed = evidence.history, evidence.exposures_at_index_date
    excess = is_excess(history.names)
    level = np.zeros((len(exposed), len(CAUSES)))
    for number in range(len(CAUSES)):
        columns = excess & (history.causes == number)
        if columns.any():
            level[:, number] = np.log1p(exposed[:, columns]).mean(axis=1)
    ratio = level / np.maximum(level.mean(axis=0), 1e-9)
    return np.where(ratio.max(axis=1) >= CLEAR, ratio.argmax(axis=1), ABSTAINS)
