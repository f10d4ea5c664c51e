"""How long a term covers, and what becomes of pauses, trials and terms without an end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.panel.covered_terms import covered_terms


def term(start: str, end: str | None, **further: Any) -> dict[str, Any]:
    return {
        "membership_id": f"{start}{end}", "member_id": "a", "plan": "p", "starts_on": start, "ends_on": end, **further
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "until", "stopped"),
    [
        (term("2024-01-01", "2024-01-31"), "2024-01-31", "2024-01-31"),
        (term("2024-01-01", None), None, None),
        (term("2024-01-01", "2099-12-31"), None, None),
        (term("2024-01-01", None, cancelled_on="2024-03-05"), "2024-03-05", "2024-03-05"),
        (term("2024-01-01", "2024-12-31", cancelled_on="2024-03-05"), "2024-12-31", "2024-03-05"),
        (term("2024-01-01", "2024-01-31", paused_from="2024-02-01", paused_until="2024-03-31"), "2024-03-31", "2024-03-31"),
        (term("2024-01-01", "2024-01-31", paused_from="2024-01-10", paused_until="2024-01-20"), "2024-01-31", "2024-01-31"),
        (term("2024-01-01", "2024-01-31", paused_from="2024-01-10"), None, None),
    ],
)  # fmt: skip
def test_last_covered_day(row: dict[str, Any], until: str | None, stopped: str | None) -> None:
    frame = pd.DataFrame([row])
    frame["starts_on"], frame["ends_on"] = (
        pd.to_datetime(frame["starts_on"]),
        pd.to_datetime(frame["ends_on"]),
    )
    for stop, day in ((False, until), (True, stopped)):
        found = covered_terms(frame, stop)["covered_until"].iloc[0]
        assert found == pd.Timestamp(day) if day else pd.isna(found)


def test_terms_none_of_which_ends_where_overflow_is_an_error() -> None:
    frame = pd.DataFrame([term("2024-01-01", None)] * 3)
    frame["starts_on"], frame["ends_on"] = (
        pd.to_datetime(frame["starts_on"]),
        pd.to_datetime(frame["ends_on"]),
    )
    with np.errstate(all="raise"):
        assert covered_terms(frame)["covered_until"].isna().all()


@pytest.mark.parametrize("grace", [0, 1, 2, 30])
def test_a_pause_is_no_leaving_and_no_gap(
    grace: int, tables_of: Any, params_with: Any, panel_of: Any
) -> None:
    tables = tables_of(
        members=[{"member_id": "a", "joined_on": "2024-01-01"}],
        memberships=[
            term("2024-01-01", "2024-03-31", paused_from="2024-04-01", paused_until="2024-06-30"),
            term("2024-07-01", "2024-12-31"),
        ],
    )
    churn = panel_of(tables, params_with(grace_days=grace)).churn
    assert len(churn.spells) == 1 and not churn.spells["churned"].any()


def test_running_terms_stay_cancelled_ones_leave_and_trials_make_no_member(
    tables_of: Any, params_with: Any, panel_of: Any
) -> None:
    members = [{"member_id": m, "joined_on": "2024-01-01"} for m in "abcd"]
    rows = [
        {**term("2024-01-01", None), "member_id": "a"},
        {**term("2024-01-01", None, cancelled_on="2024-05-10"), "member_id": "b"},
        {**term("2024-01-01", "2024-01-14", trial=True), "member_id": "c"},
        {**term("2024-01-01", "2024-12-31", cancelled_on="2024-05-10"), "member_id": "d"},
    ]
    made = panel_of(tables_of(members=members, memberships=rows), params_with(grace_days=30))
    last = made.churn.spells.set_index("member_id")
    assert last["churned"].to_dict() == {"a": False, "b": True, "d": False}
    assert last.loc["b", "last_active_on"] == pd.Timestamp("2024-05-10")
    june = made.panel[made.panel["as_of"] == "2024-06-01"].set_index("member_id")
    assert pd.isna(june.loc["a", "days_to_term_end"]) and june.loc["b", "days_to_term_end"] == -22
    may = made.panel[made.panel["as_of"] == "2024-05-01"].set_index("member_id")
    assert pd.isna(may.loc["b", "days_to_term_end"])  # nobody knew of the cancelling yet


@pytest.mark.parametrize(("grace", "leaver"), [(0, True), (1, True), (2, False)])
def test_days_of_grace_by_hand(
    grace: int, leaver: bool, tables_of: Any, params_with: Any, panel_of: Any
) -> None:
    """A day without cover: with two days of grace the next term is in time, with none or one it is a return."""
    tables = tables_of(
        members=[{"member_id": "a", "joined_on": "2024-01-01"}],
        memberships=[term("2024-01-01", "2024-01-31"), term("2024-02-01", "2024-02-29"), term("2024-03-02", "2024-12-31")],
    )  # fmt: skip
    spells = panel_of(tables, params_with(grace_days=grace)).churn.spells
    assert len(spells) == 1 + leaver
    if leaver:
        assert spells["last_active_on"].iloc[0] == pd.Timestamp("2024-02-29")
        assert spells["returned_on"].iloc[0] == pd.Timestamp("2024-03-02")


@pytest.mark.parametrize("grace", [0, 1, 2, 14])
def test_no_grace_leaks_the_future(grace: int, tables_of: Any, params_with: Any, panel_of: Any) -> None:
    """Calendar months: on the morning of the first nobody's renewal is known, so all are at risk alike."""
    months = pd.date_range("2024-01-01", "2024-12-01", freq="MS")
    rows = [
        {**term(f"{day:%Y-%m-%d}", f"{day + pd.offsets.MonthEnd():%Y-%m-%d}"), "member_id": member, "membership_id": f"{member}{day}"}
        for member, until in (("a", 12), ("b", 5))
        for day in months[:until]
    ]  # fmt: skip
    members = [{"member_id": m, "joined_on": "2024-01-01"} for m in "ab"]
    made = panel_of(
        tables_of(members=members, memberships=rows), params_with(grace_days=grace, warmup_days=30)
    )
    june = made.panel[made.panel["as_of"] == "2024-06-01"].set_index("member_id")
    assert sorted(june.index) == ["a", "b"]  # b's last term ended on 31 May
    assert june.loc["b", "churned_in_horizon"] and not june.loc["a", "churned_in_horizon"]
