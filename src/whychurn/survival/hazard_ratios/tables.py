"""Results tables of the Cox model: ratios before and after, drifts, curves, collinearity."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, norm

from whychurn.contract.results import columns_of, empty_table
from whychurn.survival.cox.regression import CoxFit, hazard_ratio_table, joint_p
from whychurn.survival.cox.splines import spline_bends
from whychurn.survival.hazard_ratios.covariates import Covariate
from whychurn.survival.hazard_ratios.labels import amount, feature_label, term_label, text
from whychurn.survival.hazard_ratios.model import CURVE, STRATIFIED, CoxModel
from whychurn.survival.hazard_ratios.specification import CoxStudy

RATIOS: Final = columns_of("hazard_ratios")
DRIFT: Final = columns_of("proportional_hazards")
CURVES: Final = columns_of("spline_effects")
COLLINEAR: Final = columns_of("collinearity")
WALD: Final = ("hazard_ratio", "low", "high", "p")
QUARTILES: Final = ((0.25, 0.75), (0.05, 0.95), (0.0, 1.0))


def ratio_rows(study: CoxStudy, confidence: float) -> pd.DataFrame:
    """Hazard ratios of both models (columns `RATIOS`), adjusted for the number of terms within each."""
    both = [
        _of_model(study, study.before, "before", confidence),
        _of_model(study, study.after, "after", confidence),
    ]
    frame = pd.concat(both, ignore_index=True)
    for name in ("before", "after"):
        mine = (frame["model"] == name) & frame["p"].notna()
        frame.loc[mine, "p_adjusted"] = false_discovery_control(frame.loc[mine, "p"])
    return frame[RATIOS]


def drift_rows(study: CoxStudy) -> pd.DataFrame:
    """Test of proportional hazards before and after, and what was done (columns `DRIFT`)."""
    owner = {one.name: one for one in study.before.covariates}
    terms = {term.name: term for term in study.before.terms}
    frame = study.drift.rename(columns={"p": "p_before", "change": "change_before"})
    for lang in ("en", "zh"):
        frame[f"label_{lang}"] = [
            term_label(terms[name], owner[terms[name].feature], lang) for name in frame["term"]
        ]
    return frame[DRIFT]


def curve_rows(study: CoxStudy, points: int, confidence: float) -> pd.DataFrame:
    """Hazard ratio against the median along each curve that was kept (columns `CURVES`)."""
    owner, parts = {one.name: one for one in study.after.covariates}, []
    for feature in study.after.knots:
        one, choice = owner[feature], study.curves.set_index("feature").loc[feature]
        values = _values(study, feature)
        ends = np.quantile(values, [0.02, 0.98])
        grid = np.unique(np.r_[np.linspace(ends[0], ends[1], points), np.median(values)])
        contrasts = _curve_contrasts(study.after, one, grid, float(np.median(values)))
        made = _ratios(study.after.fit, contrasts, confidence)
        made = made.assign(
            feature=feature, unit=one.unit, value=grid * one.step, reference=np.median(values) * one.step,
            gain=choice["gain"], p=choice["p"],
        )  # fmt: skip
        parts.append(made.assign(**{f"label_{lang}": feature_label(one, lang) for lang in ("en", "zh")}))
    return pd.concat(parts, ignore_index=True)[CURVES] if parts else empty_table(CURVES)


def collinear_rows(study: CoxStudy, catalogue: pd.DataFrame) -> pd.DataFrame:
    """Variance inflation of each feature, and whether it stayed (columns `COLLINEAR`)."""
    names = catalogue.set_index("name")
    frame = study.collinearity
    labels = {f"label_{lang}": frame["feature"].map(names[lang]) for lang in ("en", "zh")}
    return frame.assign(**labels)[COLLINEAR]


def _of_model(study: CoxStudy, model: CoxModel, name: str, confidence: float) -> pd.DataFrame:
    owner = {one.name: one for one in study.before.covariates}
    plain = hazard_ratio_table(model.fit, confidence)
    plain["label"] = ""
    rows = []
    for term, values in zip(model.terms, plain.to_dict("records"), strict=True):
        one = owner[term.feature]
        if term.kind in (CURVE, "tenure"):
            continue
        base = {"model": name, "term": term.name, "feature": one.name, "kind": term.kind, "cause": one.cause}
        if term.kind == "number" and one.name in model.knots:
            rows.append(base | {"kind": CURVE} | _along_curve(study, model, one, confidence))
        elif term.name in model.moving:
            rows += [base | more for more in _early_and_late(study, model, term.name, confidence)]
        else:
            kept = {key: values[key] for key in ("hazard_ratio", "low", "high", "p")}
            note = {f"note_{lang}": _note(model, one, lang) for lang in ("en", "zh")}
            rows.append(base | kept | _labels(model, term.name, one) | note)
    return pd.DataFrame(rows + (_stratified(study, name) if name == "after" else []), columns=RATIOS)


def _labels(model: CoxModel, term: str, one: Covariate) -> dict[str, str]:
    made = next(each for each in model.terms if each.name == term)
    return {f"label_{lang}": term_label(made, one, lang) for lang in ("en", "zh")}


def _note(model: CoxModel, one: Covariate, lang: str) -> str:
    """Unknown values filled in, a penalty."""
    parts = []
    if model.penalised:
        parts.append(text("cox_note_penalised", lang))
    if one.unknown_share >= 0.005 and not one.unknown_term and one.kind == "number":
        parts.append(text("cox_note_filled", lang, share=f"{one.unknown_share:.1%}"))
    return (" " if lang == "en" else "").join(parts)


def _along_curve(study: CoxStudy, model: CoxModel, one: Covariate, confidence: float) -> dict[str, object]:
    """One ratio for a curve: upper against lower quartile."""
    values = _values(study, one.name)
    low, high = next(
        pair for pair in (np.quantile(values, places) for places in QUARTILES) if pair[1] > pair[0]
    )
    row = _ratios(model.fit, _curve_contrasts(model, one, np.array([high]), low), confidence).iloc[0]
    own = [term.name for term in model.terms if term.feature == one.name and term.kind in ("number", CURVE)]
    found: dict[str, object] = {"hazard_ratio": row["hazard_ratio"], "low": row["low"], "high": row["high"]}
    found["p"] = joint_p(model.fit, own)
    for lang in ("en", "zh"):
        ends = {"high": amount(high * one.step, one, lang), "low": amount(low * one.step, one, lang)}
        found[f"label_{lang}"] = text("cox_label_curve", lang, feature=feature_label(one, lang), **ends)
        found[f"note_{lang}"] = text("cox_note_curve", lang)
    return found


def _early_and_late(
    study: CoxStudy, model: CoxModel, term: str, confidence: float
) -> list[dict[str, object]]:
    """Ratios of a term that changes with tenure, on an early and a late day."""
    assert model.clock is not None
    one = next(each for each in study.before.covariates if each.name == next(
        made.feature for made in model.terms if made.name == term
    ))  # fmt: skip
    labels, found = _labels(model, term, one), []
    first = study.drift.iloc[0]
    for when in (first["early_day"], first["late_day"]):
        contrast = np.zeros((1, len(model.fit.terms)))
        contrast[0, model.fit.terms.index(term)] = 1.0
        contrast[0, model.fit.terms.index(f"{term}:tenure")] = float(model.clock.at(when))
        row: dict[str, object] = dict(
            zip(WALD, _ratios(model.fit, contrast, confidence).iloc[0], strict=True)
        )
        for lang in ("en", "zh"):
            row[f"label_{lang}"] = text(
                "cox_label_day", lang, label=labels[f"label_{lang}"], day=f"{when:,.0f}"
            )
            row[f"note_{lang}"] = text("cox_note_tenure", lang)
        found.append(row)
    return found


def _stratified(study: CoxStudy, name: str) -> list[dict[str, object]]:
    """Categories that became strata: no ratio, said so."""
    gone = study.drift[study.drift["action"] == STRATIFIED]
    owner, terms = {one.name: one for one in study.before.covariates}, {t.name: t for t in study.before.terms}
    return [
        {"model": name, "term": term, "feature": feature, "kind": "level", "cause": owner[feature].cause}
        | {f"label_{lang}": term_label(terms[term], owner[feature], lang) for lang in ("en", "zh")}
        | {f"note_{lang}": text("cox_note_stratified", lang) for lang in ("en", "zh")}
        for term, feature in zip(gone["term"], gone["feature"], strict=True)
    ]


def _values(study: CoxStudy, feature: str) -> np.ndarray:
    """Values of a numeric feature in steps, over the rows of the first model."""
    return study.data.X[:, study.data.terms.index(feature)]


def _curve_contrasts(model: CoxModel, one: Covariate, at: np.ndarray, against: float) -> np.ndarray:
    """Difference of design between values `at` and the value `against`, shape (values, terms)."""
    knots = model.knots[one.name]
    contrast = np.zeros((len(at), len(model.fit.terms)))
    contrast[:, model.fit.terms.index(one.name)] = at - against
    bends = spline_bends(at, knots) - spline_bends(np.array([against]), knots)
    for number in range(bends.shape[1]):
        contrast[:, model.fit.terms.index(f"{one.name}:bend{number + 1}")] = bends[:, number]
    if one.name in model.moving and model.clock is not None:  # read at the centre of the clock
        contrast[:, model.fit.terms.index(f"{one.name}:tenure")] = 0.0
    return contrast


def _ratios(fit: CoxFit, contrast: np.ndarray, confidence: float) -> pd.DataFrame:
    """Hazard ratio, low, high and Wald p of linear combinations of the coefficients."""
    value = contrast @ fit.coefficients
    error = np.sqrt(np.einsum("ij,jk,ik->i", contrast, fit.covariance, contrast))
    reach = norm.ppf(0.5 + confidence / 2) * error
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        p = np.where(error > 0, 2 * norm.sf(np.abs(value) / error), 1.0)
        return pd.DataFrame(
            {
                "hazard_ratio": np.exp(value),
                "low": np.exp(value - reach),
                "high": np.exp(value + reach),
                "p": p,
            }
        )
