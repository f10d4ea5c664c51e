"""What members did within the follow-up of a touch, beside staying: buying, renewing, opting out, bringing others."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.contact_consent import OPT_OUT
from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.day_sums import DaySums, codes_of, day_numbers
from whychurn.contract.arrays import Array
from whychurn.panel.duckdb_tables import day_number

OUTCOMES: Final = ("spend", "orders", "repurchased", "renewed", "opted_out", "returned", "referred")
BEFORE_DAYS: Final = 90  # spend of these days before the draw is what is known of a member's buying


def outcomes_after(inputs: ActionInputs, rows: pd.DataFrame, day: Array) -> dict[str, Array]:
    """`OUTCOMES` within ``action.effect_days`` from the draw on, and ``spend_before``; (n,) each.

    NaN where the days go beyond the data, where no table tells of it, and where it could not have happened:
    ``renewed`` of members whose term does not end in these days, ``opted_out`` of members who had opted out
    before. ``returned`` is an outcome of members who have left, so it is NaN here.
    """
    ids = pd.Index(inputs.tables["members"]["member_id"].astype(object))
    code = codes_of(ids, rows["member_id"])
    stop = day + inputs.params.action.effect_days
    until = day_number(inputs.observed_until)
    found = {**_buying(inputs, ids, code, day, stop), "renewed": _renewed(inputs, ids, code, day, stop)}
    found["opted_out"] = _opted_out(inputs, ids, code, day, stop)
    found["referred"] = _referred(inputs, ids, code, day, stop)
    found["returned"] = np.full(len(rows), np.nan)
    for name in OUTCOMES:
        found[name] = np.where(stop <= until + 1, found[name], np.nan)
    return found


def _buying(inputs: ActionInputs, ids: pd.Index, code: Array, day: Array, stop: Array) -> dict[str, Array]:
    """Spend (currency, goods sent back left out), orders, whether there was any, spend before."""
    orders = inputs.tables["orders"]
    if not len(orders):
        nothing = np.full(len(code), np.nan)
        return dict.fromkeys(("spend", "orders", "repurchased", "spend_before"), nothing)
    kept = ~orders["returned"].astype("boolean").fillna(False).to_numpy(bool)
    amount = np.where(kept, orders["amount"].fillna(0).to_numpy("float64"), 0.0)
    bought = kept & (amount > 0)
    on = day_numbers(orders["ordered_at"])
    money = DaySums.of(ids, orders["member_id"], on, amount)
    count = DaySums.of(ids, orders["member_id"], on, bought.astype("float64")).within(code, day, stop)
    return {
        "spend": money.within(code, day, stop).round(6),
        "orders": count,
        "repurchased": (count > 0).astype("float64"),
        "spend_before": money.within(code, day - BEFORE_DAYS, day).round(6),
    }


def _renewed(inputs: ActionInputs, ids: pd.Index, code: Array, day: Array, stop: Array) -> Array:
    """Whether a term began after the draw, of members whose running term ends within the days."""
    terms = inputs.tables["memberships"]
    if not len(terms):
        return np.full(len(code), np.nan)
    starts, ends = day_numbers(terms["starts_on"]), day_numbers(terms["ends_on"])
    frame = pd.DataFrame(
        {"code": ids.get_indexer(pd.Index(terms["member_id"].astype(object))), "a": starts, "b": ends}
    )
    asked = pd.DataFrame({"row": np.arange(len(code)), "code": code, "day": day, "stop": stop})
    both = asked.merge(frame[frame["b"] >= 0], on="code")
    running = both[(both["a"] <= both["day"]) & (both["b"] >= both["day"])]
    last = running.groupby("row")["b"].max().reindex(asked["row"]).to_numpy("float64")
    due = last < stop  # NaN: no running term with an end
    begun = DaySums.of(ids, terms["member_id"], starts).within(code, day + 1, stop + 1) > 0
    return np.where(due, begun.astype("float64"), np.nan)


def _opted_out(inputs: ActionInputs, ids: pd.Index, code: Array, day: Array, stop: Array) -> Array:
    events = inputs.tables["events"]
    refused = events[events["event_type"].eq(OPT_OUT).fillna(False).to_numpy(bool)]
    if not len(refused):
        return np.full(len(code), np.nan)
    days = DaySums.of(ids, refused["member_id"], day_numbers(refused["occurred_at"]))
    return np.where(days.before(code, day) >= 0, np.nan, (days.within(code, day, stop) > 0).astype("float64"))


def _referred(inputs: ActionInputs, ids: pd.Index, code: Array, day: Array, stop: Array) -> Array:
    """Members who joined in these days and name the member as the one who brought them."""
    members = inputs.tables["members"]
    if "referred_by" not in members or not members["referred_by"].notna().any():
        return np.full(len(code), np.nan)
    brought = members[members["referred_by"].notna()]
    return DaySums.of(ids, brought["referred_by"], day_numbers(brought["joined_on"])).within(code, day, stop)
