"""The nine input tables (``tables.yaml``): columns, kinds, limits, and the pandera schemas of them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pandera.pandas as pa

from whychurn.contract.yaml_files import read_yaml

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
    "visit", "checkin", "community", "activity_joined", "push_opened", "coupon_used", "points_spent",
)  # fmt: skip
CONTACTS: Final[tuple[str, ...]] = ("push_sent", "coupon_received", "greeting")
OTHER_EVENTS: Final[tuple[str, ...]] = (
    "push_dismissed", "opt_out", "points_earned", "offer_expired", "address_changed", "app_fault",
)  # fmt: skip
# others are kept
CHANNELS: Final[tuple[str, ...]] = ("sms", "email", "app", "wechat", "call", "post", "in_person")
EVENT_TYPES: Final[tuple[str, ...]] = INTERACTIONS + CONTACTS + OTHER_EVENTS  # others are kept as they are
LONGEST_TERM_DAYS: Final = 3653  # an end later than this after the start stands for "no end" (9999-12-31)


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
    exact
        A cell that cannot be read or is impossible sets its row aside, though the column may be null.
    """

    kind: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] | None = None
    exact: bool = False


@dataclass(frozen=True)
class Table:
    """One table of the contract: its key, its columns, the time that orders it.

    Parameters
    ----------
    second_key
        Rows of one key that differ in this column are rows of their own.
    """

    key: str | None
    time: str | None
    fields: dict[str, Field]
    second_key: str | None = None

    @property
    def identity(self) -> list[str]:
        """Columns whose values together no two rows share; none where rows have no key."""
        return [name for name in (self.key, self.second_key) if name]


def _tables() -> dict[str, Table]:
    def field(entry: dict[str, Any]) -> Field:
        choices = entry.get("choices")
        return Field(**{**entry, "choices": None if choices is None else tuple(choices)})

    return {
        name: Table(
            entry["key"],
            entry["time"],
            {column: field(one) for column, one in entry["columns"].items()},
            entry.get("second_key"),
        )
        for name, entry in read_yaml(Path(__file__).with_name("tables.yaml")).items()
    }


TABLES: Final[dict[str, Table]] = _tables()
SNAPSHOT: Final = "snapshot"  # one row per customer: a study of its own
HISTORY_TABLES: Final[tuple[str, ...]] = tuple(name for name in TABLES if name != SNAPSHOT)
FURTHER: Final = ("members", SNAPSHOT)  # may have columns beyond those of the contract
ACTIVITY_TABLES: Final[tuple[str, ...]] = ("orders", "memberships", "events")  # at least one is required
FREE_TEXT: Final[dict[str, tuple[str, ...]]] = {
    "feedback": ("text",),
    "surveys": ("comment", "reason"),
    SNAPSHOT: ("reason",),
}


def running(memberships: pd.DataFrame) -> pd.Series:
    """Which terms run on until they are cancelled: without an end, or with one that lies too far away to be meant."""
    days = (memberships["ends_on"] - memberships["starts_on"]).dt.days
    return memberships["ends_on"].isna() | (days > LONGEST_TERM_DAYS)


@cache
def schema(table: str, texts: str = DTYPES["text"]) -> pa.DataFrameSchema:
    """Pandera schema that a checked `table` satisfies; further columns are allowed only in `FURTHER`.

    Parameters
    ----------
    texts
        Dtype of texts: they are checked as they are held.
    """
    spec = TABLES[table]
    return pa.DataFrameSchema(
        {name: _column(field, texts) for name, field in spec.fields.items()},
        strict=table not in FURTHER,
        unique=spec.identity or None,
        name=table,
    )


def _column(field: Field, texts: str) -> pa.Column:
    checks = []
    if field.low is not None:
        checks.append(pa.Check.ge(field.low))
    if field.high is not None:
        checks.append(pa.Check.le(field.high))
    if field.choices is not None:
        checks.append(pa.Check.isin(field.choices))
    dtype = texts if field.kind == "text" else DTYPES[field.kind]
    return pa.Column(dtype, checks, nullable=not field.required, required=True)
