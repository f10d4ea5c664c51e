"""A small programme by hand, whose months are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params
from whychurn.contract.tables import HISTORY_TABLES
from whychurn.watch.inputs import WatchInputs

DAYS = pd.date_range("2024-01-01", "2024-12-31")
MEMBERS = 600


def programme(seed: int = 0) -> WatchInputs:
    """600 members with an order a day in all, who leave by lot, 40 of each of the last two months."""
    rng = np.random.default_rng(seed)
    ids = [f"m{number:016x}" for number in range(MEMBERS)]
    members = pd.DataFrame({
        "member_id": ids, "joined_on": pd.Timestamp("2023-06-01"), "region": "east", "profiling_consent": True,
    })  # fmt: skip
    orders = _orders(ids, rng)
    tables = {name: pd.DataFrame() for name in HISTORY_TABLES} | {"members": members, "orders": orders}
    left_on = pd.Series(pd.NaT, index=range(MEMBERS), dtype="datetime64[ns]")
    left_on[:40], left_on[40:90] = pd.Timestamp("2024-11-15"), pd.Timestamp("2024-12-15")
    spells = pd.DataFrame({
        "member_id": ids, "spell_no": 1, "started_on": pd.Timestamp("2023-06-01"),
        "entered_on": pd.Timestamp("2024-01-01"), "ended_on": left_on,
    })  # fmt: skip
    churners = spells[left_on.notna()][["member_id", "spell_no"]].assign(
        left_on=left_on.dropna(), definition="inactivity_90d", is_main=True
    )
    causes = churners[["member_id", "spell_no"]].assign(status="churned", p_price=0.5, p_natural=0.5)
    rest = ("product_service", "personalization", "engagement", "competition")
    causes = causes.assign(**{f"p_{name}": 0.0 for name in rest})
    shares = pd.DataFrame({"cause": ["price", "natural"], "share": 0.5, "avoidable_share": [0.3, 0.1]})
    panel = pd.concat(
        [_snapshot(ids, left_on, day) for day in pd.date_range("2024-06-01", "2025-01-01", freq="MS")]
    )
    nothing = pd.DataFrame()
    return WatchInputs(
        tables=tables, panel=panel.sort_values(["member_id", "as_of"], ignore_index=True), spells=spells, churners=churners, member_causes=causes,
        cause_shares=shares, lifetime_value=nothing,
        not_understood=pd.DataFrame(columns=["table", "column", "value", "rows"]),
        panel_facts={"definition": "inactivity_90d", "horizon_days": 90, "features": ["spend_365d", "tenure_days"]},
        intake_facts={"observed_from": "2024-01-01", "observed_until": "2024-12-31"},
        observed_until=pd.Timestamp("2024-12-31"),
        score=None, probability=lambda rows: np.full(len(rows), 0.1), records=(), digests={"parameters": "a", "code": "a", "model": "a"}, params=Params(),
    )  # fmt: skip


def _orders(ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    days = np.repeat(DAYS.to_numpy(), 20)
    return pd.DataFrame({
        "order_id": [f"O{n}" for n in range(len(days))], "member_id": rng.choice(ids, len(days)), "ordered_at": days,
        "amount": 10.0, "discount": rng.choice([0.0, 1.0], len(days)), "category": rng.choice(["food", "toys"], len(days)),
        "channel": rng.choice(["app", "store"], len(days)),
    })  # fmt: skip


def _snapshot(ids: list[str], left_on: pd.Series, day: pd.Timestamp) -> pd.DataFrame:
    there = ~(left_on < day).to_numpy()
    return pd.DataFrame({
        "member_id": np.array(ids)[there], "as_of": day, "still_there": True, "spend_365d": 365.0,
        "tenure_days": 500.0, "spend_tier": np.where(np.arange(MEMBERS)[there] % 2 == 0, "gold", "silver"),
    })  # fmt: skip


@pytest.fixture
def make() -> Callable[[], WatchInputs]:
    """Inputs of the programme."""
    return programme
