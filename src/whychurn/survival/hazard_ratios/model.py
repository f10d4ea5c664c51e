"""A fitted Cox model with its coding, and fits that go on where an estimate is not finite."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import CoxParams
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.fit import Newton
from whychurn.survival.cox.regression import CoxFit, fit_cox
from whychurn.survival.cox.splines import spline_bends
from whychurn.survival.cox.time_varying_effects import TenureClock
from whychurn.survival.hazard_ratios.covariates import OTHER, Covariate, Term, encode

KEPT, STRATIFIED, TENURE, CURVE, GIVEN_UP = "kept", "stratified", "tenure", "curve", "given_up"


class NoCoxError(Exception):
    """The data carry no Cox model; the message is a key of the words (survival.no_cox_<key>)."""


@dataclass(frozen=True)
class CoxModel:
    """A fitted model and all that is needed to apply it to new rows.

    Parameters
    ----------
    covariates
        With their coding.
    terms
        Terms of `fit`, in order.
    knots
        feature -> knots of its curve, in steps.
    moving
        Terms with a tenure term.
    clock
        Of the tenure terms; None without.
    strata
        Columns that give the stratum, and their combinations in the order of the codes.
    penalised
        The plain model had no finite answer, a ridge stands in.
    """

    covariates: list[Covariate]
    terms: list[Term]
    fit: CoxFit
    knots: dict[str, np.ndarray] = field(default_factory=dict)
    moving: tuple[str, ...] = ()
    clock: TenureClock | None = None
    strata: tuple[str, ...] = ()
    combinations: tuple[str, ...] = ()
    penalised: bool = False

    def design(self, frame: pd.DataFrame) -> np.ndarray:
        """Columns of the terms that do not move with tenure, for rows with the features."""
        terms, X = encode(frame, self.covariates)
        bends = [bend_columns(terms, X, feature, knots)[1] for feature, knots in self.knots.items()]
        return np.column_stack([X, *bends]) if bends else X


def newton(params: CoxParams, ridge: float | None = None) -> Newton:
    """Settings of the maximisation."""
    return Newton(
        ridge=params.ridge if ridge is None else ridge,
        tolerance=params.tolerance,
        max_steps=params.max_steps,
        max_halvings=params.max_halvings,
        threads=params.threads,
    )


def guarded_fit(data: StartStop, params: CoxParams, start: np.ndarray | None = None) -> tuple[CoxFit, bool]:
    """The fit, with a ridge where the plain likelihood has no finite maximum (then True).

    Raises
    ------
    WhychurnError
        The ridge does not help either: no event, or a covariate that is the same in all rows at risk.
    """
    try:
        return fit_cox(data, newton(params), start), False
    except WhychurnError:  # separation, or too few leavers: unsound data fail again
        fit = fit_cox(data, newton(params, params.guard_ridge))
        return replace(fit, robust_covariance=None), True  # a sandwich is far too narrow where terms separate


def fit_told_apart(data: StartStop, params: CoxParams, start: np.ndarray) -> tuple[CoxFit | None, np.ndarray]:
    """The plain fit of the terms that have a finite estimate, and which those are; None where none has."""
    kept = np.ones(len(data.terms), dtype=bool)
    while kept.any():
        some = replace(data, terms=tuple(np.array(data.terms, dtype=object)[kept]), X=data.X[:, kept])
        try:
            return fit_cox(some, newton(params), start[kept]), kept
        except WhychurnError as error:
            bad = np.isin(data.terms, named_terms(error)) & kept
            kept[bad if bad.any() else np.flatnonzero(kept)[-1]] = False
    return None, kept


def named_terms(error: WhychurnError) -> list[str]:
    """Terms that an error of the fit names."""
    return [] if error.column is None else error.column.split(", ")


def stratum_keys(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """One text per row, such as ``Shanghai|app``; unknown values are a group of their own."""
    if not columns:
        return pd.Series("", index=frame.index)
    parts = [frame[name].astype("string").fillna(OTHER) for name in columns]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + "|" + part
    return joined


def bend_columns(
    terms: list[Term], X: np.ndarray, feature: str, knots: np.ndarray
) -> tuple[list[Term], np.ndarray]:
    """Non-linear terms of `feature`, whose linear term is in `terms`."""
    at = next(i for i, term in enumerate(terms) if term.feature == feature and term.kind == "number")
    found = spline_bends(X[:, at], knots)
    return [Term(f"{feature}:bend{j + 1}", feature, CURVE, "") for j in range(found.shape[1])], found


def start_stop(
    rows: pd.DataFrame, terms: list[Term], X: np.ndarray, strata: tuple[str, ...]
) -> tuple[StartStop, tuple[str, ...]]:
    """Rows for `fit_cox`, members as clusters; and the combinations behind the strata's codes."""
    codes, combinations = pd.factorize(stratum_keys(rows, strata), sort=True)
    data = StartStop(
        terms=tuple(term.name for term in terms),
        X=X,
        entry=rows["entry"].to_numpy(float),
        stop=rows["exit"].to_numpy(float),
        event=rows["event"].to_numpy(float),
        stratum=codes,
        cluster=pd.factorize(rows["member_id"])[0],
    )
    return data, tuple(str(one) for one in combinations)
