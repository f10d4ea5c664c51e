"""Measures of cause probabilities against the drawn cause; arrays (n, 6) in the order of `CAUSES`."""

from __future__ import annotations

import numpy as np


def floored(p: np.ndarray, floor: float) -> np.ndarray:
    """Probabilities of at least `floor`, rows summing to one; a row with nulls or no mass becomes uniform.

    One cause at zero would make the log loss infinite; `score.floor` is what a method pays at most.
    """
    p = np.asarray(p, "float64")
    empty = ~np.isfinite(p).all(axis=1) | ~(np.nan_to_num(p).sum(axis=1) > 0)
    p = np.where(empty[:, None], 1.0, p)
    p = np.clip(p / p.sum(axis=1, keepdims=True), floor, None)
    return p / p.sum(axis=1, keepdims=True)


def log_losses(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """-ln of the probability given to the drawn cause; (n,)."""
    return -np.log(p[np.arange(len(y)), y])


def expected_log_losses(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """-sum_k q_k ln p_k with the simulator's own posterior q: the log loss without the luck of the draw; (n,)."""
    return -(q * np.log(p)).sum(axis=1)


def brier_scores(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """sum_k (p_k - 1[k = y])^2, from 0 to 2 (Brier 1950); (n,)."""
    hit = np.zeros_like(p)
    hit[np.arange(len(y)), y] = 1
    return ((p - hit) ** 2).sum(axis=1)


def macro_f1(guess: np.ndarray, y: np.ndarray, causes: int) -> float:
    """Mean F1 over the causes that were drawn or guessed; NaN without any."""
    found = []
    for cause in range(causes):
        hits = np.sum((guess == cause) & (y == cause))
        seen = np.sum(guess == cause) + np.sum(y == cause)
        if seen:
            found.append(2 * hits / seen)
    return float(np.mean(found)) if found else float("nan")


def abstention(guess: np.ndarray, named: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """What saying `unknown` costs and gains.

    Parameters
    ----------
    guess
        Most probable cause, whatever was said; (n,).
    named
        Code of the cause that was named; negative for `unknown`; (n,).

    Returns
    -------
    abstained (share), accuracy (of the guesses, all rows), accuracy_named (of the named), accuracy_withheld (what the
    guess would have been worth where it was withheld), abstention_gain (accuracy_named - accuracy).
    """
    said = named >= 0
    right = guess == y
    accuracy = _mean(right)
    accuracy_named = _mean((named == y)[said])
    return {
        "abstained": _mean(~said),
        "accuracy": accuracy,
        "accuracy_named": accuracy_named,
        "accuracy_withheld": _mean(right[~said]),
        "abstention_gain": accuracy_named - accuracy,
    }


def skill(loss: np.ndarray, prior: np.ndarray, ceiling: np.ndarray) -> np.ndarray:
    """(log loss of the prior - ours) / (log loss of the prior - the ceiling's): 0 as good as the true shares, 1 as the
    classifier that learned from true causes. NaN where the ceiling is not better than the prior."""
    room = np.asarray(prior - ceiling, "float64")
    return np.where(room > 0, (prior - loss) / np.where(room > 0, room, 1.0), np.nan)


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
