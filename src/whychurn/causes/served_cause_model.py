"""The chosen method in a form that answers requests: a surrogate, a multinomial logistic regression of its
posteriors.

The method itself reads weeks of orders, texts and competitors' prices; a request carries the features of the
risk model only. The surrogate is trained on the method's posteriors given these features (distillation with
soft labels, Hinton, Vinyals & Dean 2015), and how far it stays from them is measured on members held out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from whychurn.causes.tables.attributions_and_shares import P, min_posteriors
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import Params, ServedCausesParams

FLOOR: Final = (
    1e-4  # smallest probability in weights and divergences: keeps all classes and the logarithms finite
)
CLIP: Final = (
    0.005  # values beyond these tails count as the tail: a linear score must not be driven by outliers
)
SKEWED: Final = 20.0  # largest over middle value from which on a feature is taken as its logarithm


def fit_surrogate(
    members: pd.DataFrame, panel: pd.DataFrame, features: Sequence[Mapping[str, Any]], params: Params
) -> dict[str, Any] | None:
    """Content of served.json; None where there is no risk model, no cause can be told, or too few members are
    there to train on.

    Parameters
    ----------
    members
        Table member_causes of the chosen method.
    panel
        The panel's row of each of `members`, in their order.
    features
        Inputs of the risk model: name, kind (number, flag, category), categories.

    Returns
    -------
    dict
        causes (those that can be told, and ``unknown`` where these are not all), terms (feature, kind, code, fill, low, high, log, mean, scale, coefficients), intercepts,
        name_from (of each cause), method, rows, and fidelity on members held out: absolute error (of a
        probability, mean), divergence (Kullback-Leibler, mean, in nats) beside that of the mean posterior for
        everybody, same_cause (share with the same likeliest cause).
    """
    served = params.causes.served
    if not features or not len(members):
        return None
    names, p = _told(members)
    churned = (members["status"] == "churned").to_numpy()
    if not len(names):
        return None
    rng = np.random.default_rng(params.run.seed)
    present = panel[[feature["name"] for feature in features]].notna().any(axis=1).to_numpy()
    rows = np.sort(rng.permutation(np.flatnonzero(present))[: served.rows])
    if len(rows) < served.min_rows:
        return None
    held_out = _held_out(members["member_id"].iloc[rows], served.held_out, rng)
    terms, X = _terms(panel.iloc[rows], features)
    trained = _fit(X[~held_out], p[rows][~held_out], served)
    mean = p[rows][~held_out].mean(axis=0)
    fidelity = _fidelity(_probabilities(X[held_out], *trained), p[rows][held_out], mean)
    coefficients, intercepts = _fit(X, p[rows], served)
    by_term = zip(terms, coefficients.T.round(6), strict=True)
    return {
        "causes": names,
        "terms": [{**term, "coefficients": column.tolist()} for term, column in by_term],
        "intercepts": intercepts.round(6).tolist(),
        "name_from": min_posteriors(p[churned], params.causes.name_from).round(4).tolist(),
        "method": params.causes.method,
        "rows": len(rows),
        "fidelity": {**fidelity, "held_out": int(held_out.sum())},
    }


def _told(members: pd.DataFrame) -> tuple[list[str], Array]:
    """Causes that can be told, and ``unknown`` where these are not all six; their chances, (n, causes)."""
    p = members[P].to_numpy("float64")
    told = ~np.isnan(p).all(axis=0)
    names = [cause for cause, can in zip(CAUSES, told, strict=True) if can]
    if told.all() or not names:
        return names, p[:, told]
    known = np.nan_to_num(p[:, told])
    return [*names, UNKNOWN], np.column_stack([known, 1 - known.sum(axis=1)])


def _held_out(ids: pd.Series, share: float, rng: np.random.Generator) -> Array:
    """Rows of a share of the members: no member stands on both sides."""
    codes, members = pd.factorize(ids)
    return (rng.random(len(members)) < share)[codes]


def _terms(panel: pd.DataFrame, features: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], Array]:
    """Terms of the regression and their standardised values, (n, terms); constant ones are left out."""
    terms, columns = [], []
    for feature in features:
        values = panel[feature["name"]]
        for term, column in (
            _levels(feature, values) if feature["kind"] == "category" else [_number(feature, values)]
        ):
            scale = float(column.std())
            if scale > 1e-9:
                mean = float(column.mean())
                terms.append({**term, "mean": mean, "scale": scale})
                columns.append((column - mean) / scale)
    return terms, np.column_stack(columns) if columns else np.zeros((len(panel), 0))


def _number(feature: Mapping[str, Any], values: pd.Series) -> tuple[dict[str, Any], Array]:
    x = values.astype("float64").to_numpy()
    missing = ~np.isfinite(x)
    present = np.zeros(1) if missing.all() else x[~missing]
    low, high = (float(bound) for bound in np.quantile(present, [CLIP, 1 - CLIP]))
    if low == high:  # hardly anybody has another value: those who do are the information
        low, high = float(present.min()), float(present.max())
    fill = float(np.median(present))
    log = low >= 0 and high > SKEWED * max(fill, 0.05)
    term = {"feature": feature["name"], "kind": "number", "fill": fill, "low": low, "high": high, "log": log}
    clipped = np.clip(np.where(missing, fill, x), low, high)
    return term, np.log1p(clipped) if log else clipped


def _levels(feature: Mapping[str, Any], values: pd.Series) -> list[tuple[dict[str, Any], Array]]:
    text = values.astype("string")
    return [
        (
            {"feature": feature["name"], "kind": "level", "code": code},
            text.eq(name).fillna(False).to_numpy("float64"),
        )
        for code, name in enumerate(feature.get("categories") or [])
    ]


def _fit(X: Array, p: Array, served: ServedCausesParams) -> tuple[Array, Array]:
    """Coefficients (causes, terms) and intercepts (causes,): every row stands once for each cause, weighted by
    its posterior.
    """
    causes, rows = p.shape[1], len(X)
    weight = np.clip(p, FLOOR, None).T.ravel()
    model = LogisticRegression(C=served.c, max_iter=served.max_steps, tol=1e-4)
    with (
        warnings.catch_warnings()
    ):  # stopping early is another way to shrink; the fidelity says what it costs
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(np.tile(X, (causes, 1)), np.repeat(np.arange(causes), rows), sample_weight=weight)
    if causes == 2:  # scikit-learn gives the second class against the first
        zero = np.zeros((1, X.shape[1]))
        return np.concatenate([zero, model.coef_]), np.concatenate([np.zeros(1), model.intercept_])
    return model.coef_, model.intercept_


def _probabilities(X: Array, coefficients: Array, intercepts: Array) -> Array:
    score = X @ coefficients.T + intercepts
    odds = np.exp(score - score.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _fidelity(surrogate: Array, p: Array, mean: Array) -> dict[str, float]:
    """How far `surrogate` is from `p`; beside it the divergence of the `mean` posterior."""
    fidelity = {
        "absolute_error": np.abs(surrogate - p).mean(),
        "divergence": _divergence(p, surrogate),
        "divergence_of_mean": _divergence(p, mean),
        "same_cause": (surrogate.argmax(axis=1) == p.argmax(axis=1)).mean(),
    }
    return {name: round(float(value), 4) for name, value in fidelity.items()}


def _divergence(p: Array, other: Array) -> float:
    """Mean Kullback-Leibler divergence of `other` from `p`, in nats."""
    p = np.clip(p, FLOOR, None)
    return (p * np.log(p / np.clip(other, FLOOR, None))).sum(axis=1).mean()
