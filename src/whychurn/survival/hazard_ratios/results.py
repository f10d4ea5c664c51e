"""What shortens or lengthens the stay: all tables of the Cox models and the facts that sum them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import chi2, false_discovery_control

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.fits import FitRecord
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table
from whychurn.survival.competing_risks.stated_causes import Stated
from whychurn.survival.cox.negative_control import control_facts, random_covariates
from whychurn.survival.cox.regression import hazard_ratio_table
from whychurn.survival.hazard_ratios.covariates import COVARIATES, TERMS_COVARIATES
from whychurn.survival.hazard_ratios.labels import term_label
from whychurn.survival.hazard_ratios.model import STRATIFIED, TENURE, NoCoxError, fit_told_apart, newton
from whychurn.survival.hazard_ratios.specification import CoxStudy, study_cox
from whychurn.survival.hazard_ratios.tables import (
    collinear_rows,
    curve_rows,
    drift_rows,
    ratio_rows,
)
from whychurn.survival.spells import ROWS, with_features

CAUSE_RATIOS: Final = columns_of("cause_hazard_ratios")


@dataclass(frozen=True)
class CoxAnswers:
    """Tables for data/results by name, facts, and the study behind them (None where there is no model)."""

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    study: CoxStudy | None


def cox_answers(
    stays: pd.DataFrame,
    panel: pd.DataFrame,
    catalogue: pd.DataFrame,
    panel_facts: Mapping[str, Any],
    params: Params,
) -> CoxAnswers:
    """Hazard ratios before and after what was done about bends and drifts, with a negative control.

    Parameters
    ----------
    stays
        `spells.stay_rows`: the stay ends on the last day of presence, so that no covariate is read in the silence that
        defines leaving.
    panel
        Monthly snapshots with the features.
    catalogue
        `panel.frame.study_catalogue`.
    panel_facts
        panel.json.

    Returns
    -------
    Tables hazard_ratios, proportional_hazards, spline_effects, collinearity; empty, and ``facts["reason"]`` a key of
    the words, where the data carry no model.
    """
    wanted = [
        *COVARIATES,
        *TERMS_COVARIATES,
        *params.survival.cox_strata,
        *panel_facts["member_columns"],
    ]
    known = [name for name in dict.fromkeys(wanted) if name in panel and name not in ROWS]
    rows = with_features(stays, panel, known)
    try:
        study = study_cox(
            rows,
            catalogue,
            str(panel_facts["kind"]),
            params,
            [name for name in catalogue["name"] if name in panel_facts["member_columns"]],
        )
    except NoCoxError as error:
        return CoxAnswers(empty_tables(), {"reason": f"no_cox_{error}", "rows": len(rows)}, None)
    tables = {
        "hazard_ratios": ratio_rows(study, params.run.confidence),
        "proportional_hazards": drift_rows(study),
        "spline_effects": curve_rows(study, params.survival.cox.curve_points, params.run.confidence),
        "collinearity": collinear_rows(study, catalogue),
    }
    return CoxAnswers(tables, {"reason": None, **_facts(study, rows, params)}, study)


def empty_tables() -> dict[str, pd.DataFrame]:
    """The tables of `cox_answers` without rows."""
    names = ("hazard_ratios", "proportional_hazards", "spline_effects", "collinearity")
    return {name: empty_table(columns_of(name)) for name in names}


def stated_events(stated: Stated, max_odds: float) -> pd.DataFrame:
    """Weights of leavings by cause from answered exit surveys: one over the chance to answer, the silent have none.

    Unlike `Stated.weights`, which spreads the silent over the causes and so would pull every ratio towards one.
    """
    named = np.eye(len(CAUSES) + 1)[np.clip(stated.leavings["reason"], 0, len(CAUSES))][:, : len(CAUSES)]
    named *= (stated.leavings["reason"] >= 0).to_numpy()[:, None]
    chance = stated.leavings["p_answer"].to_numpy()
    weight = 1 + np.minimum((1 - chance) / chance, max_odds)
    values = pd.DataFrame(named * weight[:, None], columns=[f"p_{cause}" for cause in CAUSES])
    return pd.concat([stated.leavings[["member_id", "spell_no"]].reset_index(drop=True), values], axis=1)


def cause_hazard_ratios(study: CoxStudy, leavings: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Cause-specific Cox models: who leaves from each cause, everybody still there being at risk of it.

    Parameters
    ----------
    leavings
        member_id, spell_no and ``p_<cause>``: in which part a leaving counts for each cause (posteriors), or how many
        leavings it stands for (`stated_events`). Leavings without a row count for none.

    Returns
    -------
    DataFrame
        Columns `CAUSE_RATIOS`; causes with fewer than ``cox.min_cause_events`` events have no rows, nor
        have terms without a finite ratio. Robust intervals
        over members; with posteriors they leave out the uncertainty of the posteriors themselves.
    """
    columns = [f"p_{cause}" for cause in CAUSES]
    matched = study.keys.merge(leavings, on=["member_id", "spell_no"], how="left", validate="many_to_one")
    weights = matched[columns].fillna(0.0).to_numpy(float) * (study.data.event > 0)[:, None]
    owner = {one.name: one for one in study.before.covariates}
    parts = []
    for cause, weight in zip(CAUSES, weights.T, strict=True):
        if min(weight.sum(), (weight > 0).sum()) < params.survival.cox.min_cause_events:
            continue
        told = _told_apart(study, weight, params.survival.cox.min_level_events)
        terms = [term for term, kept in zip(study.before.terms, told, strict=True) if kept]
        data = replace(study.data, terms=tuple(t.name for t in terms), X=study.data.X[:, told], event=weight)
        fit, finite = fit_told_apart(data, params.survival.cox, study.before.fit.coefficients[told])
        if fit is None:
            continue
        terms = [term for term, kept in zip(terms, finite, strict=True) if kept]
        made = hazard_ratio_table(fit, params.run.confidence).assign(
            cause=cause, events=weight.sum(), leavers=float((weight > 0).sum())
        )
        made["feature"] = [term.feature for term in terms]
        for lang in ("en", "zh"):
            made[f"label_{lang}"] = [term_label(t, owner[t.feature], lang) for t in terms]
        parts.append(made)
    if not parts:
        return empty_table(CAUSE_RATIOS)
    found = pd.concat(parts, ignore_index=True)
    return found.assign(p_adjusted=false_discovery_control(found["p"]))[CAUSE_RATIOS]


