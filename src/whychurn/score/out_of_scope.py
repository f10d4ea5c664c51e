"""What a method does with leavings that it cannot get right: causes outside the six, members not gone yet."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import ALL_CAUSES
from whychurn.contract.params import ScoreParams
from whychurn.score.aligned import AT_RISK, Answer, answers, attributed_leavings, posterior
from whychurn.score.metrics import expected_log_losses, floored
from whychurn.score.shares import score_table


def hidden_scores(found: Mapping[str, Answer], hidden: np.ndarray, score: ScoreParams) -> pd.DataFrame:
    """Where leavings for a cause outside the six went.

    Parameters
    ----------
    found
        Method to its answer for all matched leavings.
    hidden
        Whether the drawn cause is outside the six; (n,).

    Returns
    -------
    DataFrame
        Columns of the score table. Per method and cause, hidden_mass: share of all leavings that belong to the hidden
        cause and were given to this one. In all: hidden_abstained and others_abstained, the shares of `unknown` among
        leavings of the hidden cause and of the six. No rows where nothing is hidden.
    """
    rows: list[tuple[object, ...]] = []
    if not hidden.any():
        return score_table(rows)
    for method, answer in found.items():
        mass = floored(answer.p[hidden], score.floor).sum(axis=0) / len(hidden)
        rows += [(method, "hidden_mass", cause, mass[at], np.nan, np.nan) for at, cause in enumerate(CAUSES)]
        for measure, mine in (("hidden_abstained", hidden), ("others_abstained", ~hidden)):
            if mine.any():
                rows.append((method, measure, ALL_CAUSES, np.mean(answer.named[mine] < 0), np.nan, np.nan))
    return score_table(rows)


def at_risk_scores(attributions: pd.DataFrame, there: pd.DataFrame, score: ScoreParams) -> pd.DataFrame:
    """Expected log loss for members still there, against the mix of their hazards in the last week.

    Parameters
    ----------
    there
        Planted members at risk: member_id, p_<cause>.

    Returns
    -------
    DataFrame
        Columns of the score table: at_risk_log_loss_expected of each method and, as ``oracle``, the least possible.
    """
    keys = attributed_leavings(attributions, AT_RISK)
    keys = keys.drop_duplicates("member_id", keep="last").merge(there, on="member_id", validate="one_to_one")
    if keys.empty:
        return score_table([])
    q = posterior(keys)
    methods = {method: answer.p for method, answer in answers(attributions, keys, AT_RISK).items()}
    rows = [
        (method, "at_risk_log_loss_expected", ALL_CAUSES, _expected(p, q, score), np.nan, np.nan)
        for method, p in {**methods, "oracle": q}.items()
    ]
    return score_table(rows)


def _expected(p: np.ndarray, q: np.ndarray, score: ScoreParams) -> float:
    return float(expected_log_losses(floored(p, score.floor), q).mean())
