"""All scores of all methods on one programme whose causes were planted."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.codes import ALL_CAUSES
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_cells
from whychurn.score.baselines import with_baselines
from whychurn.score.cause_calibration import COLUMNS, calibration_errors, calibration_table
from whychurn.score.event_matching import match_counts, match_events
from whychurn.score.ground_truth import GroundTruth
from whychurn.score.method_answers import (
    AT_RISK,
    CHURNED,
    MethodAnswer,
    attributed_events,
    cause_codes,
    method_answers,
    true_posterior,
)
from whychurn.score.out_of_scope import at_risk_scores, hidden_scores
from whychurn.score.probability_metrics import event_metrics, floored
from whychurn.score.share_errors import all_share_scores, planted_shares, score_table

CALIBRATION: Final = columns_of("cause_calibration")


@dataclass(frozen=True)
class Scorecard:
    """Tables `cause_scores` and `cause_calibration`, and how churn events were matched."""

    scores: pd.DataFrame
    calibration: pd.DataFrame
    matching: dict[str, float]


def empty_scorecard(matching: dict[str, float] | None = None) -> Scorecard:
    """Scorecard of a programme without planted causes, or none that match."""
    return Scorecard(score_table([]), _typed_calibration([], 1), matching or {})


def score_causes(
    attributions: pd.DataFrame,
    shares: pd.DataFrame,
    evidence: pd.DataFrame,
    truth: GroundTruth,
    params: Params,
) -> Scorecard:
    """Score every method and the baselines.

    Parameters
    ----------
    attributions
        method, member_id, spell_no, status, anchor_on, p_<cause>, primary_cause.
    shares
        method, cause, share, low, high, avoidable_share, avoidable_low, avoidable_high.
    evidence
        member_id, spell_no, status, x_*: what the methods see.

    Returns
    -------
    Scorecard
        Empty where no attributed churn event has a planted one; calibration bins with fewer than
        `privacy.min_cell` events are blanked.
    """
    planted = truth.causes[truth.causes["status"] == CHURNED]
    matched = match_events(attributed_events(attributions), planted)
    events = matched[matched["spell"].notna()].reset_index(drop=True)
    counts = match_counts(matched, planted)
    codes = cause_codes(events["cause"])
    six = codes >= 0
    if not six.any():
        return empty_scorecard(counts)
    answers = method_answers(attributions, events)
    of_six, y = events[six], codes[six]
    compared = {name: answer.rows(six) for name, answer in answers.items()}
    compared = with_baselines(compared, of_six, evidence, params)
    calibration = [calibrated(name, answer, y, params) for name, answer in compared.items()]
    at_risk = truth.causes[truth.causes["status"] == AT_RISK]
    scores = [
        event_metrics(compared, y, true_posterior(of_six), of_six["member_id"].to_numpy(), params),
        calibration_scores(calibration),
        all_share_scores(compared, shares, planted_shares(events["cause"], truth.without)),
        hidden_scores(answers, ~six, params.score),
        at_risk_scores(attributions, at_risk, params.score),
    ]
    table = _typed_calibration(calibration, params.privacy.min_cell)
    return Scorecard(pd.concat(scores, ignore_index=True), table, counts)


def calibrated(method: str, answer: MethodAnswer, y: Array, params: Params) -> pd.DataFrame:
    """Calibration bins of one method; `y` are the true causes, (n,)."""
    p = floored(answer.p, params.score.floor)
    table = calibration_table(p, y, params.score.bins, params.run.confidence)
    table.insert(0, "method", method)
    return table


def calibration_scores(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Expected calibration error of each cause, and its mean over causes."""
    rows: list[tuple[object, ...]] = []
    for table in tables:
        method, errors = table["method"].iloc[0], calibration_errors(table)
        rows += [(method, "ece", cause, error, np.nan, np.nan) for cause, error in errors.items()]
        rows.append((method, "ece", ALL_CAUSES, errors.mean(), np.nan, np.nan))
    return score_table(rows)


def _typed_calibration(tables: list[pd.DataFrame], min_cell: int) -> pd.DataFrame:
    columns = ["method", *COLUMNS]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    kinds = dict.fromkeys(COLUMNS, "float64") | {"method": "string", "cause": "string"}
    blanked = ["p_mean", "frequency", "low", "high"]
    return suppress_small_cells(table.astype(kinds), "members", blanked, min_cell)[list(CALIBRATION)]
