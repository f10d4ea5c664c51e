"""Results tables of the Cox models: hazard ratios, tests of proportionality, curves, collinearity."""

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, norm

from whychurn.contract.results import columns_of, stack
from whychurn.labels import LANGUAGES
from whychurn.survival.cox.regression import CoxFit, hazard_ratio_table, joint_p
from whychurn.survival.cox.splines import spline_basis
from whychurn.survival.hazard_ratios.assumption_remedies import spline_terms
from whychurn.survival.hazard_ratios.covariates import Covariate, Term
from whychurn.survival.hazard_ratios.cox_model import CURVE, STRATIFIED, CoxModel
from whychurn.survival.hazard_ratios.model_building import CoxModels
from whychurn.survival.hazard_ratios.term_labels import amount, feature_label, term_label, text

RATIOS: Final = columns_of("hazard_ratios")
PROPORTIONALITY: Final = columns_of("proportional_hazards")
CURVES: Final = columns_of("spline_effects")
COLLINEAR: Final = columns_of("collinearity")
TABLES: Final = ("hazard_ratios", "proportional_hazards", "spline_effects", "collinearity")
WALD: Final = ("hazard_ratio", "low", "high", "p_value")
QUARTILES: Final = ((0.25, 0.75), (0.05, 0.95), (0.0, 1.0))  # the first pair that differs is compared
CURVE_POINTS: Final = 40  # enough for a smooth line


def ratio_rows(models: CoxModels, confidence: float) -> pd.DataFrame:
    """Hazard ratios of both models (columns `RATIOS`), adjusted for the number of terms within each."""
    named = (("before", models.before), ("after", models.after))
    tables = [_of_model(models, model, name, confidence) for name, model in named]
    frame = pd.concat(tables, ignore_index=True)
    for name, _ in named:
        tested = (frame["model"] == name) & frame["p_value"].notna()
        frame.loc[tested, "p_adjusted"] = false_discovery_control(frame.loc[tested, "p_value"])
    return frame[RATIOS]


def proportionality_rows(models: CoxModels) -> pd.DataFrame:
    """Test of proportional hazards before and after, and its remedy (columns `PROPORTIONALITY`)."""
    labels = {term.name: _labels(models.before, term) for term in models.before.terms}
    frame = models.proportionality.rename(columns={"p_value": "p_value_before", "change": "change_before"})
    for lang in LANGUAGES:
        frame[f"label_{lang}"] = [labels[name][f"label_{lang}"] for name in frame["term"]]
    return frame[PROPORTIONALITY]


def curve_rows(models: CoxModels, confidence: float, points: int = CURVE_POINTS) -> pd.DataFrame:
    """Hazard ratio against the median along each spline that was kept (columns `CURVES`)."""
    parts, trials = [], models.splines.set_index("feature")
    for feature in models.after.knots:
        covariate, values = models.after.by_name[feature], _values(models, feature)
        median = float(np.median(values))
        first, last = np.quantile(values, [0.02, 0.98])
        grid = np.unique(np.r_[np.linspace(first, last, points), median])
        contrasts = _curve_contrasts(models.after, feature, grid, median)
        parts.append(
            _ratios(models.after.fit, contrasts, confidence).assign(
                feature=feature, unit=covariate.unit, value=grid * covariate.step,
                reference=median * covariate.step,
                log_likelihood_gain=trials.loc[feature, "log_likelihood_gain"], p_value=trials.loc[feature, "p_value"],
                **{f"label_{lang}": feature_label(covariate, lang) for lang in LANGUAGES},
            )
        )  # fmt: skip
    return stack(parts, CURVES)


def collinear_rows(models: CoxModels, catalogue: pd.DataFrame) -> pd.DataFrame:
    """Variance inflation of each feature, and whether it stayed (columns `COLLINEAR`)."""
    names = catalogue.set_index("name")
    labels = {f"label_{lang}": models.collinearity["feature"].map(names[lang]) for lang in LANGUAGES}
    return models.collinearity.assign(**labels)[COLLINEAR]


def _of_model(models: CoxModels, model: CoxModel, name: str, confidence: float) -> pd.DataFrame:
    covariates, rows = models.before.by_name, []
    table = hazard_ratio_table(model.fit, confidence)
    for term, values in zip(model.terms, table.to_dict("records"), strict=True):
        covariate = covariates[term.feature]
        row = {"term": term.name, "feature": term.feature, "kind": term.kind, "cause": covariate.cause}
        if term.kind in (CURVE, "tenure"):
            continue
        if term.kind == "number" and term.feature in model.knots:
            rows.append(row | {"kind": CURVE} | _along_curve(models, model, covariate, confidence))
        elif term.name in model.time_varying:
            rows += [row | of_day for of_day in _early_and_late(models, model, term, confidence)]
        else:
            rows.append(
                row | {key: values[key] for key in WALD} | _labels(model, term) | _notes(model, covariate)
            )
    if name == "after":
        rows += _stratified(models)
    return pd.DataFrame([{"model": name, **row} for row in rows], columns=RATIOS)


