"""A fitted Cox model with the coding of its covariates, and fits that allow for infinite estimates."""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import CoxParams
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.newton import Newton
from whychurn.survival.cox.regression import CoxFit, fit_cox
from whychurn.survival.cox.splines import spline_basis
from whychurn.survival.cox.time_varying_effects import TenureClock
from whychurn.survival.hazard_ratios.covariates import OTHER, Covariate, Term

KEPT, STRATIFIED, TENURE, CURVE, GIVEN_UP = "kept", "stratified", "tenure", "curve", "given_up"
# on standardised coefficients: weak, but enough where a likelihood has no maximum
FALLBACK_RIDGE: Final = 1.0


class NoCoxError(Exception):
    """The data carry no Cox model; the message is a key of the labels (survival.no_cox_<key>)."""


@dataclass(frozen=True)
class CoxModel:
    """A fitted model and the coding of its covariates.

    Parameters
    ----------
    terms
        Terms of `fit`, in order.
    knots
        feature -> knots of its spline, in steps.
    time_varying
        Terms with a tenure term.
    clock
        Of the tenure terms; None without.
    strata
        Columns that give the stratum.
    penalised
        The plain likelihood has no finite maximum, so a ridge was added.
    """

    covariates: list[Covariate]
    terms: list[Term]
    fit: CoxFit
    knots: dict[str, np.ndarray] = field(default_factory=dict)
    time_varying: tuple[str, ...] = ()
    clock: TenureClock | None = None
    strata: tuple[str, ...] = ()
    penalised: bool = False

    @property
    def by_name(self) -> dict[str, Covariate]:
        """Covariates by the name of their feature."""
        return {covariate.name: covariate for covariate in self.covariates}


def newton_settings(params: CoxParams, ridge: float | None = None) -> Newton:
    """Settings of the maximisation, with another `ridge` where one is given."""
    return Newton(
        params.ridge if ridge is None else ridge, params.tolerance, params.max_steps, params.threads
    )


def fit_or_penalise(
    data: StartStop, params: CoxParams, start: np.ndarray | None = None
) -> tuple[CoxFit, bool]:
    """The fit, with a ridge where the plain likelihood has no finite maximum (then True).

    Raises
    ------
    WhychurnError
        The ridge does not help either: no event, or a covariate that is the same in all rows at risk.
    """
    try:
        return fit_cox(data, newton_settings(params), start), False
    except WhychurnError:  # separation, or too few leavers; invalid rows fail again
        return fit_penalised(data, params), True


def fit_penalised(data: StartStop, params: CoxParams) -> CoxFit:
    """Fit with the fallback ridge and the model's variance: a sandwich is too narrow where terms separate."""
    return replace(fit_cox(data, newton_settings(params, FALLBACK_RIDGE)), robust_covariance=None)


def fit_without_aliased_terms(
    data: StartStop, params: CoxParams, start: np.ndarray
) -> tuple[CoxFit | None, np.ndarray]:
    """The plain fit of the terms that have a finite estimate, and which those are; None where none has."""
    kept = np.ones(len(data.terms), dtype=bool)
    while kept.any():
        reduced = replace(data, terms=tuple(np.array(data.terms, dtype=object)[kept]), X=data.X[:, kept])
        try:
            return fit_cox(reduced, newton_settings(params), start[kept]), kept
        except WhychurnError as error:
            bad = np.isin(data.terms, named_terms(error)) & kept
            kept[bad if bad.any() else np.flatnonzero(kept)[-1]] = False
    return None, kept


def named_terms(error: WhychurnError) -> list[str]:
    """Terms that an error of the fit names."""
    return [] if error.column is None else error.column.split(", ")


def stratum_keys(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """One text per row, such as ``Shanghai|app``; unknown values are a group of their own."""
    keys = pd.Series("", index=frame.index)
    for number, name in enumerate(columns):
        values = frame[name].astype("string").fillna(OTHER)
        keys = keys + "|" + values if number else values
    return keys


def spline_columns(
    terms: list[Term], X: np.ndarray, feature: str, knots: np.ndarray
) -> tuple[list[Term], np.ndarray]:
    """Non-linear terms of `feature`, whose linear term is in `terms`, and their columns."""
    at = next(i for i, term in enumerate(terms) if term.feature == feature and term.kind == "number")
    columns = spline_basis(X[:, at], knots)
    return [Term(f"{feature}:bend{j + 1}", feature, CURVE, "") for j in range(columns.shape[1])], columns


def start_stop(rows: pd.DataFrame, terms: list[Term], X: np.ndarray, strata: tuple[str, ...]) -> StartStop:
    """Rows for `fit_cox`, members as clusters."""
    return StartStop(
        terms=tuple(term.name for term in terms),
        X=X,
        entry=rows["entry"].to_numpy(float),
        stop=rows["exit"].to_numpy(float),
        event=rows["event"].to_numpy(float),
        stratum=pd.factorize(stratum_keys(rows, strata), sort=True)[0],
        cluster=pd.factorize(rows["member_id"])[0],
    )
