"""Events that no method can get right: causes outside the six, and members who have not churned yet."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import ALL_CAUSES, ORACLE
from whychurn.contract.params import ScoreParams
from whychurn.score.method_answers import (
    AT_RISK,
    MethodAnswer,
    attributed_events,
    method_answers,
    true_posterior,
)
from whychurn.score.probability_metrics import expected_log_losses, floored
from whychurn.score.share_errors import score_table


def hidden_scores(answers: Mapping[str, MethodAnswer], hidden: Array, score: ScoreParams) -> pd.DataFrame:
    """To which causes events with a cause outside the six were attributed.

    Parameters
    ----------
    answers
        Method to its answer for all matched churn events.
    hidden
        Whether the true cause is outside the six; (n,).

    Returns
    -------
    DataFrame
        Columns of the score table. Per method and cause, hidden_mass: share of all events that belong to the
        hidden cause and were given to this one. In all: hidden_abstained and others_abstained, the shares of
        `unknown` among events of the hidden cause and of the six. No rows where nothing is hidden.
    """
    rows: list[tuple[object, ...]] = []
    if not hidden.any():
        return score_table(rows)
    for method, answer in answers.items():
        mass = floored(answer.p[hidden], score.floor).sum(axis=0) / len(hidden)
        rows += [(method, "hidden_mass", cause, mass[at], np.nan, np.nan) for at, cause in enumerate(CAUSES)]
        for metric, events in (("hidden_abstained", hidden), ("others_abstained", ~hidden)):
            if events.any():
                share = np.mean(answer.primary[events] < 0)
                rows.append((method, metric, ALL_CAUSES, share, np.nan, np.nan))
    return score_table(rows)


def at_risk_scores(attributions: pd.DataFrame, at_risk: pd.DataFrame, score: ScoreParams) -> pd.DataFrame:
    """Expected log loss for members still there, against the mix of their hazards in the last week.

    Parameters
    ----------
    at_risk
        Planted members at risk: member_id, p_<cause>.

    Returns
    -------
    DataFrame
        Columns of the score table: at_risk_log_loss_expected of each method and, as ``oracle``, the least possible.
    """
    keys = attributed_events(attributions, AT_RISK).drop_duplicates("member_id", keep="last")
    keys = keys.merge(at_risk, on="member_id", validate="one_to_one")
    if keys.empty:
        return score_table([])
    q = true_posterior(keys)
    answers = method_answers(attributions, keys, AT_RISK)
    probabilities = {method: answer.p for method, answer in answers.items()} | {ORACLE: q}
    rows = []
    for method, p in probabilities.items():
        loss = float(expected_log_losses(floored(p, score.floor), q).mean())
        rows.append((method, "at_risk_log_loss_expected", ALL_CAUSES, loss, np.nan, np.nan))
    return score_table(rows)
