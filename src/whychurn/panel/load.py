"""Read the panel back: types, feature names, labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whychurn.contract.files import read_json, read_table
from whychurn.contract.paths import StudyPaths
from whychurn.panel.features.catalogue import load_catalogue


def load_panel(study: StudyPaths) -> pd.DataFrame:
    """The panel, its category features as pandas categories from a sorted list (the same for every snapshot).

    Raises
    ------
    WhychurnError
        If the panel stage has not run.
    """
    panel = read_table(study.processed / "panel.parquet")
    catalogue = study_catalogue(study)
    for name in catalogue.loc[catalogue["kind"] == "category", "name"]:
        known = sorted(panel[name].dropna().unique())
        panel[name] = pd.Categorical(panel[name].astype(object), categories=known)
    return panel


def study_catalogue(study: StudyPaths) -> pd.DataFrame:
    """Catalogue of the features in this study's panel, its own member columns included."""
    further = read_json(study.processed / "panel.json")["member_columns"]
    members = read_table(study.interim / "members.parquet") if further else None
    return load_catalogue(members, further)


def feature_names(panel_json: Mapping[str, Any], with_data_only: bool) -> list[str]:
    """Features of a panel.json, in the catalogue's order.

    Parameters
    ----------
    with_data_only
        Leave out those whose source table or column is absent (null for everyone).
    """
    absent = set(panel_json["features_without_data"]) if with_data_only else set()
    return [name for name in panel_json["features"] if name not in absent]
