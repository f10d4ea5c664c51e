"""A small programme as the stage `action` reads it, with what a test wants to be different."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import Effects
from whychurn.action.inputs import ActionInputs
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table

AS_OF = pd.Timestamp("2026-01-01")
TOUCHES = ["touch_id", "member_id", "campaign_id", "sent_at", "action", "channel", "offer", "cost", "randomized",
           "propensity", "opened"]  # fmt: skip


def ids(n: int) -> pd.Series:
    return pd.Series([f"m{number:06d}" for number in range(n)], dtype="string")


def touches(n: int, actions: Mapping[str, tuple[str, float]], days_ago: int = 200) -> pd.DataFrame:
    """A contact of each of `n` members by one of the actions (channel, cost) in turn, and every fifth held out."""
    names = list(actions)
    action = [names[number % len(names)] if number % 5 else "control" for number in range(n)]
    return pd.DataFrame(
        {
            "touch_id": [f"T{number}" for number in range(n)],
            "member_id": ids(n),
            "campaign_id": "test-1",
            "sent_at": AS_OF - pd.Timedelta(days=days_ago),
            "action": pd.Series(action, dtype="string"),
            "channel": pd.Series(
                [actions[one][0] if one in actions else None for one in action], dtype="string"
            ),
            "offer": pd.Series([None] * n, dtype="string"),
            "cost": [actions[one][1] if one in actions else 0.0 for one in action],
            "randomized": pd.array([True] * n, dtype="boolean"),
            "propensity": [0.8 / len(names) if one in actions else 0.2 for one in action],
            "opened": pd.array([pd.NA] * n, dtype="boolean"),
        },
        columns=TOUCHES,
    )


def requests(*members: str, days_ago: int = 5) -> pd.DataFrame:
    """A complaint of each of the members that nobody has answered."""
    rows = {
        "member_id": list(members), "created_at": AS_OF - pd.Timedelta(days=days_ago), "source": "complaint",
        "responded_at": pd.NaT, "resolved": pd.NA,
    }  # fmt: skip
    types = {"member_id": "string", "source": "string", "resolved": "boolean"}
    return pd.DataFrame(rows, index=range(len(members))).astype(
        types | {"created_at": "datetime64[ns]", "responded_at": "datetime64[ns]"}
    )


def no_touches() -> pd.DataFrame:
    return touches(1, {"coupon": ("sms", 1.0)}).iloc[:0]


def inputs(n: int = 400, *, params: Mapping[str, Any] | None = None, **changes: Any) -> ActionInputs:
    """Inputs with `n` members still there, half of whom leave for the price; `changes` replace fields."""
    rng = np.random.default_rng(5)
    member_id = ids(n)
    p = rng.uniform(0.02, 0.5, n)
    panel = pd.DataFrame(
        {
            "member_id": member_id, "as_of": AS_OF, "still_there": True, "days_silent": rng.integers(0, 20, n),
            "usual_gap_days": 10.0, "churned_in_horizon": pd.array([pd.NA] * n, dtype="boolean"),
            "opted_out": pd.array([False] * n, dtype="boolean"), "days_to_term_end": np.nan,
        }
    )  # fmt: skip
    members = pd.DataFrame(
        {
            "member_id": member_id, "joined_on": AS_OF - pd.Timedelta(days=500),
            "marketing_consent": pd.array([True] * n, dtype="boolean"),
            "has_app": pd.array(rng.random(n) < 0.5, dtype="boolean"),
        }
    )  # fmt: skip
    tier = np.where(np.arange(n) % 5 == 0, "high", "low")
    value = pd.DataFrame(
        {"member_id": member_id, "as_of": AS_OF, "daily_spend": rng.lognormal(1.5, 0.5, n), "tier": tier}
    )
    scores = pd.DataFrame({"member_id": member_id, "as_of": AS_OF, "p_churn": p})
    shares = empty_table(columns_of("cause_shares"))
    fields: dict[str, Any] = {
        "tables": {"members": members, "touches": touches(n, {"coupon": ("sms", 5.0), "service_callback": ("call", 9.0)}),
                   "orders": pd.DataFrame(), "events": pd.DataFrame(), "memberships": pd.DataFrame(),
                   "feedback": requests(), "surveys": pd.DataFrame(), "market": pd.DataFrame()},
        "panel": panel, "spells": pd.DataFrame(), "churners": pd.DataFrame(), "member_causes": pd.DataFrame(),
        "cause_shares": shares, "risk_scores": scores, "already_gone": pd.DataFrame(), "lifetime_value": value,
        "panel_facts": {"features": [], "horizon_days": 90}, "intake_facts": {}, "as_of": AS_OF,
        "observed_until": AS_OF, "mix_at": price_or_service,
        "params": Params.model_validate({"action": {"budget": 300.0, **(params or {}).get("action", {})},
                                         **{k: v for k, v in (params or {}).items() if k != "action"}}),
    }  # fmt: skip
    tables = {**fields["tables"], **changes.pop("tables", {})}
    return ActionInputs(**{**fields, "tables": tables, **changes})


def price_or_service(member_id: pd.Series, day: pd.Series) -> pd.DataFrame:
    """Members with an even number have the price as their cause, others product and service."""
    even = member_id.astype(str).str[-1].astype(int).to_numpy() % 2 == 0
    mix = pd.DataFrame(0.0, index=range(len(day)), columns=[f"p_{cause}" for cause in CAUSES])
    mix["p_price"], mix["p_product_service"] = np.where(even, 0.9, 0.1), np.where(even, 0.1, 0.9)
    return mix


def effects(
    theta: Mapping[str, Mapping[str, float]], tested: Mapping[str, str] | None = None, sd: float = 0.05
) -> Effects:
    """Efficacies as given, known up to `sd`; half-lives of 16 weeks."""
    names, rng = list(theta), np.random.default_rng(3)
    mean = np.array([[theta[name].get(cause, 0.0) for cause in CAUSES] for name in names])
    draws = mean + sd * rng.standard_normal((40, len(names), 1)) * (mean != 0)
    none = np.zeros(len(names))
    return Effects(
        actions=names, causes=list(CAUSES), theta=mean, theta_draws=draws, kappa=none,
        kappa_draws=np.zeros((40, len(names))), bayes_factor=none + 1, onset_weeks=none,
        half_life_weeks=none + 16.0, half_life_known=none > 0, tested=tested or dict.fromkeys(names, "shown"),
    )  # fmt: skip
