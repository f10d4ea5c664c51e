"""Attributed leavings find their planted ones; what does not is counted."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.score.event_matching import match_counts, match_events


def attributed(*rows: tuple[str, int, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["member_id", "spell_no", "anchor_on"])
    return table.assign(anchor_on=pd.to_datetime(table["anchor_on"]))


def planted(*rows: tuple[str, int, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["member_id", "spell", "decided_on", "left_on"])
    dates = {name: pd.to_datetime(table[name]) for name in ("decided_on", "left_on")}
    return table.assign(cause="price", **dates)


def test_last_presence_lies_some_weeks_before_leaving() -> None:
    found = match_events(
        attributed(("a", 1, "2024-05-01")), planted(("a", 1, "2024-05-20", "2024-05-20")), 90
    )
    assert found.loc[0, ["spell", "gap_days", "cause"]].to_list() == [1, 19, "price"]


def test_under_terms_any_day_from_decision_to_the_last_day_is_the_leaving() -> None:
    there = planted(("a", 1, "2024-03-01", "2024-12-31"))
    for day, gap in (("2024-12-31", 0), ("2024-06-01", 0), ("2024-02-20", 10), ("2025-01-10", -10)):
        assert match_events(attributed(("a", 1, day)), there, 90).loc[0, "gap_days"] == gap


def test_two_stays_of_one_member_are_told_apart_by_time_whatever_their_numbers() -> None:
    mine = attributed(("a", 2, "2024-02-01"), ("a", 3, "2025-06-01"))
    there = planted(("a", 1, "2024-02-10", "2024-02-10"), ("a", 2, "2025-06-05", "2025-06-05"))
    assert match_events(mine, there, 90)["spell"].to_list() == [1, 2]


def test_a_planted_leaving_is_given_once_and_to_the_nearest() -> None:
    mine = attributed(("a", 1, "2024-03-01"), ("a", 2, "2024-04-01"), ("b", 1, "2024-04-01"))
    there = planted(("a", 1, "2024-04-05", "2024-04-05"))
    found = match_events(mine, there, 90)
    assert found["spell"].isna().to_list() == [True, False, True]
    assert list(found["member_id"]) == ["a", "a", "b"], "rows stay, in their order"


def test_the_second_choice_is_taken_where_the_first_is_gone() -> None:
    mine = attributed(("a", 1, "2024-04-01"), ("a", 2, "2024-04-10"))
    there = planted(("a", 1, "2024-04-09", "2024-04-09"), ("a", 2, "2024-05-20", "2024-05-20"))
    assert match_events(mine, there, 90)["spell"].to_list() == [2, 1]


def test_unmatched_are_counted_on_both_sides() -> None:
    mine = attributed(("a", 1, "2024-01-10"), ("b", 1, "2024-01-10"), ("c", 1, "2024-01-10"))
    there = planted(
        ("a", 1, "2024-01-20", "2024-01-20"),
        ("b", 1, "2024-09-01", "2024-09-01"),
        ("d", 1, "2024-01-01", "2024-01-01"),
    )
    counts = match_counts(match_events(mine, there, 90), there)
    assert counts == {
        "attributed": 3, "planted": 3, "matched": 1, "attributed_only": 2, "planted_only": 2,
        "gap_days_median": 10, "gap_days_p95": 10,
    }  # fmt: skip


def test_nobody_left() -> None:
    none = planted(("a", 1, "2024-01-01", "2024-01-01")).iloc[:0]
    found = match_events(attributed(("a", 1, "2024-01-10")), none, 90)
    assert found["spell"].isna().all() and match_counts(found, none)["matched"] == 0
    assert match_counts(found, none)["gap_days_median"] != pytest.approx(0)
