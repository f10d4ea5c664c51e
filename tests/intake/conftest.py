"""Small studies on disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from whychurn.contract.files import read_json
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import TABLES
from whychurn.intake.build import build_interim
from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.quarantine import RowReasons
from whychurn.intake.read.coerced import empty_column

TODAY = dt.date(2025, 6, 30)


@pytest.fixture(autouse=True)
def no_key_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYCHURN_KEY", "a key of tests, kept apart")


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    """Three members, five orders, all sound; ids and values as text, as in a CSV."""
    return {
        "members": pd.DataFrame(
            {"member_id": ["a", "b", "c"], "joined_on": ["2024-01-01", "2024-02-01", "2024-03-01"]}
        ),
        "orders": pd.DataFrame(
            {
                "order_id": ["1", "2", "3", "4", "5"],
                "member_id": ["a", "a", "b", "c", "b"],
                "ordered_at": ["2024-01-05", "2024-03-05", "2024-02-09", "2024-04-01", "2024-05-20"],
                "amount": ["10", "20.5", "7", "0", "3"],
            }
        ),
    }


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., StudyPaths]:
    """Study at `name` below tmp_path with CSV files of `tables` and `params` overrides."""

    def make(
        tables: dict[str, pd.DataFrame], params: dict[str, Any] | None = None, name: str = "study"
    ) -> StudyPaths:
        root = tmp_path / name
        (root / "raw").mkdir(parents=True, exist_ok=True)
        for table, frame in tables.items():
            frame.to_csv(root / "raw" / f"{table}.csv", index=False)
        if params:
            (root / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), encoding="utf-8")
        return StudyPaths.at(root)

    return make


@pytest.fixture
def build() -> Callable[[StudyPaths], dict[str, Any]]:
    """Run intake on a study as of 2025-06-30 and return intake.json."""

    def run(study: StudyPaths) -> dict[str, Any]:
        build_interim(study, load_params(study), TODAY)
        return read_json(study.interim / "intake.json")

    return run


@pytest.fixture
def a_checked_table() -> Callable[..., CheckedTable]:
    """A table as one step of the check finds it: typed columns, no step done before, no row bad."""

    def of(table: str, **columns: list[Any]) -> CheckedTable:
        rows = max(map(len, columns.values()), default=0)
        frame = pd.DataFrame(
            {name: empty_column(spec.kind, rows) for name, spec in TABLES[table].fields.items()}
        )
        for name, values in columns.items():
            frame[name] = pd.Series(values).astype(frame[name].dtype)
        numbers, none = np.arange(1, rows + 1), np.array([], dtype="int64")
        named = {name: name for name in columns}
        return CheckedTable(table, frame, numbers, RowReasons(rows), none, f"{table}.csv", mapped=named)

    return of
