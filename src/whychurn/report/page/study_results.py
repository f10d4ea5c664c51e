"""Result tables and facts of a study as pages for reviewers read them; what no stage has written is empty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from whychurn.contract.files import read_json, read_result
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, empty_table


def read_tables(study: StudyPaths, names: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Tables by name, with their columns even where they have no rows."""
    paths = {name: study.results / f"{name}.parquet" for name in names}
    return {
        name: read_result(path) if path.exists() else empty_table(columns_of(name))
        for name, path in paths.items()
    }


def read_facts(study: StudyPaths, section: str) -> dict[str, Any]:
    """Content of ``<section>.json``; empty where the stage has not run."""
    path = study.results / f"{section}.json"
    found: dict[str, Any] = read_json(path) if path.exists() else {}
    return found
