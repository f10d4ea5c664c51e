"""All scores of all methods on one programme whose causes were planted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import ALL_CAUSES, CEILING, ORACLE, PLANTED, PRIOR
from whychurn.contract.params import Params, ScoreParams
from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_cells
from whychurn.score import calibration
from whychurn.score.aligned import (
    AT_RISK,
    CHURNED,
    KEYS,
    Answer,
    answers,
    attributed_leavings,
    drawn_codes,
    posterior,
)
from whychurn.score.baselines import baseline_probabilities, fit_ceiling
from whychurn.score.matching import match_counts, match_leavings
from whychurn.score.metric_rows import leaving_scores
from whychurn.score.metrics import floored
from whychurn.score.out_of_scope import at_risk_scores, hidden_scores
from whychurn.score.planted import Planted
from whychurn.score.shares import drawn_shares, planted_avoidable, rank_agreement, score_table, share_scores

CALIBRATION: Final = columns_of("cause_calibration")


@dataclass(frozen=True)
class Scorecard:
    """Tables `cause_scores` and `cause_calibration`, and how leavings were matched."""

    scores: pd.DataFrame
    calibration: pd.DataFrame
    matching: dict[str, float]


def empty_scorecard() -> Scorecard:
    """What there is to say without planted causes."""
    return Scorecard(score_table([]), _typed_calibration([]), {})


def score_causes(
    attributions: pd.DataFrame,
    shares: pd.DataFrame,
    evidence: pd.DataFrame,
    planted: Planted,
    params: Params,
    min_cell: int,
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
    min_cell
        Calibration bins with fewer leavings are blanked.

    Returns
    -------
    Scorecard
        Empty where no attributed leaving has a planted one.
    """
    leavings = planted.causes[planted.causes["status"] == CHURNED]
    matched = match_leavings(attributed_leavings(attributions), leavings, params.score.match_days)
    rows = matched[matched["spell"].notna()].reset_index(drop=True)
    counts = match_counts(matched, leavings)
    codes = drawn_codes(rows["cause"])
    if not (codes >= 0).any():
        return Scorecard(score_table([]), _typed_calibration([]), counts)
    given, six = answers(attributions, rows), codes >= 0
    found = with_baselines(
        {name: answer.rows(six) for name, answer in given.items()}, rows[six], evidence, params
    )
    y = codes[six]
    member = rows.loc[six, "member_id"].to_numpy()
    there = planted.causes[planted.causes["status"] == AT_RISK]
    tables = [calibrated(name, answer, y, params) for name, answer in found.items()]
    scores = [
        leaving_scores(found, y, posterior(rows[six]), member, params),
        calibration_scores(tables),
        all_shares(found, shares, planted_shares(rows["cause"], planted.without)),
        hidden_scores(given, ~six, params.score),
        at_risk_scores(attributions, there, params.score),
    ]
    return Scorecard(pd.concat(scores, ignore_index=True), _typed_calibration(tables, min_cell), counts)


def with_baselines(
    given: Mapping[str, Answer], rows: pd.DataFrame, evidence: pd.DataFrame, params: Params
) -> dict[str, Answer]:
    """Answers of the methods and, beside them, of the baselines; `rows` are leavings with one of the six causes."""
    y = drawn_codes(rows["cause"])
    seen = evidence[evidence["status"] == CHURNED].drop(columns=["status", "anchor_on"], errors="ignore")
    seen = rows[KEYS].merge(seen, on=KEYS, how="left", validate="one_to_one")
    ceiling = fit_ceiling(seen, y, rows["member_id"].to_numpy(), params)
    base = baseline_probabilities(y, posterior(rows), ceiling)
    return {**given, **{name: Answer(p, p.argmax(axis=1)) for name, p in base.items()}}


def calibrated(method: str, answer: Answer, y: np.ndarray, params: Params) -> pd.DataFrame:
    """Calibration bins of one method."""
    p = floored(answer.p, params.score.floor)
    table = calibration.calibration_table(p, y, params.score.bins, params.run.confidence)
    table.insert(0, "method", method)
    return table


