"""Small tables in the form that intake writes, and the panel made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.tables import DTYPES, EVENT_TYPES, HISTORY_TABLES, TABLES
from whychurn.panel.duckdb_tables import NO_FEEDBACK_TOPICS, Observed, day_number, open_database
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.results import Churn, build_panel, find_churn

Tables = dict[str, pd.DataFrame]
START, END = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")


@dataclass
class Made:
    churn: Churn
    panel: pd.DataFrame
    without: list[str]


def typed(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    fields = TABLES[table].fields
    frame = pd.DataFrame(rows, columns=list(fields))
    for name, field in fields.items():
        column = pd.to_datetime(frame[name]) if field.kind in ("date", "instant") else frame[name]
        frame[name] = column.astype(DTYPES[field.kind])
    return frame


@pytest.fixture
def tables_of() -> Callable[..., Tables]:
    """All eight tables from lists of rows; those not given are empty; members consent unless they say otherwise."""

    def build(**rows: list[dict[str, Any]]) -> Tables:
        rows["members"] = [{"profiling_consent": True, **row} for row in rows["members"]]
        return {name: typed(name, rows.get(name, [])) for name in HISTORY_TABLES}

    return build


@pytest.fixture
def params_with(tmp_path: Path) -> Callable[..., Params]:
    """The project's parameters with keys of section panel on top."""
    assert (PROJECT / "params.yaml").exists()
    return lambda **panel: load_params(StudyPaths(tmp_path), {"panel": panel})


@pytest.fixture
def panel_of() -> Callable[..., Made]:
    """Churn and panel of tables."""

    def build(tables: Tables, params: Params, start: str = "2024-01-01", end: str = "2024-12-31") -> Made:
        observed = Observed(day_number(start), day_number(end))
        with open_database(tables, observed, "500MB", []) as connection:
            churn = find_churn(connection, observed, params.panel)
            panel, without = build_panel(
                connection, observed, churn, params.panel, params.retention.tiers, load_catalogue()
            )
        return Made(churn, panel, without)

    return build


@pytest.fixture
def random_tables(tables_of: Callable[..., Tables]) -> Callable[..., Tables]:
    """Tables of a few members full of awkward cases: ties, gaps, nulls, late answers, absent tables."""

    def build(seed: int, members: int = 8, absent: float = 0.15) -> Tables:
        rng = np.random.default_rng(seed)
        rows = {"members": [_member(rng, n) for n in range(members)], "market": _market(rng)}
        makers = {
            "orders": (_order, 18), "memberships": (_term, 3), "events": (_event, 40), "feedback": (_feedback, 3),
            "surveys": (_survey, 3), "touches": (_touch, 2),
        }  # fmt: skip
        for table, (make, mean) in makers.items():
            rows[table] = [
                make(rng, f"{n}", f"{table}{n}-{i}")
                for n in range(members)
                for i in range(rng.poisson(mean * rng.random()))
            ]
        for table in ("memberships", "events", "feedback", "surveys", "touches", "market"):
            if rng.random() < absent:
                rows[table] = []
        texts = [_said(rng, f"{n}", f"text{n}-{i}") for n in range(members) for i in range(rng.poisson(4))]
        texts = [] if rng.random() < absent else texts
        topics = pd.DataFrame(texts, columns=list(NO_FEEDBACK_TOPICS)).astype(NO_FEEDBACK_TOPICS.dtypes)
        return {**tables_of(**rows), "feedback_topics": topics}

    return build


def _pick(rng: np.random.Generator, *choices: Any) -> Any:
    return choices[rng.integers(len(choices))]


def _at(rng: np.random.Generator) -> pd.Timestamp:
    """Some time in the year; often one of a few days, at midnight or a minute before, so that edges are met."""
    day = START + pd.Timedelta(days=int(rng.integers(0, 366)))
    if rng.random() < 0.3:
        day = pd.Timestamp(2024, int(rng.integers(1, 13)), 1) - int(
            _pick(rng, 0, 30, 90, 180)
        ) * pd.Timedelta(days=1)
    day = min(max(day, START), END)
    return day + pd.Timedelta(minutes=int(_pick(rng, 0, 1, 720, 1439)))


def _member(rng: np.random.Generator, n: int) -> dict[str, Any]:
    joined = pd.Timestamp("2023-07-01") + pd.Timedelta(days=int(rng.integers(0, 480)))
    return {
        "member_id": f"{n}", "joined_on": joined, "birth_year": _pick(rng, None, 1960, 1990, 2010),
        "gender": _pick(rng, "f", "m", None), "region": _pick(rng, "N", "S", "W", None), "channel": _pick(rng, "app", None),
        "marketing_consent": _pick(rng, True, False, None), "profiling_consent": n != 3,
    }  # fmt: skip


