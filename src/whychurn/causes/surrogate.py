"""The chosen method in a form that a request can be answered with: a multinomial logistic regression of its chances.

The method itself reads weeks of orders, texts and prices of rivals; a request carries the features of the risk model only. The regression
learns to give the method's chances from these features (distillation with soft labels, Hinton, Vinyals & Dean 2015), and how far it stays
from them is measured on members that it did not see.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from whychurn.causes.tables.attribution import P, named_from
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params, ServedCausesParams

LEAST: Final = 1e-4  # chance below which the distance between two sets of chances is not counted further
SKEWED: Final = 20.0  # largest over middle value from which on a feature is taken as its logarithm


def served_causes(
    members: pd.DataFrame, panel: pd.DataFrame, features: Sequence[Mapping[str, Any]], params: Params
) -> dict[str, Any] | None:
    """Content of served.json; None where there is no risk model, or too few members to learn from.

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
        causes, terms (feature, kind, code, fill, low, high, log, mean, scale, coefficients), intercepts, name_from (of each cause), method,
        rows, and fidelity on members held out: absolute error (of a chance, mean), divergence (Kullback-Leibler, mean, in
        nats) beside that of telling everybody the mean chances, same_cause (share with the same likeliest cause).
    """
    own = params.causes.served
    p, churned = members[P].to_numpy("float64"), (members["status"] == "churned").to_numpy()
    rng = np.random.default_rng(params.run.seed)
    if not features or not len(members):
        return None
    known = np.flatnonzero(panel[[feature["name"] for feature in features]].notna().any(axis=1).to_numpy())
    chosen = np.sort(rng.permutation(known)[: own.rows])
    if len(chosen) < own.min_rows:
        return None
    held = _held_out(members["member_id"].iloc[chosen], own.held_out, rng)
    terms, X = _terms(panel.iloc[chosen], features, own.clip)
    tested = _fit(X[~held], p[chosen][~held], own)
    fidelity = _fidelity(_chances(X[held], *tested), p[chosen][held], p[chosen][~held].mean(axis=0))
    coefficients, intercepts = _fit(X, p[chosen], own)
    return {
        "causes": list(CAUSES),
        "terms": [
            {**term, "coefficients": column.tolist()} for term, column in zip(terms, coefficients.T.round(6), strict=True)
        ],
        "intercepts": intercepts.round(6).tolist(),
        "name_from": named_from(p[churned], params.causes).round(4).tolist(),
        "method": params.causes.method,
        "rows": len(chosen),
        "fidelity": {**fidelity, "held_out": int(held.sum())},
    }  # fmt: skip


def _held_out(ids: pd.Series, share: float, rng: np.random.Generator) -> Array:
    """Rows of a share of the members: no member stands on both sides."""
    codes, names = pd.factorize(ids)
    return (rng.random(len(names)) < share)[codes]


def _terms(
    panel: pd.DataFrame, features: Sequence[Mapping[str, Any]], clip: float
) -> tuple[list[dict[str, Any]], Array]:
    """Terms of the regression and their standardised values, shape (n, terms); what does not vary is left out."""
    terms, columns = [], []
    for feature in features:
        values = panel[feature["name"]]
        made = _levels(feature, values) if feature["kind"] == "category" else [_number(feature, values, clip)]
        for term, column in made:
            scale = float(column.std())
            if scale > 1e-9:
                mean = float(column.mean())
                terms.append({**term, "mean": mean, "scale": scale})
                columns.append((column - mean) / scale)
    return terms, np.column_stack(columns) if columns else np.zeros((len(panel), 0))


def _number(feature: Mapping[str, Any], values: pd.Series, clip: float) -> tuple[dict[str, Any], Array]:
    x = values.astype("float64").to_numpy()
    gone = ~np.isfinite(x)
    known = x[~gone] if (~gone).any() else np.zeros(1)
    low, high = (float(bound) for bound in np.quantile(known, [clip, 1 - clip]))
    if low == high:  # hardly anybody has another value: those who do are what it tells
        low, high = float(known.min()), float(known.max())
    fill = float(np.median(known))
    log = low >= 0 and high > SKEWED * max(fill, 0.05)
    term = {"feature": feature["name"], "kind": "number", "fill": fill, "low": low, "high": high, "log": log}
    held = np.clip(np.where(gone, fill, x), low, high)
    return term, np.log1p(held) if log else held


def _levels(feature: Mapping[str, Any], values: pd.Series) -> list[tuple[dict[str, Any], Array]]:
    text = values.astype("string")
    return [
        (
            {"feature": feature["name"], "kind": "level", "code": code},
            text.eq(name).fillna(False).to_numpy("float64"),
        )
        for code, name in enumerate(feature.get("categories") or [])
    ]


def _fit(X: Array, p: Array, own: ServedCausesParams) -> tuple[Array, Array]:
    """Coefficients (6, terms) and intercepts (6,): every row stands once for each cause, weighted by its chance."""
    causes, rows = len(CAUSES), len(X)
    model = LogisticRegression(C=own.c, max_iter=own.max_steps, tol=1e-4)
    with (
        warnings.catch_warnings()
    ):  # stopping early is another way to shrink; the fidelity tells what it cost
        warnings.simplefilter("ignore", ConvergenceWarning)
        # a floor keeps all six classes present, and each intercept finite
        weight = np.clip(p, LEAST, None).T.ravel()
        model.fit(np.tile(X, (causes, 1)), np.repeat(np.arange(causes), rows), sample_weight=weight)
    return model.coef_, model.intercept_


def _chances(X: Array, coefficients: Array, intercepts: Array) -> Array:
    score = X @ coefficients.T + intercepts
    odds = np.exp(score - score.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _fidelity(served: Array, p: Array, mean: Array) -> dict[str, float]:
    """How far `served` is from `p`; the divergence of `mean`, told to everybody, stands beside."""
    own = np.clip(p, LEAST, None)
    apart = (own * np.log(own / np.clip(served, LEAST, None))).sum(axis=1)
    blind = (own * np.log(own / np.clip(mean, LEAST, None))).sum(axis=1)
    found = {
        "absolute_error": np.abs(served - p).mean(),
        "divergence": apart.mean(),
        "divergence_of_mean": blind.mean(),
        "same_cause": (served.argmax(axis=1) == p.argmax(axis=1)).mean(),
    }
    return {name: round(float(value), 4) for name, value in found.items()}
