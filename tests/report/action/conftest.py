"""Invented result tables on actions, as in contract/results.yaml: each case is a programme with a known story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.results import columns_of, documented, empty_table, typed
from whychurn.report.action.results import BESIDE, ActionResults

AS_OF = pd.Timestamp("2026-01-01")
CASES = (
    "winner", "nothing_shown", "no_touches", "none_randomised", "no_costs", "no_money", "empty_plan", "not_run",
)  # fmt: skip
# action, cause, change of the chance to leave, its standard error, q, the smallest effect that pays
ACTIONS: Sequence[tuple[str, str | None, float, float, float, float]] = (
    ("service_callback", "product_service", -0.021, 0.004, 0.001, 0.004),
    ("price_match", "competition", -0.012, 0.007, 0.20, 0.010),
    ("coupon", "price", -0.006, 0.007, 0.60, 0.030),
    ("personal_picks", "personalization", 0.001, 0.007, 0.90, 0.002),
    ("mass_mail", None, 0.016, 0.0045, 0.004, 0.001),
)
MEMBERS = 4000


@pytest.fixture(scope="session")
def planted() -> Callable[[str], ActionResults]:
    """Results of one of the planted cases."""
    return results_of


def results_of(case: str) -> ActionResults:
    """Tables of one of `CASES`."""
    tables = {name: empty_table(columns_of(name)) for name in (*documented()["action"], *BESIDE)}
    if case == "not_run":
        return ActionResults(tables, currency="CNY")
    tables |= {"playbook": _playbook(case), "action_sizes": _sizes(), "warning_quality": _quality()}
    tables |= {"warnings": _warnings(), "already_gone": _gone(), "risk_scores": _scores()}
    if case in ("winner", "nothing_shown", "no_costs", "no_money", "empty_plan"):
        tables |= {"action_effects": _effects(case), "action_tests": _tests()}
    if case in ("winner", "none_randomised"):
        tables["action_observed"] = _observed(case)
    if case in ("winner", "no_costs", "no_money"):
        tables |= {"plan": _plan(case), "plan_value": _values(case), "winback": _winback()}
    if case in ("no_touches", "none_randomised"):
        tables["plan"] = _plan(case).query("role != 'policy'")
    facts: dict[str, Any] = {"plan": {"no_consent": 431}} if case == "winner" else {"plan": {}}
    return ActionResults(tables, facts, currency="" if case == "no_money" else "CNY")


def table(name: str, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows with all columns of the contract, in their types."""
    return typed(pd.DataFrame(rows).reindex(columns=columns_of(name)))


def _effects(case: str) -> pd.DataFrame:
    rows = []
    for action, _, effect, error, q, pays in ACTIONS:
        shown = q <= 0.05 and case != "nothing_shown"
        change, q_value = (effect, q) if shown or q > 0.05 else (effect / 4, 0.4)
        held = {"treated": 4100.0, "control": 18000.0, "relative": change / 0.11, "p_works": 0.9}
        ends = {
            "effect": change,
            "low": change - 1.96 * error,
            "high": change + 1.96 * error,
            "q_value": q_value,
        }
        size = {"smallest_seen": 2.8 * error, "pays_from": pays, "rung": "caused" if shown else "attributed"}
        for days in (30, 90, 180):
            rows.append({"action": action, "cause": "all", "horizon_days": days, **held, **ends, **size})
    return table("action_effects", rows)


def _tests() -> pd.DataFrame:
    rows = [
        {
            "campaign_id": f"test-2025-{month:02d}", "action": action, "outcome": "left", "stratum": "all", "treated": 400.0,
            "control": 1800.0, "rate_treated": 0.11 + effect, "rate_control": 0.11, "effect": effect, "low": effect - 0.02,
            "high": effect + 0.02, "srm_p": 0.4, "complete": True, "note": None, "q_value": q, "suppressed": False,
        }
        for month in (1, 2, 3)
        for action, _, effect, _, q, _ in ACTIONS
    ]  # fmt: skip
    return table("action_tests", rows)


def _playbook(case: str) -> pd.DataFrame:
    tested = case not in ("no_touches", "none_randomised")
    told = {"service_callback": "shown", "mass_mail": "harmful"} if tested and case != "nothing_shown" else {}
    rows = [
        {
            "action": action, "cause": cause, "kind": "member", "for": "present", "belief": 0.35, "theta": 0.3, "low": 0.1,
            "high": 0.5, "tested": told.get(action, "not_shown" if tested else "untested"), "channels": "wechat,sms",
            "cost": 12.0, "members": 900.0,
        }
        for action, cause, *_ in ACTIONS
    ]  # fmt: skip
    rows.append({"action": "mend_quality", "cause": "product_service", "kind": "programme", "for": "present",
                 "ceiling": 0.13, "ceiling_low": 0.06, "ceiling_high": 0.29, "tested": "untested"})  # fmt: skip
    return table("playbook", rows)


