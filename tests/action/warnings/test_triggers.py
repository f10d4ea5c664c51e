"""Rules that fire alerts: what was known on the day, and nothing later."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from whychurn.action.warnings.triggers import Fired, fire_triggers
from whychurn.contract.params.action import TRIGGERS


def _rows(days: list[str], **features: object) -> pd.DataFrame:
    return pd.DataFrame({"member_id": "a", "as_of": pd.to_datetime(days)}).assign(**features)


def _fire(planted: SimpleNamespace, rows: pd.DataFrame, name: str, **tables: pd.DataFrame) -> Fired:
    held = {table: planted.empty(table) for table in ("feedback", "events")} | tables
    return fire_triggers(rows, held, [name])


def test_rules_over_features_fire_at_their_bounds(planted: SimpleNamespace) -> None:
    days = ["2025-01-01"] * 3
    for name, features in {
        "silent_90d": {"days_since_last_order": [89.0, 90.0, np.nan]},
        "silent_3x_own_gap": {"order_gap_ratio": [2.9, 3.0, np.nan]},
        "price_rise_5pct": {"own_price_change_90d": [0.049, 0.05, np.nan]},
        "no_second_order_45d": {
            "orders_so_far": [2.0, 1.0, np.nan],
            "days_since_last_order": [60.0, 45.0, np.nan],
        },
        "renewal_in_30d": {"days_to_term_end": [31.0, 30.0, np.nan]},
    }.items():
        fired = _fire(planted, _rows(days, **features), name)
        assert fired.fires[name].tolist() == [False, True, False], name
        assert fired.sees[name].tolist() == [True, True, False], name
        assert not fired.blind


def test_a_rule_without_its_table_is_blind_and_says_what_it_lacks(planted: SimpleNamespace) -> None:
    held = {table: planted.empty(table) for table in ("feedback", "events")}
    fired = fire_triggers(_rows(["2025-01-01"]), held, list(TRIGGERS))
    assert set(fired.blind) == set(TRIGGERS)
    assert fired.blind["renewal_in_30d"] == "memberships" and fired.blind["points_expire_30d"] == "points"
    assert not fired.fires.to_numpy().any() and not fired.sees.to_numpy().any()


def test_a_request_fires_once_it_waits_for_48_hours_and_until_it_is_answered(
    planted: SimpleNamespace,
) -> None:
    asked = planted.empty("feedback").reindex(range(2))
    asked["member_id"], asked["source"] = ["a", "b"], "ticket"
    asked["created_at"] = pd.to_datetime(["2024-12-28 10:00", "2024-12-28 10:00"])
    asked["responded_at"] = pd.to_datetime(["2025-01-02 09:00", "2024-12-29 09:00"])
    rows = _rows(["2024-12-30", "2024-12-31", "2025-01-02", "2025-01-03"])
    fired = _fire(planted, rows, "unresolved_ticket_48h", feedback=asked)
    # the answer of 2 January is not known in the morning of that day
    assert fired.fires.iloc[:, 0].tolist() == [False, True, True, False]
    answered = _fire(planted, rows.assign(member_id="b"), "unresolved_ticket_48h", feedback=asked)
    assert not answered.fires.to_numpy().any()
    unsolved = asked.assign(resolved=pd.array([False, False], dtype="boolean"))
    still = _fire(planted, rows.assign(member_id="b"), "unresolved_ticket_48h", feedback=unsolved)
    assert still.fires.iloc[:, 0].tolist() == [False, True, True, True]


def test_events_fire_for_thirty_days_after_and_never_before(planted: SimpleNamespace) -> None:
    rows = _rows(["2025-01-01", "2025-01-10", "2025-01-11", "2025-02-09", "2025-02-10"])
    for name, kind in {"opted_out": "opt_out", "points_expire_30d": "points_expiring"}.items():
        events = planted.empty("events").reindex(range(1))
        events["member_id"], events["event_type"] = "a", kind
        events["occurred_at"] = pd.Timestamp("2025-01-10 12:00")
        fired = _fire(planted, rows, name, events=events)
        assert fired.fires[name].tolist() == [False, False, True, True, False]


def test_a_rival_fires_against_what_the_region_was_used_to(planted: SimpleNamespace) -> None:
    days = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01"]
    south = _rows(days, region="south", competitor_activity_30d=[1.0, 1.0, 1.0, 2.1, 1.0])
    north = _rows(days, region="north", competitor_activity_30d=[3.0, 3.0, 3.0, 3.0, 3.0])
    fired = _fire(planted, pd.concat([south, north], ignore_index=True), "rival_opened")
    assert fired.fires["rival_opened"].tolist() == [False, False, False, True, False] + [False] * 5
    assert fired.sees["rival_opened"].tolist() == ([False] * 3 + [True] * 2) * 2
