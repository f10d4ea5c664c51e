"""Chance to leave when nobody makes contact: learnt from members held out by lot, cross-fitted by member."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import xgboost as xgb
from scipy import optimize, special
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.known_at_draw import snapshot_features
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL

FOLDS: Final = 5
MAX_ROWS: Final = 200_000  # more rows than this do not make these models better
MODELS: Final = ("rate", "logistic", "boosted")  # the simpler first; a later one must be clearly better
TREES: Final = {
    "objective": "binary:logistic", "max_depth": 3, "eta": 0.05, "min_child_weight": 10, "subsample": 0.7,
    "colsample_bytree": 0.3, "lambda": 10, "tree_method": "hist", "nthread": 1,
}  # fmt: skip
ROUNDS: Final = 120
EDGE: Final = 1e-4  # chances stay this far from 0 and 1
Predict = Callable[[Array], Array]


@dataclass(frozen=True)
class Untouched:
    """Fitted chance to leave within ``action.effect_days`` without contact.

    Parameters
    ----------
    model
        One of `MODELS`: the one with the least log loss on members it had not seen.
    source
        ``control``: members held out by lot; ``panel``: all members as they were, contacts included, where too few
        were held out.
    folds
        One fitted model a fold of members, taught by all other folds.
    columns
        Features that it reads.
    log_loss
        Cross-fitted log loss of each model tried.
    leavers
        Leavers it was taught by.
    by_campaign
        Intercept and slope on the log-odds, by campaign.
    """

    model: str
    source: str
    folds: tuple[Predict, ...]
    columns: tuple[str, ...]
    log_loss: dict[str, float]
    leavers: int
    by_campaign: dict[str, tuple[float, float]] = field(default_factory=dict)

    def chance(self, features: pd.DataFrame) -> Array:
        """Chance of each row, from the model that the member did not teach; (n,).

        Parameters
        ----------
        features
            As `snapshot_features` gives them: member_id is the index.
        """
        fold, p = member_fold(features.index), np.empty(len(features))
        for number, predict in enumerate(self.folds):
            here = fold == number
            if here.any():
                p[here] = predict(features.loc[here, list(self.columns)].to_numpy("float64"))
        return np.clip(p, EDGE, 1 - EDGE)

    def decision(self, features: pd.DataFrame) -> Array:
        """Chance of each member on the decision day: mean of all folds; (m,)."""
        X = features[list(self.columns)].to_numpy("float64")
        if not len(X):
            return np.zeros(0)
        return np.clip(np.mean([predict(X) for predict in self.folds], axis=0), EDGE, 1 - EDGE)

    def at_draw(self, rows: pd.DataFrame, features: pd.DataFrame) -> Array:
        """`chance` with intercept and slope of each row's campaign; (n,)."""
        logit = special.logit(self.chance(features))
        line = np.array(
            [self.by_campaign.get(str(name), (0.0, 1.0)) for name in rows["campaign_id"]]
        ).reshape(-1, 2)
        return np.clip(special.expit(line[:, 0] + line[:, 1] * logit), EDGE, 1 - EDGE)


def member_fold(members: pd.Index) -> Array:
    """Fold of each member, the same in every run and for every table; (n,)."""
    codes, known = pd.factorize(members)
    digest = [hashlib.blake2b(str(one).encode(), digest_size=4).digest() for one in known]
    return np.array([int.from_bytes(one, "big") % FOLDS for one in digest], dtype="int64")[codes]


def fit_untouched(
    rows: pd.DataFrame, features: pd.DataFrame, min_leavers: int = 30, seed: int = 7, source: str = "control"
) -> Untouched:
    """Fit on rows of members held out by lot whose follow-up is complete.

    Parameters
    ----------
    rows
        As `touch_rows` gives them.
    features
        As `snapshot_features` gives them, aligned with `rows`.
    min_leavers
        With fewer leavers held out, everybody has the same chance.

    Notes
    -----
    Rows of treated members teach nothing. Every row is predicted by a model that its member did not teach, as
    cross-fitting asks (Chernozhukov et al. 2018, Econometrics Journal 21).
    """
    held_out = (rows["action"].eq(CONTROL) & rows["randomized"] & rows["left"].notna()).to_numpy(bool)
    y = rows["left"].to_numpy("float64", na_value=np.nan)
    taught, y = features[held_out], y[held_out]
    columns = tuple(str(name) for name in taught if _varies(taught[name].to_numpy("float64")))
    taught, fold = taught[list(columns)], member_fold(taught.index)
    leavers = int(y.sum())
    tried = MODELS if leavers >= min_leavers and len(columns) else MODELS[:1]
    fitted, loss = {}, {}
    for name in tried:
        fitted[name] = tuple(_fit(name, taught, y, np.flatnonzero(fold != k), seed) for k in range(FOLDS))
        p = np.empty(len(y))
        for k, predict in enumerate(fitted[name]):
            p[fold == k] = predict(_matrix(taught, np.flatnonzero(fold == k)))
        loss[name] = _losses(np.clip(p, EDGE, 1 - EDGE), y)
    chosen = _chosen(loss)
    found = Untouched(chosen, source, fitted[chosen], columns, {name: float(each.mean()) for name, each in loss.items()} if len(y) else {}, leavers)  # fmt: skip
    return _recalibrated(found, rows[held_out], taught, y, min_leavers)


