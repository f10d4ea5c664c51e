"""Who is next: the members still there today, with probability, value at risk and reasons; who is already gone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import encode
from whychurn.risk.explanation.reasons import top_reasons
from whychurn.risk.model.boosting import predict_contributions, predict_raw
from whychurn.risk.model.scorer import RiskScorer
from whychurn.risk.value_at_risk import margin_exposed, value_at_risk
from whychurn.stats.parallel import BLOCK_MEMBERS, Spread, parallel_map

COLUMNS = {
    "member_id": "string",
    "as_of": "datetime64[ns]",
    "p_churn": "float64",
    "p_churn_low": "float64",
    "p_churn_high": "float64",
    "value_at_risk": "float64",
    "reasons": "string",
}


GONE = {
    "member_id": "string",
    "as_of": "datetime64[ns]",
    "why": "string",
    "last_active_on": "datetime64[ns]",
    "days_silent": "int64",
    "usual_gap_days": "float64",
    "margin_exposed": "float64",
}


def still_there(panel: pd.DataFrame) -> np.ndarray:
    """Mask of the rows of members still there; all where the panel does not say."""
    if "still_there" not in panel:
        return np.ones(len(panel), dtype=bool)
    return panel["still_there"].to_numpy(dtype=bool)


def latest_snapshot(panel: pd.DataFrame) -> pd.DataFrame:
    """Rows of today: those of the last snapshot."""
    return panel[panel["as_of"] == panel["as_of"].max()]


def already_gone(panel: pd.DataFrame, terms: bool, params: Params) -> pd.DataFrame:
    """Members of the latest snapshot who are not still there (`panel.still_there`), the most valuable first.

    Parameters
    ----------
    terms
        Whether churn is defined by terms.
    """
    latest = latest_snapshot(panel)
    gone = latest[~still_there(latest)]
    if gone.empty:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in GONE.items()})
    last = gone["as_of"] - pd.to_timedelta(gone["days_silent"], unit="D")
    silent = gone["days_silent"] > gone["usual_gap_days"]
    why = np.where(silent, "term_ended" if terms else "silent", "notice")
    table = pd.DataFrame(
        {
            "member_id": gone["member_id"].to_numpy(),
            "as_of": gone["as_of"].to_numpy(),
            "why": why,
            "last_active_on": last.mask(gone["days_silent"] == 0).to_numpy(),  # with notice the term runs on
            "days_silent": gone["days_silent"].to_numpy(),
            "usual_gap_days": gone["usual_gap_days"].to_numpy(),
            "margin_exposed": margin_exposed(gone, params.business),
        }
    ).astype(GONE)
    return table.sort_values(["margin_exposed", "member_id"], ascending=[False, True], ignore_index=True)


def score_members(
    panel: pd.DataFrame,
    scorer: RiskScorer,
    horizon_days: int,
    params: Params,
    spread: Spread = parallel_map,
    block_members: int = BLOCK_MEMBERS,
) -> pd.DataFrame:
    """risk_scores of the members still there at the latest snapshot, by the model that was evaluated (it is not refitted).

    Parameters
    ----------
    spread
        How blocks of at most `block_members` members are worked on.
    """
    rows = rows_to_score(panel)
    if rows.empty:
        return no_scores()
    edges = np.linspace(0, len(rows), -(-len(rows) // block_members) + 1).astype(int)
    jobs = ((rows.iloc[low:high], scorer, horizon_days, params) for low, high in pairwise(edges))
    return pd.concat(spread(score_block, jobs, params.run.workers), ignore_index=True)


def rows_to_score(panel: pd.DataFrame) -> pd.DataFrame:
    """Rows of the latest snapshot of members still there."""
    latest = latest_snapshot(panel)
    return latest[still_there(latest)]


def member_contributions(rows: pd.DataFrame, scorer: RiskScorer) -> np.ndarray:
    """Exact contributions (rows × features, log-odds) of rows of a panel."""
    return predict_contributions(scorer.booster, encode(rows, scorer.features))[:, :-1]


def score_block(latest: pd.DataFrame, scorer: RiskScorer, horizon_days: int, params: Params) -> pd.DataFrame:
    """risk_scores of some members: `latest` rows, one each."""
    X = encode(latest, scorer.features)
    contributions = predict_contributions(scorer.booster, X)[:, :-1]
    raw = predict_raw(scorer.booster, X)
    p = scorer.calibrator.probability(raw)
    low, high = scorer.calibrator.interval(raw)
    stake = margin_exposed(latest, params.business)
    return pd.DataFrame(
        {
            "member_id": latest["member_id"].to_numpy(),
            "as_of": latest["as_of"].to_numpy(),
            "p_churn": p,
            "p_churn_low": low,
            "p_churn_high": high,
            "value_at_risk": value_at_risk(p, stake, horizon_days, params.business.value_days),
            "reasons": top_reasons(X, contributions, scorer.features, params.risk.top_reasons).to_numpy(),
        }
    ).astype(COLUMNS)


def no_scores() -> pd.DataFrame:
    """risk_scores without a model, or where nobody is still there."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
