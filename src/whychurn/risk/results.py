"""All tables about a fitted model: measures, backtest, explanation, scores."""

from __future__ import annotations

import logging

import pandas as pd

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import encode
from whychurn.risk.evaluation.already_gone import measure_gone, with_gone
from whychurn.risk.evaluation.backtest import backtest
from whychurn.risk.evaluation.holdout import forecast_test, lift_curve, measure_models, reliability
from whychurn.risk.explanation.archetypes import cluster_members
from whychurn.risk.explanation.rules import tree_rules
from whychurn.risk.explanation.shap_values import (
    beeswarm_points,
    dependence,
    explain_sample,
    feature_importance,
    group_importance,
    strongest_interactions,
)
from whychurn.risk.member_scores import member_contributions, rows_to_score, score_members
from whychurn.risk.model.training import Trained
from whychurn.stats.parallel import Spread, parallel_map

log = logging.getLogger(__name__)


def risk_results(
    panel: pd.DataFrame,
    trained: Trained,
    horizon_days: int,
    params: Params,
    spread: Spread = parallel_map,
    latest: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Results tables by file name: test period, earlier cut-offs, explanation, scores of members still there.

    Parameters
    ----------
    spread
        How blocks of members are scored.
    latest
        Latest snapshot of all members, where `panel` holds a share of them.
    """
    latest = panel if latest is None else latest
    test = forecast_test(panel, trained, params)
    log.info("measuring on %d test rows", len(test))
    tables = {
        "risk_metrics": with_gone(measure_models(test, params), measure_gone(panel, trained, params)),
        "risk_calibration": reliability(test, params),
        "risk_lift": lift_curve(test, params),
    }
    log.info("backtest")
    tables["risk_backtest"] = backtest(panel, trained, horizon_days, params)
    log.info("explaining")
    tables |= explanation_tables(panel, trained, params)
    scores = score_members(latest, trained.scorer, horizon_days, params, spread)
    rows = rows_to_score(latest)
    groups, members = cluster_members(
        scores, lambda high: member_contributions(rows[high], trained.scorer), trained.features, params
    )
    tables |= {"risk_scores": scores, "risk_archetypes": groups, "risk_archetype_members": members}
    return tables


def explanation_tables(panel: pd.DataFrame, trained: Trained, params: Params) -> dict[str, pd.DataFrame]:
    """SHAP tables on a sample of the test period, and the tree's rules as the readable cross-check."""
    risk = params.risk
    rows = panel[trained.split.rows("test")]
    X = encode(rows, trained.features)
    explained = explain_sample(trained.booster, X, trained.features, risk.shap_rows, params.run.seed)
    importance = feature_importance(explained)
    y = rows["churned_in_horizon"].astype("float64").to_numpy()
    return {
        "risk_shap_features": importance,
        "risk_shap_groups": group_importance(explained),
        "risk_shap_points": beeswarm_points(explained, importance, params),
        "risk_shap_dependence": dependence(explained, importance),
        "risk_shap_interactions": strongest_interactions(trained.booster, explained, risk.interaction_rows),
        "risk_tree": tree_rules(trained.tree, trained.features, X, y, rows["member_id"].to_numpy()),
    }