def calibration_scores(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Expected calibration error of each cause, and its mean over causes."""
    rows: list[tuple[object, ...]] = []
    for table in tables:
        method, errors = table["method"].iloc[0], calibration.calibration_errors(table)
        rows += [(method, "ece", cause, error, np.nan, np.nan) for cause, error in errors.items()]
        rows.append((method, "ece", ALL_CAUSES, errors.mean(), np.nan, np.nan))
    return score_table(rows)


def planted_shares(cause: pd.Series, without: pd.DataFrame) -> dict[str, pd.Series]:
    """What was planted: ``share`` of each cause among the matched leavings, ``avoidable`` share of churn."""
    return {"share": drawn_shares(cause), "avoidable": planted_avoidable(without)}


def all_shares(
    found: Mapping[str, Answer], shares: pd.DataFrame, planted: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """Errors and coverage of shares and avoidable churn, and how rankings of causes agree with avoidable churn."""
    parts = []
    for name, values in planted.items():
        rows = [(PLANTED, name, cause, values[cause], np.nan, np.nan) for cause in CAUSES]
        parts.append(score_table(rows))
    rest = PLANTED, "hidden_share", ALL_CAUSES, 1 - planted["share"].sum(), np.nan, np.nan
    parts.append(score_table([rest]))
    for method, answer in found.items():
        for name, values in planted.items():
            mine = (
                _stated(method, shares, name)
                if method in set(shares["method"])
                else _implied(method, answer, name)
            )
            if mine["value"].notna().any():
                parts.append(share_scores(method, mine, values, name))
                tau = rank_agreement(mine.set_index("cause")["value"], planted["avoidable"])
                row = method, f"{name}_rank_agreement", ALL_CAUSES, tau, np.nan, np.nan
                parts.append(score_table([row]))
    return pd.concat(parts, ignore_index=True)


def score_facts(card: Scorecard, score: ScoreParams) -> dict[str, Any]:
    """Figures about all causes together by method, and how leavings were matched; for score.json."""
    whole = card.scores[card.scores["cause"] == ALL_CAUSES]
    whole = whole[np.isfinite(whole["value"].to_numpy("float64"))]
    methods = {
        str(method): dict(zip(rows["measure"], rows["value"].astype("float64"), strict=True))
        for method, rows in whole.groupby("method", sort=False)
    }
    return {"matching": card.matching, "methods": methods, "floor": score.floor}


def _stated(method: str, shares: pd.DataFrame, name: str) -> pd.DataFrame:
    """What a method says of shares or of avoidable churn: cause, value, low, high."""
    mine = shares[shares["method"] == method]
    low, high = ("low", "high") if name == "share" else ("avoidable_low", "avoidable_high")
    value = "share" if name == "share" else "avoidable_share"
    return mine[["cause", value, low, high]].set_axis(["cause", "value", "low", "high"], axis=1)


def _implied(method: str, answer: Answer, name: str) -> pd.DataFrame:
    """Shares of a baseline: the mean of its probabilities; none of avoidable churn, none of who has no row."""
    tells = name == "share" and method in (PRIOR, CEILING, ORACLE)
    value = answer.p.mean(axis=0) if tells else np.full(len(CAUSES), np.nan)
    return pd.DataFrame({"cause": CAUSES, "value": value, "low": np.nan, "high": np.nan})


def _typed_calibration(parts: list[pd.DataFrame], min_cell: int = 1) -> pd.DataFrame:
    columns = ["method", *calibration.COLUMNS]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    numbers = [name for name in calibration.COLUMNS if name != "cause"]
    table = table.astype({"method": "string", "cause": "string"} | dict.fromkeys(numbers, "float64"))
    return suppress_small_cells(table, "members", ["p_mean", "frequency", "low", "high"], min_cell)[
        list(CALIBRATION)
    ]
