"""What every method is put beside: true shares, commonest cause, the simulator itself, and the ceiling.

The ceiling is a classifier that learns from the true causes what the methods see, cross-fitted by member. Candidates of
two families, multinomial logistic and boosted trees, are fitted on each fold's other members; for each fold the best of
each family and their mixing weight are chosen by the log loss outside that fold.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import CEILING, MAJORITY, ORACLE, PRIOR
from whychurn.contract.params import Params, ScoreParams
from whychurn.score.metrics import floored, log_losses

LOGISTIC, TREES = "logistic", "trees"


def baseline_probabilities(
    y: np.ndarray, oracle: np.ndarray, ceiling: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Probabilities of the baselines for leavings with drawn causes `y` (n,); each (n, 6).

    Parameters
    ----------
    oracle
        Simulator's own posterior; (n, 6).
    ceiling
        As `fit_ceiling` returns it; absent where None.
    """
    shares = np.bincount(y, minlength=len(CAUSES)) / max(len(y), 1)
    most = np.zeros(len(CAUSES))
    most[shares.argmax()] = 1
    found = {MAJORITY: np.tile(most, (len(y), 1)), PRIOR: np.tile(shares, (len(y), 1))}
    if ceiling is not None:
        found[CEILING] = ceiling
    return found | {ORACLE: oracle}


def fit_ceiling(
    evidence: pd.DataFrame, y: np.ndarray, member: np.ndarray, params: Params
) -> np.ndarray | None:
    """Cross-fitted cause probabilities of a classifier on true causes.

    Parameters
    ----------
    evidence
        Columns ``x_*``, one row a leaving; nulls allowed.
    y
        Drawn cause of each row, 0 to 5; (n,).
    member
        Member of each row: all leavings of one fall into one fold; (n,).

    Returns
    -------
    (n, 6); None where there is no evidence, or fewer than `score.ceiling.min_leavings` rows.
    """
    columns = [name for name in evidence if str(name).startswith("x_")]
    if not columns or len(y) < params.score.ceiling.min_leavings or len(np.unique(y)) < 2:
        return None
    X = evidence[columns].to_numpy("float64", na_value=np.nan)
    X = X[:, np.isfinite(X).any(axis=0)]
    X = X[:, np.nanmin(X, axis=0) < np.nanmax(X, axis=0)] if X.shape[1] else X
    if not X.shape[1]:
        return None
    fold = member_folds(member, params.score.ceiling.folds, params.run.seed)
    candidates = out_of_fold(X, y, fold, params)
    return mix_candidates(candidates, y, fold, params.score)


def member_folds(member: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Fold of each row, members kept together and drawn by seed; (n,)."""
    codes, known = pd.factorize(member)
    return (np.random.default_rng(seed).permutation(len(known)) % folds)[codes]


def out_of_fold(
    X: np.ndarray, y: np.ndarray, fold: np.ndarray, params: Params
) -> dict[tuple[str, str], np.ndarray]:
    """Probabilities of each candidate (family, settings) for rows that it has not seen; each (n, 6)."""
    own = params.score.ceiling
    jobs = [
        *product(range(own.folds), [LOGISTIC], own.logistic_c),
        *product(range(own.folds), [TREES], own.tree_depths),
    ]

    def work(job: tuple[int, str, float]) -> dict[tuple[str, str], np.ndarray]:
        number, family, setting = job
        learn, ask = fold != number, fold == number
        if not ask.any() or len(np.unique(y[learn])) < 2:
            return {}
        if family == LOGISTIC:
            return {(family, f"{setting}"): fit_logistic(X[learn], y[learn], X[ask], setting)}
        staged = fit_trees(X[learn], y[learn], X[ask], int(setting), params)
        return {(family, f"{setting} x {rounds}"): p for rounds, p in staged.items()}

    found: dict[tuple[str, str], np.ndarray] = {}
    with threadpool_limits(limits=1), ThreadPoolExecutor(params.run.workers) as pool:
        for job, answers in zip(jobs, pool.map(work, jobs), strict=True):
            for name, p in answers.items():
                found.setdefault(name, np.full((len(y), len(CAUSES)), np.nan))[fold == job[0]] = p
    return found


def fit_logistic(X: np.ndarray, y: np.ndarray, asked: np.ndarray, c: float) -> np.ndarray:
    """Ridge-penalised multinomial logistic regression on signed logarithms; (m, 6)."""
    model = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        FunctionTransformer(_signed_log),
        StandardScaler(),
        LogisticRegression(C=c, max_iter=400, tol=1e-3),
    ).fit(X, y)
    p = np.zeros((len(asked), len(CAUSES)))
    p[:, model.classes_] = model.predict_proba(asked)
    return p


def fit_trees(
    X: np.ndarray, y: np.ndarray, asked: np.ndarray, depth: int, params: Params
) -> dict[int, np.ndarray]:
    """Boosted trees of one depth, read after each number of rounds; each (m, 6)."""
    import xgboost as xgb

    own = params.score.ceiling
    settings = {
        "objective": "multi:softprob",
        "num_class": len(CAUSES),
        "max_depth": depth,
        "eta": own.eta,
        "min_child_weight": own.min_child_weight,
        "subsample": own.subsample,
        "colsample_bytree": own.colsample,
        "tree_method": "hist",
        "max_bin": own.tree_bins,
        "nthread": 1,  # fixed, so that every machine adds in the same order
        "seed": params.run.seed,
    }
    booster = xgb.train(settings, xgb.DMatrix(X, y), num_boost_round=max(own.rounds))
    ask = xgb.DMatrix(asked)
    return {rounds: booster.predict(ask, iteration_range=(0, rounds)) for rounds in own.rounds}


def mix_candidates(
    candidates: dict[tuple[str, str], np.ndarray], y: np.ndarray, fold: np.ndarray, score: ScoreParams
) -> np.ndarray:
    """For each fold the mixture of the best candidate of each family, chosen by the rows outside the fold; (n, 6)."""
    sure = {name: floored(p, score.floor) for name, p in candidates.items()}
    losses = {name: log_losses(p, y) for name, p in sure.items()}
    mixed = np.full((len(y), len(CAUSES)), np.nan)
    for number in np.unique(fold):
        seen, asked = fold != number, fold == number
        one, other = (
            min((name for name in sure if name[0] == family), key=lambda name: losses[name][seen].mean())
            for family in (LOGISTIC, TREES)
        )
        blends = [(1 - w) * sure[one] + w * sure[other] for w in score.ceiling.weights]
        best = min(blends, key=lambda p: log_losses(p[seen], y[seen]).mean())
        mixed[asked] = best[asked]
    return mixed


def _signed_log(X: np.ndarray) -> np.ndarray:
    return np.sign(X) * np.log1p(np.abs(X))
