"""Rules that fire an alert, each read from what was known on the day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.contact_consent import OPT_OUT
from whychurn.action.event_rows import POINTS_EXPIRING
from whychurn.contract.arrays import Array

RECENT_DAYS: Final = 30  # something that happens on one day fires on the next snapshot only
ANSWER_HOURS: Final = 48
OWN_GAPS: Final = 3.0
RIVAL_FACTOR: Final = 2.0  # activity of rivals over what the region was used to
RIVAL_MONTHS: Final = 3  # snapshots that tell what a region is used to
FEATURES: Final = (
    "days_since_last_order", "days_since_last_interaction", "order_gap_ratio", "orders_so_far", "days_to_term_end",
    "own_price_change_90d", "competitor_activity_30d", "region",
)  # fmt: skip
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Fired:
    """Which rules fired on which rows.

    Parameters
    ----------
    fires
        (rows, triggers) flags.
    sees
        (rows, triggers) flags: the rule had what it needs on that day.
    blind
        Trigger -> what is missing, for rules that can never fire in this study.
    """

    fires: pd.DataFrame
    sees: pd.DataFrame
    blind: dict[str, str]


def fire_triggers(rows: pd.DataFrame, tables: Tables, names: list[str]) -> Fired:
    """Fire each rule on each row.

    Parameters
    ----------
    rows
        Rows of the panel: member_id, as_of and features as of that morning.
    tables
        Intake's tables; feedback and events are read up to the day before the snapshot.
    names
        Triggers (`action.warnings.triggers`).

    Returns
    -------
    Fired
        Rows as in `rows`. A rule whose table or column is absent never fires and is named in ``blind``.
    """
    fires, sees, blind = {}, {}, {}
    for name in names:
        source, rule = _RULES[name]
        state = rule(rows, tables)
        if state is None:
            blind[name] = source
            state = (np.zeros(len(rows), bool), np.zeros(len(rows), bool))
        fires[name], sees[name] = state
    return Fired(pd.DataFrame(fires, index=rows.index), pd.DataFrame(sees, index=rows.index), blind)


_State = tuple[Array, Array] | None


def _number(rows: pd.DataFrame, name: str) -> Array | None:
    """Values of a feature; None where no row has one."""
    if name not in rows:
        return None
    values = pd.to_numeric(rows[name], errors="coerce").astype("float64").to_numpy(na_value=np.nan)
    return values if np.isfinite(values).any() else None


def _above(rows: pd.DataFrame, name: str, least: float) -> _State:
    values = _number(rows, name)
    if values is None:
        return None
    known = np.isfinite(values)
    return known & (values >= least), known


def _silent_90d(rows: pd.DataFrame, tables: Tables) -> _State:  # noqa: ARG001
    """90 days without an order; without orders, without any own act."""
    for name in ("days_since_last_order", "days_since_last_interaction"):
        if (state := _above(rows, name, 90)) is not None:
            return state
    return None


def _silent_3x_own_gap(rows: pd.DataFrame, tables: Tables) -> _State:  # noqa: ARG001
    """No order for three times the member's usual interval."""
    return _above(rows, "order_gap_ratio", OWN_GAPS)


def _no_second_order_45d(rows: pd.DataFrame, tables: Tables) -> _State:  # noqa: ARG001
    """One order so far, 45 days ago or more."""
    orders, days = _number(rows, "orders_so_far"), _number(rows, "days_since_last_order")
    if orders is None or days is None:
        return None
    return (orders == 1) & (days >= 45), np.isfinite(orders)


def _renewal_in_30d(rows: pd.DataFrame, tables: Tables) -> _State:  # noqa: ARG001
    """The term ends within 30 days."""
    days = _number(rows, "days_to_term_end")
    return None if days is None else ((days >= 0) & (days <= 30), np.isfinite(days))


def _price_rise_5pct(rows: pd.DataFrame, tables: Tables) -> _State:  # noqa: ARG001
    """Own prices rose by 5 % within 90 days."""
    return _above(rows, "own_price_change_90d", 0.05)


