"""Who is still there on a day: own silence against own gaps, terms, notices; and what the label then means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.panel.churn_definition import Definition, acts_sql
from whychurn.panel.duckdb_tables import Observed, day_number, open_database
from whychurn.panel.facts import label_known_days
from whychurn.panel.still_there import (
    MIN_USUAL_DAYS,
    USUAL,
    find_usual_gaps,
    notice_sql,
    still_there_sql,
)


def orders(member: str, days: list[str] | pd.DatetimeIndex) -> list[dict[str, Any]]:
    return [
        {"order_id": f"{member}{day}", "member_id": member, "ordered_at": day, "amount": 10.0} for day in days
    ]


def every(days: int, start: str, end: str) -> pd.DatetimeIndex:
    return pd.date_range(start, end, freq=f"{days}D")


@pytest.fixture
def rhythms(
    tables_of: Callable[..., Any], params_with: Callable[..., Any], panel_of: Callable[..., Any]
) -> Any:
    """Two members with a rhythm of 5 and 40 days, two who stopped in early June; the first of July is looked at."""
    rows = [
        *orders("often", every(5, "2024-01-02", "2024-12-30")),
        *orders("seldom", every(40, "2024-01-02", "2024-12-30")),
        *orders("often gone", every(5, "2024-01-02", "2024-06-10")),
        *orders("seldom gone", every(40, "2024-01-02", "2024-06-12")),
    ]
    names = sorted({row["member_id"] for row in rows})
    tables = tables_of(members=[{"member_id": n, "joined_on": "2024-01-02"} for n in names], orders=rows)
    params = params_with(
        churn="inactivity", activity="orders", threshold_days=90, horizon_days=30, warmup_days=30
    )
    return panel_of(tables, params).panel


def test_silence_is_read_against_the_members_own_gaps(rhythms: pd.DataFrame) -> None:
    july = rhythms[rhythms["as_of"] == "2024-07-01"].set_index("member_id")
    assert july.loc["often gone", "days_silent"] == july.loc["seldom gone", "days_silent"] == 21
    assert july["still_there"].to_dict() == {
        "often": True, "often gone": False, "seldom": True, "seldom gone": True,
    }  # fmt: skip
    assert july.loc["often", "usual_gap_days"] < 15 < 30 < july.loc["seldom", "usual_gap_days"]
    assert july["usual_gap_days"].between(MIN_USUAL_DAYS, 90).all()


def test_only_members_still_there_have_a_label(rhythms: pd.DataFrame) -> None:
    july = rhythms[rhythms["as_of"] == "2024-07-01"].set_index("member_id")
    assert july["churned_in_horizon"].isna().to_dict() == {
        "often": False, "often gone": True, "seldom": False, "seldom gone": False,
    }  # fmt: skip
    assert july.loc["seldom gone", "churned_in_horizon"] and not july.loc["seldom", "churned_in_horizon"]
    assert july["seen_after"].to_dict() == {
        "often": True, "often gone": False, "seldom": True, "seldom gone": False,
    }  # fmt: skip
    june = rhythms[rhythms["as_of"] == "2024-06-01"].set_index("member_id")
    assert june["still_there"].all() and june["seen_after"].all()
    assert june.loc[["often gone", "seldom gone"], "churned_in_horizon"].all()
    may = rhythms[rhythms["as_of"] == "2024-05-01"]
    assert not may["churned_in_horizon"].any()  # all are there after the thirty days
    assert rhythms.loc[rhythms["as_of"] > "2024-09-02", "churned_in_horizon"].isna().all()  # 30 + 90 days


def test_programme_gaps_are_found_whatever_their_rhythm(tables_of: Callable[..., Any]) -> None:
    """Exponential gaps of mean 10: the 80 % quantile is 1.61 means; a clockwork has 1."""
    rng, rows, clock = np.random.default_rng(1), [], []
    for number in range(60):
        days = np.unique(np.cumsum(rng.exponential(10, 36)).round().astype(int))
        rows += orders(
            f"{number}", list(pd.Timestamp("2024-01-01") + pd.to_timedelta(days[days < 365], unit="D"))
        )
        clock += orders(f"{number}", every(10, "2024-01-02", "2024-12-30"))
    found = [_usual(tables_of, one) for one in (rows, clock)]
    assert found[0].factor == pytest.approx(-np.log(1 - USUAL), rel=0.08)
    assert found[0].mean_days == pytest.approx(10, rel=0.1)
    assert (found[1].mean_days, found[1].factor) == (10, 1)


def _usual(tables_of: Callable[..., Any], rows: list[dict[str, Any]]) -> Any:
    names = sorted({row["member_id"] for row in rows})
    tables = tables_of(members=[{"member_id": n, "joined_on": "2024-01-01"} for n in names], orders=rows)
    observed = Observed(day_number("2024-01-01"), day_number("2024-12-31"))
    with open_database(tables, observed, "500MB", []) as connection:
        connection.execute(f"CREATE TABLE act AS {acts_sql('orders')}")
        return find_usual_gaps(connection, Definition("inactivity", 90))


def test_with_terms_the_running_one_counts_and_a_notice_tells(
    tables_of: Callable[..., Any], params_with: Callable[..., Any], panel_of: Callable[..., Any]
) -> None:
    def term(member: str, start: str, end: str, cancelled: str | None = None) -> dict[str, Any]:
        return {
            "membership_id": f"{member}{start}", "member_id": member, "plan": "p", "starts_on": start,
            "ends_on": end, "cancelled_on": cancelled,
        }  # fmt: skip

    months = pd.date_range("2024-01-01", periods=12, freq="MS")
    terms = [term("renews", f"{day:%Y-%m-%d}", f"{day + pd.offsets.MonthEnd():%Y-%m-%d}") for day in months]
    terms += [
        term("ended", "2024-01-01", "2024-05-20"),
        term("notice", "2024-01-01", "2024-08-31", "2024-05-10"),
        term("notice later", "2024-01-01", "2024-08-31", "2024-06-20"),
        term("long", "2024-01-01", "2024-12-31"),
        term("withdrawn", "2024-01-01", "2024-03-31", "2024-03-10"),
        term("withdrawn", "2024-04-01", "2024-12-31"),
    ]
    names = sorted({row["member_id"] for row in terms})
    tables = tables_of(
        members=[{"member_id": n, "joined_on": "2024-01-01"} for n in names], memberships=terms
    )
    panel = panel_of(tables, params_with(grace_days=30, horizon_days=60, warmup_days=30)).panel
    june = panel[panel["as_of"] == "2024-06-01"].set_index("member_id")
    there = {"renews", "notice later", "long", "withdrawn"}
    assert (
        set(june.index[june["still_there"]]) == there
    )  # on the first, nobody's renewal is known: still there
    assert june.loc["ended", "days_silent"] == 12 and june.loc["notice", "days_silent"] == 0
    assert set(june.index[june["churned_in_horizon"].fillna(False)]) == {"notice later"}
    assert june["churned_in_horizon"].isna().sum() == 2


def test_the_future_changes_nobodys_presence(random_tables: Any, params_with: Any, panel_of: Any) -> None:
    """All that is known in July is the same whether or not the second half of the year happens."""
    tables = random_tables(5, members=30, absent=0)
    params = params_with(churn="inactivity", threshold_days=60, warmup_days=60)
    whole = panel_of(tables, params)
    known = ["days_silent"]
    july = whole.panel[whole.panel["as_of"] == "2024-07-01"].set_index("member_id")[known]
    cut = panel_of(tables, params, end="2024-06-30").panel
    again = cut[cut["as_of"] == "2024-07-01"].set_index("member_id")[known]
    pd.testing.assert_frame_equal(july, again.reindex(july.index))


def test_sql_reads_no_column_of_the_outcome() -> None:
    for kind in ("terms", "inactivity"):
        from whychurn.panel.still_there import UsualGaps

        sql = still_there_sql(Definition(kind, 30), UsualGaps(5.0, 1.6), stop_on_cancelling=False)
        assert not any(name in sql for name in ("final_day", "left_day", "returned"))
    assert "NULL AS notice" in notice_sql("inactivity")


def test_labels_are_known_after_window_and_silence() -> None:
    assert label_known_days(Definition("inactivity", 60), 90) == 150
    assert (
        label_known_days(Definition("terms", 0), 90) == 92
    )  # the first uncovered day is not over in the morning
