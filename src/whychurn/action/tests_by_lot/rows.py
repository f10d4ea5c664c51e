"""One row a touch as of the draw, of members then still there: who was drawn for what, and what came after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.set_aside import Counts, kept_rows
from whychurn.action.snapshots import snapshots_of
from whychurn.action.tests_by_lot.as_drawn.chances import own_chances
from whychurn.action.tests_by_lot.as_drawn.leaver_rows import invites_leavers
from whychurn.action.tests_by_lot.as_drawn.outcomes import OUTCOMES, outcomes_after
from whychurn.action.tests_by_lot.as_drawn.presence import Presence, follow_up_days, presence
from whychurn.action.tests_by_lot.day_sums import day_numbers
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL
from whychurn.panel.duckdb_tables import day_number
from whychurn.stats.parallel import BLOCK_MEMBERS

HORIZONS: Final = (30, 180)  # days of further follow-up, beside action.effect_days
SNAPSHOT_DAYS: Final = 45  # a snapshot older than this tells nothing of the day of the draw
COLUMNS: Final = [
    "member_id", "campaign_id", "wave", "sent_on", "action", "channel", "offer", "cost", "randomized", "propensity",
    "propensity_stated", "stratum", "snapshot_on", "left", "left_30", "left_180", "left_after", "complete", "followed_days",
    "recent_touch_days", *OUTCOMES, "spend_before",
]  # fmt: skip


@dataclass(frozen=True)
class DrawnTouches:
    """Touches as drawn, the first of each member and campaign, with chances that can be used.

    Parameters
    ----------
    touches
        In order of draw, campaign and member.
    there
        Presence of each row's member on the day.
    set_aside
        Rows left out, by reason and action.
    """

    touches: pd.DataFrame
    there: Presence
    set_aside: Counts


def touch_rows(inputs: ActionInputs, drawn: DrawnTouches | None = None) -> tuple[pd.DataFrame, Counts]:
    """Rows of touches and of members held out, intention to treat.

    Parameters
    ----------
    inputs
        Features are read as of ``snapshot_on``, the last snapshot on or before the draw.
    drawn
        `drawn_touches` of the inputs, where they have been read already.

    Returns
    -------
    rows, counts
        `COLUMNS`, unique a member and campaign, in order of draw, campaign and member: ``left`` says whether the
        last day of presence came before the draw + ``action.effect_days``, and is null while that cannot be known;
        ``left_after`` are the days from the draw to it, NaN of members who had not left within ``followed_days``.
        Rows set aside, by reason and action: repeated (twice in a campaign, the first kept), no_chance (chance
        outside of 0 to 1), invitation (of campaigns for leavers, see `leaver_rows`), before_joining, after_leaving (known gone by the draw), not_there (silent for longer
        than usual, or notice given), no_profile (no consent to profiling, or joined after the last snapshot).
    """
    drawn = drawn or drawn_touches(inputs)
    touches, there, counts = drawn.touches, drawn.there, dict(drawn.set_aside)
    day = day_numbers(touches["sent_on"])
    touches = touches.assign(**_snapshots(inputs, touches))
    reason = np.where(invites_leavers(touches, there), "invitation", _reason(touches, there))
    kept = reason == ""
    for name in ("invitation", "before_joining", "after_leaving", "not_there", "no_profile"):
        kept_rows(touches, reason != name, name, counts)
    rows = touches[kept].reset_index(drop=True)
    rows = rows.assign(
        **_leavings(inputs, day[kept], there.last[kept]), **outcomes_after(inputs, rows, day[kept])
    )
    return rows[COLUMNS], counts


def drawn_touches(inputs: ActionInputs) -> DrawnTouches:
    """Touches of all campaigns as drawn, of members still there or not."""
    counts: Counts = {}
    touches = _touches(inputs)
    touches = kept_rows(touches, ~touches.duplicated(["campaign_id", "member_id"]), "repeated", counts)
    touches = own_chances(touches)
    touches = kept_rows(touches, ~touches.pop("chance_outside"), "no_chance", counts)
    touches = touches.assign(wave=_waves(touches), recent_touch_days=_days_since_touch(touches))
    there = presence(inputs, touches["member_id"], day_numbers(touches["sent_on"]))
    return DrawnTouches(touches, there, counts)


def _touches(inputs: ActionInputs) -> pd.DataFrame:
    """Touches in order of draw, campaign and member, with every column of the contract."""
    table = inputs.tables["touches"]
    names = [
        "member_id",
        "campaign_id",
        "sent_at",
        "action",
        "channel",
        "offer",
        "cost",
        "randomized",
        "propensity",
    ]
    frame = table.reindex(columns=names)
    frame = frame.assign(
        action=frame["action"].replace(spellings(frame["action"])),
        sent_on=pd.to_datetime(frame.pop("sent_at")).dt.normalize(),
        randomized=frame["randomized"].fillna(False).astype(bool),
        propensity=frame["propensity"].astype("float64"),
    )
    return frame.sort_values(["sent_on", "campaign_id", "member_id"], kind="stable", ignore_index=True)


def spellings(actions: pd.Series) -> dict[str, str]:
    """Names that differ in case, spaces and signs only, each with the most frequent of its kind in its place."""
    counts = actions.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    first: dict[str, str] = {}
    found = {}
    for name in map(str, counts.index):
        letters = "".join(re.findall(r"\w", name.replace("_", ""))).casefold()
        if first.setdefault(letters, name) != name:
            found[name] = first[letters]
    return found


def _waves(touches: pd.DataFrame) -> Array:
    """Number of each campaign in order of its first draw, from 1."""
    first = touches.groupby("campaign_id")["sent_on"].min().reset_index()
    order = first.sort_values(["sent_on", "campaign_id"])["campaign_id"]
    return touches["campaign_id"].map({name: place + 1 for place, name in enumerate(order)}).to_numpy("int64")


def _days_since_touch(touches: pd.DataFrame) -> Array:
    """Days since the last touch of the member in another campaign, members held out left aside; NaN without one."""
    drawn = pd.DataFrame({
        "member": pd.factorize(touches["member_id"])[0], "campaign": pd.factorize(touches["campaign_id"])[0],
        "day": day_numbers(touches["sent_on"]), "active": touches["action"].ne(CONTROL).to_numpy(bool),
    })  # fmt: skip
    found = np.full(len(drawn), np.nan)
    for _, block in drawn.groupby(drawn["member"] // BLOCK_MEMBERS):
        found[block.index] = _since_last(block)
    return found


def _since_last(drawn: pd.DataFrame) -> Array:
    """Days since the last ``active`` row of the member in another campaign, of rows (member, campaign, day); (n,)."""
    keys = drawn[["member", "campaign", "day"]].reset_index(names="row")
    pairs = keys.merge(
        keys[drawn["active"].to_numpy()].drop(columns="row"), on="member", suffixes=("", "_before")
    )
    pairs = pairs[(pairs["day_before"] <= pairs["day"]) & (pairs["campaign"] != pairs["campaign_before"])]
    return (keys["day"] - keys["row"].map(pairs.groupby("row")["day_before"].max())).to_numpy("float64")


def _snapshots(inputs: ActionInputs, touches: pd.DataFrame) -> dict[str, pd.Series]:
    """Last snapshot of each member on or before the draw, and the usual gap between own acts as of it."""
    place = snapshots_of(inputs).latest(touches["member_id"], day_numbers(touches["sent_on"]))
    found = inputs.panel[["as_of", "usual_gap_days"]].iloc[place].reset_index(drop=True)
    found = found.astype({"as_of": "datetime64[ns]", "usual_gap_days": "float64"})
    age = touches["sent_on"].reset_index(drop=True) - found["as_of"]
    found = found[(place >= 0) & (age <= pd.Timedelta(days=SNAPSHOT_DAYS))].reindex(range(len(place)))
    return {"snapshot_on": found["as_of"], "usual_gap_days": found["usual_gap_days"]}


def _reason(touches: pd.DataFrame, there: Presence) -> Array:
    """Why each row is set aside; empty: it stays."""
    usual = touches["usual_gap_days"].to_numpy("float64")
    checks = {
        "before_joining": ~there.joined,
        "after_leaving": there.gone,
        "no_profile": np.isnan(usual),
        "not_there": there.notice | (there.silent > usual),
    }
    return np.select(list(checks.values()), list(checks), "")


def _leavings(inputs: ActionInputs, day: Array, last: Array) -> dict[str, pd.Series]:
    """Left within the horizons; null where the follow-up with its silence goes beyond the data."""
    until = day_number(inputs.observed_until)
    followed = np.maximum(until - day - follow_up_days(inputs), 0)
    effect = inputs.params.action.effect_days
    names = {"left": effect} | {f"left_{days}": days for days in HORIZONS}
    left = {
        name: pd.Series(last < day + days, dtype="Int8").mask(followed < days) for name, days in names.items()
    }
    after = np.where(last < day + followed, np.maximum(last - day, 0.0), np.nan)
    return left | {
        "left_after": pd.Series(after),
        "complete": pd.Series(followed >= effect),
        "followed_days": pd.Series(followed),
    }
