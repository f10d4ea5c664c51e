"""Metrics of cause probabilities against the true cause, and the score table of them with bootstrap
intervals.

Probabilities are arrays (n, 6) in the order of `CAUSES`.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import ALL_CAUSES, CEILING, PRIOR
from whychurn.contract.params import Params
from whychurn.score.method_answers import MethodAnswer
from whychurn.score.share_errors import score_table
from whychurn.stats.bootstrap import percentiles, resampled_means, weights_in_parts

MEANS: Final = ("log_loss", "log_loss_expected", "brier", "accuracy")  # bootstrapped
HALF: Final = 0.5  # of the draws must be finite


def event_metrics(
    answers: Mapping[str, MethodAnswer], y: Array, q: Array, member: Array, params: Params
) -> pd.DataFrame:
    """Metrics of each method over churn events whose true cause is one of the six.

    Parameters
    ----------
    answers
        Method to its answer, the baselines among them.
    y
        True cause; (n,).
    q
        The simulator's posterior; (n, 6).
    member
        Member of each event; (n,).

    Returns
    -------
    DataFrame
        Rows of the score table: `MEANS` and skill with intervals, macro_f1, not_attributed (share of events
        without a row), and the metrics of `abstention`. What cannot be computed is left out.
    """
    probabilities = {method: floored(answer.p, params.score.floor) for method, answer in answers.items()}
    values = np.stack([_event_values(p, y, q) for p in probabilities.values()])  # (methods, metrics, n)
    point = values.mean(axis=2)
    flat = values.reshape(-1, len(y)).T
    parts = weights_in_parts(member, params.score.bootstrap, params.run.seed)
    draws = np.concatenate([resampled_means(flat, part) for part in parts]).T.reshape(*point.shape, -1)
    rows: list[tuple[object, ...]] = []
    for number, (method, answer) in enumerate(answers.items()):
        for at, metric in enumerate(MEANS):
            interval = percentiles(draws[number, at], params.run.confidence, HALF)
            rows.append((method, metric, ALL_CAUSES, point[number, at], *interval))
        guess = probabilities[method].argmax(axis=1)
        metrics = abstention(guess, answer.primary, y) | {
            "macro_f1": macro_f1(guess, y, len(CAUSES)),
            "not_attributed": float(np.mean(~np.isfinite(answer.p).all(axis=1))),
        }
        metrics.pop("accuracy")
        rows += [(method, metric, ALL_CAUSES, value, np.nan, np.nan) for metric, value in metrics.items()]
    table = score_table([*rows, *_skills(list(answers), point, draws, params)])
    return table[table["value"].notna()]


def _event_values(p: Array, y: Array, q: Array) -> Array:
    """`MEANS` of each event; (metrics, n)."""
    right = (p.argmax(axis=1) == y).astype("float64")
    return np.stack([log_losses(p, y), expected_log_losses(p, q), brier_scores(p, y), right])


def _skills(methods: list[str], point: Array, draws: Array, params: Params) -> list[tuple[object, ...]]:
    """Skill by the log loss of the true causes; no rows where there is no upper bound."""
    if CEILING not in methods:
        return []
    prior, upper = methods.index(PRIOR), methods.index(CEILING)
    rows: list[tuple[object, ...]] = []
    for number, method in enumerate(methods):
        value = skill(point[number, 0], point[prior, 0], point[upper, 0])
        resampled = skill(draws[number, 0], draws[prior, 0], draws[upper, 0])
        interval = percentiles(resampled, params.run.confidence, HALF)
        rows.append((method, "skill", ALL_CAUSES, float(value), *interval))
    return rows


def floored(p: Array, floor: float) -> Array:
    """Probabilities of at least `floor`, rows summing to one; a row with nulls or no mass becomes uniform.

    One cause at zero would make the log loss infinite; `score.floor` is what a method pays at most.
    """
    p = np.asarray(p, "float64")
    empty = ~np.isfinite(p).all(axis=1) | ~(np.nan_to_num(p).sum(axis=1) > 0)
    p = np.where(empty[:, None], 1.0, p)
    p = np.clip(p / p.sum(axis=1, keepdims=True), floor, None)
    return p / p.sum(axis=1, keepdims=True)


def log_losses(p: Array, y: Array) -> Array:
    """-ln of the probability given to the true cause; (n,)."""
    return -np.log(p[np.arange(len(y)), y])


def mean_log_loss(p: Array, y: Array, floor: float) -> Array:
    """Mean of `log_losses` of chances not below `floor`; a number, as `skill` takes it."""
    return np.asarray(log_losses(floored(p, floor), y).mean())


def expected_log_losses(p: Array, q: Array) -> Array:
    """-sum_k q_k ln p_k with the simulator's own posterior q: the log loss without the luck of the draw; (n,)."""
    return -(q * np.log(p)).sum(axis=1)


def brier_scores(p: Array, y: Array) -> Array:
    """sum_k (p_k - 1[k = y])^2, from 0 to 2 (Brier 1950); (n,)."""
    hit = np.zeros_like(p)
    hit[np.arange(len(y)), y] = 1
    return ((p - hit) ** 2).sum(axis=1)


def macro_f1(guess: Array, y: Array, causes: int) -> float:
    """Mean F1 over the causes that are true or guessed of any event; NaN without any."""
    scores = []
    for cause in range(causes):
        hits = np.sum((guess == cause) & (y == cause))
        total = np.sum(guess == cause) + np.sum(y == cause)
        if total:
            scores.append(2 * hits / total)
    return float(np.mean(scores)) if scores else float("nan")


def abstention(guess: Array, primary: Array, y: Array) -> dict[str, float]:
    """What answering `unknown` costs and gains.

    Parameters
    ----------
    guess
        Most probable cause, whatever the answer; (n,).
    primary
        Code of the primary cause; negative for `unknown`; (n,).

    Returns
    -------
    abstained (share), accuracy (of the guesses, all rows), accuracy_named (where a cause was assigned),
    accuracy_withheld (what the guess would have been worth where it was withheld), abstention_gain (accuracy_named -
    accuracy).
    """
    assigned, right = primary >= 0, guess == y
    accuracy, accuracy_named = _mean(right), _mean((primary == y)[assigned])
    return {
        "abstained": _mean(~assigned),
        "accuracy": accuracy,
        "accuracy_named": accuracy_named,
        "accuracy_withheld": _mean(right[~assigned]),
        "abstention_gain": accuracy_named - accuracy,
    }


def skill(loss: Array, prior: Array, upper_bound: Array) -> Array:
    """Skill of a log loss: 0 as good as the true shares, 1 as the classifier trained on true causes.

    (prior - loss) / (prior - upper_bound); NaN where the upper bound is not better than the prior.
    """
    room = np.asarray(prior - upper_bound, "float64")
    return np.where(room > 0, (prior - loss) / np.where(room > 0, room, 1.0), np.nan)


def _mean(values: Array) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
