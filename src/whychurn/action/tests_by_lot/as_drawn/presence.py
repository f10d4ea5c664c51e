"""Who was still there on the day of a draw, and the last day of presence after it.

Answers to a touch are no presence: events that carry the campaign of a touch are left out for everybody, or every
mail would keep its reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.event_rows import event_pieces
from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.day_sums import DaySums, codes_of, day_numbers, each_once, keys_of
from whychurn.contract.arrays import Array
from whychurn.contract.tables import INTERACTIONS
from whychurn.panel.churn_definition import allowed_gap, definition_days, waiting_days
from whychurn.panel.duckdb_tables import day_number

FAR: Final = 10**6  # day of an end that has not come


@dataclass(frozen=True)
class Presence:
    """State of members on given days, read from what was known before them; one entry a (member, day).

    Parameters
    ----------
    joined
        Whether the member had been seen before the day.
    gone
        Known gone by the day: silent for longer than the definition of churn allows, or term over and not renewed.
    silent
        Days since the last own act before the day, or since the last covered day.
    notice
        Whether notice had been given.
    last
        Last day of presence of the stay that the day falls into, known in hindsight; `FAR` where it goes on.
    """

    joined: Array
    gone: Array
    silent: Array
    notice: Array
    last: Array


def follow_up_days(inputs: ActionInputs) -> int:
    """Days of silence, or without renewal, after which a leaving is known."""
    return waiting_days(definition_days(str(inputs.panel_facts["definition"])))


def presence(inputs: ActionInputs, member: pd.Series, day: Array) -> Presence:
    """Presence of each member on the day beside it; members that no table of members holds never joined."""
    if str(inputs.panel_facts["kind"]) == "terms":
        return _by_terms(inputs, member, day)
    return _by_acts(inputs, member, day, own_acts(inputs))


def own_acts(inputs: ActionInputs) -> DaySums:
    """Days with own acts, joining included, each once; events that answer a touch left out. Read once."""
    found: DaySums = inputs.once("own_acts", lambda: _own_acts(inputs))
    return found


def _own_acts(inputs: ActionInputs) -> DaySums:
    members = inputs.tables["members"]
    ids = pd.Index(members["member_id"].astype(object))
    active, keys = np.zeros(len(ids) + 1, dtype=bool), list[Array]()
    for member, at in _acts(inputs):
        code = codes_of(ids, member)
        active[code] = True
        keys.append(_days_once(code, day_numbers(at)))
    observed_from = pd.Timestamp(str(inputs.intake_facts["observed_from"]))
    seen = ~active[:-1] | (members["joined_on"] >= observed_from).to_numpy(bool)
    keys.append(_days_once(np.flatnonzero(seen), day_numbers(members["joined_on"][seen])))
    return DaySums.ones(ids, each_once(np.concatenate(keys)))


def _acts(inputs: ActionInputs) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Member and time of own acts, a piece of their tables at a time."""
    activity = str(inputs.panel_facts["activity"])
    if activity in ("any", "orders"):
        orders = inputs.tables["orders"]
        yield orders["member_id"], orders["ordered_at"]
    if activity in ("any", "events"):
        sent = inputs.tables["touches"]["campaign_id"].unique()
        for events in event_pieces(inputs, INTERACTIONS):
            own = events[~events["campaign_id"].isin(sent).to_numpy(bool)]
            yield own["member_id"], own["occurred_at"]


def _days_once(code: Array, day: Array) -> Array:
    """`keys_of` rows of known members with a day, each member and day once, ascending."""
    known = (code >= 0) & (day >= 0)
    return each_once(keys_of(code[known], day[known]))


def _by_acts(inputs: ActionInputs, member: pd.Series, day: Array, acts: DaySums) -> Presence:
    code = codes_of(acts.ids, member)
    at = acts.before(code, day)
    joined = (at >= 0) & (code >= 0)
    allowed = allowed_gap(definition_days(str(inputs.panel_facts["definition"])))
    final = inputs.once("final_days", lambda: _final_days(acts, allowed))
    last = np.where(joined, final[at].astype("int64") if len(final) else FAR, FAR)
    silent = np.where(joined, day - acts.day_of(at), 0)
    wait = follow_up_days(inputs)
    until = day_number(inputs.observed_until)
    last = np.where(last + wait <= until, last, FAR)
    return Presence(joined, joined & (silent >= wait), silent, np.zeros(len(day), bool), last)


def _final_days(acts: DaySums, allowed: int) -> Array:
    """Last day of the run of acts, with no gap above `allowed` days, that each act belongs to; (acts,)."""
    days = acts.days
    ends = np.append((np.diff(days) > allowed) | (np.diff(acts.codes) != 0), True)[: len(days)]
    return np.asarray(days[ends][np.cumsum(ends) - ends], dtype="int32")


def _by_terms(inputs: ActionInputs, member: pd.Series, day: Array) -> Presence:
    terms, spells = inputs.tables["memberships"], inputs.spells
    asked = pd.DataFrame({"row": np.arange(len(day)), "member_id": member.to_numpy(), "day": day})
    begun = asked.merge(
        pd.DataFrame(
            {
                "member_id": terms["member_id"],
                "starts": day_numbers(terms["starts_on"]),
                "ends": np.where(terms["ends_on"].isna(), FAR, day_numbers(terms["ends_on"])),
                "cancelled": np.where(terms["cancelled_on"].isna(), FAR, day_numbers(terms["cancelled_on"])),
            }
        ),
        on="member_id",
    )
    begun = begun[begun["starts"] <= begun["day"]].sort_values(["row", "starts", "ends"], kind="stable")
    covered = begun.groupby("row")["ends"].max().reindex(asked["row"]).to_numpy("float64")
    latest = begun.groupby("row")["cancelled"].last().reindex(asked["row"]).to_numpy("float64")
    joined, notice = np.isfinite(covered), np.nan_to_num(latest, nan=FAR) <= day
    silent = np.where(joined, np.maximum(day - np.nan_to_num(covered), 0), 0).astype("int64")
    stays = asked.merge(
        pd.DataFrame(
            {
                "member_id": spells["member_id"],
                "entered": day_numbers(spells["entered_on"]),
                "ended": np.where(spells["ended_on"].isna(), FAR, day_numbers(spells["ended_on"])),
                "last": _left_by_terms(spells),
            }
        ),
        on="member_id",
    )
    within = stays[(stays["entered"] <= stays["day"]) & (stays["day"] < stays["ended"])]
    last = within.groupby("row")["last"].last().reindex(asked["row"]).to_numpy("float64")
    return Presence(
        joined, joined & np.isnan(last), silent, notice, np.nan_to_num(last, nan=FAR).astype("int64")
    )


def _left_by_terms(spells: pd.DataFrame) -> Array:
    """Day of notice or last covered day of stays that ended, whichever is first; `FAR` of those that go on."""
    last, notice = day_numbers(spells["last_active_on"]), day_numbers(spells["notice_on"])
    by = np.where(notice >= 0, np.minimum(last, notice), last)
    return np.where(spells["churned"].to_numpy(bool), by, FAR)
