"""An upper bound (``ceiling``): a classifier trained on the true causes with what the methods see,
cross-fitted by member.

Candidates of two families, multinomial logistic and boosted trees, are fitted on each fold's other members;
for each fold the best of each family and their mixing weight are chosen by the log loss outside that fold.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CeilingParams, Params, ScoreParams
from whychurn.score.probability_metrics import floored, log_losses

LOGISTIC, TREES = "logistic", "trees"
MIN_EVENTS: Final = 60  # fewer churn events, ten a cause, train no classifier
COLUMN_SHARE: Final = 0.4  # of the features that a tree sees: many are copies of each other
TREE_BINS: Final = 64  # of a feature: enough for the depths tried


def fit_upper_bound(evidence: pd.DataFrame, y: Array, member: Array, params: Params) -> Array | None:
    """Cross-fitted cause probabilities of a classifier trained on true causes.

    Parameters
    ----------
    evidence
        Columns ``x_*``, one row a churn event; nulls allowed.
    y
        True cause of each row, 0 to 5; (n,).
    member
        Member of each row: all events of one fall into one fold; (n,).

    Returns
    -------
    (n, 6); None where there is no evidence, or fewer than `MIN_EVENTS` rows.
    """
    columns = [name for name in evidence if str(name).startswith("x_")]
    if not columns or len(y) < MIN_EVENTS or len(np.unique(y)) < 2:
        return None
    X = evidence[columns].to_numpy("float64", na_value=np.nan)
    X = X[:, np.isfinite(X).any(axis=0)]
    X = X[:, np.nanmin(X, axis=0) < np.nanmax(X, axis=0)] if X.shape[1] else X
    if not X.shape[1]:
        return None
    fold = member_folds(member, params.score.ceiling.folds, params.run.seed)
    return mix_candidates(out_of_fold(X, y, fold, params), y, fold, params.score)


def member_folds(member: Array, folds: int, seed: int) -> Array:
    """Fold of each row, members kept together and drawn by seed; (n,)."""
    codes, members = pd.factorize(member)
    return (np.random.default_rng(seed).permutation(len(members)) % folds)[codes]


def out_of_fold(X: Array, y: Array, fold: Array, params: Params) -> dict[tuple[str, str], Array]:
    """Probabilities of each candidate (family, settings) for rows it was not trained on; each (n, 6)."""
    ceiling = params.score.ceiling
    jobs = [(number, depth) for depth in (None, *ceiling.tree_depths) for number in range(ceiling.folds)]

    def work(job: tuple[int, int | None]) -> dict[tuple[str, str], Array]:
        number, depth = job
        train, test = drawn_rows(fold != number, ceiling.rows, params.run.seed), fold == number
        if not test.any() or len(np.unique(y[train])) < 2:
            return {}
        if depth is None:
            fitted = fit_logistic(X[train], y[train], X[test], ceiling.logistic_c)
            return {(LOGISTIC, f"{c}"): p for c, p in fitted.items()}
        staged = fit_trees(X[train], y[train], X[test], depth, ceiling, params.run.seed)
        return {(TREES, f"{depth} x {rounds}"): p for rounds, p in staged.items()}

    candidates: dict[tuple[str, str], Array] = {}
    with threadpool_limits(limits=1), ThreadPoolExecutor(params.run.workers) as pool:
        for job, results in zip(jobs, pool.map(work, jobs), strict=True):
            for name, p in results.items():
                empty = np.full((len(y), len(CAUSES)), np.nan)
                candidates.setdefault(name, empty)[fold == job[0]] = p
    return candidates


def drawn_rows(chosen: Array, most: int, seed: int) -> Array:
    """Numbers of the rows under the mask `chosen`, or of `most` of them, drawn by seed."""
    rows = np.flatnonzero(chosen)
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def fit_logistic(X: Array, y: Array, test: Array, strengths: list[float]) -> dict[float, Array]:
    """Ridge-penalised multinomial logistic regressions on signed logarithms; of each inverse strength for `test`, (m, 6)."""
    ready = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        FunctionTransformer(_signed_log),
        StandardScaler(copy=False),
    )
    X, test = ready.fit_transform(X), ready.transform(test)
    fitted = {}
    for c in strengths:
        model = LogisticRegression(C=c, max_iter=400, tol=1e-3).fit(X, y)
        fitted[c] = np.zeros((len(test), len(CAUSES)))
        fitted[c][:, model.classes_] = model.predict_proba(test)
    return fitted


def fit_trees(
    X: Array, y: Array, test: Array, depth: int, ceiling: CeilingParams, seed: int
) -> dict[int, Array]:
    """Boosted trees of one depth; probabilities of `test` after each number of rounds, each (m, 6)."""
    import xgboost as xgb

    settings = {
        "objective": "multi:softprob",
        "num_class": len(CAUSES),
        "max_depth": depth,
        "eta": ceiling.eta,
        "min_child_weight": ceiling.min_child_weight,
        "subsample": ceiling.subsample,
        "colsample_bytree": COLUMN_SHARE,
        "tree_method": "hist",
        "max_bin": TREE_BINS,
        "nthread": 1,  # fixed, so that every machine adds in the same order
        "seed": seed,
    }
    booster = xgb.train(settings, xgb.DMatrix(X, y), num_boost_round=max(ceiling.rounds))
    data = xgb.DMatrix(test)
    return {rounds: booster.predict(data, iteration_range=(0, rounds)) for rounds in ceiling.rounds}


def mix_candidates(
    candidates: dict[tuple[str, str], Array], y: Array, fold: Array, score: ScoreParams
) -> Array:
    """For each fold the mixture of the best candidate of each family, chosen by the rows outside the fold; (n, 6)."""
    probabilities = {name: floored(p, score.floor) for name, p in candidates.items()}
    losses = {name: log_losses(p, y) for name, p in probabilities.items()}
    mixed = np.full((len(y), len(CAUSES)), np.nan)
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        one, other = (
            min(
                (name for name in probabilities if name[0] == family),
                key=lambda name: losses[name][train].mean(),
            )
            for family in (LOGISTIC, TREES)
        )
        blends = [(1 - w) * probabilities[one] + w * probabilities[other] for w in score.ceiling.weights]
        best = min(blends, key=lambda p: log_losses(p[train], y[train]).mean())
        mixed[test] = best[test]
    return mixed


def _signed_log(X: Array) -> Array:
    logs = np.abs(X)
    return np.copysign(np.log1p(logs, out=logs), X, out=logs)
