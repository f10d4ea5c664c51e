"""Features that are read from the panel's file by row."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from whychurn.action.inputs import ActionInputs
from whychurn.action.panel_features import feature_rows, feature_types, panel_rows, text_levels

NAMES = ["orders_90d", "region", "joined"]


@pytest.fixture(params=["held", "file"])
def inputs(request: pytest.FixtureRequest, tmp_path: Path) -> ActionInputs:
    """A panel of ten rows, held or in a file of three row groups."""
    panel = pd.DataFrame({
        "as_of": pd.Timestamp("2025-01-01"), "orders_90d": [*np.arange(9.0), np.nan],
        "region": pd.array(["b", "a", None, "c", "a", "a", "b", "b", "c", "a"], dtype="string"),
    })  # fmt: skip
    panel = panel.assign(joined=panel["as_of"])
    panel.to_parquet(tmp_path / "panel.parquet", row_group_size=4)
    file = tmp_path / "panel.parquet" if request.param == "file" else None
    facts = {"features": ["region", "orders_90d", "absent", "joined"]}
    held = panel if file is None else panel[["as_of"]]
    return cast("ActionInputs", SimpleNamespace(panel=held, panel_file=file, panel_facts=facts))


def test_rows_come_in_the_order_asked_for(inputs: ActionInputs) -> None:
    place = np.array([9, 0, 4, 4, 1])
    found = pd.concat(
        [rows.set_axis(where) for where, rows in feature_rows(inputs, place, NAMES)]
    ).sort_index()
    np.testing.assert_array_equal(found["orders_90d"], [np.nan, 0, 4, 4, 1])
    assert found["region"].tolist() == ["a", "b", "a", "a", "a"]
    assert not sum(len(where) for where, _ in feature_rows(inputs, place[:0], NAMES))


@pytest.mark.parametrize("place", [[9, 0, 4, 4, 1], []])
def test_held_and_read_columns_are_put_side_by_side(inputs: ActionInputs, place: list[int]) -> None:
    found = panel_rows(inputs, np.array(place, dtype=int), ["region", "as_of", "absent", "orders_90d"])
    assert set(found) == {"region", "as_of", "orders_90d"} and len(found) == len(place)
    assert found["region"].tolist() == ["a", "b", "a", "a", "a"][: len(place)]
    np.testing.assert_array_equal(found["orders_90d"], [np.nan, 0, 4, 4, 1][: len(place)])
    assert found["orders_90d"].dtype == "float64" and found["as_of"].notna().all()


def test_types_and_levels_are_those_of_all_snapshots(inputs: ActionInputs) -> None:
    types = feature_types(inputs)
    assert list(types) == ["region", "orders_90d", "joined"] and types.empty
    assert types["orders_90d"].dtype == "float64" and pd.api.types.is_datetime64_any_dtype(types["joined"])
    assert text_levels(inputs, "region") == ["a", "b", "c"]
