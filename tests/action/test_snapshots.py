"""Snapshots are found by member and day, and what several questions read is made once."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.snapshots import Snapshots, snapshots_of
from whychurn.action.tests_by_lot.day_sums import day_numbers

PANEL = pd.DataFrame(
    {
        "member_id": ["b", "a", "b", "a", "c"],
        "as_of": pd.to_datetime(["2024-02-01", "2024-01-01", "2024-01-01", "2024-03-01", "2024-01-01"]),
    }
)
WHO = pd.Series(["a", "a", "a", "b", "c", "x", "b"])
DAYS = pd.Series(
    pd.to_datetime(["2023-12-31", "2024-02-29", "2024-03-01", "2024-02-15", "2025-01-01", "2024-02-01", None])
)


def test_the_latest_snapshot_is_on_or_before_the_day() -> None:
    found = Snapshots.of(PANEL)
    assert found.latest(WHO, day_numbers(DAYS)).tolist() == [-1, 1, 3, 0, 4, -1, -1]
    assert found.on(WHO, day_numbers(DAYS)).tolist() == [-1, -1, 3, -1, -1, -1, -1]
    none = Snapshots.of(PANEL.iloc[:0])
    assert (
        none.latest(WHO, day_numbers(DAYS)).tolist() == none.on(WHO, day_numbers(DAYS)).tolist() == [-1] * 7
    )


def inputs(panel: pd.DataFrame) -> ActionInputs:
    given: dict[str, Any] = {one.name: None for one in fields(ActionInputs) if one.init}
    return ActionInputs(**given | {"panel": panel})


def test_they_are_looked_up_once_for_the_same_inputs() -> None:
    first, other = inputs(PANEL), inputs(PANEL.iloc[:3])
    assert snapshots_of(first) is snapshots_of(first) is not snapshots_of(other)
    assert snapshots_of(other).ids.tolist() == ["b", "a"]
    assert (
        first.once("count", lambda: 1)
        == first.once("count", lambda: 2)
        == 1
        != other.once("count", lambda: 2)
    )
    first.let_go("count")
    assert first.once("count", lambda: 2) == 2
