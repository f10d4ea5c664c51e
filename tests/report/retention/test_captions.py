"""What the figures of the retention report are said to show, on made-up tables: ends, ties, leaders, too few."""

from __future__ import annotations

import pandas as pd

from whychurn.report.page.wording import Wording
from whychurn.report.retention.sentences.captions import (
    cohort_ends,
    cohort_revenue,
    month_ends,
    move_ends,
    stage_leaders,
    step_leaders,
)

PAGE = Wording("en", "CNY", 10)


def _rates(values: list[float], half: float = 0.002) -> pd.DataFrame:
    months = pd.date_range("2025-01-01", periods=len(values), freq="MS")
    frame = pd.DataFrame(
        {"period": months, "rate": values, "measure": "churn", "basis": "members", "partial": False}
    )
    return frame.assign(low=frame["rate"] - half, high=frame["rate"] + half)


def test_only_whole_months_are_set_against_each_other() -> None:
    rates = _rates([0.02, 0.035, 0.09])
    rates["partial"] = [False, False, True]
    assert month_ends(rates, PAGE) == [
        "Churn in a month: highest February 2025 3.5% [3.3%–3.7%], lowest January 2025 2.0% [1.8%–2.2%]"
    ]
    assert "cannot be told apart" in month_ends(_rates([0.02, 0.021], 0.01), PAGE)[0]
    assert month_ends(rates.iloc[:1], PAGE) == []


def _cohorts(age: int) -> pd.DataFrame:
    return (
        _rates([0.9, 0.8], 0.02)
        .rename(columns={"period": "cohort"})
        .assign(age_months=age, revenue_rate=[1.5, 2.4])
    )


def test_cohorts_are_compared_at_one_age() -> None:
    assert cohort_ends(_cohorts(6), PAGE)[0].startswith("Still there 6 months after joining")
    assert "highest January 2025 90.0% [88.0%–92.0%]" in cohort_ends(_cohorts(6), PAGE)[0]
    assert cohort_revenue(_cohorts(6), PAGE) == [
        "6 months after joining, members pay 150.0% to 240.0% of what they paid in their month of joining"
    ]
    assert cohort_ends(_cohorts(5), PAGE) == cohort_revenue(_cohorts(5), PAGE) == []


def test_stages_steps_and_moves_name_who_leads() -> None:
    days = pd.to_datetime(["2025-01-01", "2025-02-01", "2025-02-01"])
    sizes = pd.DataFrame({"on": days, "stage": ["lapsed", "loyal", "repeat"], "share": [0.9, 0.6, 0.3]})
    assert stage_leaders(sizes, PAGE) == [
        "Members on 1 February 2025, by stage: first “Loyal” (60.0%), then “Repeat” (30.0%)"
    ]
    steps = pd.DataFrame({"stage": ["loyal", "repeat"], "revenue_lost": [6.4e6, 4.2e5]})
    assert "“Loyal” (¥6.4 M), then “Repeat” (¥0.42 M)" in step_leaders(steps, PAGE)[0]
    assert step_leaders(steps.assign(revenue_lost=0.0), PAGE) == []
    moves = _rates([0.9, 0.01, 0.5], 0.005).assign(
        from_stage=["at_risk", "loyal", "loyal"], to_stage=["lapsed", "lapsed", "repeat"]
    )
    assert move_ends(moves, PAGE)[0].endswith(
        "highest “At risk” 90.0% [89.5%–90.5%], lowest “Loyal” 1.0% [0.5%–1.5%]"
    )
