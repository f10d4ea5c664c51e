"""Fusion of the sources as noisy annotators of a latent cause (Dawid and Skene 1979), by EM."""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.methods import Attribution, Inputs, mean_shares
from whychurn.causes.methods.majority_vote import ABSTAINS, source_votes
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params

K: Final = len(CAUSES)
STEPS: Final = 50
PRIOR: Final = 20.0  # votes that "mostly right" is worth, for each source and cause
RIGHT: Final = 0.6  # what "mostly right" is


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Posterior of the latent cause given the votes; each source has a confusion matrix of its own."""
    votes = source_votes(inputs)
    churned = inputs.evidence.churned
    p = _posterior(votes, *_fit(votes[churned])) if churned.any() else np.full((len(votes), K), 1 / K)
    return Attribution(p, mean_shares(p, churned, params))


def _fit(votes: Array) -> tuple[Array, Array]:
    """Shares of the causes, (6,), and the confusion matrices of the sources, (sources, 6, 6)."""
    prior = np.full((K, K), PRIOR * (1 - RIGHT) / (K - 1))
    np.fill_diagonal(prior, PRIOR * RIGHT)
    share = np.full(K, 1 / K)
    confusion = np.stack([prior / prior.sum(axis=1, keepdims=True)] * votes.shape[1])
    for _ in range(STEPS):
        p = _posterior(votes, share, confusion)
        share = (p.sum(axis=0) + 1) / (len(p) + K)
        for source in range(votes.shape[1]):
            counts = np.stack([p[votes[:, source] == code].sum(axis=0) for code in range(K)], axis=1) + prior
            confusion[source] = counts / counts.sum(axis=1, keepdims=True)
    return share, confusion


def _posterior(votes: Array, share: Array, confusion: Array) -> Array:
    log = np.tile(np.log(share), (len(votes), 1))
    for source in range(votes.shape[1]):
        voted = votes[:, source] != ABSTAINS
        log[voted] += np.log(confusion[source]).T[votes[voted, source]]
    p = np.exp(log - log.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)
