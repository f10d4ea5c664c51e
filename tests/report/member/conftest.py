"""A study of seven members whose cards are known: written as intake and the stages write it, no model runs."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.files import write_json, write_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, documented, empty_table, typed
from whychurn.contract.tables import TABLES

AS_OF = pd.Timestamp("2026-01-01")
IDS = {
    name: f"m{number:016x}"
    for number, name in enumerate(
        ("planned", "open", "held", "private", "silent", "left", "alerted", "waiting")
    )
}
QUOTE = "上次买的更便宜，现在太贵了"
HIDDEN = "Zhang Wei"


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyPaths:
    """planned: a coupon, price named, a text on price; open: a complaint, no consent to marketing; held: held out by
    lot; private: no profiling; silent; left: invited back; alerted: warned of, no action helps.
    """
    place = StudyPaths(tmp_path_factory.mktemp("cards"))
    for name, rows in _tables().items():
        fields = {column: field.kind for column, field in TABLES[name].fields.items()}
        frame = pd.DataFrame(rows).reindex(columns=[*fields, *({"nickname"} if name == "members" else ())])
        write_table(_kinds(frame, fields), place.interim / f"{name}.parquet")
    for name in documented()["action"]:
        write_table(empty_table(columns_of(name)), place.results / f"{name}.parquet")
    for name, rows in _results().items():
        frame = pd.DataFrame(rows).reindex(columns=columns_of(name))
        own = name in documented()["action"]  # whose types go by the names of columns
        write_table(typed(frame) if own else frame, place.results / f"{name}.parquet")
    write_json({"horizon_days": 90}, place.processed / "panel.json")
    write_json({"observed_until": "2025-12-31", "questions": []}, place.interim / "intake.json")
    return place


@pytest.fixture(scope="session")
def params(study: StudyPaths) -> Any:
    return load_params(study)


def _kinds(frame: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    types = {
        "text": "string",
        "number": "float64",
        "flag": "boolean",
        "date": "datetime64[ns]",
        "instant": "datetime64[ns]",
    }
    return frame.astype({name: types[kind] for name, kind in kinds.items() if name in frame})


def _tables() -> dict[str, list[dict[str, Any]]]:
    members = [
        {"member_id": one, "joined_on": "2024-11-20", "region": "north", "channel": "app", "nickname": HIDDEN,
         "marketing_consent": name != "open", "profiling_consent": name != "private"}
        for name, one in IDS.items()
    ]  # fmt: skip
    orders = [
        {"order_id": f"o{n}{one}", "member_id": one, "ordered_at": f"2025-{month:02d}-05 10:00", "amount": 100.0 * month,
         "category": "tea", "returned": month == 6}
        for one in IDS.values() for n, month in enumerate((2, 6, 11))
    ]  # fmt: skip
    events = [
        {"event_id": f"e{n}", "member_id": IDS["planned"], "occurred_at": f"2025-12-{day:02d} 09:00", "event_type": kind}
        for n, (day, kind) in enumerate(((1, "visit"), (1, "visit"), (2, "push_sent"), (3, "app_fault"), (4, "points_earned")))
    ]  # fmt: skip
    feedback = [
        {"feedback_id": "f1", "member_id": IDS["planned"], "created_at": "2025-11-20 08:00", "text": QUOTE, "source": "review"},
        {"feedback_id": "f2", "member_id": IDS["open"], "created_at": "2025-12-20 08:00", "text": "No answer.", "source": "complaint"},
        {"feedback_id": "f3", "member_id": IDS["planned"], "created_at": "2025-12-02 08:00", "source": "ticket",
         "responded_at": "2025-12-05 09:00", "resolved": True},
        {"feedback_id": "f4", "member_id": IDS["waiting"], "created_at": "2025-12-28 08:00", "source": "ticket",
         "responded_at": "2025-12-28 09:00", "resolved": False},
    ]  # fmt: skip
    touches = [
        {"touch_id": "t1", "member_id": IDS["planned"], "campaign_id": "c", "sent_at": "2025-12-09", "action": "control"},
        {"touch_id": "t2", "member_id": IDS["planned"], "campaign_id": "c", "sent_at": "2025-12-10", "action": "coupon"},
    ]  # fmt: skip
    return {
        "members": members,
        "orders": orders,
        "events": events,
        "feedback": feedback,
        "touches": touches,
        "memberships": [],
    }


def _results() -> dict[str, list[dict[str, Any]]]:
    there = [IDS[name] for name in ("planned", "open", "held", "alerted", "waiting")]
    p = dict(zip((f"p_{cause}" for cause in CAUSES), (0.1, 0.6, 0.05, 0.1, 0.1, 0.05), strict=True))
    told = json.dumps(
        [{"cause": "price", "en": "prices rose 12 % since joining", "zh": "入会以来价格上涨 12%"}]
    )
    why = {
        IDS["open"]: "no_consent",
        IDS["waiting"]: "open_complaint",
        IDS["held"]: "held_out",
        IDS["alerted"]: "not_planned",
        IDS["silent"]: "already_gone",
    }
    state = [
        {"member_id": one, "as_of": AS_OF, "already_gone": one == IDS["silent"], "tier": "high", "primary_cause": "price", **p,
         "p_churn": 0.48, "p_churn_low": 0.40, "p_churn_high": 0.54, "value_at_risk": 689.0,
         "do_not_send": one in why, "do_not_send_reason": why.get(one)}
        for one in [*there, IDS["silent"]]
    ]  # fmt: skip
    causes = [
        {"member_id": one, "spell_no": 1, "status": "churned" if one == IDS["left"] else "at_risk", "anchor_on": AS_OF - pd.Timedelta(days=1),
         **p, "primary_cause": "price", "confidence": 0.6, "evidence": told}
        for one in [*there, IDS["silent"], IDS["left"]]
    ]  # fmt: skip
    plan = [
        {"member_id": IDS["planned"], "action": "coupon", "channel": "app", "as_of": AS_OF, "rank": 1.0, "role": "policy", "propensity": 0.9,
         "cause": "price", "p_leave": 0.4, "gain": 34.0, "gain_low": -3.0, "gain_high": 92.0, "cost": 15.0, "tier": "high", "reason": "cause_price", "evidence": "tested"},
        {"member_id": IDS["held"], "action": "none", "as_of": AS_OF, "rank": 2.0, "role": "hold_out", "would_be": "coupon", "propensity": 0.1},
        {"member_id": IDS["waiting"], "action": "none", "as_of": AS_OF, "rank": 3.0, "role": "waits", "would_be": "coupon", "reason": "open_request"},
    ]  # fmt: skip
    effect = {"action": "coupon", "cause": "all", "horizon_days": 90.0, "treated": 4000.0, "control": 9000.0, "effect": -0.018,
              "low": -0.037, "high": 0.002, "q_value": 0.2, "smallest_seen": 0.03, "pays_from": 0.001, "rung": "attributed"}  # fmt: skip
    return {
        "member_state": state,
        "member_causes": causes,
        "plan": plan,
        "action_effects": [effect],
        "plan_value": [{"policy": "plan", "method": "model", "members": 7.0, "gain": 3.0, "low": 1.0, "high": 5.0}],
        "risk_scores": [{"member_id": one, "as_of": AS_OF, "p_churn": 0.08, "value_at_risk": 100.0} for one in there],
        "warnings": [{"member_id": IDS["alerted"], "as_of": AS_OF, "tier": "high", "p_churn": 0.5, "value_at_risk": 90.0, "cause": "price"}],
        "winback": [{"member_id": IDS["left"], "as_of": AS_OF, "left_on": "2025-12-01", "days_since": 31.0, "tier": "high", "cause": "price",
                     "action": "comeback_coupon", "channel": "sms", "p_return": 0.04, "p_return_touched": 0.1, "expected_gain": 56.0, "low": 17.0, "cost": 12.0, "evidence": "tested"}],
        "already_gone": [{"member_id": IDS["silent"], "as_of": AS_OF, "why": "silent", "last_active_on": "2025-11-05", "days_silent": 57.0, "usual_gap_days": 12.0, "margin_exposed": 400.0}],
        "feedback_topics": [{"feedback_id": "f1", "member_id": IDS["planned"], "known_on": "2025-11-20", "source": "review", **(dict.fromkeys(p, 0.02) | {"p_price": 0.9})}],
    }  # fmt: skip
