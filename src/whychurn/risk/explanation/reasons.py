"""What the model looked at for one member, in a sentence of either language."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from whychurn.labels import LANGUAGES, both, has_words, say
from whychurn.panel.feature_encoding import Feature


def value_format(feature: Feature) -> dict[str, Any]:
    """How a value of `feature` is written: scale, decimals, a pattern with ``{value}`` per language."""
    unit = feature.unit.lower()
    key = f"risk.unit_{unit}" if has_words(f"risk.unit_{unit}") else "risk.unit_plain"
    patterns = both(key)
    if unit in ("share", "rate"):
        return {"scale": 100, "decimals": 0, **patterns}
    return {
        "scale": 1,
        "decimals": 0 if unit in ("days", "hours", "money", "count", "points") else None,
        **patterns,
    }


def describe_value(feature: Feature, value: float, lang: str, formats: dict[str, Any] | None = None) -> str:
    """Readable value of an encoded `feature`: its category, yes/no, or a number with its unit."""
    if math.isnan(value):
        return say("risk.value_missing", lang)
    if feature.categories is not None:
        return feature.categories[int(value)]
    if feature.kind == "flag":
        return say("risk.value_yes" if value else "risk.value_no", lang)
    shape = formats or value_format(feature)
    scaled = value * shape["scale"]
    decimals = shape["decimals"]
    if decimals is None:
        decimals = 0 if scaled == round(scaled) or abs(scaled) >= 100 else 2
    text = f"{scaled:,.{decimals}f}"
    return shape[lang].format(value="0" if float(text.replace(",", "")) == 0 else text)


def describe_reason(feature: Feature, value: float, contribution: float, lang: str) -> str:
    """One sentence: name, value, direction. It says what the model looked at, not why the member leaves."""
    key = "risk.reason_raises" if contribution > 0 else "risk.reason_lowers"
    return say(key, lang, name=feature.label(lang), value=describe_value(feature, value, lang))


def top_reasons(X: np.ndarray, contributions: np.ndarray, features: list[Feature], count: int) -> pd.Series:
    """JSON list per row: the `count` largest contributions by size, with value and sentences.

    Parameters
    ----------
    X
        Encoded rows.
    contributions
        Rows × features (+ base value, ignored), log-odds.
    """
    values = contributions[:, : len(features)]
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :count]
    texts: dict[tuple[int, float, bool], dict[str, str]] = {}
    lists = []
    for row, chosen in enumerate(order):
        entries = []
        for column in chosen:
            share, value = float(values[row, column]), float(X[row, column])
            if share == 0:
                continue
            key = (int(column), value, share > 0)
            if key not in texts or math.isnan(value):
                feature = features[column]
                texts[key] = {
                    f"text_{lang}": describe_reason(feature, value, share, lang) for lang in LANGUAGES
                }
            entries.append(
                {
                    "feature": features[column].name,
                    "value": None if math.isnan(value) else round(value, 4),
                    "contribution": round(share, 4),
                    **texts[key],
                }
            )
        lists.append(json.dumps(entries, ensure_ascii=False))
    return pd.Series(lists, dtype="string")
