"""A programme of leavers whose returns, touches and orders a test writes down."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.inputs import ActionInputs
from whychurn.action.winback.leavers import MIX
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table
from whychurn.contract.tables import TABLES

START, END, TODAY = pd.Timestamp("2023-01-01"), pd.Timestamp("2024-12-31"), pd.Timestamp("2025-01-01")


def day(number: int) -> pd.Timestamp:
    """Day `number` of the data, 0 the first."""
    return START + pd.Timedelta(days=number)


def empty(table: str) -> pd.DataFrame:
    """No rows of a table of the contract, with its columns."""
    kinds = {"instant": "datetime64[ns]", "date": "datetime64[ns]", "number": "float64", "flag": "boolean"}
    fields = TABLES[table].fields
    return pd.DataFrame(
        {name: pd.Series(dtype=kinds.get(field.kind, "string")) for name, field in fields.items()}
    )


def orders(days: dict[str, list[int]], amount: float = 10.0) -> pd.DataFrame:
    """One order a member and day."""
    rows = [(member, day(one)) for member, all_days in days.items() for one in all_days]
    frame = pd.DataFrame(rows, columns=["member_id", "ordered_at"]).astype({"member_id": "string"})
    return frame.assign(amount=amount, returned=pd.array([False] * len(frame), dtype="boolean"))


def touches(rows: list[tuple[Any, ...]], **given: object) -> pd.DataFrame:
    """Touches from (member, campaign, day, action), by lot."""
    frame = pd.DataFrame(rows, columns=["member_id", "campaign_id", "sent_at", "action"])
    sent = [day(one) + pd.Timedelta(hours=9) for one in frame["sent_at"]]
    values: dict[str, object] = {
        "randomized": True,
        "cost": 1.0,
        "channel": "sms",
        "offer": None,
        "opened": None,
    }
    return frame.assign(**({"sent_at": sent} | values | given)).astype({"member_id": "string"})


def causes_of(members: dict[str, str]) -> pd.DataFrame:
    """First leavings attributed wholly to one cause each."""
    rows = [{f"p_{cause}": float(cause == name) for cause in CAUSES} for name in members.values()]
    return pd.DataFrame(rows, columns=MIX).assign(
        member_id=pd.array(list(members), dtype="string"), spell_no=1, status="churned",
        primary_cause=list(members.values()),
    )  # fmt: skip


def inputs(
    acts: dict[str, list[int]],
    left: dict[str, int],
    params: dict[str, Any] | None = None,
    causes: pd.DataFrame | None = None,
    **tables: pd.DataFrame,
) -> ActionInputs:
    """Members with orders on `acts`, some known to have left on the day `left` (365 spent a year, margin .3)."""
    ids = pd.array(list(acts), dtype="string")
    consent = pd.array([True] * len(ids), dtype="boolean")
    joined = pd.DataFrame({"member_id": ids, "joined_on": START, "marketing_consent": consent})
    held = {name: empty(name) for name in TABLES if name not in ("members", "snapshot")}
    held |= {"members": joined, "orders": orders(acts)} | tables
    gone = pd.DataFrame({"member_id": pd.array(list(left), dtype="string"), "spell_no": 1})
    gone["left_on"] = pd.to_datetime(pd.Series([day(one) for one in left.values()], dtype="datetime64[ns]"))
    spells = gone.rename(columns={"left_on": "ended_on"}).assign(started_on=START)
    panel = pd.DataFrame({
        "member_id": ids, "spell_no": 1, "as_of": START + pd.Timedelta(days=31), "still_there": True,
        "spend_365d": 365.0, "tenure_days": 400.0,
    })  # fmt: skip
    nothing = {
        name: empty_table(columns_of(name)) for name in ("risk_scores", "already_gone", "lifetime_value")
    }
    return ActionInputs(
        tables=held, panel=panel, spells=spells, churners=gone.assign(is_main=True),
        member_causes=causes_of({}) if causes is None else causes,
        cause_shares=pd.DataFrame({"cause": list(CAUSES), "share": 1 / 6}), **nothing,
        panel_facts={"kind": "inactivity", "definition": "inactivity_90d", "activity": "any"},
        intake_facts={"observed_from": "2023-01-01"}, as_of=TODAY, observed_until=END, mix_at=None,
        params=Params.model_validate({"privacy": {"min_cell": 1}, "action": {"holdout_share": 0} | (params or {})}),
    )  # fmt: skip


def mix(cause: str, number: int) -> pd.DataFrame:
    """`number` rows of leavers wholly from one cause."""
    return pd.DataFrame(np.tile([float(one == cause) for one in CAUSES], (number, 1)), columns=MIX)


@pytest.fixture
def leavers() -> SimpleNamespace:
    """What writes a programme of leavers down."""
    return SimpleNamespace(
        day=day, empty=empty, orders=orders, touches=touches, causes_of=causes_of, inputs=inputs, mix=mix,
        start=START, end=END, today=TODAY,
    )  # fmt: skip
