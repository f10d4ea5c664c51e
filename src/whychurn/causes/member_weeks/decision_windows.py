"""Spells in weeks: who was at risk of deciding to leave, and in which weeks each decision may have fallen."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.week_calendar import DAYS, Calendar
from whychurn.contract.arrays import Array
from whychurn.contract.params import CausesParams

NEVER: Final = 10**6  # day of an end that does not come
DECISION_WEEKS: Final = 6  # the decision falls at most so long after the last activity; longer, others blur


@dataclass(frozen=True)
class Spells:
    """Spells of members who may be profiled; all arrays in the order of the table.

    Parameters
    ----------
    table
        member_id, spell_no, entered, last (day numbers), churned, until (last day on which a decision would
        be observed to take effect).
    first_week, last_week
        Weeks at risk of deciding, inclusive; of those who churned up to the first week of the decision
        window.
    event_left, event_right
        First and last week of the decision window of those who churned (interval censoring); -1 of the
        others.
    rate
        How fast the decision becomes less likely with each week of the window. Inactivity: the member's own
        activity a week, for each week without any makes it unlikelier that the member was still undecided;
        terms: 0, all weeks of the term alike.
    """

    table: pd.DataFrame
    first_week: Array
    last_week: Array
    event_left: Array
    event_right: Array
    rate: Array

    def part(self, rows: slice) -> Spells:
        """Some of the spells, numbered from zero."""
        return Spells(self.table.iloc[rows], *(getattr(self, field.name)[rows] for field in fields(self)[1:]))


def read_spells(
    spells: pd.DataFrame,
    activity: pd.Series,
    memberships: pd.DataFrame | None,
    grace_days: int,
    calendar: Calendar,
    params: CausesParams,
) -> Spells:
    """Weeks at risk and decision window of each spell.

    Without terms a churned member was there on the last active day and had decided before the next activity
    would have come: the decision is spread over the weeks after, the less likely the more activity is
    missing. With terms the decision fell within the last term; if the member cancelled it, on that day. A term
    without an end may be cancelled on any day: its member is at risk of it to the end of the data.

    Parameters
    ----------
    spells
        member_id, spell_no, entered_on, last_active_on, churned.
    activity
        Number of member-initiated activities in the observed time, by member_id; spells of others are
        dropped.
    memberships
        The terms (`panel.covered_terms`); None where churn is defined by inactivity.
    grace_days
        Days of the churn definition: churn later than this before the end is not yet observed.
    """
    table = spells[spells["member_id"].isin(activity.index)]
    table = table.sort_values(["member_id", "spell_no"], ignore_index=True)
    entered = np.maximum(calendar.day(table["entered_on"]), 0)
    last = np.maximum(calendar.day(table["last_active_on"]), entered)
    churned = table["churned"].to_numpy(dtype=bool)
    until = np.full(len(table), calendar.days - 1 - grace_days)
    if memberships is not None:
        start, end, until = _last_terms(table.assign(entered=entered), memberships, last, until, calendar)
    else:
        start, end = last, last + DAYS * DECISION_WEEKS
    end = np.minimum(end, calendar.days - 1)
    columns = {
        "member_id": table["member_id"],
        "spell_no": table["spell_no"].astype("int64"),
        "entered": entered,
        "last": last,
        "churned": churned,
        "until": until,
    }
    weeks = np.maximum((last - entered) / DAYS, 4)
    rate = (activity.reindex(table["member_id"]).fillna(0).to_numpy("float64") / weeks) * params.quiet_share
    return Spells(
        pd.DataFrame(columns),
        first_week=entered // DAYS,
        last_week=np.where(churned, start, until) // DAYS,
        event_left=np.where(churned, start // DAYS, -1),
        event_right=np.where(churned, np.maximum(end, start) // DAYS, -1),
        rate=np.zeros(len(table)) if memberships is not None else np.clip(rate, 0.05, 2.0),
    )


def _last_terms(
    table: pd.DataFrame, memberships: pd.DataFrame, last: Array, until: Array, calendar: Calendar
) -> tuple[Array, Array, Array]:
    """First and last day of the decision in the last term, and the end of the last term observed to end."""
    covered, free = memberships["covered_until"], memberships["ends_on"].isna()
    terms = memberships[["member_id"]].assign(
        start=calendar.day(memberships["starts_on"]),
        end=np.where(covered.isna(), NEVER, calendar.day(covered)),
        free=(free & memberships["cancelled_on"].isna()).to_numpy(),
        cancelled=calendar.day(memberships["cancelled_on"]),
    )
    terms = terms.sort_values(["member_id", "start"], ignore_index=True)
    terms["previous_end"] = terms.groupby("member_id")["end"].shift()
    rows = table[["member_id", "entered"]].assign(row=np.arange(len(table)), last=last)
    final = rows.merge(terms, on="member_id")
    final = final[(final["start"] <= final["last"]) & (final["end"] >= final["last"])]
    final = final.sort_values("start").drop_duplicates("row", keep="last").set_index("row")
    # the last renewal may have been decided as soon as the term before had ended
    renewed = np.maximum(final["previous_end"].fillna(final["start"]) + 1, final["entered"])
    final["start"] = np.minimum(final["start"], renewed)
    final = final.reindex(range(len(table)))
    start, end = (final[name].fillna(pd.Series(last)).to_numpy("int64") for name in ("start", "end"))
    end = np.minimum(end, last)
    cancelled = final["cancelled"].fillna(-1).to_numpy("int64")
    within = (cancelled >= start) & (cancelled <= end)
    start, end = np.where(within, cancelled, start), np.where(within, cancelled, end)
    known = until[0] if len(until) else -1
    ended = terms["end"].where(~terms["free"] | (terms["start"] > known), known)
    ended = ended[ended <= known].groupby(terms["member_id"]).max()
    observed = table["member_id"].map(ended).fillna(-1).to_numpy("int64")
    return np.maximum(start, 0), np.maximum(end, 0), observed
