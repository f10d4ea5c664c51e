"""Measures that are means over leavings, with bootstrap intervals over members, and the skill made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import ALL_CAUSES, CEILING, PRIOR
from whychurn.contract.params import Params
from whychurn.score.aligned import Answer
from whychurn.score.metrics import (
    abstention,
    brier_scores,
    expected_log_losses,
    floored,
    log_losses,
    macro_f1,
    skill,
)
from whychurn.score.shares import score_table
from whychurn.stats.bootstrap import member_weights, percentiles, resampled_means

HALF: Final = 0.5  # of the draws must be finite
MEANS: Final = ("log_loss", "log_loss_expected", "brier", "accuracy")  # bootstrapped


def leaving_scores(
    answers: Mapping[str, Answer], y: np.ndarray, q: np.ndarray, member: np.ndarray, params: Params
) -> pd.DataFrame:
    """Scores of each method over leavings whose drawn cause is one of the six.

    Parameters
    ----------
    answers
        Method to its answer, the baselines among them.
    y
        Drawn cause; (n,).
    q
        Simulator's posterior; (n, 6).
    member
        Member of each leaving; (n,).

    Returns
    -------
    DataFrame
        Rows of the score table: `MEANS` and skill with intervals, macro_f1, not_attributed (share of leavings without a row), and
        the measures of `measures.abstention`. What cannot be taken is left out.
    """
    sure = {method: floored(answer.p, params.score.floor) for method, answer in answers.items()}
    values = np.stack([_means(p, y, q) for p in sure.values()])  # (methods, measures, n)
    point = values.mean(axis=2)
    weights = member_weights(member, params.score.bootstrap, params.run.seed)
    draws = resampled_means(values.reshape(-1, len(y)).T, weights).T.reshape(*point.shape, -1)
    rows: list[tuple[object, ...]] = []
    for number, (method, answer) in enumerate(answers.items()):
        for at, measure in enumerate(MEANS):
            interval = percentiles(draws[number, at], params.run.confidence, HALF)
            rows.append((method, measure, ALL_CAUSES, point[number, at], *interval))
        guess = sure[method].argmax(axis=1)
        plain = abstention(guess, answer.named, y) | {
            "macro_f1": macro_f1(guess, y, len(CAUSES)),
            "not_attributed": float(np.mean(~np.isfinite(answer.p).all(axis=1))),
        }
        plain.pop("accuracy")
        rows += [(method, measure, ALL_CAUSES, value, np.nan, np.nan) for measure, value in plain.items()]
    table = score_table([*rows, *_skills(list(answers), point, draws, params)])
    return table[table["value"].notna()]


def _means(p: np.ndarray, y: np.ndarray, q: np.ndarray) -> np.ndarray:
    right = (p.argmax(axis=1) == y).astype("float64")
    return np.stack([log_losses(p, y), expected_log_losses(p, q), brier_scores(p, y), right])


def _skills(
    methods: list[str], point: np.ndarray, draws: np.ndarray, params: Params
) -> list[tuple[object, ...]]:
    """Skill by the log loss of the drawn causes; no rows where there is no ceiling."""
    if CEILING not in methods:
        return []
    prior, ceiling = methods.index(PRIOR), methods.index(CEILING)
    rows: list[tuple[object, ...]] = []
    for number, method in enumerate(methods):
        value = skill(point[number, 0], point[prior, 0], point[ceiling, 0])
        drawn = skill(draws[number, 0], draws[prior, 0], draws[ceiling, 0])
        rows.append(
            (method, "skill", ALL_CAUSES, float(value), *percentiles(drawn, params.run.confidence, HALF))
        )
    return rows
