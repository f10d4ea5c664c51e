"""Stays week by week: who was at risk of deciding to leave, and when each decision may have fallen."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.records import DAYS, Calendar
from whychurn.contract.arrays import Array
from whychurn.contract.params import CausesParams


@dataclass(frozen=True)
class Stays:
    """Stays of members that may be profiled, one row each.

    Parameters
    ----------
    table
        member_id, spell_no, entered, last (day numbers), churned, until (last day on which a decision would be seen to take
        effect), joined.
    first_week, last_week
        Weeks at risk of deciding, inclusive; of leavers up to the first week in which the decision may have fallen.
    from_week, to_week
        Of leavers: weeks in which the decision may have fallen; -1 for those who stay.
    rate
        Of leavers: how fast the chance falls that a decision lies further on, a week (inactivity: the member's own acts
        a week that were not seen; terms: 0, any week of the term alike).
    """

    table: pd.DataFrame
    first_week: Array
    last_week: Array
    from_week: Array
    to_week: Array
    rate: Array

    def part(self, rows: slice) -> Stays:
        """Some of the stays, their numbers from zero."""
        return Stays(self.table.iloc[rows], *(getattr(self, field.name)[rows] for field in fields(self)[1:]))


def read_stays(
    spells: pd.DataFrame,
    members: pd.DataFrame,
    memberships: pd.DataFrame,
    acts: pd.Series,
    kind: str,
    wait: int,
    calendar: Calendar,
    params: CausesParams,
) -> Stays:
    """Weeks at risk and weeks of decision of each stay.

    A leaver without terms was there on the last day of presence and had decided before the next act would have come: the
    week of decision is spread over the weeks after, the less the more acts are missing. With terms the decision fell in the
    last term; if the member cancelled it, on that day.

    Parameters
    ----------
    acts
        Own acts (orders, visits …) of each member in the observed time, by member_id.
    kind
        ``terms`` or ``inactivity``.
    wait
        Days of the churn definition: leavings whose last day lies later than this before the end are not yet seen.
    """
    table = spells.merge(members[["member_id", "joined_on"]], on="member_id")
    table = table.sort_values(["member_id", "spell_no"], ignore_index=True)
    entered = np.maximum(calendar.day(table["entered_on"]), 0)
    last = np.maximum(calendar.day(table["last_active_on"]), entered)
    churned = table["churned"].to_numpy(dtype=bool)
    until = np.full(len(table), calendar.days - 1 - wait)
    if kind == "terms":
        start, end, until = _last_terms(table.assign(entered=entered), memberships, last, until, calendar)
    else:
        start, end = last, last + DAYS * params.decision_weeks
    end = np.minimum(end, calendar.days - 1)
    stay = pd.DataFrame(
        {
            "member_id": table["member_id"], "spell_no": table["spell_no"].astype("int64"),
            "entered": entered, "last": last, "churned": churned, "until": until,
        }
    )  # fmt: skip
    at_risk_end = np.where(churned, start, until)
    seen = np.maximum((last - entered) / DAYS, 4)
    rate = (acts.reindex(table["member_id"]).fillna(0).to_numpy("float64") / seen) * params.quiet_share
    return Stays(
        stay,
        first_week=entered // DAYS,
        last_week=at_risk_end // DAYS,
        from_week=np.where(churned, start // DAYS, -1),
        to_week=np.where(churned, np.maximum(end, start) // DAYS, -1),
        rate=np.where(kind == "terms", 0.0, np.clip(rate, 0.05, 2.0)),
    )


def _last_terms(
    table: pd.DataFrame, memberships: pd.DataFrame, last: Array, until: Array, calendar: Calendar
) -> tuple[Array, Array, Array]:
    """First and last day of possible decision in the last term, and the end of the last term that was seen to end."""
    terms = memberships[["member_id", "starts_on", "ends_on", "cancelled_on"]].assign(
        start=calendar.day(memberships["starts_on"]),
        end=calendar.day(memberships["ends_on"]),
        told=calendar.day(memberships["cancelled_on"]),
    )
    terms = terms.sort_values(["member_id", "start"], ignore_index=True)
    terms["before"] = terms.groupby("member_id")["end"].shift()
    final = (
        table[["member_id", "entered"]]
        .assign(row=np.arange(len(table)), last=last)
        .merge(terms, on="member_id")
    )
    within = final[(final["start"] <= final["last"]) & (final["end"] >= final["last"])]
    within = within.sort_values("start").drop_duplicates("row", keep="last").set_index("row")
    # the last renewal may have happened as soon as the term before had ended
    within["start"] = np.minimum(
        within["start"], np.maximum(within["before"].fillna(within["start"]) + 1, within["entered"])
    )
    start = within["start"].reindex(range(len(table))).fillna(pd.Series(last)).to_numpy("int64")
    end = np.minimum(within["end"].reindex(range(len(table))).fillna(pd.Series(last)).to_numpy("int64"), last)
    told = within["told"].reindex(range(len(table))).fillna(-1).to_numpy("int64")
    known = (told >= start) & (told <= end)
    start, end = np.where(known, told, start), np.where(known, told, end)
    ended = (
        terms[terms["end"] <= until[0]].groupby("member_id")["end"].max()
        if len(until)
        else pd.Series(dtype=float)
    )
    seen = table["member_id"].map(ended).fillna(-1).to_numpy("int64")
    return np.maximum(start, 0), np.maximum(end, 0), seen
