"""Which columns of the panel a model sees, and their encoding as one float matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

_REFUSED: Final = str.maketrans("[]<", "()(")  # characters that XGBoost takes in no name
SEASON_DAYS: Final = 365  # a feature that only follows the calendar is used when training spans this long


@dataclass(frozen=True)
class Feature:
    """One model input.

    Parameters
    ----------
    kind
        "number", "flag" or "category".
    cause
        One of the six candidate causes, or None.
    monotone
        Expected direction: 1 the risk rises with the value, -1 it falls, 0 unknown.
    categories
        Codes 0, 1, … of a category; other values count as missing.
    """

    name: str
    kind: str
    family: str
    cause: str | None
    unit: str
    monotone: int
    en: str
    zh: str
    categories: tuple[str, ...] | None = None

    def label(self, lang: str) -> str:
        """Readable name."""
        return self.zh if lang == "zh" else self.en

    def as_json(self) -> dict[str, Any]:
        """What a served model knows of the feature (entry of features.json)."""
        names = ("name", "kind", "family", "cause", "unit", "en", "zh")
        categories = list(self.categories) if self.categories is not None else None
        return {**{name: getattr(self, name) for name in names}, "categories": categories}

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Feature:
        """Inverse of `as_json`; directions are not kept."""
        names = ("name", "kind", "family", "cause", "unit", "en", "zh")
        categories = entry.get("categories")
        return cls(
            **{name: entry[name] for name in names},
            monotone=0,
            categories=None if categories is None else tuple(categories),
        )


def choose_features(
    panel: pd.DataFrame, train: np.ndarray, catalogue: pd.DataFrame
) -> tuple[list[Feature], dict[str, str]]:
    """Features of the catalogue that carry information in the training rows.

    Parameters
    ----------
    train
        Mask of the training rows: nothing is learnt from later ones.
    catalogue
        name, family, cause, kind, unit, monotone, en, zh.

    Returns
    -------
    features, and a reason ("absent", "constant", "calendar") for each one left out.
    """
    as_of = panel.loc[train, "as_of"]
    span = (as_of.max() - as_of.min()).days
    features, left_out = [], {}
    for entry in catalogue.to_dict("records"):
        name = entry["name"]
        if name not in panel:
            left_out[name] = "absent"
            continue
        values = panel.loc[train, name]  # column by column: the rows of a large panel are not held twice
        if values.nunique(dropna=False) < 2:
            left_out[name] = "constant"
        elif span < SEASON_DAYS and _follows_calendar(values, as_of):
            left_out[name] = "calendar"  # it would only name the months, and later ones are new
        else:
            features.append(_feature(entry, values))
    return features, left_out


def _follows_calendar(values: pd.Series, as_of: pd.Series) -> bool:
    return bool(as_of.nunique() > 1 and values.groupby(as_of).nunique(dropna=False).max() == 1)


def _feature(entry: dict, values: pd.Series) -> Feature:
    kind = entry["kind"]
    categories = tuple(sorted(values.dropna().astype(str).unique())) if kind == "category" else None
    cause = entry.get("cause")
    return Feature(
        name=entry["name"],
        kind=kind,
        family=str(entry["family"]),
        cause=cause if isinstance(cause, str) else None,
        unit=str(entry.get("unit") or ""),
        monotone=int(entry.get("monotone") or 0),
        en=str(entry["en"]),
        zh=str(entry["zh"]),
        categories=categories,
    )


def encode(frame: pd.DataFrame, features: list[Feature]) -> np.ndarray:
    """Float matrix (rows × features): numbers as they are, flags 0/1, categories as codes, missing as NaN."""
    matrix = np.empty((len(frame), len(features)), dtype="float32")
    for column, feature in enumerate(features):
        values = frame[feature.name]
        if feature.categories is None:
            matrix[:, column] = (
                pd.to_numeric(values, errors="coerce").astype("float64").to_numpy(na_value=np.nan)
            )
        else:
            codes = {text: float(code) for code, text in enumerate(feature.categories)}
            held = values.astype("category").cat
            known = [codes.get(str(value), np.nan) for value in held.categories]
            matrix[:, column] = np.array([*known, np.nan])[
                held.codes
            ]  # the last one is that of a missing value
    matrix[np.isinf(matrix)] = np.nan
    return matrix


def booster_names(features: list[Feature]) -> list[str]:
    """XGBoost's name of each column: brackets and < , which it refuses, are round ones."""
    return [feature.name.translate(_REFUSED) for feature in features]


def feature_types(features: list[Feature]) -> list[str]:
    """XGBoost's type of each column."""
    return ["q" if feature.categories is None else "c" for feature in features]
