"""What the model has to beat: logistic regression, a shallow tree, a recency rule, the base rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import Feature

RECENCY: Final = ("days_since_last_order", "days_since_last_interaction", "tenure_days")
Scorer = Callable[[np.ndarray], np.ndarray]
LEAF_SHARE: Final = 0.01  # smallest leaf of the tree, as a share of rows


@dataclass(frozen=True)
class Baselines:
    """Scorers by name, and the fitted tree for its rules."""

    scorers: dict[str, Scorer]
    tree: Pipeline


def fit_baselines(
    X: np.ndarray, y: np.ndarray, features: list[Feature], horizon_days: int, params: Params
) -> Baselines:
    """Fit each baseline on the same rows as the model; a scorer maps encoded rows to raw scores in [0, 1]."""
    logistic, tree = logistic_regression(features, params).fit(X, y), shallow_tree(features, params).fit(X, y)
    scorers: dict[str, Scorer] = {
        "logistic": lambda rows: logistic.predict_proba(rows)[:, 1],
        "tree": lambda rows: tree.predict_proba(rows)[:, 1],
        "recency": recency_rule(features, horizon_days),
        "prior": lambda rows: np.full(len(rows), 0.5),
    }
    return Baselines(scorers, tree)


def logistic_regression(features: list[Feature], params: Params) -> Pipeline:
    """Median-imputed, log-scaled and standardised numbers with missing flags; one-hot categories."""
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        FunctionTransformer(_signed_log),
        StandardScaler(),
    )
    return make_pipeline(
        _columns(features, numbers),
        LogisticRegression(C=params.risk.logistic_c, max_iter=300, tol=1e-3, random_state=params.run.seed),
    )


def shallow_tree(features: list[Feature], params: Params) -> Pipeline:
    """A tree that fits on a page; it also serves as the readable cross-check."""
    numbers = SimpleImputer(strategy="median", keep_empty_features=True)
    tree = DecisionTreeClassifier(
        max_depth=params.risk.tree_depth,
        min_samples_leaf=LEAF_SHARE,
        random_state=params.run.seed,
    )
    return make_pipeline(_columns(features, numbers), tree)


def recency_rule(features: list[Feature], horizon_days: int) -> Scorer:
    """d / (d + horizon), d days since the last activity: the first recency feature present."""
    names = [feature.name for feature in features]
    present = [names.index(name) for name in RECENCY if name in names]
    if not present:
        return lambda rows: np.full(len(rows), 0.5)

    def score(rows: np.ndarray) -> np.ndarray:
        days = np.clip(rows[:, present[0]].astype("float64"), 0, None)
        return np.where(np.isnan(days), 1.0, days / (days + horizon_days))  # no activity: the longest silence

    return score


def _columns(features: list[Feature], numbers: Pipeline | SimpleImputer) -> ColumnTransformer:
    category = [i for i, feature in enumerate(features) if feature.categories is not None]
    number = [i for i, feature in enumerate(features) if feature.categories is None]
    one_hot = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=-1),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    return ColumnTransformer([("number", numbers, number), ("category", one_hot, category)])


def _signed_log(values: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.log1p(np.abs(values))
