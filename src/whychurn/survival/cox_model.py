"""The Cox model of a programme: covariates chosen, collinear ones thinned, bends and drifts acted on, refitted.

Before: every covariate linear, one ratio for the whole stay. After: numeric covariates bend where that earns its
parameters; a category whose ratios drift becomes a stratum; any other term whose ratio drifts is multiplied by log
tenure, so that it has an early and a late ratio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.stats import chi2, false_discovery_control

from whychurn.contract.errors import WhychurnError
from whychurn.contract.sections import CoxParams, SurvivalParams
from whychurn.survival.collinearity import condition_number, correlations, thin_out
from whychurn.survival.covariates import OTHER, Covariate, Term, choose_covariates, encode
from whychurn.survival.cox import CoxFit, fit_cox
from whychurn.survival.cox_fit import Newton
from whychurn.survival.cox_rows import StartStop
from whychurn.survival.proportional import drifts, joint_drift_p, proportionality, weighted_quantiles
from whychurn.survival.splines import earns_its_bends, spline_bends, spline_knots
from whychurn.survival.tenure import TenureClock, add_tenure_terms, tenure_clock

KEPT, STRATIFIED, TENURE, CURVE = "kept", "stratified", "tenure", "curve"


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

    def stratum_codes(self, frame: pd.DataFrame) -> np.ndarray:
        """Codes of the strata; -1 where a combination was never seen."""
        keys = stratum_keys(frame, self.strata)
        known = {key: code for code, key in enumerate(self.combinations)}
        return keys.map(known).fillna(-1).to_numpy(dtype=np.int64)


@dataclass(frozen=True)
class CoxStudy:
    """Both models, and what was decided between them.

    Parameters
    ----------
    before, after
        Models without and with curves, strata and tenure terms.
    left_out
        feature -> absent, unknown, constant, rare, stratum, definition, few_events.
    collinearity
        `collinearity.thin_out`.
    condition
        Condition number of the design that is fitted.
    curves
        feature, gain (log likelihood), bends, p, kept.
    drift
        term, feature, p, p_adjusted, change, early_day, late_day, action, p_after, change_after.
    data, keys
        Rows of the first model, and the member_id and spell_no of each.
    """

    before: CoxModel
    after: CoxModel
    left_out: dict[str, str]
    collinearity: pd.DataFrame
    condition: float
    curves: pd.DataFrame
    drift: pd.DataFrame
    data: StartStop
    keys: pd.DataFrame


def study_cox(
    rows: pd.DataFrame,
    catalogue: pd.DataFrame,
    kind: str,
    params: SurvivalParams,
    own: Mapping[str, float | str],
) -> CoxStudy:
    """Fit, check, act, refit.

    Parameters
    ----------
    rows
        Start-stop rows with features: member_id, entry, exit, event and the columns of the catalogue
        (`spells.with_features`).
    own
        Steps of the study's own columns, which enter after those of params.yaml.

    Raises
    ------
    NoCoxError
        Too few leavers, or no usable covariate.
    """
    cox = params.cox.model_copy(update={"covariates": {**params.cox.covariates, **own}})
    leavers = int((rows["event"] > 0).sum()) if len(rows) else 0
    if leavers < cox.min_events:
        raise NoCoxError("few_events")
    chosen, left_out = choose_covariates(rows, catalogue, kind, cox)
    terms, X = encode(rows, chosen)
    kept, collinear = thin_out(terms, correlations(X), cox.max_vif) if terms else ([], pd.DataFrame())
    left_out |= {one.name: "collinear" for one in chosen if one.name not in kept}
    chosen = _affordable([one for one in chosen if one.name in kept], leavers, cox, left_out)
    if not chosen:
        raise NoCoxError("no_covariates")
    before, data = _first_model(rows, chosen, cox)
    curves, knots = _choose_curves(before, data, params)
    drift = _find_drift(before, params)
    after = _second_model(rows, before, knots, drift, cox)
    return CoxStudy(
        before, after, left_out, collinear, condition_number(correlations(data.X)), curves,
        _after_drift(drift, after, params), data, rows[["member_id", "spell_no"]],
    )  # fmt: skip


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
    """The fit, with a ridge where the plain likelihood has no finite maximum (then True)."""
    try:
        return fit_cox(data, newton(params), start), False
    except (
        WhychurnError
    ):  # separation, or too few leavers: data as such were sound at the first fit or fail again
        fit = fit_cox(data, newton(params, params.guard_ridge))
        return replace(fit, robust_covariance=None), True  # a sandwich is far too narrow where terms separate


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


def _affordable(
    chosen: list[Covariate], leavers: int, params: CoxParams, left_out: dict[str, str]
) -> list[Covariate]:
    """The first covariates, as many as the leavers can tell apart."""
    kept, used = [], 0
    for one in chosen:
        used += len(one.terms())
        if used * params.events_a_term > leavers:
            left_out[one.name] = "few_events"
        else:
            kept.append(one)
    return kept


def _first_model(
    rows: pd.DataFrame, chosen: list[Covariate], params: CoxParams
) -> tuple[CoxModel, StartStop]:
    strata = tuple(name for name in params.strata if name in rows and rows[name].notna().any())
    terms, X = encode(rows, chosen)
    data, combinations = start_stop(rows, terms, X, strata)
    fit, penalised = guarded_fit(data, params)
    return CoxModel(chosen, terms, fit, strata=strata, combinations=combinations, penalised=penalised), data


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


def _choose_curves(
    model: CoxModel, data: StartStop, params: SurvivalParams
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Try each numeric covariate as a curve, the others as they are."""
    cox, found, knots_of = params.cox, [], {}
    for term in model.terms:
        if term.kind != "number" or model.penalised:
            continue
        at = data.terms.index(term.name)
        knots = spline_knots(data.X[:, at], cox.spline_knots, cox.spline_values)
        if knots is None:
            continue
        bends, columns = bend_columns(model.terms, data.X, term.feature, knots)
        wider = replace(
            data,
            terms=(*data.terms, *(bend.name for bend in bends)),
            X=np.column_stack([data.X, columns]),
            cluster=None,
        )
        fit, penalised = guarded_fit(wider, cox, np.r_[model.fit.coefficients, np.zeros(len(bends))])
        gain = max(fit.log_likelihood - model.fit.log_likelihood, 0.0)
        kept = not penalised and earns_its_bends(gain, len(bends), model.fit.events)
        p = float(chi2.sf(2 * gain, len(bends)))
        found.append((term.feature, gain, len(bends), p, kept))
        if kept:
            knots_of[term.feature] = knots
    return pd.DataFrame(found, columns=["feature", "gain", "bends", "p", "kept"]), knots_of