def _order(rng: np.random.Generator, member: str, key: str) -> dict[str, Any]:
    return {
        "order_id": key, "member_id": member, "ordered_at": _at(rng), "amount": int(rng.integers(0, 90_000)) / 100,
        "discount": _pick(rng, None, 0.0, 5.5, 20.0), "category": _pick(rng, "a", "b", "c", None),
        "returned": _pick(rng, True, False, False, None),
    }  # fmt: skip


def _term(rng: np.random.Generator, member: str, key: str) -> dict[str, Any]:
    starts = _at(rng).normalize()
    cancelled = starts + pd.Timedelta(days=20) if rng.random() < 0.3 else None
    return {
        "membership_id": key, "member_id": member, "plan": _pick(rng, "basic", "plus"), "starts_on": starts,
        "ends_on": starts + pd.Timedelta(days=int(_pick(rng, 0, 30, 90))), "list_price": _pick(rng, None, 100.0, 120.0),
        "price_paid": _pick(rng, None, 90.0), "auto_renew": _pick(rng, True, False, None), "cancelled_on": cancelled,
    }  # fmt: skip


def _event(rng: np.random.Generator, member: str, key: str) -> dict[str, Any]:
    kind = _pick(rng, *EVENT_TYPES, "something_else")
    value = float(rng.integers(-50, 200)) if kind.startswith("points") else None
    return {"event_id": key, "member_id": member, "occurred_at": _at(rng), "event_type": kind, "value": value}


def _feedback(rng: np.random.Generator, member: str, key: str) -> dict[str, Any]:
    created = _at(rng)
    responded = None if rng.random() < 0.3 else created + pd.Timedelta(hours=int(rng.integers(1, 900)))
    return {
        "feedback_id": key, "member_id": member, "created_at": created, "text": "x",
        "source": _pick(rng, "complaint", "ticket", "review", "social", None), "rating": _pick(rng, None, 1.0, 4.0),
        "responded_at": responded, "resolved": _pick(rng, True, False, None),
    }  # fmt: skip


def _survey(rng: np.random.Generator, member: str, key: str) -> dict[str, Any]:
    sent = _at(rng)
    answered = None if rng.random() < 0.3 else min(sent + pd.Timedelta(days=int(rng.integers(0, 60))), END)
    return {
        "survey_id": key, "member_id": member, "kind": _pick(rng, "exit", "satisfaction", "nps"), "sent_at": sent,
        "answered_at": answered, "score": _pick(rng, None, 2.0, 9.0),
    }  # fmt: skip


def _said(rng: np.random.Generator, member: str, key: str) -> dict[str, Any]:
    """A text as the voice stage reads it: some empty, some of sources that are no feature."""
    read = rng.random() < 0.85
    shares = rng.dirichlet(np.full(len(CAUSES) + 1, 0.3)) if read else [None] * (len(CAUSES) + 1)
    return {
        "feedback_id": key, "member_id": member, "known_on": _at(rng).normalize(),
        "source": _pick(rng, "complaint", "review", "survey_exit", "survey_nps", "interview", None),
        "sentiment": float(rng.uniform(-1, 1)) if read else None,
        **{f"p_{name}": p for name, p in zip((*CAUSES, "none"), shares, strict=True)},
    }  # fmt: skip


def _touch(rng: np.random.Generator, member: str, key: str) -> dict[str, Any]:
    return {
        "touch_id": key, "member_id": member, "campaign_id": "c", "sent_at": _at(rng), "action": _pick(rng, "coupon", "control"),
    }  # fmt: skip


def _market(rng: np.random.Generator) -> list[dict[str, Any]]:
    cells = [("N", "a"), ("N", "b"), ("S", None), (None, "c"), ("N", None)]
    cells = [cell for cell in cells if rng.random() < 0.7]
    first = pd.Timestamp("2023-12-04") + pd.Timedelta(days=7 * int(rng.integers(0, 12)))
    return [
        {
            "week_start": first + pd.Timedelta(days=7 * week), "region": region, "category": category,
            "own_price_index": 1 + 0.01 * int(rng.integers(0, 30)), "competitor_price_index": _pick(rng, None, 0.9, 1.1),
            "competitor_activity": float(rng.integers(0, 4)),
        }
        for region, category in cells
        for week in range(50)
        if rng.random() < 0.9
    ]  # fmt: skip