def _plan(case: str) -> pd.DataFrame:
    rng, rows = np.random.default_rng(3), []
    cost = 0.0 if case == "no_costs" else 12.0
    for number in range(700):
        action, cause, *_ = ACTIONS[number % 3]
        role = "policy" if number < 560 else "explore" if number < 620 else "hold_out"
        gain = float(np.round(90 * rng.random() + 10, 2))
        rows.append({
            "member_id": f"m{number:016x}", "action": "none" if role == "hold_out" else action, "channel": "wechat",
            "as_of": AS_OF, "send_on": AS_OF + pd.Timedelta(days=number % 28), "rank": float(number), "role": role,
            "would_be": action if role == "hold_out" else None, "propensity": 0.9, "cause": cause, "p_leave": 0.2,
            "gain": gain, "gain_low": gain * 0.2, "gain_high": gain * 1.8, "cost": cost, "tier": ("high", "middle", "low")[number % 3],
            "reason": f"cause_{cause}", "evidence": "tested" if number % 3 == 0 else "untested",
        })  # fmt: skip
    return table("plan", rows)


def _values(case: str) -> pd.DataFrame:
    gains = {
        "plan": (3.6, 1.0, 6.2),
        "none": (0, 0, 0),
        "blanket": (0.4, -1.6, 2.4),
        "rule": (-0.3, -1.9, 1.3),
        "highest_risk": (1.1, -0.8, 3.0),
    }
    rows = []
    for policy, ends in gains.items():
        money = (np.nan,) * 3 if case == "no_money" else ends
        rows.append({
            "policy": policy, "method": "model", "members": MEMBERS, "contacts": 620.0, "cost": 7440.0, "budget": 8000.0,
            **dict(zip(("gain", "low", "high"), money, strict=True)), "effective_n": 900.0, "note": None,
            **dict(zip(("kept_per_1000", "kept_low", "kept_high"), (4 * end for end in ends), strict=True)),
        })  # fmt: skip
    return table("plan_value", rows)


def _sizes() -> pd.DataFrame:
    rows = [
        {"action": action, "design": design, "p0": 0.11, "relative": 0.13, "power": 0.8, "arms": 9.0, "n_arm": size,
         "n_control": 3 * size, "weeks": weeks}
        for action, size in (("coupon", 5600.0), ("price_match", 3200.0), ("service_callback", 2100.0))
        for design, size, weeks in (("plain", size, 24.0), ("enriched", size / 4, np.nan))
    ]  # fmt: skip
    return table("action_sizes", rows)


def _quality() -> pd.DataFrame:
    rows = [
        {"source": source, "capacity": 0.01, "alerts": 900.0, "precision": p, "low": p - 0.03, "high": p + 0.03, "lift": p / 0.1,
         "lift_low": p / 0.1 - 0.3, "lift_high": p / 0.1 + 0.3, "recall": 0.2, "lead_median_days": 33.0, "lead_share": 0.7,
         "coverage": 0.9, "alerts_a_year": 0.5, "still_there": 0.97, "earlier": 0.4}
        for source, p in (("opted_out", 0.11), ("model", 0.31), ("silence", 0.18), ("rival_opened", 0.24))
    ]  # fmt: skip
    return table("warning_quality", rows)


def _warnings() -> pd.DataFrame:
    rows = [
        {"member_id": f"m{number:016x}", "as_of": AS_OF, "tier": "high", "p_churn": 0.4, "value_at_risk": 500.0 - number,
         "cause": "price" if number % 2 else "unknown", "reasons": "days_silent,price_rise", "stage": "regular",
         "trigger": "opted_out", "first_alert_on": AS_OF - pd.Timedelta(days=20)}
        for number in range(690, 760)
    ]  # fmt: skip
    return table("warnings", rows)


def _winback() -> pd.DataFrame:
    rows = [
        {"member_id": f"w{number:016x}", "as_of": AS_OF, "left_on": AS_OF - pd.Timedelta(days=90), "days_since": 90.0, "tier": "middle",
         "cause": "competition", "reasons": None, "action": "return_bonus", "channel": "sms", "offer": None, "p_return": 0.04,
         "p_return_touched": 0.07, "second_life_value": 300.0, "expected_gain": 8.0, "low": 1.0, "cost": 1.0, "evidence": "untested"}
        for number in range(40)
    ]  # fmt: skip
    return table("winback", rows)


def _gone() -> pd.DataFrame:
    rows = [
        {"member_id": f"g{number:016x}", "as_of": AS_OF, "why": "silent", "last_active_on": AS_OF - pd.Timedelta(days=50),
         "days_silent": 50, "usual_gap_days": 9.5, "margin_exposed": 400.0}
        for number in range(30)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _scores() -> pd.DataFrame:
    rows = [
        {"member_id": f"m{number:016x}", "as_of": AS_OF, "p_churn": 0.2, "p_churn_low": 0.17, "p_churn_high": 0.24}
        for number in range(760)
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=columns_of("risk_scores"))


def _observed(case: str) -> pd.DataFrame:
    rows = [
        {"campaign_id": "best-members", "action": "coupon", "treated": 500.0, "untreated": 3000.0, "no_overlap": 0.2, "effect": -0.03,
         "low": -0.04, "high": -0.02, "lambda": strength, "bound_low": -0.03 - spread, "bound_high": -0.03 + spread, "lambda_open": 1.4,
         "bias_measured": -0.024 if case == "winner" else np.nan}
        for strength, spread in ((1.25, 0.02), (1.5, 0.05), (2.0, 0.09))
    ]  # fmt: skip
    return table("action_observed", rows)
