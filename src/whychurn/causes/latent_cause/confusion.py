"""How what leavers say depends on why they left: confusion matrices with a prior, learned with the causes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from whychurn.causes.evidence.noisy_labels import Observations
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT

K: Final = len(CAUSES)
# Assumed before data: most say what it was, the rest say "price" or nothing of use more often than anything else.
STATED_TRUE, STATED_PRICE, STATED_OTHER = 0.55, 0.25, 0.08
TEXT_TRUE, TEXT_NONE = 0.55, 0.25


@dataclass(frozen=True)
class Speech:
    """Chances of what is said given the cause.

    Parameters
    ----------
    answers
        Chance to answer the exit survey; (6,).
    stated
        Reason stated (six and other) given the cause; (6, 7), rows sum to one.
    before, after
        What a text is about (six and none) given the cause, for texts before leaving and words after; (6, 7).
    """

    answers: Array
    stated: Array
    before: Array
    after: Array


def prior_speech(seen: Observations) -> Speech:
    """What is assumed before any data: answers alike for all causes, reasons mostly true, "price" said too often."""
    return assumed_speech(seen, STATED_TRUE, STATED_PRICE)


def assumed_speech(seen: Observations, true: float, price: float) -> Speech:
    """The same with other chances that a stated reason is `true`, or "price" whatever the cause."""
    asked = seen.stated != NOT_ASKED
    share = float((seen.stated[asked] >= 0).mean()) if asked.any() else 0.5
    stated = np.full((K, K + 1), (1 - true - price - STATED_OTHER) / (K - 2))
    stated[:, CAUSES.index("price")] = price
    stated[:, K] = STATED_OTHER
    np.fill_diagonal(stated, true)
    text = np.full((K, K + 1), (1 - TEXT_TRUE - TEXT_NONE) / (K - 1))
    text[:, K] = TEXT_NONE
    np.fill_diagonal(text, TEXT_TRUE)
    stated, text = (
        matrix / matrix.sum(axis=1, keepdims=True) for matrix in (np.maximum(stated, 0.005), text)
    )
    return Speech(np.full(K, np.clip(share, 0.01, 0.99)), stated, text, text)


def log_likelihood(seen: Observations, speech: Speech) -> Array:
    """Log chance of what each leaver said, given each cause; (n, 6)."""
    found = seen.before @ np.log(speech.before).T + seen.after @ np.log(speech.after).T
    answered, silent = seen.stated >= 0, seen.stated == SILENT
    found[answered] += (np.log(speech.answers)[:, None] + np.log(speech.stated)).T[seen.stated[answered]]
    found[silent] += np.log1p(-speech.answers)
    return found


def learn_speech(seen: Observations, p: Array, prior: Speech, params: CausesParams, times: Array) -> Speech:
    """Chances that fit what was said, given posteriors `p` (n, 6) of the causes; each leaver counted `times`."""
    p = p * times[:, None]
    answered, silent = seen.stated >= 0, seen.stated == SILENT
    said = np.zeros((K, K + 1))
    for code in range(K + 1):
        said[:, code] = p[seen.stated == code].sum(axis=0)
    yes, no = p[answered].sum(axis=0), p[silent].sum(axis=0)
    # a beta whose log has the assumed spread: the fewer answer, the more leavings it takes to tell the causes apart
    worth = (1 - prior.answers) / (prior.answers * params.answer_spread**2)
    answers = (yes + worth * prior.answers) / (yes + no + worth)
    return replace(
        prior,
        answers=np.clip(answers, 1e-3, 1 - 1e-3),
        stated=_rows(said + params.survey_prior * prior.stated),
        before=_rows(p.T @ seen.before + params.text_prior * prior.before),
        after=_rows(p.T @ seen.after + params.text_prior * prior.after),
    )


def _rows(counts: Array) -> Array:
    return counts / counts.sum(axis=1, keepdims=True)
