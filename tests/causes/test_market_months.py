"""Rivals, prices and leavings by month stand in the month in which they were, as retention counts it."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.causes.results import leaving_days
from whychurn.causes.tables.competition_by_month import cause_market
from whychurn.panel.churn_definition import dated_on


def test_what_a_snapshot_knows_of_rivals_belongs_to_the_month_before_it() -> None:
    months = pd.to_datetime(["2025-03-01", "2025-04-01", "2025-05-01"])
    activity = {months[0]: 1.0, months[1]: 9.0, months[2]: 1.0}  # busy in March: known on 1 April
    panel = pd.DataFrame(
        [(f"m{i}", month, "North", activity[month], activity[month] / 100) for month in months for i in range(20)],
        columns=["member_id", "as_of", "region", "competitor_activity_30d", "competitor_price_gap"],
    )  # fmt: skip
    churned = pd.DataFrame({"member_id": [f"m{i}" for i in range(12)], "p_competition": 0.5})
    region = pd.Series(["North"] * 12)
    left = pd.Series(pd.to_datetime(["2025-03-20"] * 12))
    table = cause_market(panel, churned, region, left, 10).set_index("month")
    assert (
        table.loc["2025-03-01", "competitor_activity"] == 9 and table.loc["2025-03-01", "churn_events"] == 12
    )
    assert table.loc["2025-04-01", "competitor_activity"] == 1
    assert pd.isna(table.loc["2025-05-01", "competitor_activity"])


@pytest.mark.parametrize("kind", ["inactivity", "terms"])
def test_a_leaving_counts_on_the_day_that_retention_counts_it(kind: str) -> None:
    churners = pd.DataFrame(
        {
            "member_id": ["a", "a", "b", "b"], "spell_no": [1, 2, 1, 1], "is_main": [True, True, True, False],
            "definition": [f"{kind}_60d"] * 3 + ["other"],
            "last_active_on": pd.to_datetime(["2025-01-31", "2025-06-30", "2025-02-10", "2025-02-11"]),
            "left_on": pd.to_datetime(["2025-04-01", "2025-08-29", "2025-04-11", "2025-04-12"]),
        }
    )  # fmt: skip
    churned = pd.DataFrame({"member_id": ["b", "a", "a"], "spell_no": [1, 2, 1]})
    found = leaving_days(churned, churners)
    assert found.tolist() == dated_on(churners, kind).iloc[[2, 1, 0]].tolist()
