"""Readable names of the terms: what is compared with what, in words of both languages."""

from __future__ import annotations

from typing import Final

from whychurn.labels import say
from whychurn.survival.hazard_ratios.covariates import OTHER, Covariate, Term

POINTS: Final = ("share",)  # units that are read in percentage points


def text(key: str, lang: str, **values: object) -> str:
    """Words of the survival section."""
    return say(f"survival.{key}", lang, **values)


def feature_label(one: Covariate, lang: str) -> str:
    """Name of the feature in the catalogue."""
    return one.zh if lang == "zh" else one.en


def term_label(term: Term, one: Covariate, lang: str) -> str:
    """Such as "Price rise since joining, per 10 points"."""
    name = feature_label(one, lang)
    if term.kind == "level":
        first = one.levels[0]
        return text(
            "cox_label_level", lang, feature=name, level=_level(term.level, lang), first=_level(first, lang)
        )
    if term.kind == "unknown":
        return text("cox_label_unknown", lang, feature=name)
    if term.kind == "flag":
        return text("cox_label_flag", lang, feature=name)
    return text("cox_label_step", lang, feature=name, step=step_text(one, lang))


def step_text(one: Covariate, lang: str) -> str:
    """Such as "10 points", "5", "one standard deviation (52)"."""
    if one.standardised:
        return text("cox_step_sd", lang, size=amount(one.step, one, lang))
    if one.unit in POINTS:
        return text("cox_step_points", lang, size=f"{one.step * 100:g}")
    if one.unit in ("days", "years", "hours"):
        return text(f"cox_step_{one.unit}", lang, size=f"{one.step:g}")
    return f"{one.step:,g}"


def amount(value: float, one: Covariate, lang: str) -> str:
    """A value with its unit, short."""
    if one.unit in POINTS:
        return f"{value:.0%}" if abs(value) >= 0.1 else f"{value:.1%}"
    if one.unit in ("days", "years", "hours"):
        return text(f"cox_step_{one.unit}", lang, size=f"{value:,.0f}")
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _level(level: str, lang: str) -> str:
    return text("cox_level_other", lang) if level == OTHER else level
