"""Readable names of what the tables on actions call by code; a company's own names stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from whychurn.labels import join
from whychurn.report.words import say, say_or
from whychurn.report.words.readable_names import feature_name


def cause_name(cause: object, lang: str) -> str:
    """Name of a cause, or of several separated by commas; no cause in particular where none is given."""
    if not isinstance(cause, str) or cause in ("", "all"):
        return say("action.no_cause", lang)
    return join([say_or(f"causes.{one}", lang, one) for one in cause.split(",")], lang)


def code_name(kind: str, code: object, lang: str) -> str:
    """Name of a ``channel``, ``tier``, ``policy``, ``tested``, ``design`` …; a dash if missing."""
    if not isinstance(code, str) or not code:
        return "–"
    return say_or(f"action.{kind}_{code}", lang, code)


def stage_name(stage: object, lang: str) -> str:
    """Name of a stage of life; a dash if missing."""
    return say_or(f"retention.stage_{stage}", lang, str(stage)) if isinstance(stage, str) else "–"


def reason_words(codes: object, lang: str) -> str:
    """Reasons that a table holds as keys or names of features, separated by commas, in words."""
    if not isinstance(codes, str) or not codes:
        return "–"
    known = [say_or(f"action.reason_{code}", lang, feature_name(code, lang)) for code in codes.split(",")]
    return join(known, lang, "；")


def each(names: Iterable[Any], kind: str, lang: str) -> list[str]:
    """`code_name` of every value of a column."""
    return [code_name(kind, None if pd.isna(name) else name, lang) for name in names]
