"""The catalogue of features: what each one is called, where it comes from, what it may hint at."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd

from whychurn.contract.files import read_json, read_table
from whychurn.contract.paths import StudyPaths
from whychurn.contract.yaml_files import read_yaml

FILE: Final = Path(__file__).with_name("catalogue.yaml")
COLUMNS: Final = (
    "name", "family", "cause", "window_days", "source", "kind", "unit", "step", "monotone", "en", "zh",
)  # fmt: skip


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever characters a company gave it."""
    return '"' + name.replace('"', '""') + '"'


def load_catalogue(members: pd.DataFrame | None = None, further: list[str] | None = None) -> pd.DataFrame:
    """One row per feature: name, family, cause, window_days, source, kind, unit, step, monotone, en, zh.

    Parameters
    ----------
    members, further
        Checked members table and the names of its columns that the study adds as features
        (``panel.member_columns``).
    """
    entries = list(_entries())
    for name in further or []:
        assert members is not None, "further columns need the members table"
        entries.append(_own_column(name, members[name]))
    frame = pd.DataFrame(entries, columns=list(COLUMNS))
    return frame.astype({"monotone": "int64", "window_days": "Int64"})


def study_catalogue(study: StudyPaths) -> pd.DataFrame:
    """Catalogue of the features in this study's panel, its own member columns included."""
    further = read_json(study.processed / "panel.json")["member_columns"]
    members = read_table(study.interim / "members.parquet") if further else None
    return load_catalogue(members, further)


@cache
def _entries() -> tuple[dict[str, Any], ...]:
    return tuple(read_yaml(FILE))


def _own_column(name: str, values: pd.Series) -> dict[str, Any]:
    kind = "category"
    if pd.api.types.is_bool_dtype(values):
        kind = "flag"
    elif pd.api.types.is_numeric_dtype(values):
        kind = "number"
    return {
        "name": name,
        "family": "profile",
        "cause": None,
        "window_days": None,
        "source": "members",
        "kind": kind,
        "unit": None,
        "step": "sd",
        "monotone": 0,
        "en": name.replace("_", " "),
        "zh": name,
    }
