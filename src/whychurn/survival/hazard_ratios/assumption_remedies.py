"""Remedies where a Cox model's assumptions fail: splines, strata, tenure terms; what had to be given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import chi2, false_discovery_control

from whychurn.contract.codes import MIN_HAZARD_RATIO_CHANGE
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import CoxParams
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.regression import fit_cox
from whychurn.survival.cox.schoenfeld import (
    joint_schoenfeld_p,
    non_proportional,
    schoenfeld_test,
    weighted_quantiles,
)
from whychurn.survival.cox.splines import improves_bic, spline_knots
from whychurn.survival.cox.time_varying_effects import add_tenure_terms, tenure_clock
from whychurn.survival.hazard_ratios.covariates import Term, encode
from whychurn.survival.hazard_ratios.cox_model import (
    CURVE,
    GIVEN_UP,
    KEPT,
    STRATIFIED,
    TENURE,
    CoxModel,
    fit_penalised,
    named_terms,
    newton_settings,
    spline_columns,
    start_stop,
)

EARLY_AND_LATE: Final = (0.1, 0.9)  # quantiles of the event days: far apart, yet with events on either side


@dataclass(frozen=True)
class Remedies:
    """What the second model does differently.

    Parameters
    ----------
    knots
        feature -> knots of its spline.
    strata
        Features that become strata.
    tenure
        Terms that are multiplied by log tenure.
    """

    knots: dict[str, np.ndarray]
    strata: list[str]
    tenure: list[str]

    def without(self, error: WhychurnError) -> tuple[Remedies, list[str], str]:
        """Remedies that may have a finite estimate after `error`, the names given up, and their kind."""
        named = named_terms(error)
        curved = [name for name in self.knots if any(term.startswith(f"{name}:bend") for term in named)]
        moved = [name for name in self.tenure if name in named or f"{name}:tenure" in named]
        if curved or (not moved and self.knots):
            given_up = curved or list(self.knots)
            kept = {name: knots for name, knots in self.knots.items() if name not in given_up}
            return replace(self, knots=kept), given_up, CURVE
        if moved or self.tenure:
            given_up = moved or self.tenure
            return replace(self, tenure=[n for n in self.tenure if n not in given_up]), given_up, TENURE
        return replace(self, strata=[]), self.strata, STRATIFIED


def choose_splines(
    model: CoxModel, data: StartStop, params: CoxParams
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Try each numeric covariate as a spline, the others linear: table of trials, knots of those kept."""
    trials, knots_of = [], {}
    for term in model.terms:
        if term.kind != "number" or model.penalised:
            continue
        knots = spline_knots(data.X[:, data.terms.index(term.name)])
        if knots is None:
            continue
        splines, columns = spline_columns(model.terms, data.X, term.feature, knots)
        names, extra = (*data.terms, *(one.name for one in splines)), len(splines)
        wider = replace(data, terms=names, X=np.column_stack([data.X, columns]), cluster=None)
        try:
            fit = fit_cox(wider, newton_settings(params), np.r_[model.fit.coefficients, np.zeros(extra)])
        except WhychurnError:  # no finite curve: the covariate stays linear
            trials.append((term.feature, 0.0, extra, 1.0, False))
            continue
        gain = max(fit.log_likelihood - model.fit.log_likelihood, 0.0)
        kept = improves_bic(gain, extra, model.fit.events)
        trials.append((term.feature, gain, extra, float(chi2.sf(2 * gain, extra)), kept))
        if kept:
            knots_of[term.feature] = knots
    table = pd.DataFrame(
        trials, columns=["feature", "log_likelihood_gain", "bends", "p_value", "kept"]
    ).astype({"kept": bool})
    return table, knots_of