def fit_from_panel(inputs: ActionInputs, seed: int = 7) -> Untouched:
    """Fit on members as they were, contacts included: where too few were held out by lot.

    Rows are the snapshots every third month whose label is known.
    """
    panel = inputs.panel
    known = panel[panel["churned_in_horizon"].notna() & panel["still_there"].fillna(False).astype(bool)]
    days = np.sort(known["as_of"].unique())[::-1][::3]
    known = known[known["as_of"].isin(days)].sort_values(["as_of", "member_id"], ignore_index=True)
    rows = pd.DataFrame(
        {
            "member_id": known["member_id"],
            "snapshot_on": known["as_of"],
            "left": known["churned_in_horizon"].astype("Int8"),
            "campaign_id": "panel",
            "action": CONTROL,
            "randomized": True,
        }
    )
    found = fit_untouched(
        rows, snapshot_features(inputs, rows), inputs.params.action.min_leavers, seed, "panel"
    )
    return found


def _varies(values: Array) -> bool:
    """Whether there is more than one known value."""
    known = values[np.isfinite(values)]
    return bool(len(known) and known.max() > known.min())


def _matrix(features: pd.DataFrame, rows: Array) -> Array:
    """Some rows of the features, one row after the other in memory; (rows, features)."""
    return np.ascontiguousarray(features.iloc[rows].to_numpy("float64"))


def _fit(name: str, features: pd.DataFrame, y: Array, rows: Array, seed: int) -> Predict:
    """One model on some rows of the features and (n,) of 0 or 1."""
    leavers, count = y[rows].sum(), len(rows)
    rate = (leavers + 0.5) / (count + 5) if count else 0.1
    if name == "rate" or not 0 < leavers < count:
        return lambda X: np.full(len(X), rate)
    if count > MAX_ROWS:
        rows = rows[np.random.default_rng(seed).permutation(count)[:MAX_ROWS]]
    X, y = _matrix(features, rows), y[rows]
    if name == "logistic":
        model: Pipeline = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(),
            LogisticRegression(C=0.01, max_iter=500),
        )  # fmt: skip
        model.fit(X, y)
        return lambda X: model.predict_proba(X)[:, 1]
    booster = xgb.train(TREES | {"seed": seed}, xgb.DMatrix(X, y, nthread=1), ROUNDS)
    return lambda X: booster.predict(xgb.DMatrix(X, nthread=1)).astype("float64")


def _losses(p: Array, y: Array) -> Array:
    return -np.where(y > 0, np.log(p), np.log1p(-p))


def _chosen(loss: dict[str, Array]) -> str:
    """The simplest model that no other beats by more than one standard error of the paired difference."""
    best = MODELS[0]
    for name in list(loss)[1:]:
        gain = loss[best] - loss[name]
        if gain.mean() > gain.std() / np.sqrt(len(gain)):
            best = name
    return best


def _recalibrated(
    found: Untouched, rows: pd.DataFrame, features: pd.DataFrame, y: Array, least: int
) -> Untouched:
    """Intercept by campaign from `least` leavers on, slope as well from four times as many."""
    if not len(y):
        return found
    logit = special.logit(found.chance(features))
    lines = {}
    for name, place in sorted(rows.groupby("campaign_id").indices.items()):
        leavers = y[place].sum()
        if least <= leavers <= len(place) - least:
            lines[str(name)] = _line(logit[place], y[place], slope=bool(leavers >= 4 * least))
    return Untouched(
        found.model, found.source, found.folds, found.columns, found.log_loss, found.leavers, lines
    )


def _line(logit: Array, y: Array, slope: bool) -> tuple[float, float]:
    """Maximum-likelihood intercept, and slope (else 1), of y on the log-odds."""

    def loss(at: Array) -> float:
        eta = at[0] + (at[1] if slope else 1.0) * logit
        return float(np.mean(np.logaddexp(0, eta) - y * eta)) + 1e-3 * (at[1] - 1) ** 2

    at = optimize.minimize(loss, np.array([0.0, 1.0]), method="BFGS").x
    return round(float(at[0]), 6), round(float(at[1]) if slope else 1.0, 6)