def _told_apart(study: CoxStudy, weight: np.ndarray, least: int) -> np.ndarray:
    """Terms of a model of one cause: flags and levels with too few events on either side are left out."""
    happened = weight > 0
    on = (study.data.X[happened] > 0).sum(axis=0)
    rare = np.minimum(on, happened.sum() - on) < least
    return ~(rare & np.array([term.kind != "number" for term in study.before.terms]))


def cox_fits(answers: CoxAnswers) -> list[FitRecord]:
    """What the tracker keeps of the two models."""
    if answers.study is None:
        return []
    records = []
    for name, model in (("cox_before", answers.study.before), ("cox_after", answers.study.after)):
        fit = model.fit
        metrics = {
            "log_likelihood": fit.log_likelihood,
            "log_likelihood_null": fit.log_likelihood_null,
            "leavers": fit.events,
            "rows": float(fit.rows),
            "terms": float(len(fit.terms)),
        }
        settings = {
            "strata": ", ".join(model.strata),
            "curves": ", ".join(model.knots),
            "tenure": ", ".join(model.moving),
        }
        records.append(
            FitRecord(name, {**settings, "penalised": model.penalised}, metrics, list(answers.tables))
        )
    return records


def _facts(study: CoxStudy, rows: pd.DataFrame, params: Params) -> dict[str, Any]:
    before, after = study.before.fit, study.after.fit
    likelihood_ratio = 2 * (before.log_likelihood - before.log_likelihood_null)
    drift = study.drift
    facts = {
        "rows": before.rows,
        "members": int(rows["member_id"].nunique()),
        "leavers": int(before.events),
        "terms": len(before.terms),
        "strata": list(study.before.strata),
        "left_out": study.left_out,
        "condition": study.condition,
        "largest_vif": float(study.collinearity["vif_after"].max()),
        "p_any": float(chi2.sf(likelihood_ratio, len(before.terms))),
        "gain_after": after.log_likelihood - before.log_likelihood
        if study.after.strata == study.before.strata
        else None,
        "curves_tried": len(study.curves),
        "curves": list(study.after.knots),
        "tested": len(drift),
        "drifting": int((drift["action"] != "kept").sum()),
        "significant": int((drift["p_adjusted"] < params.run.false_discovery).sum()),
        "stratified": sorted(set(drift.loc[drift["action"] == STRATIFIED, "feature"])),
        "tenure": list(drift.loc[drift["action"] == TENURE, "term"]),
        "penalised": study.before.penalised,
        "given_up": study.given_up,
        "early_day": float(drift["early_day"].iloc[0]),
        "late_day": float(drift["late_day"].iloc[0]),
    }
    try:
        control = random_covariates(
            study.data,
            params.survival.cox.control_draws,
            newton(params.survival.cox),
            params.run.confidence,
            params.run.seed,
        )
    except WhychurnError:  # too few leavers for further covariates
        return facts | {"control": None}
    return facts | {"control": control_facts(control, params.run.confidence)}
