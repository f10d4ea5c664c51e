"""What members say, given why they left: the truth, or what people say whatever the reason.

Whoever answers tells the true cause with probability tau, and otherwise says s with probability o_s, which
does not depend on the cause (a mixture of telling and habit: Hui and Walter 1980, Dawid and Skene 1979 with
rows that share what is untrue). These are seven numbers in place of the 42 of free confusion matrices, so
that some 150 answers teach them, and they over-state whichever answer a programme's members find polite.
Texts are read alike, with "none" as the seventh thing to say. The response rate differs by cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT

K: Final = len(CAUSES)
# Prior: most state the truth, the others "price", or a reason outside the six, more often than anything else.
STATED_TRUE: Final = 0.55
HABIT_PRICE, HABIT_OTHER = 0.25, 0.15
TEXT_TRUE, HABIT_NONE = 0.55, 0.55
TRUE_WORTH, HABIT_WORTH = 60.0, 25.0  # answers that the priors of telling and of the habit are worth
TEXT_TRUE_WORTH, TEXT_HABIT_WORTH = 200.0, 100.0  # texts are more, and say less
HEARD: Final = 0.85 * np.eye(K) + 0.15 / K  # what coders hear in an interview, given the cause
RESPONSE_SPREAD: Final = 0.2  # prior sd of the log response rate between causes: a fifth more or less


@dataclass(frozen=True)
class OverStatement:
    """How causes are told.

    Parameters
    ----------
    true
        Probability tau that the true cause is told.
    habit
        What is said otherwise, o: the six, and other or none; sums to one; (7,).
    """

    true: float
    habit: Array

    @property
    def matrix(self) -> Array:
        """Probability of each thing said, given the cause; (6, 7), rows sum to one."""
        return self.true * np.eye(K, K + 1) + (1 - self.true) * self.habit

    def updated(self, said: Array, prior: OverStatement, worth: tuple[float, float]) -> OverStatement:
        """One step of EM, the latent variable being whether each answer was the truth or habit.

        Parameters
        ----------
        said
            Answers by cause and thing said, as the posterior of the causes has them; (6, 7).
        prior, worth
            Mean of the priors (beta of `true`, Dirichlet of `habit`), and answers that each is worth.
        """
        told = np.diagonal(said) * self.true / np.maximum(np.diagonal(self.matrix), 1e-300)
        habit = said.sum(axis=0)
        habit[:K] = np.maximum(habit[:K] - told, 0.0)
        of_true, of_habit = worth
        true = (told.sum() + of_true * prior.true) / (said.sum() + of_true)
        return OverStatement(float(true), (habit + of_habit * prior.habit) / (habit.sum() + of_habit))

    def log_density(self, worth: tuple[float, float], prior: OverStatement) -> float:
        """Log prior density, up to a constant, of the priors that `updated` takes."""
        own = np.log(np.maximum([self.true, 1 - self.true, *self.habit], 1e-300))
        weight = [worth[0] * prior.true, worth[0] * (1 - prior.true), *(worth[1] * prior.habit)]
        return float(own @ np.array(weight))


@dataclass(frozen=True)
class ConfusionMatrices:
    """What members say, given the cause.

    Parameters
    ----------
    response_rates
        Probability to answer the exit survey; (6,).
    answers
        How answers are given.
    before, after
        How texts before the exit, and texts of exit surveys and interviews, are written.
    """

    response_rates: Array
    answers: OverStatement
    before: OverStatement
    after: OverStatement

    @property
    def stated(self) -> Array:
        """Reason stated (six and other) given the cause; (6, 7), rows sum to one."""
        return self.answers.matrix


def prior_confusion(
    labels: NoisyLabels, true: float = STATED_TRUE, price: float = HABIT_PRICE
) -> ConfusionMatrices:
    """What is assumed before any data: all causes answer alike, reasons are mostly true, else often "price".

    Parameters
    ----------
    true, price
        Probability that a stated reason is true, and that one said out of habit is "price".
    """
    asked = labels.stated != NOT_ASKED
    rate = float((labels.stated[asked] >= 0).mean()) if asked.any() else 0.5
    stated = np.full(K + 1, (1 - price - HABIT_OTHER) / (K - 1))
    stated[CAUSES.index("price")], stated[K] = price, HABIT_OTHER
    written = np.append(np.full(K, (1 - HABIT_NONE) / K), HABIT_NONE)
    text = OverStatement(TEXT_TRUE, written)
    return ConfusionMatrices(np.full(K, np.clip(rate, 0.01, 0.99)), OverStatement(true, stated), text, text)


def label_log_likelihood(labels: NoisyLabels, confusion: ConfusionMatrices) -> Array:
    """Log probability of the labels given each cause; (n, 6)."""
    log = labels.texts_before_exit @ np.log(confusion.before.matrix).T
    log = log + labels.exit_texts @ np.log(confusion.after.matrix).T
    answered, silent = labels.stated >= 0, labels.stated == SILENT
    by_reason = (np.log(confusion.response_rates)[:, None] + np.log(confusion.stated)).T
    log[answered] += by_reason[labels.stated[answered]]
    log[silent] += np.log1p(-confusion.response_rates)
    return log if labels.heard is None else log + labels.heard @ np.log(HEARD)


def given_heard(p: Array, heard: Array) -> Array:
    """Chances given what coders heard in interviews (Bayes); rows of nothing heard stay; (n, 6)."""
    joint = p * np.exp(heard @ np.log(HEARD))
    return joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)


@dataclass(frozen=True)
class SaidCounts:
    """What was said, by cause as the posterior has it.

    Parameters
    ----------
    stated
        Answers by reason stated; (6, 7).
    silent
        Members asked who did not answer; (6,).
    before, after
        Weights of texts before the exit, and of texts of exit surveys and interviews, by what they say; (6, 7).
    """

    stated: Array
    silent: Array
    before: Array
    after: Array

    def __add__(self, other: SaidCounts) -> SaidCounts:
        """Counts of both."""
        return SaidCounts(
            self.stated + other.stated,
            self.silent + other.silent,
            self.before + other.before,
            self.after + other.after,
        )


def count_said(labels: NoisyLabels, p: Array) -> SaidCounts:
    """Count what was said; `p` is the posterior of the causes of each row, times its weight, (n, 6)."""
    answered, silent = labels.stated >= 0, labels.stated == SILENT
    stated = np.zeros((K, K + 1))
    np.add.at(stated.T, labels.stated[answered], p[answered])
    return SaidCounts(stated, p[silent].sum(axis=0), p.T @ labels.texts_before_exit, p.T @ labels.exit_texts)


def fit_confusion(
    said: SaidCounts,
    now: ConfusionMatrices,
    prior: ConfusionMatrices,
    worth: float = 1.0,
    response_spread: float = RESPONSE_SPREAD,
) -> ConfusionMatrices:
    """One step of EM of the probabilities, given what was said for each cause.

    Parameters
    ----------
    now
        Where the step starts.
    worth
        Factor on what `prior` is worth for the stated reasons.
    response_spread
        Prior sd of the log response rate between causes.
    """
    yes, no = said.stated.sum(axis=1), said.silent
    # a beta whose log has the assumed spread: the fewer answer, the more events it takes to tell causes apart
    beta = _worth_of_rates(prior, response_spread)
    rates = (yes + beta * prior.response_rates) / (yes + no + beta)
    texts = (TEXT_TRUE_WORTH, TEXT_HABIT_WORTH)
    return ConfusionMatrices(
        np.clip(rates, 1e-3, 1 - 1e-3),
        now.answers.updated(said.stated, prior.answers, (worth * TRUE_WORTH, worth * HABIT_WORTH)),
        now.before.updated(said.before, prior.before, texts),
        now.after.updated(said.after, prior.after, texts),
    )


def confusion_log_density(
    now: ConfusionMatrices,
    prior: ConfusionMatrices,
    worth: float = 1.0,
    response_spread: float = RESPONSE_SPREAD,
) -> float:
    """Log prior density of `now`, up to a constant; parameters as `fit_confusion` takes them."""
    beta, texts = _worth_of_rates(prior, response_spread), (TEXT_TRUE_WORTH, TEXT_HABIT_WORTH)
    rates = np.log(now.response_rates) @ (beta * prior.response_rates)
    rates += np.log1p(-now.response_rates) @ (beta * (1 - prior.response_rates))
    return float(
        rates
        + now.answers.log_density((worth * TRUE_WORTH, worth * HABIT_WORTH), prior.answers)
        + now.before.log_density(texts, prior.before)
        + now.after.log_density(texts, prior.after)
    )


def _worth_of_rates(prior: ConfusionMatrices, spread: float) -> Array:
    return (1 - prior.response_rates) / (prior.response_rates * spread**2)
