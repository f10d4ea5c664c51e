"""Members as last scored: who is told of, and why nobody is to contact some of them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pandas as pd

from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.served.member_state import member_state_table
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.results import columns_of

AS_OF = pd.Timestamp("2026-01-01")
MEMBERS = [
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
]  # planned, refuses, held out, contacted twice, nothing pays, waits


def ask(scored: list[str], gone: list[str]) -> pd.DataFrame:
    scores = pd.DataFrame({"member_id": scored, "as_of": AS_OF, "p_churn": 0.2, "p_churn_low": 0.1, "p_churn_high": 0.3, "value_at_risk": 9.0, "reasons": "[]"})  # fmt: skip
    causes = pd.DataFrame({"member_id": ["m2", "m1", "m1"], "status": ["at_risk", "at_risk", "churned"], "primary_cause": ["unknown", "price", "natural"]})  # fmt: skip
    given: dict[str, Any] = {one.name: None for one in fields(ActionInputs) if one.init} | {
        "risk_scores": scores.reindex(columns=columns_of("risk_scores")),
        "already_gone": pd.DataFrame({"member_id": gone, "as_of": AS_OF}),
        "member_causes": causes.assign(**{f"p_{cause}": 1 / 6 for cause in CAUSES}),
        "lifetime_value": pd.DataFrame({"member_id": ["m1"], "tier": ["high"]}),
        "params": load_params(StudyPaths(PROJECT)),
    }
    state = pd.DataFrame(
        {
            "member_id": MEMBERS,
            "consent": [True, False, True, True, True, True],
            "recent": [0, 0, 0, 2, 1, 0],
            "waits": [False, True, False, False, False, True],
        }
    )
    contacts = [("m1", "coupon", "app", 1, "policy", 5.0), ("m1", "call", "call", 2, "policy", 2.0), ("m3", "none", None, 3, "hold_out", 4.0), ("m6", "none", None, 4, "waits", 4.0)]  # fmt: skip
    plan = pd.DataFrame(contacts, columns=["member_id", "action", "channel", "rank", "role", "gain"])
    plan = plan.assign(send_on=AS_OF, cost=1.0).reindex(columns=columns_of("plan"))
    return member_state_table(ActionInputs(**given), Section({"plan": plan}, {}, {"state": state}))


def test_each_member_is_told_of_once_with_the_first_contact_or_why_there_is_none() -> None:
    table = ask(MEMBERS[::-1], ["m0"])
    assert list(table) == columns_of("member_state")
    assert table["member_id"].tolist() == ["m0", *MEMBERS]
    reasons = [
        "already_gone",
        None,
        "no_consent",
        "held_out",
        "contacted_lately",
        "not_planned",
        "open_complaint",
    ]
    assert [None if pd.isna(one) else one for one in table["do_not_send_reason"]] == reasons
    assert table["do_not_send"].tolist() == [reason is not None for reason in reasons]
    rows = table.set_index("member_id")
    assert rows.loc["m1", ["action", "channel", "expected_gain", "primary_cause", "tier"]].tolist() == ["coupon", "app", 5.0, "price", "high"]  # fmt: skip
    assert rows.drop("m1")[["action", "channel", "send_on", "expected_gain", "cost"]].isna().all(axis=None)
    assert rows.loc["m0", ["p_churn", "reasons"]].isna().all() and rows.loc["m0", "already_gone"]


def test_nobody_scored_is_an_empty_table() -> None:
    table = ask([], [])
    assert table.empty and list(table) == columns_of("member_state")