def _labels(model: CoxModel, term: Term) -> dict[str, str]:
    return {f"label_{lang}": term_label(term, model.by_name[term.feature], lang) for lang in LANGUAGES}


def _notes(model: CoxModel, covariate: Covariate) -> dict[str, str]:
    """Notes of a penalty, and of unknown values filled in."""
    filled = covariate.unknown_share >= 0.005 and not covariate.unknown_term and covariate.kind == "number"
    notes = {}
    for lang in LANGUAGES:
        parts = [text("cox_note_penalised", lang)] if model.penalised else []
        if filled:
            parts.append(text("cox_note_filled", lang, share=f"{covariate.unknown_share:.1%}"))
        notes[f"note_{lang}"] = (" " if lang == "en" else "").join(parts)
    return notes


def _along_curve(
    models: CoxModels, model: CoxModel, covariate: Covariate, confidence: float
) -> dict[str, Any]:
    """One ratio for a spline: upper against lower quartile."""
    values = _values(models, covariate.name)
    pairs = (np.quantile(values, quantiles) for quantiles in QUARTILES)
    low, high = next(pair for pair in pairs if pair[1] > pair[0])
    contrasts = _curve_contrasts(model, covariate.name, np.array([high]), low)
    row: dict[Any, Any] = _ratios(model.fit, contrasts, confidence).iloc[0].to_dict()
    row["p_value"] = joint_p(model.fit, spline_terms(model, covariate.name))
    for lang in LANGUAGES:
        ends = {
            "high": amount(high * covariate.step, covariate, lang),
            "low": amount(low * covariate.step, covariate, lang),
        }
        row[f"label_{lang}"] = text("cox_label_curve", lang, feature=feature_label(covariate, lang), **ends)
        row[f"note_{lang}"] = text("cox_note_curve", lang)
    return row


def _early_and_late(
    models: CoxModels, model: CoxModel, term: Term, confidence: float
) -> list[dict[str, Any]]:
    """Ratios of a term that changes with tenure, on an early and a late day."""
    assert model.clock is not None
    labels, rows, test = _labels(model, term), [], models.proportionality.iloc[0]
    for day in (test["early_day"], test["late_day"]):
        contrast = np.zeros((1, len(model.fit.terms)))
        contrast[0, model.fit.terms.index(term.name)] = 1.0
        contrast[0, model.fit.terms.index(f"{term.name}:tenure")] = float(model.clock.at(day))
        row: dict[Any, Any] = _ratios(model.fit, contrast, confidence).iloc[0].to_dict()
        for lang in LANGUAGES:
            label = labels[f"label_{lang}"]
            row[f"label_{lang}"] = text("cox_label_day", lang, label=label, day=f"{day:,.0f}")
            row[f"note_{lang}"] = text("cox_note_tenure", lang)
        rows.append(row)
    return rows


def _stratified(models: CoxModels) -> list[dict[str, Any]]:
    """Categories that became strata: no ratio, and a note that says so."""
    tests = models.proportionality
    stratified = set(tests.loc[tests["action"] == STRATIFIED, "term"])
    notes = {f"note_{lang}": text("cox_note_stratified", lang) for lang in LANGUAGES}
    covariates = models.before.by_name
    return [
        {"term": term.name, "feature": term.feature, "kind": "level", "cause": covariates[term.feature].cause}
        | _labels(models.before, term)
        | notes
        for term in models.before.terms
        if term.name in stratified
    ]


def _values(models: CoxModels, feature: str) -> np.ndarray:
    """Values of a numeric feature in steps, over the rows of the first model."""
    return models.data.X[:, models.data.terms.index(feature)]


def _curve_contrasts(model: CoxModel, feature: str, at: np.ndarray, against: float) -> np.ndarray:
    """Difference of design between values `at` and the value `against`, shape (values, terms).

    A tenure term has no part in it: it is zero at the centre of its clock, where a curve is read.
    """
    knots = model.knots[feature]
    contrast = np.zeros((len(at), len(model.fit.terms)))
    contrast[:, model.fit.terms.index(feature)] = at - against
    basis = spline_basis(at, knots) - spline_basis(np.array([against]), knots)
    for number in range(basis.shape[1]):
        contrast[:, model.fit.terms.index(f"{feature}:bend{number + 1}")] = basis[:, number]
    return contrast


def _ratios(fit: CoxFit, contrast: np.ndarray, confidence: float) -> pd.DataFrame:
    """Hazard ratio, low, high and Wald p of linear combinations of the coefficients."""
    value = contrast @ fit.coefficients
    error = np.sqrt(np.einsum("ij,jk,ik->i", contrast, fit.covariance, contrast))
    reach = norm.ppf(0.5 + confidence / 2) * error
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        p = np.where(error > 0, 2 * norm.sf(np.abs(value) / error), 1.0)
        ratios = (np.exp(value), np.exp(value - reach), np.exp(value + reach), p)
    return pd.DataFrame(dict(zip(WALD, ratios, strict=True)))
