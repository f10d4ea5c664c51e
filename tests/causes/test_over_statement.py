"""What members say: the truth or a habit common to all causes, found again in answers drawn so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.latent_cause.confusion_matrices import (
    OverStatement,
    confusion_log_density,
    count_said,
    fit_confusion,
    label_log_likelihood,
    prior_confusion,
)
from whychurn.contract.causes import CAUSES
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT

K = len(CAUSES)
PRICE, OTHER = CAUSES.index("price"), K


def labels_of(stated: np.ndarray) -> NoisyLabels:
    return NoisyLabels(stated, np.zeros((len(stated), K + 1)), np.zeros((len(stated), K + 1)))


def test_assumed_answers_are_mostly_true_else_price_or_other() -> None:
    labels = labels_of(np.array([0, 1, SILENT, SILENT, NOT_ASKED]))
    confusion = prior_confusion(labels, true=0.6, price=0.25)
    assert confusion.response_rates == pytest.approx(np.full(K, 0.5)), "two of the four that were asked"
    for matrix in (confusion.stated, confusion.before.matrix, confusion.after.matrix):
        assert matrix.sum(axis=1) == pytest.approx(1)
    natural = CAUSES.index("natural")
    assert confusion.stated[natural, natural] == pytest.approx(0.6 + 0.4 * 0.12)
    assert confusion.stated[natural, PRICE] == pytest.approx(0.4 * 0.25)
    assert confusion.stated[PRICE, PRICE] == pytest.approx(0.6 + 0.4 * 0.25)


@pytest.mark.parametrize("polite", [PRICE, OTHER, 0])
def test_the_share_of_the_truth_and_the_polite_answer_are_found(polite: int) -> None:
    """Half tell the truth, the others mostly one answer, whichever: 3 000 answers, causes known."""
    rng = np.random.default_rng(4)
    habit = np.full(K + 1, 0.05)
    habit[polite] = 0.7
    cause = rng.integers(0, K, 3000)
    told = rng.random(3000) < 0.5
    stated = np.where(told, cause, rng.choice(K + 1, 3000, p=habit))
    prior = prior_confusion(labels_of(stated))
    found = prior
    for _ in range(200):
        found = fit_confusion(count_said(labels_of(stated), np.eye(K)[cause]), found, prior)
    assert found.answers.true == pytest.approx(0.5, abs=0.03)
    assert found.answers.habit == pytest.approx(habit, abs=0.04)


def test_each_step_raises_the_posterior_of_what_is_said() -> None:
    rng = np.random.default_rng(2)
    stated = rng.choice(np.array([0, 1, 1, 1, 5, OTHER, SILENT]), 200)
    labels, p = labels_of(stated), rng.dirichlet(np.ones(K), 200)
    prior = prior_confusion(labels)
    found, values = replace(prior, answers=OverStatement(0.2, np.full(K + 1, 1 / (K + 1)))), []
    for _ in range(20):
        expected = (p * label_log_likelihood(labels, found)).sum()
        values.append(expected + confusion_log_density(found, prior))
        found = fit_confusion(count_said(labels, p), found, prior)
    assert (np.diff(values) > -1e-9).all() and values[-1] > values[0] + 1
