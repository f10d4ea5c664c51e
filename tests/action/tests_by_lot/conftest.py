"""A programme of a few members whose acts and touches a test writes down."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.inputs import ActionInputs
from whychurn.contract.params import Params
from whychurn.contract.tables import TABLES

START, END = pd.Timestamp("2024-01-01"), pd.Timestamp("2025-06-30")


def day(number: int) -> pd.Timestamp:
    """Day `number` of the data, 0 the first."""
    return START + pd.Timedelta(days=number)


def empty(table: str) -> pd.DataFrame:
    """No rows of a table of the contract, with its columns."""
    return pd.DataFrame({name: pd.Series(dtype="object") for name in TABLES[table].fields})


def orders(days: dict[str, list[int]], amount: float = 10.0) -> pd.DataFrame:
    """One order a member and day."""
    rows = [(member, day(one)) for member, all_days in days.items() for one in all_days]
    frame = pd.DataFrame(rows, columns=["member_id", "ordered_at"])
    return frame.assign(amount=amount, returned=pd.array([False] * len(frame), dtype="boolean"))


def touches(rows: list[tuple[Any, ...]], **given: object) -> pd.DataFrame:
    """Touches from (member, campaign, day, action), by lot with chance one half unless `given` otherwise."""
    frame = pd.DataFrame(rows, columns=["member_id", "campaign_id", "sent_at", "action"])
    frame = frame.assign(sent_at=[day(one) + pd.Timedelta(hours=9) for one in frame["sent_at"]])
    values: dict[str, object] = {
        "randomized": True,
        "propensity": 0.5,
        "cost": 1.0,
        "channel": "sms",
        "offer": None,
    }
    return frame.assign(**(values | given))


def snapshots(members: list[str], usual_gap: float = 30.0) -> pd.DataFrame:
    """A snapshot of every member on the first of each month."""
    days = pd.date_range(START, END, freq="MS")
    frame = pd.DataFrame(
        [(member, one) for member in members for one in days], columns=["member_id", "as_of"]
    )
    number = frame["member_id"].map({member: place for place, member in enumerate(members)})
    return frame.assign(
        usual_gap_days=usual_gap, still_there=True, orders_90d=number.astype(float), region="north",
        churned_in_horizon=pd.array([pd.NA] * len(frame), dtype="boolean"),
    )  # fmt: skip


def inputs(
    acts: dict[str, list[int]],
    sent: pd.DataFrame,
    params: dict[str, Any] | None = None,
    **tables: pd.DataFrame,
) -> ActionInputs:
    """Inputs of a programme in which members order on `acts` and leave by 90 days of silence."""
    members = pd.DataFrame({"member_id": list(acts), "joined_on": day(0)})
    held = {name: empty(name) for name in ("memberships", "feedback", "surveys", "market", "events")}
    held |= {"members": members, "orders": orders(acts), "touches": sent} | tables
    nothing = pd.DataFrame()
    return ActionInputs(
        tables=held,
        panel=snapshots(list(acts)),
        spells=nothing,
        churners=nothing,
        member_causes=nothing,
        cause_shares=nothing,
        risk_scores=nothing,
        already_gone=nothing,
        lifetime_value=nothing,
        panel_facts={"kind": "inactivity", "definition": "inactivity_90d", "activity": "any",
                     "features": ["orders_90d", "region"]},
        intake_facts={"observed_from": "2024-01-01", "observed_until": "2025-06-30"},
        as_of=pd.Timestamp("2025-06-01"),
        observed_until=END,
        mix_at=None,
        params=Params(action=params or {}),
    )  # fmt: skip


def regular(until: int, every: int = 20) -> list[int]:
    """Days of acts of a member who is there until day `until`."""
    return list(np.arange(0, until + 1, every))


@pytest.fixture
def programme() -> SimpleNamespace:
    """What writes a small programme down: day, orders, touches, regular, inputs, empty."""
    return SimpleNamespace(
        day=day, orders=orders, touches=touches, regular=regular, inputs=inputs, empty=empty, end=END
    )
