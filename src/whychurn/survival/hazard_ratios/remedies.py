"""What is done about a Cox model whose ratios bend or drift: curves, strata, tenure terms, and what had to be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import chi2, false_discovery_control

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import CoxParams, Params, SurvivalParams
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.regression import fit_cox
from whychurn.survival.cox.schoenfeld import drifts, joint_drift_p, proportionality, weighted_quantiles
from whychurn.survival.cox.splines import earns_its_bends, spline_knots
from whychurn.survival.cox.time_varying_effects import add_tenure_terms, tenure_clock
from whychurn.survival.hazard_ratios.covariates import Term, encode
from whychurn.survival.hazard_ratios.model import (
    CURVE,
    GIVEN_UP,
    KEPT,
    STRATIFIED,
    TENURE,
    CoxModel,
    bend_columns,
    named_terms,
    newton,
    start_stop,
)


def choose_curves(
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
        try:
            fit = fit_cox(wider, newton(cox), np.r_[model.fit.coefficients, np.zeros(len(bends))])
        except WhychurnError:  # no finite curve: the covariate stays straight
            found.append((term.feature, 0.0, len(bends), 1.0, False))
            continue
        gain = max(fit.log_likelihood - model.fit.log_likelihood, 0.0)
        kept = earns_its_bends(gain, len(bends), model.fit.events)
        p = float(chi2.sf(2 * gain, len(bends)))
        found.append((term.feature, gain, len(bends), p, kept))
        if kept:
            knots_of[term.feature] = knots
    table = pd.DataFrame(found, columns=["feature", "gain", "bends", "p", "kept"]).astype({"kept": bool})
    return table, knots_of


def find_drift(model: CoxModel, params: Params) -> pd.DataFrame:
    """Terms whose hazard ratio changes with tenure, and what is done about each."""
    cox = params.survival.cox
    table = proportionality(model.fit, (cox.drift_quantiles[0], cox.drift_quantiles[1]))
    table["p_adjusted"] = false_discovery_control(table["p"].fillna(1.0))
    table["feature"] = [term.feature for term in model.terms]
    table["kind"] = [term.kind for term in model.terms]
    failed = drifts(table, table["p_adjusted"].to_numpy(), params.run.false_discovery, cox.drift_ratio)
    categories = set(table.loc[failed & (table["kind"] == "level"), "feature"])
    action = np.where(failed, TENURE, KEPT)
    action[table["feature"].isin(categories).to_numpy()] = STRATIFIED
    return table.assign(action=action)


def second_model(
    rows: pd.DataFrame, before: CoxModel, knots: dict[str, np.ndarray], drift: pd.DataFrame, params: CoxParams
) -> tuple[CoxModel, dict[str, str]]:
    """The model with curves, strata and tenure terms, and what of them had to be taken back for want of an estimate.

    The first model where nothing is to be done, or nothing of it can be.
    """
    strata_too = list(dict.fromkeys(drift.loc[drift["action"] == STRATIFIED, "feature"]))
    moving = list(drift.loc[drift["action"] == TENURE, "term"])
    feature_of = dict(zip(drift["term"], drift["feature"], strict=True))
    given_up: dict[str, str] = {}
    knots = dict(knots)
    while knots or strata_too or moving:
        try:
            return _refit(rows, before, knots, moving, strata_too, params), given_up
        except WhychurnError as error:
            named = named_terms(error)
            bent = [name for name in knots if any(term.startswith(f"{name}:bend") for term in named)]
            moved = [name for name in moving if name in named or f"{name}:tenure" in named]
            if bent or (not moved and knots):
                taken, what = bent or list(knots), CURVE
            elif moved or moving:
                taken, what = moved or moving, TENURE
            else:
                taken, what = strata_too, STRATIFIED
            given_up |= {feature_of.get(name, name): what for name in taken}
            knots = {name: places for name, places in knots.items() if what != CURVE or name not in taken}
            moving = [name for name in moving if what != TENURE or name not in taken]
            strata_too = [name for name in strata_too if what != STRATIFIED]
    return before, given_up


def _refit(
    rows: pd.DataFrame, before: CoxModel, knots: dict[str, np.ndarray], moving: list[str], strata_too: list[str],
    params: CoxParams,
) -> CoxModel:  # fmt: skip
    """The first model with curves, tenure terms and further strata; penalised only where the first one is."""
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
        data = add_tenure_terms(data, moving, clock)
        feature_of = {term.name: term.feature for term in terms}
        terms = [*terms, *(Term(f"{name}:tenure", feature_of[name], TENURE, "") for name in moving)]
    if before.penalised:
        fit = replace(fit_cox(data, newton(params, params.guard_ridge)), robust_covariance=None)
    else:
        fit = fit_cox(data, newton(params))
    return CoxModel(
        covariates, terms, fit, knots, tuple(moving), clock, strata, combinations, before.penalised
    )


def after_drift(
    drift: pd.DataFrame, after: CoxModel, given_up: Mapping[str, str], params: SurvivalParams
) -> pd.DataFrame:
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
    back = drift["feature"].isin([name for name, what in given_up.items() if what != CURVE])
    action = drift["action"].mask(back & (drift["action"] != KEPT), GIVEN_UP)
    return drift.assign(p_after=p, change_after=change, action=action)