def _find_drift(model: CoxModel, params: SurvivalParams) -> pd.DataFrame:
    """Terms whose hazard ratio changes with tenure, and what is done about each."""
    cox = params.cox
    table = proportionality(model.fit, (cox.drift_quantiles[0], cox.drift_quantiles[1]))
    table["p_adjusted"] = false_discovery_control(table["p"])
    table["feature"] = [term.feature for term in model.terms]
    table["kind"] = [term.kind for term in model.terms]
    failed = drifts(table, table["p_adjusted"].to_numpy(), params.false_discovery, cox.drift_ratio)
    categories = set(table.loc[failed & (table["kind"] == "level"), "feature"])
    action = np.where(failed, TENURE, KEPT)
    action[table["feature"].isin(categories).to_numpy()] = STRATIFIED
    return table.assign(action=action)


def _second_model(
    rows: pd.DataFrame, before: CoxModel, knots: dict[str, np.ndarray], drift: pd.DataFrame, params: CoxParams
) -> CoxModel:
    """The model with curves, strata and tenure terms; the first one where nothing is to be done."""
    strata_too = list(dict.fromkeys(drift.loc[drift["action"] == STRATIFIED, "feature"]))
    moving = tuple(drift.loc[drift["action"] == TENURE, "term"])
    if not (knots or strata_too or moving):
        return before
    covariates = [one for one in before.covariates if one.name not in strata_too]
    terms, X = encode(rows, covariates)
    bent = [bend_columns(terms, X, feature, places) for feature, places in knots.items()]
    terms = [*terms, *(term for made, _ in bent for term in made)]
    X = np.column_stack([X, *(columns for _, columns in bent)])
    strata = (*before.strata, *strata_too)
    data, combinations = start_stop(rows, terms, X, strata)
    clock = None
    if moving:
        centre, _ = weighted_quantiles(before.fit.event_day, before.fit.event_weight, (0.5, 0.5))
        clock = tenure_clock(params.tenure_bands, before.fit.event_day, before.fit.event_weight, centre)
        data = add_tenure_terms(data, list(moving), clock)
        feature_of = {term.name: term.feature for term in terms}
        terms = [*terms, *(Term(f"{name}:tenure", feature_of[name], TENURE, "") for name in moving)]
    fit, penalised = guarded_fit(data, params)
    return CoxModel(covariates, terms, fit, knots, moving, clock, strata, combinations, penalised)


def _after_drift(drift: pd.DataFrame, after: CoxModel, params: SurvivalParams) -> pd.DataFrame:
    """The same test in the second model; stratified terms have no ratio left to test, curves no single change."""
    table = proportionality(after.fit, (params.cox.drift_quantiles[0], params.cox.drift_quantiles[1]))
    again = table.set_index("term")
    p, change = drift["term"].map(again["p"]), drift["term"].map(again["change"])
    for feature in after.knots:
        at = (drift["feature"] == feature) & (drift["kind"] == "number")
        own = [
            term.name for term in after.terms if term.feature == feature and term.kind in ("number", CURVE)
        ]
        p, change = p.mask(at, joint_drift_p(after.fit, own)), change.mask(at)
    return drift.assign(p_after=p, change_after=change)
