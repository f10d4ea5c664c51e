"""A programme whose leavers, alerts and lead times a test writes down."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.inputs import ActionInputs
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table
from whychurn.contract.tables import TABLES

MONTHS = pd.date_range("2024-01-01", "2025-06-01", freq="MS")
TODAY = MONTHS[-1]
KNOWN_DAYS = 180
KEYS = (
    "member_id",
    "as_of",
    "still_there",
    "seen_after",
    "churned_in_horizon",
    "days_silent",
    "usual_gap_days",
)


def empty(table: str) -> pd.DataFrame:
    """No rows of a table of the contract, with its columns."""
    kinds = {"instant": "datetime64[ns]", "date": "datetime64[ns]", "number": "float64", "flag": "boolean"}
    fields = TABLES[table].fields
    return pd.DataFrame(
        {name: pd.Series(dtype=kinds.get(field.kind, "string")) for name, field in fields.items()}
    )


def panel(last: dict[str, str | None], **features: Any) -> pd.DataFrame:
    """A snapshot a member and month until the month of the last presence (None: still a member)."""
    ends = {member: pd.Timestamp(day) if day else None for member, day in last.items()}
    rows = [(member, day) for member, end in ends.items() for day in MONTHS if end is None or day <= end]
    frame = pd.DataFrame(rows, columns=["member_id", "as_of"]).astype({"member_id": "string"})
    end = frame["member_id"].map({member: day or pd.Timestamp("2099-01-01") for member, day in ends.items()})
    left = (end < frame["as_of"] + pd.Timedelta(days=90)).astype("boolean")
    known = frame["as_of"] <= TODAY - pd.Timedelta(days=KNOWN_DAYS)
    frame = frame.assign(
        spell_no=1, still_there=True, seen_after=pd.array([True] * len(frame), dtype="boolean"),
        churned_in_horizon=left.where(known, pd.NA), days_silent=1, usual_gap_days=20.0, tenure_days=400.0,
        spend_365d=1000.0, orders_so_far=9.0, orders_365d=9.0, region="north",
    )  # fmt: skip
    return frame.assign(**features)


def inputs(
    last: dict[str, str | None],
    frame: pd.DataFrame | None = None,
    params: dict[str, Any] | None = None,
    **tables: pd.DataFrame,
) -> ActionInputs:
    """Inputs of members with their last presence; the panel is `panel`'s if not given."""
    ids = pd.array(list(last), dtype="string")
    ends = pd.to_datetime(pd.Series([last[member] for member in last]))
    spells = pd.DataFrame({
        "member_id": ids, "spell_no": 1, "started_on": pd.Timestamp("2023-01-01"),
        "last_active_on": ends.fillna(TODAY).to_numpy(), "notice_on": pd.NaT,
    }).astype({"notice_on": "datetime64[ns]"})  # fmt: skip
    gone = ends.notna().to_numpy()
    churners = spells[gone].assign(left_on=ends[gone] + pd.Timedelta(days=90), is_main=True)
    members = pd.DataFrame(
        {"member_id": ids, "marketing_consent": pd.array([True] * len(ids), dtype="boolean")}
    )
    held = {name: empty(name) for name in TABLES if name not in ("members", "snapshot")}
    nothing = {
        name: empty_table(columns_of(name)) for name in ("risk_scores", "already_gone", "lifetime_value")
    }
    causes = pd.DataFrame({"member_id": ids, "status": "at_risk", "primary_cause": "price"})
    frame = panel(last) if frame is None else frame
    features = [name for name in frame if name not in KEYS]
    return ActionInputs(
        tables={**held, "members": members} | tables,
        panel=frame,
        spells=spells, churners=churners, member_causes=causes, cause_shares=pd.DataFrame(), **nothing,
        panel_facts={"definition": "inactivity_90d", "horizon_days": 90, "label_known_days": KNOWN_DAYS, "features": features},
        intake_facts={}, as_of=TODAY, observed_until=TODAY, mix_at=None,
        params=Params.model_validate({"privacy": {"min_cell": 1}, "action": {"holdout_share": 0} | (params or {})}),
    )  # fmt: skip


def scored(given: ActionInputs, chances: dict[str, float]) -> ActionInputs:
    """`given` with a risk model's chances of today; value at risk is ten times the chance."""
    ids = pd.array(list(chances), dtype="string")
    p = np.array(list(chances.values()))
    table = pd.DataFrame({
        "member_id": ids, "as_of": TODAY, "p_churn": p, "value_at_risk": 10 * p,
        "reasons": '[{"feature": "orders_90d", "contribution": 0.4}, {"feature": "region", "contribution": -0.2}]',
    })  # fmt: skip
    return replace(given, risk_scores=table)


@pytest.fixture
def planted() -> SimpleNamespace:
    """What writes a programme down: panel, inputs, scored, empty, months, today."""
    return SimpleNamespace(
        panel=panel, inputs=inputs, scored=scored, empty=empty, months=MONTHS, today=TODAY, known=KNOWN_DAYS
    )
