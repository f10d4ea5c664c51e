"""A study's own values (regions, categories, channels, plans) under the names that its parameters give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

COLUMNS: Final = ("region", "category", "channel", "plan", "stratum", "detail")
LABELS: Final = ("label_en", "label_zh")  # of Cox models; ``term`` says which compare values: channel=web


def names_in(values: Mapping[Any, Mapping[str, str]], lang: str) -> Mapping[str, str]:
    """Value -> name in a language, of `params.study.values`; empty where it names none."""
    return values.get(lang, {})


def with_value_names(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Copy of a result table in which values of the study have their names; other cells stay.

    Parameters
    ----------
    frame
        Columns of `COLUMNS` are read, and `LABELS` of rows whose ``term`` compares values.
    names
        Value to name, of one language (`params.study.values`).
    """
    if not names:
        return frame
    found = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})(?!\w)")

    def inside(text: object) -> str:
        return found.sub(lambda one: names[one[0]], str(text))

    labels = [name for name in LABELS if name in frame]
    changed = {}
    for column in frame.columns.intersection(list(COLUMNS)):
        changed[column] = frame[column].astype(object).map(lambda value: names.get(value, value))
    if "term" in frame:
        compared = frame["term"].astype(str).str.contains("=", regex=False)
        for column in labels or ["term"]:
            changed[column] = frame[column].astype(object).where(~compared, frame[column].map(inside))
    if "top_strata" in frame:
        changed["top_strata"] = frame["top_strata"].map(inside, na_action="ignore")
    return frame.assign(**changed)
