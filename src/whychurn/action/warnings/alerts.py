"""Who is alerted when: the highest at capacity, or whoever a rule fires on, with a quiet period after each alert."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array


def highest(rows: pd.DataFrame, order: Array, capacity_a_week: float) -> Array:
    """Flags of the rows with the highest `order` of each snapshot, as many as staff can work through until the next.

    Parameters
    ----------
    rows
        as_of, ``weeks`` until the next snapshot, member_id (which settles ties).
    order
        (rows,); NaN and rows with no order at all are never alerted.
    capacity_a_week
        Share of the members still there that can be looked at in a week.
    """
    frame = pd.DataFrame({"as_of": rows["as_of"], "member_id": rows["member_id"], "order": order})
    ranked = frame.dropna(subset=["order"]).sort_values(
        ["as_of", "order", "member_id"], ascending=[True, False, True]
    )
    place = ranked.groupby("as_of").cumcount()
    members = rows.groupby("as_of")["member_id"].transform("size")
    room = np.maximum(np.floor(capacity_a_week * rows["weeks"] * members + 1e-9), 1)
    return (place.reindex(rows.index) < room).fillna(False).to_numpy(bool)


def after_quiet(rows: pd.DataFrame, fires: Array, quiet_days: int) -> Array:
    """Flags of `fires` that are alerts: none within `quiet_days` of the member's alert before it.

    Parameters
    ----------
    rows
        member_id, as_of, sorted by both.
    """
    alerts = np.asarray(fires, bool).copy()
    where = np.flatnonzero(alerts)
    members = pd.factorize(rows["member_id"])[0][where]
    days = rows["as_of"].to_numpy("datetime64[D]").astype("int64")[where]
    last_member, last_day = -1, 0
    for place, member, day in zip(where, members, days, strict=True):
        if member == last_member and day - last_day < quiet_days:
            alerts[place] = False
        else:
            last_member, last_day = member, day
    return alerts


def bout_starts(rows: pd.DataFrame, fires: Array) -> pd.Series:
    """Day on which the present run of snapshots with `fires` began, by row; NaT where it does not fire.

    Parameters
    ----------
    rows
        member_id, as_of, sorted by both. A snapshot on which the member was away ends a run.
    """
    days = np.sort(rows["as_of"].unique())
    number = np.searchsorted(days, rows["as_of"].to_numpy())
    member = pd.factorize(rows["member_id"])[0]
    fires = np.asarray(fires, bool)
    goes_on = np.zeros(len(rows), bool)
    goes_on[1:] = fires[1:] & fires[:-1] & (member[1:] == member[:-1]) & (number[1:] == number[:-1] + 1)
    run = np.cumsum(~goes_on)
    return rows["as_of"].groupby(run).transform("first").where(fires)