def _unresolved_ticket_48h(rows: pd.DataFrame, tables: Tables) -> _State:
    """A request of the last 30 days is unanswered for more than 48 hours; an answer that solved nothing is none."""
    feedback = tables["feedback"]
    asked = feedback[feedback["source"].isna() | feedback["source"].isin(["ticket", "complaint"])]
    if asked["responded_at"].isna().all():
        return None
    unsolved = asked["resolved"].astype("boolean").eq(False).fillna(False).to_numpy(bool)
    opened = asked["created_at"] + pd.Timedelta(hours=ANSWER_HOURS)
    closed = asked["responded_at"].mask(unsolved)
    late = (closed.isna() | (closed > opened)).to_numpy(bool)
    waits = pd.DataFrame({"member_id": asked["member_id"], "from": opened, "until": closed})[late]
    return _open_on(rows, waits), np.ones(len(rows), bool)


def _open_on(rows: pd.DataFrame, waits: pd.DataFrame) -> Array:
    """Whether something of `waits` (member_id, from, until) begun in the `RECENT_DAYS` before is still open."""
    days = rows[["member_id", "as_of"]].assign(row=np.arange(len(rows)))
    waits = waits.dropna(subset=["from"]).astype({"member_id": days["member_id"].dtype})
    pairs = days.merge(waits, on="member_id")
    recent = pairs["from"].between(
        pairs["as_of"] - pd.Timedelta(days=RECENT_DAYS), pairs["as_of"], inclusive="left"
    )
    still = pairs["until"].isna() | (pairs["until"] >= pairs["as_of"])
    found = np.zeros(len(rows), bool)
    found[pairs.loc[recent & still, "row"].to_numpy()] = True
    return found


def _event_before(rows: pd.DataFrame, tables: Tables, kind: str) -> _State:
    events = tables["events"]
    when = events.loc[(events["event_type"] == kind).to_numpy(bool), ["member_id", "occurred_at"]]
    if when.empty:
        return None
    once = when.rename(columns={"occurred_at": "from"}).assign(until=pd.Series(pd.NaT, when.index))
    return _open_on(rows, once), np.ones(len(rows), bool)


def _points_expire_30d(rows: pd.DataFrame, tables: Tables) -> _State:
    """A notice within 30 days that points will expire (event ``points_expiring``)."""
    return _event_before(rows, tables, POINTS_EXPIRING)


def _opted_out(rows: pd.DataFrame, tables: Tables) -> _State:
    """Opted out of messages within 30 days."""
    return _event_before(rows, tables, OPT_OUT)


def _rival_opened(rows: pd.DataFrame, tables: Tables) -> _State:  # noqa: ARG001
    """Rivals are twice as active around the member as his or her region was used to before."""
    activity = _number(rows, "competitor_activity_30d")
    if activity is None:
        return None
    region = rows["region"].astype("object").fillna("") if "region" in rows else pd.Series("", rows.index)
    month = pd.DataFrame({"region": region, "as_of": rows["as_of"], "activity": activity})
    usual = month.groupby(["region", "as_of"])["activity"].median().rename("activity").reset_index()
    usual["usual"] = usual.groupby("region")["activity"].transform(
        lambda values: values.expanding(RIVAL_MONTHS).median().shift(1)
    )
    used = month.merge(usual[["region", "as_of", "usual"]], on=["region", "as_of"], how="left")["usual"]
    before = used.to_numpy("float64")
    known = np.isfinite(activity) & (before > 0)
    return known & (activity >= RIVAL_FACTOR * np.where(known, before, np.inf)), known


_RULES: Final[dict[str, tuple[str, Callable[[pd.DataFrame, Tables], _State]]]] = {
    "silent_90d": ("orders", _silent_90d),
    "silent_3x_own_gap": ("orders", _silent_3x_own_gap),
    "no_second_order_45d": ("orders", _no_second_order_45d),
    "renewal_in_30d": ("memberships", _renewal_in_30d),
    "price_rise_5pct": ("market", _price_rise_5pct),
    "unresolved_ticket_48h": ("feedback", _unresolved_ticket_48h),
    "points_expire_30d": ("points", _points_expire_30d),
    "rival_opened": ("market", _rival_opened),
    "opted_out": ("events", _opted_out),
}
