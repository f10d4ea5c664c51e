"""The Cox model of a programme: covariates chosen, collinear ones thinned, bends and drifts acted on, refitted.

Before: every covariate linear, one ratio for the whole stay. After: numeric covariates bend where that earns its
parameters; a category whose ratios drift becomes a stratum; any other term whose ratio drifts is multiplied by log
tenure, so that it has an early and a late ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import CoxParams, Params, SurvivalParams
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.hazard_ratios.collinearity import condition_number, correlations, thin_out
from whychurn.survival.hazard_ratios.covariates import Covariate, choose_covariates, encode
from whychurn.survival.hazard_ratios.model import (
    CURVE,
    CoxModel,
    NoCoxError,
    guarded_fit,
    named_terms,
    start_stop,
)
from whychurn.survival.hazard_ratios.remedies import after_drift, choose_curves, find_drift, second_model


@dataclass(frozen=True)
class CoxStudy:
    """Both models, and what was decided between them.

    Parameters
    ----------
    before, after
        Models without and with curves, strata and tenure terms.
    left_out
        feature -> absent, unknown, constant, rare, stratum, definition, few_events, collinear, no_estimate.
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
    given_up
        feature -> curve, tenure or stratified: had no finite estimate in the second model and was taken back.
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
    given_up: dict[str, str]


def study_cox(
    rows: pd.DataFrame,
    catalogue: pd.DataFrame,
    kind: str,
    params: Params,
    own: Sequence[str],
) -> CoxStudy:
    """Fit, check, act, refit.

    Parameters
    ----------
    rows
        Start-stop rows with features: member_id, entry, exit, event and the columns of the catalogue
        (`spells.with_features`).
    own
        The study's own columns, which enter after `covariates.COVARIATES`.

    Raises
    ------
    NoCoxError
        Too few leavers, or no usable covariate.
    """
    survival, cox = params.survival, params.survival.cox
    leavers = int((rows["event"] > 0).sum()) if len(rows) else 0
    if leavers < cox.min_events:
        raise NoCoxError("few_events")
    chosen, left_out = choose_covariates(rows, catalogue, kind, survival, own)
    terms, X = encode(rows, chosen)
    kept, collinear = thin_out(terms, correlations(X), cox.max_vif) if terms else ([], pd.DataFrame())
    left_out |= {one.name: "collinear" for one in chosen if one.name not in kept}
    chosen = _affordable([one for one in chosen if one.name in kept], leavers, cox, left_out)
    if not chosen:
        raise NoCoxError("no_covariates")
    before, data = _first_model(rows, chosen, survival, left_out)
    curves, knots = choose_curves(before, data, survival)
    drift = find_drift(before, params)
    after, given_up = second_model(rows, before, knots, drift, cox)
    curves["kept"] &= ~curves["feature"].isin([name for name, what in given_up.items() if what == CURVE])
    return CoxStudy(
        before, after, left_out, collinear, condition_number(correlations(data.X)), curves,
        after_drift(drift, after, given_up, survival), data, rows[["member_id", "spell_no"]], given_up,
    )  # fmt: skip


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
    rows: pd.DataFrame, chosen: list[Covariate], params: SurvivalParams, left_out: dict[str, str]
) -> tuple[CoxModel, StartStop]:
    """The plain model; covariates without an estimate, penalised or not, are left out."""
    strata = tuple(name for name in params.cox_strata if name in rows and rows[name].notna().any())
    while chosen:
        terms, X = encode(rows, chosen)
        data, combinations = start_stop(rows, terms, X, strata)
        try:
            fit, penalised = guarded_fit(data, params.cox)
        except WhychurnError as error:
            named = {term.feature for term in terms if term.name in named_terms(error)} or {chosen[-1].name}
            left_out |= dict.fromkeys(named, "no_estimate")
            chosen = [one for one in chosen if one.name not in named]
            continue
        model = CoxModel(chosen, terms, fit, strata=strata, combinations=combinations, penalised=penalised)
        return model, data
    raise NoCoxError("no_covariates")
