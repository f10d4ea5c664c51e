"""The eight input tables: columns, kinds, limits, and the pandera schemas built from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import pandera.pandas as pa

# kind -> pandas dtype after intake; dates are midnight timestamps, times naive local time
DTYPES: Final[dict[str, str]] = {
    "text": "string",
    "date": "datetime64[ns]",
    "instant": "datetime64[ns]",
    "number": "float64",
    "flag": "boolean",
}

# what a member or the company did; `contact` types are messages sent, the rest are the member's own acts
INTERACTIONS: Final[tuple[str, ...]] = (
    "visit",
    "checkin",
    "community",
    "activity_joined",
    "push_opened",
    "coupon_used",
    "points_spent",
)
CONTACTS: Final[tuple[str, ...]] = ("push_sent", "coupon_received", "greeting")
OTHER_EVENTS: Final[tuple[str, ...]] = (
    "push_dismissed",
    "opt_out",
    "points_earned",
    "offer_expired",
    "address_changed",
    "app_fault",
)
EVENT_TYPES: Final[tuple[str, ...]] = INTERACTIONS + CONTACTS + OTHER_EVENTS  # others are kept as they are
FEEDBACK_SOURCES: Final[tuple[str, ...]] = ("complaint", "review", "ticket", "social", "interview")
SURVEY_KINDS: Final[tuple[str, ...]] = ("exit", "satisfaction", "nps")


@dataclass(frozen=True)
class Field:
    """One column of the contract.

    Parameters
    ----------
    kind
        Key of `DTYPES`.
    required
        The column must exist and each row must fill it; other columns may be absent or null.
    low, high
        Impossible below or above.
    choices
        Allowed codes, where the contract fixes them.
    """

    kind: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Table:
    """One table of the contract: its key, its columns, the time that orders it."""

    key: str | None
    time: str | None
    fields: dict[str, Field]


ID: Final = Field("text", required=True)
TABLES: Final[dict[str, Table]] = {
    "members": Table(
        "member_id",
        "joined_on",
        {
            "member_id": ID,
            "joined_on": Field("date", required=True),
            "birth_year": Field("number", low=1900, high=2100),
            "gender": Field("text"),
            "region": Field("text"),
            "channel": Field("text"),
            "marketing_consent": Field("flag"),
            "profiling_consent": Field("flag"),
        },
    ),
    "memberships": Table(
        "membership_id",
        "starts_on",
        {
            "membership_id": ID,
            "member_id": ID,
            "plan": Field("text", required=True),
            "starts_on": Field("date", required=True),
            "ends_on": Field("date", required=True),
            "list_price": Field("number", low=0),
            "price_paid": Field("number", low=0),
            "auto_renew": Field("flag"),
            "cancelled_on": Field("date"),
        },
    ),
    "orders": Table(
        "order_id",
        "ordered_at",
        {
            "order_id": ID,
            "member_id": ID,
            "ordered_at": Field("instant", required=True),
            "amount": Field("number", required=True, low=0),
            "discount": Field("number", low=0),
            "quantity": Field("number", low=0),
            "category": Field("text"),
            "channel": Field("text"),
            "returned": Field("flag"),
        },
    ),
    "events": Table(
        None,
        "occurred_at",
        {
            "event_id": Field("text"),
            "member_id": ID,
            "occurred_at": Field("instant", required=True),
            "event_type": Field("text", required=True),
            "campaign_id": Field("text"),
            "value": Field("number"),
        },
    ),
    "feedback": Table(
        "feedback_id",
        "created_at",
        {
            "feedback_id": ID,
            "member_id": ID,
            "created_at": Field("instant", required=True),
            "text": Field("text"),
            "source": Field("text", choices=FEEDBACK_SOURCES),
            "rating": Field("number", low=0, high=10),
            "responded_at": Field("instant"),
            "resolved": Field("flag"),
            "language": Field("text"),
        },
    ),
    "surveys": Table(
        "survey_id",
        "sent_at",
        {
            "survey_id": ID,
            "member_id": ID,
            "kind": Field("text", required=True, choices=SURVEY_KINDS),
            "sent_at": Field("instant", required=True),
            "answered_at": Field("instant"),
            "reason": Field("text"),
            "score": Field("number", low=0, high=10),
            "comment": Field("text"),
        },
    ),
    "touches": Table(
        "touch_id",
        "sent_at",
        {
            "touch_id": ID,
            "member_id": ID,
            "campaign_id": ID,
            "sent_at": Field("instant", required=True),
            "action": Field("text", required=True),
            "cost": Field("number", low=0),
            "randomized": Field("flag"),
            "propensity": Field("number", low=0, high=1),
            "opened": Field("flag"),
        },
    ),
    "market": Table(
        None,
        "week_start",
        {
            "week_start": Field("date", required=True),
            "region": Field("text"),
            "category": Field("text"),
            "own_price_index": Field("number", low=0),
            "competitor_price_index": Field("number", low=0),
            "competitor_activity": Field("number", low=0),
        },
    ),
}
ACTIVITY_TABLES: Final[tuple[str, ...]] = ("orders", "memberships", "events")  # at least one is required
FREE_TEXT: Final[dict[str, tuple[str, ...]]] = {"feedback": ("text",), "surveys": ("comment", "reason")}


@cache
def schema(table: str) -> pa.DataFrameSchema:
    """Pandera schema that a checked `table` satisfies; further columns are allowed only in members."""
    spec = TABLES[table]
    return pa.DataFrameSchema(
        {name: _column(field) for name, field in spec.fields.items()},
        strict=table != "members",
        unique=[spec.key] if spec.key else None,
        name=table,
    )


def _column(field: Field) -> pa.Column:
    checks = []
    if field.low is not None:
        checks.append(pa.Check.ge(field.low))
    if field.high is not None:
        checks.append(pa.Check.le(field.high))
    if field.choices is not None:
        checks.append(pa.Check.isin(field.choices))
    return pa.Column(DTYPES[field.kind], checks, nullable=not field.required, required=True)
