"""Who is next: the members at risk today, with probability, interval, value at risk and reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import encode
from whychurn.risk.explanation.reasons import top_reasons
from whychurn.risk.model.boosting import predict_contributions, predict_raw
from whychurn.risk.model.scorer import RiskScorer
from whychurn.risk.value_at_risk import margin_exposed, value_at_risk

COLUMNS = {
    "member_id": "string",
    "as_of": "datetime64[ns]",
    "p_churn": "float64",
    "p_churn_low": "float64",
    "p_churn_high": "float64",
    "value_at_risk": "float64",
    "reasons": "string",
}


def score_members(
    panel: pd.DataFrame, scorer: RiskScorer, horizon_days: int, params: Params
) -> tuple[pd.DataFrame, np.ndarray]:
    """Score the members of the latest snapshot with the model that was evaluated (it is not refitted).

    Returns
    -------
    risk_scores, and the rows' contributions (rows × features, log-odds) for the archetypes.
    """
    latest = panel[panel["as_of"] == panel["as_of"].max()]
    X = encode(latest, scorer.features)
    contributions = predict_contributions(scorer.booster, X)[:, :-1]
    raw = predict_raw(scorer.booster, X)
    p = scorer.calibrator.probability(raw)
    low, high = scorer.calibrator.interval(raw)
    stake = margin_exposed(latest, params.business)
    scores = pd.DataFrame(
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
    return scores, contributions


def no_scores() -> pd.DataFrame:
    """risk_scores of a study without a model."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
