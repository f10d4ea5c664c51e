"""A study's own values (regions, categories, channels, plans) under the names that its parameters give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import pandas as pd

COLUMNS: Final = ("region", "category", "channel", "plan", "stratum", "top_strata")
LABELS: Final = ("label_en", "label_zh")  # of Cox models; ``term`` says which compare values: channel=web


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
    known = re.compile(
        r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + r")(?!\w)"
    )
    changed = {}
    for column in frame.columns.intersection([*COLUMNS, *LABELS]):
        texts = frame[column].astype(object)
        inside = column in (*LABELS, "top_strata")
        if column in LABELS and "term" not in frame:
            continue
        rows = frame["term"].astype(str).str.contains("=", regex=False) if column in LABELS else texts.notna()
        named = texts[rows].map(
            lambda text, inside=inside: (
                known.sub(lambda one: names[one[0]], str(text)) if inside else names.get(text, text)
            )
        )
        changed[column] = texts.where(~rows, named.reindex(texts.index))
    return frame.assign(**changed)
