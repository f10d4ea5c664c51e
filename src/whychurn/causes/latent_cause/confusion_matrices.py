"""How what members say depends on why they left: confusion matrices with a prior, fitted along with the
causes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT

K: Final = len(CAUSES)
# Prior: most state the truth, the others "price", or a reason outside the six, more often than anything else.
STATED_TRUE, STATED_PRICE, STATED_OTHER = 0.55, 0.25, 0.08
TEXT_TRUE, TEXT_NONE = 0.55, 0.25
SURVEY_PRIOR: Final = 100.0  # answers that the prior of stated reasons is worth: it yields to some hundreds
TEXT_PRIOR: Final = 200.0  # texts that the prior of texts is worth: they are more, and say less
RESPONSE_SPREAD: Final = 0.2  # prior sd of the log response rate between causes: a fifth more or less


@dataclass(frozen=True)
class ConfusionMatrices:
    """Probabilities of what members say, given the cause.

    Parameters
    ----------
    response_rates
        Probability to answer the exit survey; (6,).
    stated
        Reason stated (six and other); (6, 7), rows sum to one.
    texts_before_exit, exit_texts
        What a text is about (six and none); (6, 7), rows sum to one.
    """

    response_rates: Array
    stated: Array
    texts_before_exit: Array
    exit_texts: Array


def prior_confusion(
    labels: NoisyLabels, true: float = STATED_TRUE, price: float = STATED_PRICE
) -> ConfusionMatrices:
    """What is assumed before any data: all causes answer alike, reasons are mostly true, "price" is said too
    often.

    Parameters
    ----------
    true, price
        Probability that a stated reason is true, and that it is "price" whatever the cause.
    """
    asked = labels.stated != NOT_ASKED
    rate = float((labels.stated[asked] >= 0).mean()) if asked.any() else 0.5
    stated = np.full((K, K + 1), (1 - true - price - STATED_OTHER) / (K - 2))
    stated[:, CAUSES.index("price")] = price
    stated[:, K] = STATED_OTHER
    np.fill_diagonal(stated, true)
    text = np.full((K, K + 1), (1 - TEXT_TRUE - TEXT_NONE) / (K - 1))
    text[:, K] = TEXT_NONE
    np.fill_diagonal(text, TEXT_TRUE)
    stated, text = _rows_to_one(np.maximum(stated, 0.005)), _rows_to_one(text)
    return ConfusionMatrices(np.full(K, np.clip(rate, 0.01, 0.99)), stated, text, text)


def label_log_likelihood(labels: NoisyLabels, confusion: ConfusionMatrices) -> Array:
    """Log probability of the labels given each cause; (n, 6)."""
    log = labels.texts_before_exit @ np.log(confusion.texts_before_exit).T
    log = log + labels.exit_texts @ np.log(confusion.exit_texts).T
    answered, silent = labels.stated >= 0, labels.stated == SILENT
    by_reason = (np.log(confusion.response_rates)[:, None] + np.log(confusion.stated)).T
    log[answered] += by_reason[labels.stated[answered]]
    log[silent] += np.log1p(-confusion.response_rates)
    return log


def fit_confusion(
    labels: NoisyLabels,
    p: Array,
    prior: ConfusionMatrices,
    survey_prior: float = SURVEY_PRIOR,
    response_spread: float = RESPONSE_SPREAD,
) -> ConfusionMatrices:
    """Posterior mode of the probabilities, given the causes (Dawid and Skene 1979).

    Parameters
    ----------
    p
        Posterior of the causes of each row, times its weight; (n, 6).
    survey_prior
        Answers that `prior` is worth for the stated reasons.
    response_spread
        Prior sd of the log response rate between causes.
    """
    answered, silent = labels.stated >= 0, labels.stated == SILENT
    stated = np.zeros((K, K + 1))
    for code in range(K + 1):
        stated[:, code] = p[labels.stated == code].sum(axis=0)
    yes, no = p[answered].sum(axis=0), p[silent].sum(axis=0)
    # a beta whose log has the assumed spread: the fewer answer, the more events it takes to tell causes apart
    worth = (1 - prior.response_rates) / (prior.response_rates * response_spread**2)
    rates = (yes + worth * prior.response_rates) / (yes + no + worth)
    before = p.T @ labels.texts_before_exit + TEXT_PRIOR * prior.texts_before_exit
    return replace(
        prior,
        response_rates=np.clip(rates, 1e-3, 1 - 1e-3),
        stated=_rows_to_one(stated + survey_prior * prior.stated),
        texts_before_exit=_rows_to_one(before),
        exit_texts=_rows_to_one(p.T @ labels.exit_texts + TEXT_PRIOR * prior.exit_texts),
    )


def _rows_to_one(counts: Array) -> Array:
    return counts / counts.sum(axis=1, keepdims=True)
