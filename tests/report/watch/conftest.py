"""Invented result tables of watch, as in contract/results.yaml: each case is a programme with a known story."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.results import columns_of, documented, empty_table, typed
from whychurn.report.watch.results import WatchResults

MONTHS: Final = pd.date_range(
    "2024-01-01", periods=24, freq="MS"
)  # 12 reference, 11 judged, the last is open
LEAVINGS: Final = {"chart": "leavings", "group": "all", "smallest_seen": 0.25, "within_months": 6}
CASES: Final = ("alarm", "quiet", "broken", "short", "not_run")


@pytest.fixture(scope="session")
def planted() -> Callable[[str], WatchResults]:
    """Results of one of `CASES`."""
    return results_of


def results_of(case: str) -> WatchResults:
    """Tables and facts of one of `CASES`."""
    tables = {name: empty_table(columns_of(name)) for name in documented()["watch"]}
    if case == "not_run":
        return WatchResults(tables, currency="CNY")
    if case == "short":
        tables["watch_charts"] = _charts("quiet").assign(state="shown")
        tables["watch_months"] = _months("no_earlier")
        return WatchResults(tables, {"charts": {"charts": [], "why": "no_month_over"}, "months": {}}, "CNY")
    tables["watch_charts"], tables["watch_received"] = _charts(case), _received(case)
    tables["watch_months"] = _months("real" if case == "alarm" else "not_told")
    tables |= {"watch_forecast": _forecast(), "watch_inputs": _inputs()}
    if case == "alarm":
        tables["watch_alarms"] = _alarms()
    facts = {"charts": {"charts": [LEAVINGS]}, "months": {"then": "2025-10-01", "now": "2025-11-01"}}
    return WatchResults(tables, facts, "CNY")


def table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows with all columns of the contract, in their types."""
    return typed(pd.DataFrame(rows).reindex(columns=columns_of(name)))


def _charts(case: str) -> pd.DataFrame:
    state = ["reference"] * 12 + ["judged"] * 11 + ["open"]
    if case == "broken":
        state[20] = "silenced"
    rows: list[dict[str, Any]] = []
    groups = (
        ("leavings", "all"),
        ("leavings", "tier:high"),
        ("mix", "price"),
        ("mix", "natural"),
        ("silent", "all"),
    )
    for number, (chart, group) in enumerate(groups):
        share = chart != "leavings"
        for place, month in enumerate(MONTHS):
            risen = case == "alarm" and number in (0, 2) and place >= 18
            expected = 0.2 if share else 125.0 - 90 * (group != "all")
            observed = expected * (1.4 if risen else 1 + 0.05 * np.sin(place + number))
            signal = max(0.0, 1.9 * (place - 17)) if risen else 0.4
            rows.append({
                "chart": chart, "group": group, "month": month, "observed": observed, "expected": expected, "low": 0.8 * expected,
                "high": 1.2 * expected, "z": 2.5 if risen else 0.2, "cusum_up": signal, "cusum_down": 0.2, "limit": 4.0,
                "state": state[place],
            })  # fmt: skip
    return table("watch_charts", rows)


def _alarms() -> pd.DataFrame:
    common = {
        "month": MONTHS[20],
        "since": MONTHS[18],
        "direction": "more",
        "open": True,
        "command": "whychurn experiment run 2025-12-after-change",
    }
    return table("watch_alarms", [
        {"chart": "leavings", "group": "all", "size": 1.4, "size_low": 1.21, "size_high": 1.61, "members": 50.0, "cost": 42_000.0, **common},
        {"chart": "leavings", "group": "tier:high", "size": 1.6, "size_low": 1.2, "size_high": 2.1, "members": 8.0, "cost": 30_000.0, **common},
        {"chart": "mix", "group": "price", "size": 0.08, "size_low": 0.03, "size_high": 0.13, "members": 14.0, **common},
    ])  # fmt: skip


def _received(case: str) -> pd.DataFrame:
    rows = []
    for name, usual in (("events", 30_000.0), ("orders", 9000.0)):
        for place in (20, 21, 22):
            broken = case == "broken" and (name, place) == ("orders", 20)
            rows.append({
                "table": name, "month": MONTHS[place], "rows": 410.0 if broken else usual, "usual_rows": usual, "days_covered": 30.0,
                "unknown_codes": 0.0, "without_consent": 0.12, "state": "broken" if broken else "as usual",
                "why": "rows_missing" if broken else None,
            })  # fmt: skip
    return table("watch_received", rows)


def _months(word: str) -> pd.DataFrame:
    rows = [
        {"headline": "leavings", "then": 120.0, "now": 168.0, "difference": 48.0, "low": 22.0, "high": 75.0, "p": 0.001},
        {"headline": "rate", "then": 0.024, "now": 0.033, "difference": 0.009, "low": 0.004, "high": 0.014, "p": 0.002},
        {"headline": "avoidable_share", "then": 0.62, "now": 0.66, "difference": 0.04, "low": 0.01, "high": 0.07, "p": 0.01},
        {"headline": "value_at_risk", "then": 300_000.0, "now": 310_000.0, "difference": 10_000.0, "low": -5000.0, "high": 25_000.0, "p": 0.2},
        {"headline": "cause:price", "then": 0.17, "now": 0.19, "difference": 0.02, "low": -0.02, "high": 0.06, "p": 0.3},
        {"headline": "tier:high", "then": 0.010, "now": 0.012, "difference": 0.002, "low": -0.001, "high": 0.005, "p": 0.3},
    ]  # fmt: skip
    for place, row in enumerate(rows):
        real = word == "real" and place < 2
        row["word"] = "real" if real else "made_by_us" if word == "real" and place == 2 else "not_told"
        parts = {
            "late_data": 0.0,
            "new_definition": 0.0,
            "new_model": row["difference"] if place == 2 else 0.0,
            "new_members": 0.0,
        }
        row |= {**parts, "remains": row["difference"] - sum(parts.values())}
        if word == "no_earlier":
            row |= dict.fromkeys(("then", "difference", "low", "high", "p", *parts, "remains"), np.nan) | {
                "word": word
            }
    return table("watch_months", rows)


def _forecast() -> pd.DataFrame:
    known = {"auc": 0.71, "auc_low": 0.68, "auc_high": 0.74, "brier": 0.09, "leavings": 410.0}
    expected = {"expected_auc": 0.70, "expected_brier": 0.091, "expected_leavings": 402.0, "members": 4100.0}
    return table(
        "watch_forecast", [{"month": MONTHS[19], **known, **expected}, {"month": MONTHS[22], **expected}]
    )


def _inputs() -> pd.DataFrame:
    return table("watch_inputs", [
        {"feature": name, "month": month, "effect": effect, "limit": 0.05, "state": "judged"}
        for name, effect in (("orders_90d", 0.02), ("days_since_order", 0.04), ("own_column", 0.01))
        for month in MONTHS[20:23]
    ])  # fmt: skip
