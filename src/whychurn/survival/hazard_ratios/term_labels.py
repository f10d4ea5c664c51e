"""Readable names of the terms in both languages: what is compared with what."""

from typing import Final

from whychurn.labels import say
from whychurn.survival.hazard_ratios.covariates import OTHER, Covariate, Term

POINTS: Final = ("share",)  # units that are read in percentage points


def text(key: str, lang: str, **values: object) -> str:
    """A label of the survival section."""
    return say(f"survival.{key}", lang, **values)


def feature_label(covariate: Covariate, lang: str) -> str:
    """Name of the feature in the catalogue."""
    return covariate.zh if lang == "zh" else covariate.en


def term_label(term: Term, covariate: Covariate, lang: str) -> str:
    """Such as "Price rise since joining, per 10 points"."""
    name = feature_label(covariate, lang)
    if term.kind == "level":
        first = covariate.levels[0]
        return text(
            "cox_label_level", lang, feature=name, level=_level(term.level, lang), first=_level(first, lang)
        )
    if term.kind == "unknown":
        return text("cox_label_unknown", lang, feature=name)
    if term.kind == "flag":
        return text("cox_label_flag", lang, feature=name)
    return text("cox_label_step", lang, feature=name, step=step_text(covariate, lang))


def step_text(covariate: Covariate, lang: str) -> str:
    """Such as "10 points", "5", "one standard deviation (52)"."""
    if covariate.standardised:
        return text("cox_step_sd", lang, size=amount(covariate.step, covariate, lang))
    if covariate.unit in POINTS:
        return text("cox_step_points", lang, size=f"{covariate.step * 100:g}")
    if covariate.unit in ("days", "years", "hours"):
        return text(f"cox_step_{covariate.unit}", lang, size=f"{covariate.step:g}")
    return f"{covariate.step:,g}"


def amount(value: float, covariate: Covariate, lang: str) -> str:
    """A value with its unit, short."""
    if covariate.unit in POINTS:
        return f"{value:.0%}" if abs(value) >= 0.1 else f"{value:.1%}"
    if covariate.unit in ("days", "years", "hours"):
        return text(f"cox_step_{covariate.unit}", lang, size=f"{value:,.0f}")
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _level(level: str, lang: str) -> str:
    return text("cox_level_other", lang) if level == OTHER else level
