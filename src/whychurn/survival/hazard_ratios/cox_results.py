"""What shortens or lengthens the stay: all tables of the Cox models and the facts that sum them up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy.stats import chi2

from whychurn.contract.errors import WhychurnError
from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table
from whychurn.survival.cox.negative_control import control_facts, random_covariates
from whychurn.survival.hazard_ratios.covariates import COVARIATES, TERMS_COVARIATES
from whychurn.survival.hazard_ratios.cox_model import KEPT, STRATIFIED, TENURE, NoCoxError, newton_settings
from whychurn.survival.hazard_ratios.model_building import CoxModels, build_cox_models
from whychurn.survival.hazard_ratios.ratio_tables import (
    TABLES,
    collinear_rows,
    curve_rows,
    proportionality_rows,
    ratio_rows,
)
from whychurn.survival.spells import ROWS, with_features


@dataclass(frozen=True)
class CoxResults:
    """Tables for data/results by name, facts, and the models behind them (None where the data carry none)."""

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    models: CoxModels | None


def cox_results(
    stays: pd.DataFrame,
    panel: pd.DataFrame,
    catalogue: pd.DataFrame,
    panel_facts: Mapping[str, Any],
    params: Params,
) -> CoxResults:
    """Hazard ratios before and after remedies for non-linear and changing effects, with a negative control.

    Parameters
    ----------
    stays
        `spells.stay_rows`: the stay ends on the last day of presence, so that no covariate is read in the
        silence that defines churn.
    panel
        Monthly snapshots with the features.
    catalogue
        `panel.features.catalogue.study_catalogue`.
    panel_facts
        panel.json.

    Returns
    -------
    Tables hazard_ratios, proportional_hazards, spline_effects, collinearity; empty, and ``facts["reason"]`` a
    key of the labels, where the data carry no model.
    """
    member_columns = panel_facts["member_columns"]
    wanted = [*COVARIATES, *TERMS_COVARIATES, *params.survival.cox_strata, *member_columns]
    rows = with_features(
        stays, panel, [name for name in dict.fromkeys(wanted) if name in panel and name not in ROWS]
    )
    study_columns = [name for name in catalogue["name"] if name in member_columns]
    try:
        models = build_cox_models(rows, catalogue, str(panel_facts["kind"]), params, study_columns)
    except NoCoxError as error:
        tables = {name: empty_table(columns_of(name)) for name in TABLES}
        return CoxResults(tables, {"reason": f"no_cox_{error}", "rows": len(rows)}, None)
    tables = {
        "hazard_ratios": ratio_rows(models, params.run.confidence),
        "proportional_hazards": proportionality_rows(models),
        "spline_effects": curve_rows(models, params.run.confidence),
        "collinearity": collinear_rows(models, catalogue),
    }
    return CoxResults(tables, {"reason": None, **_facts(models, rows, params)}, models)


def cox_fits(results: CoxResults) -> list[FitRecord]:
    """Records of the two models for the tracker."""
    if results.models is None:
        return []
    records = []
    for name, model in (("cox_before", results.models.before), ("cox_after", results.models.after)):
        fit = model.fit
        metrics = {
            "log_likelihood": fit.log_likelihood,
            "log_likelihood_null": fit.log_likelihood_null,
            "churn_events": fit.events,
            "rows": float(fit.rows),
            "terms": float(len(fit.terms)),
        }
        settings: dict[str, str | int | float | bool | None] = {
            "strata": ", ".join(model.strata),
            "curves": ", ".join(model.knots),
            "tenure": ", ".join(model.time_varying),
            "penalised": model.penalised,
        }
        records.append(FitRecord(name, settings, metrics, list(results.tables)))
    return records


def _facts(models: CoxModels, rows: pd.DataFrame, params: Params) -> dict[str, Any]:
    before, after, tests = models.before.fit, models.after.fit, models.proportionality
    likelihood_ratio = 2 * (before.log_likelihood - before.log_likelihood_null)
    comparable = models.after.strata == models.before.strata  # likelihoods of other strata are not
    return {
        "rows": before.rows,
        "members": int(rows["member_id"].nunique()),
        "churn_events": int(before.events),
        "terms": len(before.terms),
        "strata": list(models.before.strata),
        "strata_pooled": models.pooled,
        "left_out": models.left_out,
        "condition": models.condition,
        "largest_vif": float(models.collinearity["vif_after"].max()),
        "p_any": float(chi2.sf(likelihood_ratio, len(before.terms))),
        "gain_after": after.log_likelihood - before.log_likelihood if comparable else None,
        "curves_tried": len(models.splines),
        "curves": list(models.after.knots),
        "tested": len(tests),
        "drifting": int((tests["action"] != KEPT).sum()),
        "significant": int((tests["p_adjusted"] < params.run.false_discovery).sum()),
        "stratified": sorted(set(tests.loc[tests["action"] == STRATIFIED, "feature"])),
        "tenure": list(tests.loc[tests["action"] == TENURE, "term"]),
        "penalised": models.before.penalised,
        "given_up": models.given_up,
        "early_day": float(tests["early_day"].iloc[0]),
        "late_day": float(tests["late_day"].iloc[0]),
        "control": _control(models, params),
    }


def _control(models: CoxModels, params: Params) -> dict[str, Any] | None:
    """Facts of the negative control; None where the leavers are too few for further covariates."""
    newton, confidence = newton_settings(params.survival.cox), params.run.confidence
    try:
        table = random_covariates(models.data, newton, confidence, params.run.seed)
    except WhychurnError:
        return None
    return control_facts(table, confidence)
