"""What the model looks at: exact SHAP values by feature and group, points, dependence, interactions.

These tables describe the model. A feature may rank high because it is correlated with the true cause: nothing
here is called a cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import xgboost as xgb

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import Feature
from whychurn.risk.model.boosting import predict_contributions, predict_interactions

NO_CAUSE = "none"
INTERACTION_PAIRS: Final = 10  # pairs of features in the table
BEESWARM_FEATURES: Final = 10  # rows of the beeswarm chart
DEPENDENCE_FEATURES: Final = 6  # with a dependence curve
DEPENDENCE_BINS: Final = 12  # points of a dependence curve


@dataclass(frozen=True)
class Explained:
    """Encoded sample rows and their exact contributions (rows × features, log-odds), base value apart."""

    features: list[Feature]
    X: np.ndarray
    contributions: np.ndarray
    base: float


def explain_sample(
    booster: xgb.Booster, X: np.ndarray, features: list[Feature], rows: int, seed: int
) -> Explained:
    """Contributions of at most `rows` random rows of X."""
    if len(X) > rows:
        X = X[np.sort(np.random.default_rng(seed).choice(len(X), rows, replace=False))]
    values = predict_contributions(booster, X)
    return Explained(features, X, values[:, :-1], float(values[:, -1].mean()))


def feature_importance(explained: Explained) -> pd.DataFrame:
    """Table risk_shap_features: mean absolute contribution, its share, direction (rank correlation)."""
    size = np.abs(explained.contributions).mean(axis=0)
    table = pd.DataFrame(
        {
            "feature": [f.name for f in explained.features],
            "label_en": [f.en for f in explained.features],
            "label_zh": [f.zh for f in explained.features],
            "family": [f.family for f in explained.features],
            "cause": [f.cause or NO_CAUSE for f in explained.features],
            "importance": size,
            "share": size / max(size.sum(), 1e-12),
            "direction": [_direction(explained, i) for i in range(len(explained.features))],
        }
    )
    table = table.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)
    return table.assign(position=np.arange(1, len(table) + 1))


def _direction(explained: Explained, column: int) -> float:
    """Spearman correlation of value and contribution; NaN for categories and constants."""
    value = pd.Series(explained.X[:, column])
    if explained.features[column].categories is not None or value.nunique() < 2:
        return float("nan")
    share = pd.Series(explained.contributions[:, column])[value.notna()]
    if share.nunique() < 2:
        return float("nan")
    return float(value.dropna().rank().corr(share.rank()))


def group_importance(explained: Explained) -> pd.DataFrame:
    """Table risk_shap_groups: mean absolute sum of contributions within a family or candidate-cause group."""
    tables = []
    for grouping in ("family", "cause"):
        names = np.array([getattr(f, grouping) or NO_CAUSE for f in explained.features])
        groups = sorted(set(names))
        size = [np.abs(explained.contributions[:, names == g].sum(axis=1)).mean() for g in groups]
        table = pd.DataFrame({"grouping": grouping, "group": groups, "importance": size})
        table["features"] = [int((names == g).sum()) for g in groups]
        tables.append(table.assign(share=table["importance"] / max(sum(size), 1e-12)))
    both = pd.concat(tables, ignore_index=True)
    return both.sort_values(["grouping", "importance"], ascending=[True, False], ignore_index=True)


def beeswarm_points(explained: Explained, importance: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Table risk_shap_points: for the top features, contribution and rank of the value (0 low … 1 high).

    No member ids, and ranks in place of values: no point identifies a member.
    """
    rows = np.random.default_rng(params.run.seed).permutation(len(explained.X))[: params.risk.beeswarm_points]
    columns = {feature.name: i for i, feature in enumerate(explained.features)}
    tables = []
    for name in importance["feature"].head(BEESWARM_FEATURES):
        column = columns[name]
        rank = pd.Series(explained.X[:, column]).rank(pct=True).to_numpy()[rows]
        if explained.features[column].categories is not None:
            rank = np.full(len(rows), np.nan)  # categories have no order
        share = explained.contributions[rows, column]
        tables.append(
            pd.DataFrame(
                {"feature": name, "value_rank": np.round(rank, 2), "contribution": np.round(share, 3)}
            )
        )
    return pd.concat(tables, ignore_index=True)


def dependence(explained: Explained, importance: pd.DataFrame) -> pd.DataFrame:
    """Table risk_shap_dependence: contribution (mean, 10-90 % range) of top features by bins of the value."""
    columns = {feature.name: i for i, feature in enumerate(explained.features)}
    numeric = [name for name in importance["feature"] if explained.features[columns[name]].categories is None]
    tables = [_binned(explained, columns[name]) for name in numeric[:DEPENDENCE_FEATURES]]
    names = ["feature", "value", "value_low", "value_high", "contribution", "low", "high", "rows"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=names)


def _binned(explained: Explained, column: int) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"value": explained.X[:, column], "share": explained.contributions[:, column]}
    ).dropna()
    edges = np.unique(np.quantile(frame["value"], np.linspace(0, 1, DEPENDENCE_BINS + 1)))
    frame["bin"] = np.searchsorted(edges[1:-1], frame["value"], side="left")
    grouped = frame.groupby("bin")
    return pd.DataFrame(
        {
            "feature": explained.features[column].name,
            "value": grouped["value"].median(),
            "value_low": grouped["value"].min(),
            "value_high": grouped["value"].max(),
            "contribution": grouped["share"].mean(),
            "low": grouped["share"].quantile(0.1),
            "high": grouped["share"].quantile(0.9),
            "rows": grouped.size(),
        }
    ).reset_index(drop=True)


def strongest_interactions(booster: xgb.Booster, explained: Explained, rows: int) -> pd.DataFrame:
    """Table risk_shap_interactions: pairs with the largest mean absolute interaction on `rows` rows."""
    count = len(explained.features)
    values = predict_interactions(booster, explained.X[:rows])[:, :count, :count]
    strength = 2 * np.abs(values).mean(axis=0)  # both halves of the symmetric matrix
    first, second = np.triu_indices(count, k=1)
    names = [feature.name for feature in explained.features]
    table = pd.DataFrame(
        {
            "feature_a": [names[i] for i in first],
            "feature_b": [names[i] for i in second],
            "strength": strength[first, second].astype("float64"),
            "rows": min(rows, len(explained.X)),
        }
    )
    table = table.sort_values(["strength", "feature_a", "feature_b"], ascending=[False, True, True])
    return table[table["strength"] > 0].head(INTERACTION_PAIRS).reset_index(drop=True)
