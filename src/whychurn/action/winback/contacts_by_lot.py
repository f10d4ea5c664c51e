"""Randomised contacts with members known to have left, and those held out of them, followed until they are back."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.playbook.read import load_playbook
from whychurn.action.set_aside import Counts, kept_rows
from whychurn.action.tests_by_lot.day_sums import day_numbers
from whychurn.action.winback.leavers import NEVER, known_gone
from whychurn.contract.arrays import Array
from whychurn.panel.duckdb_tables import day_number

RETURN_DAYS: Final = 180  # within which a return counts
COLUMNS: Final = ["campaign_id", "sent_on", "action", "channel", "offer", "cost", "opened"]


def contacts_by_lot(inputs: ActionInputs, events: pd.DataFrame) -> tuple[pd.DataFrame, Counts]:
    """Rows of touches by lot whose member was known gone on the day of the draw.

    Parameters
    ----------
    events
        `leavers.leavings`.

    Returns
    -------
    rows, counts
        Columns of `events`, `COLUMNS`, day (number), days_to_return (NaN where there is none in the data), followed
        (days that the data go on) and alone (days until the next draw of the member: what comes later may be another
        contact's doing). Touches set aside by reason and action: for_present (campaigns of actions for members still
        there), repeated (twice in a campaign), not_gone (of campaigns for leavers).
    """
    touches = inputs.tables["touches"].reindex(columns=["member_id", "sent_at", "randomized", *COLUMNS])
    touches = touches[touches["randomized"].astype("boolean").fillna(False).to_numpy(bool)]
    touches = touches.assign(sent_on=pd.to_datetime(touches.pop("sent_at")).dt.normalize())
    touches = touches.sort_values(["sent_on", "campaign_id", "member_id"], kind="stable", ignore_index=True)
    counts: Counts = {}
    touches = kept_rows(touches, _for_leavers(touches, inputs), "for_present", counts)
    again = touches.duplicated(["campaign_id", "member_id"]).to_numpy(bool)
    touches = kept_rows(touches, ~again, "repeated", counts)
    day = day_numbers(touches["sent_on"])
    gone = known_gone(events, touches["member_id"], day)
    place = gone["row"].to_numpy("int64")
    kept_rows(touches, np.isin(np.arange(len(touches)), place), "not_gone", counts)
    rows = gone.join(touches[COLUMNS], on="row").assign(day=day[place])
    until = day_number(inputs.observed_until)
    wait = np.where(rows["back"] < NEVER, rows["back"] - rows["day"], np.nan)
    rows = rows.assign(
        days_to_return=wait, followed=np.maximum(until + 1 - rows["day"], 0), alone=_alone(rows)
    )
    return rows.drop(columns="row"), counts


def _for_leavers(touches: pd.DataFrame, inputs: ActionInputs) -> Array:
    """Flags of touches in campaigns with an action for leavers, or with none that the playbook has for others."""
    meant = {entry.action: entry.for_ for entry in load_playbook(inputs.params)}
    pairs = touches[["campaign_id", "action"]].drop_duplicates()
    whom = pairs["action"].map(meant).astype("object")
    for_left, for_present = (
        touches["campaign_id"].isin(pairs.loc[(whom == kind).to_numpy(bool), "campaign_id"])
        for kind in ("left", "present")
    )
    return (for_left | ~for_present).to_numpy(bool)


def _alone(rows: pd.DataFrame) -> Array:
    """Days until the next draw of the same member, at most `RETURN_DAYS`."""
    order = rows.sort_values(["member_id", "day"], kind="stable")
    after = order.groupby("member_id")["day"].shift(-1)
    return (
        (after - order["day"])
        .reindex(rows.index)
        .fillna(RETURN_DAYS)
        .clip(upper=RETURN_DAYS)
        .to_numpy("int64")
    )
