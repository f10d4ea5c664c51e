"""Capacity, quiet period, bouts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.action.warnings.alerts import after_quiet, bout_starts, highest


def _rows(members: list[str], days: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"member_id": members, "as_of": pd.to_datetime(days)})


def test_as_many_are_alerted_as_staff_can_work_through() -> None:
    members = [f"m{number:03d}" for number in range(100)]
    rows = pd.concat([_rows(members, [day] * 100) for day in ("2025-01-01", "2025-02-01")], ignore_index=True)
    rows["weeks"] = [4.0] * 100 + [2.0] * 100
    order = np.tile(np.arange(100.0), 2)
    order[99] = np.nan
    alerted = rows[highest(rows, order, 0.01)]
    # 1 % a week of 100 members, four weeks and two; who has no order is passed over
    assert alerted.groupby("as_of")["member_id"].apply(list).tolist() == [
        ["m095", "m096", "m097", "m098"], ["m098", "m099"],
    ]  # fmt: skip
    ties = rows.head(100)[highest(rows.head(100), np.zeros(100), 0.01)]
    assert ties["member_id"].tolist() == ["m000", "m001", "m002", "m003"]


def test_nobody_is_alerted_twice_within_the_quiet_period() -> None:
    rows = _rows(["a"] * 4 + ["b"], ["2025-01-01", "2025-01-15", "2025-01-31", "2025-02-10", "2025-01-02"])
    fires = np.array([True, True, True, True, True])
    assert after_quiet(rows, fires, 30).tolist() == [True, False, True, False, True]
    assert after_quiet(rows, fires, 0).all()
    # the quiet period runs from the last alert, not from the last firing
    assert after_quiet(rows, np.array([False, True, True, True, False]), 25).tolist() == [
        False, True, False, True, False,
    ]  # fmt: skip


def test_a_bout_begins_with_the_first_of_consecutive_alerts() -> None:
    days = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]
    rows = _rows(["a"] * 4 + ["b"] * 2, [*days, days[0], days[2]])
    starts = bout_starts(rows, np.array([True, True, False, True, True, True]))
    assert starts.dt.strftime("%m").fillna("-").tolist() == ["01", "01", "-", "04", "01", "03"]
