"""Which rows of tests teach efficacies, and why the others do not."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.effects.dogs import contact_aversion
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows, randomised_rows
from whychurn.action.effects.mix import Q_COLUMNS, WHOLE_COLUMNS, mixes
from whychurn.action.effects.undecided import timing
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.set_aside import Counts, kept_rows
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL

MOST_ROWS: Final = (
    600_000  # that teach; more are those of a sample of members: efficacies are known well enough by then
)
TAUGHT_BY: Final = [
    "member_id", "campaign_id", "wave", "sent_on", "snapshot_on", "action", "stratum", "cost", "randomized", "propensity",
    "left", "left_30", "left_180",
]  # fmt: skip
MISMATCH: Final = "mismatch"  # note of action_tests: arms are not as they were drawn


def usable_rows(inputs: ActionInputs, tests: Section) -> tuple[pd.DataFrame, Counts]:
    """Randomised rows with full follow-up, of campaigns whose arms are as drawn and that held somebody out.

    Returns
    -------
    rows, counts
        Rows with ``p``; rows set aside by reason (not_randomised, waiting, mismatch, no_control, few_leavers, sampled) and action.
        few_leavers: fewer than ``action.min_leavers`` in the arm or held out; it is read out, but teaches nothing.
    """
    rows = tests.extra["rows"]
    rows = rows[[name for name in TAUGHT_BY if name in rows]].reset_index(drop=True)
    rows = rows.assign(p=tests.extra["p"], place=np.arange(len(rows)))
    counts: Counts = {}
    rows = kept_rows(rows, rows["randomized"].astype(bool), "not_randomised", counts)
    rows = kept_rows(rows, rows["left"].notna(), "waiting", counts)
    rows = kept_rows(rows, ~rows["campaign_id"].isin(_mismatched(tests)), MISMATCH, counts)
    held_out = rows.loc[rows["action"] == CONTROL, ["campaign_id", "stratum"]].drop_duplicates()
    beside = pd.MultiIndex.from_frame(rows[["campaign_id", "stratum"]]).isin(
        pd.MultiIndex.from_frame(held_out)
    )
    rows = kept_rows(rows, pd.Series(beside, index=rows.index), "no_control", counts)
    leavers = rows.groupby("action")["left"].sum().astype(float)
    few = set(leavers.index[leavers < inputs.params.action.min_leavers])
    rows = kept_rows(rows, ~rows["action"].isin(few), "few_leavers", counts)
    if CONTROL in few or few >= set(leavers.index) - {CONTROL}:
        rows = rows.iloc[:0]  # nothing to hold a contact against, or no contact
    rows = kept_rows(rows, sampled(rows["member_id"], MOST_ROWS), "sampled", counts)
    return rows.reset_index(drop=True), counts


def sampled(member_id: pd.Series, most: int) -> pd.Series:
    """Which rows belong to a sample of members that leaves about `most` rows: the same members in every run."""
    share = most / max(len(member_id), 1)
    lot = pd.util.hash_array(member_id.astype(object).to_numpy()) / 2.0**64
    return pd.Series(lot < share, index=member_id.index)


def with_mix(inputs: ActionInputs, rows: pd.DataFrame, power: float) -> tuple[RandomisedRows, Array]:
    """Rows as arrays, with the mix of causes and aversion to contact as of the draw; and the mix from a fit to all
    members, (n, 6). Of members with terms they stand for that part of the chance to leave that was not decided by then.

    Parameters
    ----------
    power
        See `undecided.leaving_power`.
    """
    mix = mixes(inputs, rows["member_id"], rows["sent_on"])
    d = contact_aversion(inputs, rows["member_id"], rows["sent_on"])
    q, whole = (mix[names].to_numpy("float64") for names in (Q_COLUMNS, WHOLE_COLUMNS))
    when = timing(inputs, rows["member_id"], rows["sent_on"])
    if when is not None:
        share = when.decisions(rows["p"].to_numpy("float64"), power).open_share
        d, q, whole = d * share, q * share[:, None], whole * share[:, None]
    return randomised_rows(rows, rows["p"].to_numpy("float64"), q, d), whole


def _mismatched(tests: Section) -> set[Any]:
    table = tests.tables["action_tests"]
    return set(table.loc[table["note"].eq(MISMATCH).fillna(False), "campaign_id"])