def check_proportionality(model: CoxModel, level: float) -> pd.DataFrame:
    """Test of proportional hazards at false discovery rate `level`, and each failing term's remedy."""
    table = schoenfeld_test(model.fit, EARLY_AND_LATE)
    table["p_adjusted"] = false_discovery_control(table["p_value"].fillna(1.0))
    table["feature"] = [term.feature for term in model.terms]
    table["kind"] = [term.kind for term in model.terms]
    failed = non_proportional(table, table["p_adjusted"].to_numpy(), level, MIN_HAZARD_RATIO_CHANGE)
    categories = set(table.loc[failed & (table["kind"] == "level"), "feature"])
    action = np.where(failed, TENURE, KEPT)
    action[table["feature"].isin(categories).to_numpy()] = STRATIFIED
    return table.assign(action=action)


def refit_with_remedies(
    rows: pd.DataFrame, before: CoxModel, knots: dict[str, np.ndarray], tests: pd.DataFrame, params: CoxParams
) -> tuple[CoxModel, dict[str, str]]:
    """The model with splines, strata and tenure terms, and feature -> remedy that had no finite estimate.

    The first model where no remedy is needed, or none has an estimate.
    """
    strata = list(dict.fromkeys(tests.loc[tests["action"] == STRATIFIED, "feature"]))
    remedies = Remedies(dict(knots), strata, list(tests.loc[tests["action"] == TENURE, "term"]))
    feature_of = dict(zip(tests["term"], tests["feature"], strict=True))
    given_up: dict[str, str] = {}
    while remedies.knots or remedies.strata or remedies.tenure:
        try:
            return _refit(rows, before, remedies, params), given_up
        except WhychurnError as error:
            remedies, names, kind = remedies.without(error)
            given_up |= {feature_of.get(name, name): kind for name in names}
    return before, given_up


def _refit(rows: pd.DataFrame, before: CoxModel, remedies: Remedies, params: CoxParams) -> CoxModel:
    """The first model with remedies; penalised only where the first one is."""
    covariates = [one for one in before.covariates if one.name not in remedies.strata]
    terms, X = encode(rows, covariates)
    splines = [spline_columns(terms, X, feature, knots) for feature, knots in remedies.knots.items()]
    terms = [*terms, *(term for added, _ in splines for term in added)]
    X = np.column_stack([X, *(columns for _, columns in splines)])
    strata = (*before.strata, *remedies.strata)
    data = start_stop(rows, terms, X, strata)
    clock = None
    if remedies.tenure:
        event_day, event_weight = before.fit.event_day, before.fit.event_weight
        centre, _ = weighted_quantiles(event_day, event_weight, (0.5, 0.5))
        clock = tenure_clock(event_day, event_weight, centre)
        data = add_tenure_terms(data, remedies.tenure, clock)
        feature_of = {term.name: term.feature for term in terms}
        terms = [*terms, *(Term(f"{name}:tenure", feature_of[name], TENURE, "") for name in remedies.tenure)]
    fit = fit_penalised(data, params) if before.penalised else fit_cox(data, newton_settings(params))
    return CoxModel(
        covariates, terms, fit, remedies.knots, tuple(remedies.tenure), clock, strata, before.penalised
    )


def recheck_proportionality(
    tests: pd.DataFrame, after: CoxModel, given_up: Mapping[str, str]
) -> pd.DataFrame:
    """`tests` with the same test in the second model; a stratum has no ratio, a spline no one change."""
    again = schoenfeld_test(after.fit, EARLY_AND_LATE).set_index("term")
    p, change = tests["term"].map(again["p_value"]), tests["term"].map(again["change"])
    for feature in after.knots:
        at = (tests["feature"] == feature) & (tests["kind"] == "number")
        p, change = p.mask(at, joint_schoenfeld_p(after.fit, spline_terms(after, feature))), change.mask(at)
    back = tests["feature"].isin([name for name, remedy in given_up.items() if remedy != CURVE])
    action = tests["action"].mask(back & (tests["action"] != KEPT), GIVEN_UP)
    return tests.assign(p_value_after=p, change_after=change, action=action)


def spline_terms(model: CoxModel, feature: str) -> list[str]:
    """Names of the linear and the non-linear terms of a feature's spline."""
    return [term.name for term in model.terms if term.feature == feature and term.kind in ("number", CURVE)]
