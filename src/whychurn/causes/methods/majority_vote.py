"""Majority vote of the sources: survey, words after leaving, texts before, behaviour and market."""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.evidence.gather import anchor_exposures
from whychurn.causes.latent_cause.avoidable import excess_flags
from whychurn.causes.methods import Attribution, Inputs, mean_shares, normalised
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params

ABSTAINS: Final = -1
CLEAR: Final = 2.0  # an exposure speaks from so many times its usual level on
SOFT: Final = 0.5  # votes that the shares of all votes are worth


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Share of the votes of each member's sources, softened by the shares of all votes."""
    votes = source_votes(inputs)
    counts = np.stack([(votes == number).sum(axis=1) for number in range(len(CAUSES))], axis=1).astype(float)
    usual = normalised(
        counts[inputs.evidence.churned].sum(axis=0)[None, :], np.full(len(CAUSES), 1 / len(CAUSES))
    )[0]
    p = normalised(counts + SOFT * usual, usual)
    return Attribution(p, mean_shares(p, inputs.evidence.churned, params))


def source_votes(inputs: Inputs) -> Array:
    """Cause that each source names, `ABSTAINS` where it does not; (rows, 4): survey, after, before, behaviour."""
    evidence = inputs.evidence
    stated = np.where((evidence.stated >= 0) & (evidence.stated < len(CAUSES)), evidence.stated, ABSTAINS)
    after, before = (_leading(part[evidence.rows]) for part in (evidence.seen.after, evidence.seen.before))
    return np.stack([stated, after, before, _loudest(inputs)], axis=1)


def _leading(said: Array) -> Array:
    first = said[:, : len(CAUSES)].argmax(axis=1)
    return np.where(said[:, : len(CAUSES)].max(axis=1) > np.maximum(said[:, -1], 1e-9), first, ABSTAINS)


def _loudest(inputs: Inputs) -> Array:
    """Cause with the exposure furthest above its usual level."""
    tape = inputs.evidence.tape
    exposed = anchor_exposures(inputs.evidence)
    flags = excess_flags(tape.names)
    top = np.zeros((len(exposed), len(CAUSES)))
    for number in range(len(CAUSES)):
        mine = flags & (tape.causes == number)
        if mine.any():
            top[:, number] = np.log1p(exposed[:, mine]).mean(axis=1)
    usual = np.maximum(top.mean(axis=0), 1e-9)
    ratio = top / usual
    return np.where(ratio.max(axis=1) >= CLEAR, ratio.argmax(axis=1), ABSTAINS)
